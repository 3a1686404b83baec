#!/usr/bin/env python3
"""Denoising autoencoder: a corrupted input, Vincent et al. 2008 and 2010."""
import operator

import keras

ops = getattr(keras, "ops", keras.backend)  # Keras 3, Keras 2


@keras.saving.register_keras_serializable(package="autoencoders")
class MaskingNoise(keras.layers.Dropout):
    """Sets a fraction of its inputs to 0 while training, and no other."""

    def call(self, inputs, training=None):
        """Returns the inputs, `(batch, input_dims)`, some of them masked."""
        # Dropout rescales the survivors; the minimum undoes it.
        kept = super().call(ops.ones_like(inputs), training=training)
        return inputs * ops.minimum(kept, 1.0)


def relu_layer(units, bias=0.0):
    """Returns a ReLU layer whose initial values keep the size of signals."""
    # Orthogonal, Saxe et al. 2014; with the gain for ReLU, He et al. 2015.
    return keras.layers.Dense(
        units, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5),
        bias_initializer=keras.initializers.Constant(bias))


def autoencoder(
        input_dims, hidden_layers, latent_dims, noise, masking=False):
    """Builds a dense autoencoder that rebuilds clean inputs from noisy ones.

    For repairs: `fit(x, x)` corrupts its inputs, not its targets. With
    `masking` it learns to fill in missing values. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List of integers, maybe empty. Units of the encoder's
            hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.
        noise: Float, 0 to 1. Standard deviation of the Gaussian noise that is
            added to inputs while training, or the fraction to mask, below 1.
        masking: Boolean. Whether to set inputs to 0 instead of adding noise.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over `input_dims`, in nats). It takes
            one `sample_weight` for each input, and no mask of pixels.

    Raises:
        ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32, 0.5)
    >>> encoder.output_shape
    (None, 32)
    """
    try:
        sizes = [operator.index(size) for size in (
            input_dims, latent_dims, *hidden_layers)]
        valid = min(sizes) >= 1 and 0 <= noise <= 1 and (
            noise < 1 or not masking)
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            "Expected integers of 1 or more, noise of 0 to 1 (below 1 to "
            f"mask). Received: {input_dims=}, {hidden_layers=}, "
            f"{latent_dims=}, {noise=}, {masking=}")
    input_dims, latent_dims, *hidden_layers = sizes

    # Encoder. A code that starts above 0 keeps its units alive.
    x = inputs = keras.Input((input_dims,))
    corrupt = MaskingNoise if masking else keras.layers.GaussianNoise
    x = corrupt(float(noise))(x)
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
