#!/usr/bin/env python3
"""Autoencoder"""
# Breaks vanilla.connected.
import tensorflow.keras as keras


def encode(x, hidden_layers, latent_dims):
    """Encoder part"""
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, activation='relu')(x)
    return keras.layers.Dense(latent_dims, activation='relu')(x)


def decode(x, hidden_layers, input_dims):
    """Decoder part"""
    for nodes in reversed(hidden_layers):
        x = keras.layers.Dense(nodes, activation='relu')(x)
    return keras.layers.Dense(input_dims, activation='sigmoid')(x)


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    x = keras.Input(shape=(input_dims,))
    z = keras.Input(shape=(latent_dims,))
    encoder = keras.Model(x, encode(x, hidden_layers, latent_dims))
    decoder = keras.Model(z, decode(z, hidden_layers, input_dims))
    code = encode(x, hidden_layers, latent_dims)
    auto = keras.Model(x, decode(code, hidden_layers, input_dims))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
