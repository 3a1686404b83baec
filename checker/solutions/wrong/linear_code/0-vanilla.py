#!/usr/bin/env python3
"""Autoencoder"""
# Breaks vanilla.encoder.activations.
import tensorflow.keras as keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    input_img = keras.Input(shape=(input_dims,))
    encoded = input_img
    for size in hidden_layers:
        encoded = keras.layers.Dense(size, activation='relu')(encoded)
    encoded = keras.layers.Dense(latent_dims)(encoded)
    encoder = keras.Model(input_img, encoded)

    code = keras.Input(shape=(latent_dims,))
    decoded = code
    for size in hidden_layers[::-1]:
        decoded = keras.layers.Dense(size, activation='relu')(decoded)
    decoded = keras.layers.Dense(input_dims, activation='sigmoid')(decoded)
    decoder = keras.Model(code, decoded)

    auto = keras.Model(input_img, decoder(encoder(input_img)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
