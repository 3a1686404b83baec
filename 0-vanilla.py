#!/usr/bin/env python3
"""Vanilla autoencoder: dense layers, Hinton & Salakhutdinov 2006."""
from numbers import Integral

import keras


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Builds a dense autoencoder that squeezes its input through a bottleneck.

    The plainest of its family, and the one to try first: for dimension
    reduction, and as the baseline of every other. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List or tuple of integers, maybe empty. Units of the
            encoder's hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over the inputs, in nats).

    Raises:
        ValueError: If an argument is not as above, before anything is built.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32)
    >>> encoder.output_shape
    (None, 32)
    """
    if not isinstance(hidden_layers, (list, tuple)):
        raise ValueError(
            "Invalid value for argument `hidden_layers`. Expected a list or "
            f"tuple of positive integers. Received: {hidden_layers=}")
    sizes = {"input_dims": input_dims, "latent_dims": latent_dims}
    sizes |= {f"hidden_layers[{i}]": n for i, n in enumerate(hidden_layers)}
    for name, size in sizes.items():
        if type(size) is bool or not isinstance(size, Integral) or size < 1:
            raise ValueError(
                f"Invalid value for argument `{name}`. Expected a positive "
                f"integer. Received: {name}={size!r}")
    input_dims, latent_dims, *hidden_layers = map(int, sizes.values())
    widths = [input_dims, *hidden_layers, latent_dims]
    if sum(a * b for a, b in zip(widths, widths[1:])) > 2 ** 30:
        raise ValueError(
            "Invalid value for argument `hidden_layers`. Expected sizes that "
            f"make at most 2**30 weights. Received: {hidden_layers=} between "
            f"{input_dims=} and {latent_dims=}")

    # Encoder. Initial values decide what is learned: orthogonal kernels keep
    # signals as large as they are (Saxe et al. 2014), a code that starts above
    # 0 keeps its units alive, an output that starts at 0.5 unlearns nothing.
    x = inputs = keras.Input((input_dims,))
    for units in hidden_layers:
        x = keras.layers.Dense(
            units, activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
    code = keras.layers.Dense(
        latent_dims, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5),
        bias_initializer=keras.initializers.Constant(3.0))(x)
    encoder = keras.Model(inputs, code, name="encoder")

    # Decoder
    x = inputs = keras.Input((latent_dims,))
    for units in reversed(hidden_layers):
        x = keras.layers.Dense(
            units, activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
    outputs = keras.layers.Dense(
        input_dims, activation="sigmoid", kernel_initializer="zeros")(x)
    decoder = keras.Model(inputs, outputs, name="decoder")

    # Autoencoder
    inputs = keras.Input((input_dims,))
    auto = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
