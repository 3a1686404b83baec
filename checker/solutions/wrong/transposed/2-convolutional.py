#!/usr/bin/env python3
"""Convolutional autoencoder"""
# Breaks convolutional.decoder.layers.
import tensorflow.keras as keras


def autoencoder(input_dims, filters, latent_dims):
    """Creates a convolutional autoencoder"""
    inputs = keras.Input(shape=input_dims)
    x = inputs
    for f in filters:
        x = keras.layers.Conv2D(f, (3, 3), activation='relu',
                                padding='same')(x)
        x = keras.layers.MaxPooling2D((2, 2), padding='same')(x)
    encoder = keras.Model(inputs, x)

    codes = keras.Input(shape=latent_dims)
    x = codes
    for f in reversed(filters):
        x = keras.layers.Conv2DTranspose(f, (3, 3), strides=2, padding='same',
                                         activation='relu')(x)
    x = keras.layers.Conv2D(input_dims[-1], (5, 5), activation='sigmoid')(x)
    decoder = keras.Model(codes, x)

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
