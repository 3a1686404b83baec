#!/usr/bin/env python3
"""Sparse autoencoder: import tensorflow.keras as K"""
# Keeps all promises.
import tensorflow.keras as K


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """L1 on the activity of the code's layer"""
    X = K.Input(shape=(input_dims,))
    A = X
    for nodes in hidden_layers:
        A = K.layers.Dense(nodes, activation='relu')(A)
    code = K.layers.Dense(
        latent_dims, activation='relu',
        activity_regularizer=K.regularizers.l1(lambtha))(A)
    encoder = K.models.Model(inputs=X, outputs=code)

    Z = K.Input(shape=(latent_dims,))
    A = Z
    for nodes in hidden_layers[::-1]:
        A = K.layers.Dense(nodes, activation='relu')(A)
    Y = K.layers.Dense(input_dims, activation='sigmoid')(A)
    decoder = K.models.Model(inputs=Z, outputs=Y)

    auto = K.models.Model(inputs=encoder.input,
                          outputs=decoder(encoder.output))
    auto.compile(optimizer=K.optimizers.Adam(), loss='binary_crossentropy')
    return encoder, decoder, auto
