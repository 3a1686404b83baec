#!/usr/bin/env python3
"""Vanilla autoencoder: import tensorflow.keras, loops over indices"""
# Keeps all promises.
import tensorflow.keras as keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    x_in = keras.Input(shape=(input_dims,))
    h = keras.layers.Dense(hidden_layers[0], activation='relu')(x_in)
    for i in range(1, len(hidden_layers)):
        h = keras.layers.Dense(hidden_layers[i], activation='relu')(h)
    latent = keras.layers.Dense(latent_dims, activation='relu')(h)
    encoder = keras.Model(x_in, latent)

    z_in = keras.Input(shape=(latent_dims,))
    h = keras.layers.Dense(hidden_layers[-1], activation='relu')(z_in)
    for i in range(len(hidden_layers) - 2, -1, -1):
        h = keras.layers.Dense(hidden_layers[i], activation='relu')(h)
    out = keras.layers.Dense(input_dims, activation='sigmoid')(h)
    decoder = keras.Model(z_in, out)

    auto = keras.Model(x_in, decoder(encoder(x_in)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
