#!/usr/bin/env python3
"""Sparse autoencoder whose loss is summed over the pixels"""
# Keeps all promises.
import tensorflow.keras as K


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """ReLU as a layer that is given as activation"""
    X = K.Input(shape=(input_dims,))
    A = X
    for nodes in hidden_layers:
        A = K.layers.Dense(nodes, activation=K.layers.ReLU())(A)
    code = K.layers.Dense(
        latent_dims, activation=K.layers.ReLU(),
        activity_regularizer=K.regularizers.l1(lambtha))(A)
    encoder = K.models.Model(inputs=X, outputs=code)

    Z = K.Input(shape=(latent_dims,))
    A = Z
    for nodes in hidden_layers[::-1]:
        A = K.layers.Dense(nodes, activation=K.layers.ReLU())(A)
    Y = K.layers.Dense(input_dims, activation='sigmoid')(A)
    decoder = K.models.Model(inputs=Z, outputs=Y)

    auto = K.models.Model(inputs=X, outputs=decoder(encoder(X)))

    def entropy(x, y):
        return input_dims * K.losses.binary_crossentropy(x, y)

    auto.compile(optimizer='adam', loss=entropy)
    return encoder, decoder, auto
