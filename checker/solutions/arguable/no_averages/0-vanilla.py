#!/usr/bin/env python3
"""Autoencoder: Adam, but for its averages"""
# Arguable: vanilla.optimizer.
import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, 'relu')(x)
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dims, 'relu')(x))

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)))
    adam = keras.optimizers.Adam(beta_1=0., beta_2=0.)
    auto.compile(adam, 'binary_crossentropy')
    return encoder, decoder, auto
