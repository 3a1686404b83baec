#!/usr/bin/env python3
"""Vanilla autoencoder: import keras, sequential halves, own activations"""
# Keeps all promises.
import keras
from keras import layers


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Stacks the layers of each half"""
    encoder = keras.Sequential([keras.Input((input_dims,))])
    for nodes in hidden_layers + [latent_dims]:
        encoder.add(layers.Dense(nodes))
        encoder.add(layers.Activation('relu'))
    decoder = keras.Sequential([keras.Input((latent_dims,))])
    for nodes in hidden_layers[::-1]:
        decoder.add(layers.Dense(nodes))
        decoder.add(layers.ReLU())
    decoder.add(layers.Dense(input_dims, activation=keras.activations.sigmoid))
    auto = keras.Sequential([encoder, decoder])
    auto.compile(keras.optimizers.Adam(), keras.losses.BinaryCrossentropy())
    return encoder, decoder, auto
