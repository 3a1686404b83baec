#!/usr/bin/env python3
"""Denoising autoencoder: a corrupted input, Vincent et al. 2008 and 2010."""
from numbers import Integral, Real

import keras

ops = getattr(keras, "ops", keras.backend)  # Keras 3, Keras 2


@keras.saving.register_keras_serializable(package="autoencoders")
class MaskingNoise(keras.layers.Dropout):
    """Sets a share of its inputs to 0 while training, the others untouched."""

    def call(self, inputs, training=None):
        """Returns the inputs, `(batch, input_dims)`, some of them masked."""
        # Dropout turns ones into 0 or, to keep their sum, into more than 1.
        kept = super().call(ops.ones_like(inputs), training=training)
        return inputs * ops.minimum(kept, 1.0)


def autoencoder(
        input_dims, hidden_layers, latent_dims, noise, masking=False):
    """Builds a dense autoencoder that rebuilds clean inputs from noisy ones.

    The one for repairs: `fit(x, x)` corrupts its inputs, not its targets. With
    `masking` it learns to fill in what is missing. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List or tuple of integers, maybe empty. Units of the
            encoder's hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.
        noise: Float, 0 to 1. Standard deviation of the Gaussian noise that is
            added to inputs while training, or the share to mask, below 1.
        masking: Boolean. Whether to set inputs to 0 instead of adding noise.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over the inputs, in nats).

    Raises:
        ValueError: If an argument is not as above, before anything is built.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32, 0.5)
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
    if type(noise) is bool or not isinstance(noise, Real) or not (
            0 <= noise < 1 or noise == 1 and not masking):
        raise ValueError(
            "Invalid value for argument `noise`. Expected a number of 0 to 1, "
            f"below 1 for masking. Received: {noise=}")

    # Encoder. Initial values decide what is learned: orthogonal kernels keep
    # signals as large as they are (Saxe et al. 2014), a code that starts above
    # 0 keeps its units alive, an output that starts at 0.5 unlearns nothing.
    x = inputs = keras.Input((input_dims,))
    corrupt = MaskingNoise if masking else keras.layers.GaussianNoise
    x = corrupt(float(noise))(x)
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
