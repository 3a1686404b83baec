#!/usr/bin/env python3
"""Sparse autoencoder: an L1 penalty on the code, Ng 2011."""
import operator

import keras


def relu_layer(units, bias=0.0, **options):
    """Returns a ReLU layer whose initial values keep the size of signals."""
    # Orthogonal, Saxe et al. 2014; with the gain for ReLU, He et al. 2015.
    return keras.layers.Dense(
        units, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5),
        bias_initializer=keras.initializers.Constant(bias), **options)


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """Builds a dense autoencoder whose code is pulled towards zero.

    For features that are easy to interpret, as few units are active for any
    one input: with `lambtha` of 1e-4 most of a code of 256 without hidden
    layers is 0 on MNIST; with 1e-5 it is only smaller. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List of integers, maybe empty. Units of the encoder's
            hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.
        lambtha: Float, 0 or more. Weight of the penalty: `lambtha` times the
            sum of the code's absolute values, averaged over the batch.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`. A
            classifier on it would train the penalty as well: before, set
            `encoder.layers[-1].activity_regularizer.l1 = 0.0`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over `input_dims`, in nats), plus the
            penalty. One `sample_weight` for each input weighs only the former.

    Raises:
        ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32, 1e-5)
    >>> encoder.output_shape
    (None, 32)
    """
    try:
        sizes = [operator.index(size) for size in (
            input_dims, latent_dims, *hidden_layers)]
        valid = min(sizes) >= 1 and 0 <= lambtha < float("inf")
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            "Expected integers of 1 or more, lambtha of 0 or more. Received: "
            f"{input_dims=}, {hidden_layers=}, {latent_dims=}, {lambtha=}")
    input_dims, latent_dims, *hidden_layers = sizes

    # Encoder. A code that starts above 0 keeps its units alive. Its penalty
    # is a sum, for which mixed_float16 is too narrow: floatx.
    x = inputs = keras.Input((input_dims,))
    for units in hidden_layers:
        x = relu_layer(units)(x)
    code = relu_layer(
        latent_dims, bias=3.0, dtype=keras.backend.floatx(),
        activity_regularizer=keras.regularizers.L1(float(lambtha)))(x)
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
