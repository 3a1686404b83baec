#!/usr/bin/env python3
"""Autoencoder that minimises another loss than it reports"""
# Breaks vanilla.fit.
import keras


class Auto(keras.Model):
    """Trains with the squared error"""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None,
                     training=True):
        """Another loss while training"""
        if training:
            return keras.ops.mean(keras.ops.square(y - y_pred))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Creates an autoencoder"""
    inputs = keras.Input((input_dims,))
    x = inputs
    for nodes in hidden_layers:
        x = keras.layers.Dense(nodes, 'relu')(x)
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dims, 'relu')(x))

    codes = keras.Input((latent_dims,))
    x = codes
    for nodes in hidden_layers[::-1]:
        x = keras.layers.Dense(nodes, 'relu')(x)
    decoder = keras.Model(codes, keras.layers.Dense(input_dims, 'sigmoid')(x))

    auto = Auto(inputs, decoder(encoder(inputs)))
    auto.compile('adam', 'binary_crossentropy')
    return encoder, decoder, auto
