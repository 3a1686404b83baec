#!/usr/bin/env python3
"""Autoencoder"""
# Breaks vanilla.loss.
import tensorflow.keras as keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    encoder = keras.Sequential()
    encoder.add(keras.Input(shape=(input_dims,)))
    for nodes in hidden_layers:
        encoder.add(keras.layers.Dense(nodes, activation='relu'))
    encoder.add(keras.layers.Dense(latent_dims, activation='relu'))

    decoder = keras.Sequential()
    decoder.add(keras.Input(shape=(latent_dims,)))
    for nodes in reversed(hidden_layers):
        decoder.add(keras.layers.Dense(nodes, activation='relu'))
    decoder.add(keras.layers.Dense(input_dims, activation='sigmoid'))

    inputs = keras.Input(shape=(input_dims,))
    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer='adam', loss='mse')
    return encoder, decoder, auto
