#!/usr/bin/env python3
"""Denoising autoencoder that never sees noise while it is trained"""
# Breaks denoising.noise.
import tensorflow.keras as K


def autoencoder(input_dims, hidden_layers, latent_dims, noise):
    """Noise in the encoder that is returned, none in the whole model"""
    layers = [K.layers.Dense(nodes, activation='relu')
              for nodes in [*hidden_layers, latent_dims]]

    def encode(x):
        for layer in layers:
            x = layer(x)
        return x

    X = K.Input(shape=(input_dims,))
    encoder = K.Model(X, encode(K.layers.GaussianNoise(noise)(X)))

    Z = K.Input(shape=(latent_dims,))
    A = Z
    for nodes in hidden_layers[::-1]:
        A = K.layers.Dense(nodes, activation='relu')(A)
    decoder = K.Model(Z, K.layers.Dense(input_dims, activation='sigmoid')(A))

    images = K.Input(shape=(input_dims,))
    auto = K.Model(images, decoder(encode(images)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
