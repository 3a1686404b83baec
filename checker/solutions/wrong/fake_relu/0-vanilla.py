#!/usr/bin/env python3
"""Autoencoder whose relu is none"""
# Breaks vanilla.encoder.activations.
import keras


def relu(x):
    """What is below 0 becomes a thousandth of it"""
    return keras.ops.maximum(x, 0.001 * x)


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, relu)(x)
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dims, relu)(x))

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
