#!/usr/bin/env python3
"""Autoencoder: a number as shape, which newer Keras refuses"""
# Keeps all promises.
# Needs Keras 2.
from tensorflow import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input(shape=input_dims)
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, 'relu')(x)
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dims, 'relu')(x))

    codes = keras.Input(shape=latent_dims)
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
