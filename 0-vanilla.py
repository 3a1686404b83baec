#!/usr/bin/env python3
"""Vanilla autoencoder: dense layers, Hinton & Salakhutdinov 2006."""
import operator

import keras


def relu_layer(units, bias=0.0):
    """Returns a ReLU layer whose initial values keep the size of signals."""
    # Orthogonal, Saxe et al. 2014; with the gain for ReLU, He et al. 2015.
    return keras.layers.Dense(
        units, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5),
        bias_initializer=keras.initializers.Constant(bias))


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Builds a dense autoencoder that squeezes its input through a bottleneck.

    The plainest variant, to try first: for dimension reduction, and as the
    baseline of the others. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List of integers, maybe empty. Units of the encoder's
            hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over `input_dims`, in nats). It takes
            one `sample_weight` for each input, and no mask of pixels.

    Raises:
        ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32)
    >>> encoder.output_shape
    (None, 32)
    """
    try:
        sizes = [operator.index(size) for size in (
            input_dims, latent_dims, *hidden_layers)]
        valid = min(sizes) >= 1
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError("Expected integers of 1 or more. Received: "
                         f"{input_dims=}, {hidden_layers=}, {latent_dims=}")
    input_dims, latent_dims, *hidden_layers = sizes

    # Encoder. A code that starts above 0 keeps its units alive: with a bias of
    # 3 none died in ten epochs of MNIST, with 2 a few, with 0 about a tenth.
    x = inputs = keras.Input((input_dims,))
    for units in hidden_layers:
        x = relu_layer(units)(x)
    code = relu_layer(latent_dims, bias=3.0)(x)
    encoder = keras.Model(inputs, code, name="encoder")

    # Decoder. An output that starts at 0.5 has nothing to unlearn.
    x = inputs = keras.Input((latent_dims,))
    for units in reversed(hidden_layers):
        x = relu_layer(units)(x)
    outputs = keras.layers.Dense(
        input_dims, activation="sigmoid", kernel_initializer="zeros")(x)
    decoder = keras.Model(inputs, outputs, name="decoder")

    # Autoencoder
    inputs = keras.Input((input_dims,))
    auto = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
