#!/usr/bin/env python3
"""Variational autoencoder: a Lambda draws, a layer adds the KL divergence"""
# Keeps all promises.
import tensorflow as tf
import tensorflow.keras as keras


class KLDivergence(keras.layers.Layer):
    """Passes its inputs on and adds their divergence to the loss"""

    def call(self, inputs):
        """Mean and log variance"""
        mu, log_sig = inputs
        kl = -0.5 * tf.reduce_sum(
            1 + log_sig - tf.square(mu) - tf.exp(log_sig), axis=1)
        self.add_loss(tf.reduce_mean(kl))
        return mu, log_sig


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates a variational autoencoder"""
    def sampling(args):
        """Draws z"""
        mu, log_sig = args
        epsilon = keras.backend.random_normal(
            shape=(keras.backend.shape(mu)[0], latent_dims))
        return mu + keras.backend.exp(log_sig / 2) * epsilon

    def reconstruction(x, y):
        """The sum over the pixels"""
        return input_dims * keras.losses.binary_crossentropy(x, y)

    inputs = keras.Input(shape=(input_dims,))
    x = inputs
    for units in hidden_layers:
        x = keras.layers.Dense(units, activation='relu')(x)
    mu = keras.layers.Dense(latent_dims, activation=None)(x)
    log_sig = keras.layers.Dense(latent_dims, activation=None)(x)
    mu, log_sig = KLDivergence()([mu, log_sig])
    z = keras.layers.Lambda(sampling, output_shape=(latent_dims,))(
        [mu, log_sig])
    encoder = keras.Model(inputs, [z, mu, log_sig])

    latent = keras.Input(shape=(latent_dims,))
    x = latent
    for units in reversed(hidden_layers):
        x = keras.layers.Dense(units, activation='relu')(x)
    decoder = keras.Model(
        latent, keras.layers.Dense(input_dims, activation='sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)[0]))
    auto.compile(optimizer='adam', loss=reconstruction)
    return encoder, decoder, auto
