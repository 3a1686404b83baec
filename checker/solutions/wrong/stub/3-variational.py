#!/usr/bin/env python3
"""Variational autoencoder, to be done"""
# Breaks variational.returns.


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Returns nothing yet"""
