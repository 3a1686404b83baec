#!/usr/bin/env python3
"""Vanilla autoencoder: the whole first, its halves taken out of it"""
# Keeps all promises.
from tensorflow import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """The way of Keras's blog"""
    def dense(units, activation='relu'):
        return keras.layers.Dense(units, activation=activation)

    input_img = keras.Input(shape=(input_dims,))
    encoded = input_img
    for units in hidden_layers:
        encoded = dense(units)(encoded)
    encoded = dense(latent_dims)(encoded)
    decoded = encoded
    for units in reversed(hidden_layers):
        decoded = dense(units)(decoded)
    decoded = dense(input_dims, 'sigmoid')(decoded)
    auto = keras.Model(input_img, decoded)

    encoder = keras.Model(input_img, encoded)
    encoded_input = x = keras.Input(shape=(latent_dims,))
    for layer in auto.layers[-len(hidden_layers) - 1:]:
        x = layer(x)
    decoder = keras.Model(encoded_input, x)
    auto.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01),
                 loss=keras.losses.binary_crossentropy, metrics=['mse'])
    return encoder, decoder, auto
