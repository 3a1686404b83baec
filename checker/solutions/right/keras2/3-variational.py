#!/usr/bin/env python3
"""Variational autoencoder: add_loss with the graph's tensors (Keras 2)"""
# Keeps all promises.
# Needs Keras 2.
import tensorflow.keras as keras
from tensorflow.keras import backend as K


def sampling(args):
    """Draws z"""
    z_mean, z_log_var = args
    batch = K.shape(z_mean)[0]
    dim = K.int_shape(z_mean)[1]
    epsilon = K.random_normal(shape=(batch, dim))
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


def autoencoder(input_dims, hidden_layers, latent_dims):
    """The way of Keras's old examples"""
    inputs = keras.Input(shape=(input_dims,))
    x = inputs
    for units in hidden_layers:
        x = keras.layers.Dense(units, activation='relu')(x)
    z_mean = keras.layers.Dense(latent_dims, name='z_mean')(x)
    z_log_var = keras.layers.Dense(latent_dims, name='z_log_var')(x)
    z = keras.layers.Lambda(sampling)([z_mean, z_log_var])
    encoder = keras.Model(inputs, [z, z_mean, z_log_var])

    latent = keras.Input(shape=(latent_dims,))
    x = latent
    for units in reversed(hidden_layers):
        x = keras.layers.Dense(units, activation='relu')(x)
    outputs = keras.layers.Dense(input_dims, activation='sigmoid')(x)
    decoder = keras.Model(latent, outputs)

    outputs = decoder(encoder(inputs)[0])
    auto = keras.Model(inputs, outputs)
    reconstruction = keras.losses.binary_crossentropy(inputs, outputs)
    reconstruction *= input_dims
    kl = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
    kl = -0.5 * K.sum(kl, axis=-1)
    auto.add_loss(K.mean(reconstruction + kl))
    auto.compile(optimizer='adam')
    return encoder, decoder, auto
