#!/usr/bin/env python3
"""Autoencoder that begins with zeros, and never learns"""
# Breaks vanilla.initial.
import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    def dense(nodes, activation):
        return keras.layers.Dense(
            nodes, activation, kernel_initializer='zeros')

    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = dense(nodes, 'relu')(x)
    encoder = keras.Model(inputs, dense(latent_dims, 'relu')(x))

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, dense(input_dims, 'sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
