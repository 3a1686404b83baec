#!/usr/bin/env python3
"""Variational autoencoder"""
# Breaks variational.runs.
import tensorflow.keras as keras
from tensorflow.keras import backend as K


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates a variational autoencoder"""
    def sampling(args):
        """Draws z"""
        mu, log_sig = args
        epsilon = K.random_normal(shape=(K.shape(mu)[0], latent_dims))
        return mu + K.exp(log_sig / 2) * epsilon

    def vae_loss(x, y):
        """Reconstruction and divergence"""
        loss = keras.losses.binary_crossentropy(x, y) * input_dims
        kl = 1 + log_sig - K.square(mu) - K.exp(log_sig)
        return K.mean(loss - 0.5 * K.sum(kl, axis=-1))

    inputs = keras.Input(shape=(input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, activation='relu')(x)
    mu = keras.layers.Dense(latent_dims)(x)
    log_sig = keras.layers.Dense(latent_dims)(x)
    z = keras.layers.Lambda(sampling)([mu, log_sig])
    encoder = keras.Model(inputs, [z, mu, log_sig])

    codes = keras.Input(shape=(latent_dims,))
    x = codes
    for nodes in reversed(hidden_layers):
        x = keras.layers.Dense(nodes, activation='relu')(x)
    outputs = keras.layers.Dense(input_dims, activation='sigmoid')(x)
    decoder = keras.Model(codes, outputs)

    auto = keras.Model(inputs, decoder(encoder(inputs)[0]))
    auto.compile(optimizer='adam', loss=vae_loss)
    return encoder, decoder, auto
