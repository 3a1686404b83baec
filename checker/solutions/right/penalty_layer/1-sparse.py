#!/usr/bin/env python3
"""Sparse autoencoder: the penalty is a layer after the code"""
# Keeps all promises.
from tensorflow import keras
from tensorflow.keras.layers import ActivityRegularization, Dense, Input


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """A layer that changes nothing and adds to the loss"""
    inputs = Input((input_dims,))
    x = inputs
    for n in hidden_layers:
        x = Dense(n, 'relu')(x)
    x = Dense(latent_dims, 'relu')(x)
    encoder = keras.Model(inputs, ActivityRegularization(l1=lambtha)(x))

    codes = Input((latent_dims,))
    x = codes
    for n in hidden_layers[::-1]:
        x = Dense(n, 'relu')(x)
    decoder = keras.Model(codes, Dense(input_dims, 'sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
