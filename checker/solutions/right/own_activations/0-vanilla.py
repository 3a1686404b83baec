#!/usr/bin/env python3
"""Autoencoder with activations of its own, or none but operations"""
# Keeps all promises.
import keras


def ramp(x):
    """What is below 0 becomes 0"""
    return x * keras.ops.cast(x > 0, x.dtype)


def squash(x):
    """From 0 to 1"""
    return 0.5 * (1 + keras.ops.tanh(x / 2))


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers + [latent_dims]:
        x = keras.ops.maximum(keras.layers.Dense(nodes)(x), 0.)
    encoder = keras.Model(inputs, x)
    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, activation=ramp)(x)
    decoder = keras.Model(
        codes, keras.layers.Dense(input_dims, activation=squash)(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
