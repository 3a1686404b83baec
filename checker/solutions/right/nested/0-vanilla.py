#!/usr/bin/env python3
"""Autoencoder whose hidden layers are models inside the models"""
# Keeps all promises.
import keras


def row(sizes):
    """Creates layers that follow each other"""
    return keras.Sequential(
        [keras.layers.Dense(nodes, 'relu') for nodes in sizes])


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input((input_dims,))
    codes = keras.Input((latent_dims,))
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dims, 'relu')(
        row(hidden_layers)(inputs)))
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(
        row(hidden_layers[::-1])(codes)))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
