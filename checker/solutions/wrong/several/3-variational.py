#!/usr/bin/env python3
"""Variational autoencoder with mistakes, and a loss that ends in an error"""
# Breaks variational.encoder.outputs.
# Breaks variational.z.variance.
# Breaks variational.optimizer.
# Breaks variational.runs.
import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates a variational autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, 'relu')(x)
    mean = keras.layers.Dense(latent_dims)(x)
    log_var = keras.layers.Dense(latent_dims)(x)
    z = keras.layers.Lambda(
        lambda pair: pair[0] + keras.ops.exp(pair[1]) * keras.random.normal(
            keras.ops.shape(pair[0])),
        output_shape=(latent_dims,))([mean, log_var])
    encoder = keras.Model(inputs, [log_var, mean, z])

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    def loss(x, y):
        """Both terms, one of them from the graph"""
        kl = 0.5 * keras.ops.sum(
            mean ** 2 + keras.ops.exp(log_var) - 1 - log_var, axis=1)
        return keras.losses.binary_crossentropy(x, y) + kl

    auto = keras.Model(inputs, decoder(encoder(inputs)[2]))
    auto.compile('sgd', loss)
    return encoder, decoder, auto
