#!/usr/bin/env python3
"""Convolutional autoencoder: the last kernel, which the task leaves open"""
# Arguable: convolutional.decoder.kernels.
import keras


def autoencoder(input_dims, filters, latent_dims):
    """Creates a convolutional autoencoder"""
    image = keras.Input(input_dims)
    x = image
    for count in filters:
        x = keras.layers.Conv2D(
            count, (3, 3), padding='same', activation='relu')(x)
        x = keras.layers.MaxPooling2D((2, 2), padding='same')(x)
    encoder = keras.Model(image, x)

    codes = keras.Input(latent_dims)
    x = codes
    for count in filters[::-1][:-1]:
        x = keras.layers.Conv2D(
            count, (3, 3), padding='same', activation='relu')(x)
        x = keras.layers.UpSampling2D((2, 2))(x)
    x = keras.layers.Conv2D(filters[0], (3, 3), activation='relu')(x)
    x = keras.layers.UpSampling2D((2, 2))(x)
    x = keras.layers.Conv2D(
        input_dims[-1], (5, 2), padding='same', activation='sigmoid')(x)
    decoder = keras.Model(codes, x)

    auto = keras.Model(image, decoder(encoder(image)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
