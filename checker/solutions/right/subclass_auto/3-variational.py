#!/usr/bin/env python3
"""Variational autoencoder whose whole is a model of its own class"""
# Keeps all promises.
import keras


class Sampling(keras.layers.Layer):
    """Draws z"""

    def call(self, inputs):
        """Mean and log variance"""
        mean, log_var = inputs
        noise = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(log_var / 2) * noise


class VAE(keras.Model):
    """As the guides of Keras write it"""

    def __init__(self, encoder, decoder):
        """Keeps both"""
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        """Adds the KL divergence to the loss"""
        z, mean, log_var = self.encoder(x)
        kl = 0.5 * keras.ops.sum(
            mean ** 2 + keras.ops.exp(log_var) - 1 - log_var, axis=1)
        self.add_loss(keras.ops.mean(kl))
        return self.decoder(z)


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates a variational autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, 'relu')(x)
    mean = keras.layers.Dense(latent_dims)(x)
    log_var = keras.layers.Dense(latent_dims)(x)
    encoder = keras.Model(
        inputs, [Sampling()([mean, log_var]), mean, log_var])

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    auto = VAE(encoder, decoder)
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
