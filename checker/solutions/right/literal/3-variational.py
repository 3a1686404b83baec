#!/usr/bin/env python3
"""Variational autoencoder: the loss is just what the task's words say"""
# Keeps all promises.
import tensorflow as tf
from tensorflow.keras import Input, Model
from tensorflow.keras.layers import Dense, Layer


class Sampling(Layer):
    """Draws z and adds the divergence"""

    def call(self, inputs):
        """Mean and log variance"""
        mean, log_var = inputs
        self.add_loss(-0.5 * tf.reduce_mean(tf.reduce_sum(
            1 + log_var - mean ** 2 - tf.exp(log_var), axis=1)))
        return mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Encoder, decoder, and both"""
    x = Input((input_dims,))
    h = x
    for n in hidden_layers:
        h = Dense(n, activation='relu')(h)
    mean, log_var = Dense(latent_dims)(h), Dense(latent_dims)(h)
    encoder = Model(x, [Sampling()([mean, log_var]), mean, log_var])

    z = Input((latent_dims,))
    h = z
    for n in hidden_layers[::-1]:
        h = Dense(n, activation='relu')(h)
    decoder = Model(z, Dense(input_dims, activation='sigmoid')(h))

    auto = Model(x, decoder(encoder(x)[0]))
    auto.compile(optimizer='adam', loss='binary_crossentropy')
    return encoder, decoder, auto
