#!/usr/bin/env python3
"""Convolutional autoencoder: the padding is chosen by index"""
# Keeps all promises.
import tensorflow.keras as keras


def autoencoder(input_dims, filters, latent_dims):
    """Creates a convolutional autoencoder"""
    L = keras.layers
    inputs = keras.Input(shape=input_dims)
    x = inputs
    for f in filters:
        x = L.Conv2D(f, (3, 3), activation='relu', padding='same')(x)
        x = L.MaxPooling2D((2, 2), padding='same')(x)
    encoder = keras.Model(inputs, x)

    latent = keras.Input(shape=latent_dims)
    x = latent
    for i, f in enumerate(reversed(filters)):
        padding = 'valid' if i == len(filters) - 1 else 'same'
        x = L.Conv2D(f, 3, activation='relu', padding=padding)(x)
        x = L.UpSampling2D()(x)
    x = L.Conv2D(input_dims[-1], 3, activation='sigmoid', padding='same')(x)
    decoder = keras.Model(latent, x)

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
