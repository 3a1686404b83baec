#!/usr/bin/env python3
"""Autoencoder"""
# Keeps all promises.
from tensorflow import keras


class Autoencoder(keras.Model):
    """Encoder and decoder"""

    def __init__(self, encoder, decoder):
        """Keeps both"""
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        """One after the other"""
        return self.decoder(self.encoder(x))


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers + [latent_dims]:
        x = keras.layers.Dense(nodes, activation='relu')(x)
    encoder = keras.Model(inputs, x)
    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, activation='relu')(x)
    decoder = keras.Model(
        codes, keras.layers.Dense(input_dims, activation='sigmoid')(x))
    auto = Autoencoder(encoder, decoder)
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
