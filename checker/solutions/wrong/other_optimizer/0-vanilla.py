#!/usr/bin/env python3
"""Autoencoder"""
# Breaks vanilla.optimizer.
import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input(shape=(input_dims,))
    x = inputs
    for nodes in hidden_layers + [latent_dims]:
        x = keras.layers.Dense(nodes, activation='relu')(x)
    encoder = keras.Model(inputs, x)
    codes = keras.Input(shape=(latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, activation='relu')(x)
    x = keras.layers.Dense(input_dims, activation='sigmoid')(x)
    decoder = keras.Model(codes, x)
    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer='adadelta', loss='binary_crossentropy')
    return encoder, decoder, auto
