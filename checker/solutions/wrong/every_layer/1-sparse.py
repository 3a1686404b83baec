#!/usr/bin/env python3
"""Sparse autoencoder"""
# Breaks sparse.penalty.place.
import tensorflow.keras as keras


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """Creates a sparse autoencoder"""
    l1 = keras.regularizers.l1(lambtha)
    inputs = keras.Input(shape=(input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, activation='relu',
                               activity_regularizer=l1)(x)
    latent = keras.layers.Dense(latent_dims, activation='relu',
                                activity_regularizer=l1)(x)
    encoder = keras.Model(inputs, latent)

    codes = keras.Input(shape=(latent_dims,))
    x = codes
    for nodes in reversed(hidden_layers):
        x = keras.layers.Dense(nodes, activation='relu')(x)
    outputs = keras.layers.Dense(input_dims, activation='sigmoid')(x)
    decoder = keras.Model(codes, outputs)

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
