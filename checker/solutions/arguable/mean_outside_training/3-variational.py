#!/usr/bin/env python3
"""Variational autoencoder that draws z while training only"""
# Arguable: variational.z.anew.
import keras


class Sampling(keras.layers.Layer):
    """Draws z and adds the KL divergence to the loss"""

    def call(self, inputs, training=None):
        """Mean and log variance"""
        mean, log_var = inputs
        kl = 0.5 * keras.ops.sum(
            mean ** 2 + keras.ops.exp(log_var) - 1 - log_var, axis=1)
        self.add_loss(keras.ops.mean(kl))
        noise = keras.random.normal(keras.ops.shape(mean))
        z = mean + keras.ops.exp(log_var / 2) * noise
        return z if training else mean


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates a variational autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, 'relu')(x)
    mean = keras.layers.Dense(latent_dims)(x)
    log_var = keras.layers.Dense(latent_dims)(x)
    z = Sampling()([mean, log_var])
    encoder = keras.Model(inputs, [z, mean, log_var])

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    auto = keras.Model(inputs, decoder(encoder(inputs)[0]))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
