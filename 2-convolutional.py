#!/usr/bin/env python3
"""Convolutional autoencoder: convolutions and pooling, Masci et al. 2011."""
from numbers import Integral

import keras


def autoencoder(input_dims, filters, latent_dims):
    """Builds a convolutional autoencoder, whose code keeps the image's layout.

    The one for pictures of any size: few weights, shared by the whole image.
    Inputs lie in [0, 1].

    Args:
        input_dims: Tuple of integers, `(height, width, channels)`.
        filters: List or tuple of integers. Filters of the encoder's
            convolutions, in order, each followed by pooling that halves height
            and width (rounded up); the decoder has them reversed.
        latent_dims: Tuple of integers. The code's shape, which follows from
            the other two: the error tells it.

    Returns:
        encoder: Model, `(batch, *input_dims)` to `(batch, *latent_dims)`.
        decoder: Model, `(batch, *latent_dims)` to `(batch, *input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over the inputs, in nats).

    Raises:
        ValueError: If an argument is not as above, before anything is built.

    Example:
    >>> encoder, decoder, auto = autoencoder((8, 8, 1), [16, 8], (2, 2, 8))
    >>> decoder.output_shape
    (None, 8, 8, 1)
    """
    arguments = {"input_dims": input_dims, "filters": filters,
                 "latent_dims": latent_dims}
    for name, sizes in arguments.items():
        if not (isinstance(sizes, (list, tuple)) and sizes and all(
                isinstance(size, Integral) and not isinstance(size, bool)
                and size >= 1 for size in sizes)):
            raise ValueError(
                f"Invalid value for argument `{name}`. Expected a list or "
                f"tuple of positive integers. Received: {name}={sizes!r}")
    input_dims, filters, latent_dims = (
        tuple(map(int, sizes)) for sizes in arguments.values())
    if len(input_dims) != 3:
        raise ValueError(
            "Invalid value for argument `input_dims`. Expected (height, "
            f"width, channels). Received: {input_dims=}")
    shrink = 2 ** len(filters)
    expected = (*(-(-size // shrink) for size in input_dims[:2]), filters[-1])
    if latent_dims != expected:
        raise ValueError(
            f"Invalid value for argument `latent_dims`. Expected {expected}, "
            "which the encoder gives for these `input_dims` and `filters`. "
            f"Received: {latent_dims=}")
    pixels = latent_dims[0] * latent_dims[1] * shrink ** 2
    widths = [input_dims[2], *filters]
    weights = 9 * sum(a * b for a, b in zip(widths, widths[1:]))
    if max(pixels * input_dims[2], weights) > 2 ** 30:
        raise ValueError(
            "Invalid value for argument `filters`. Expected at most 2**30 "
            "weights, and at most 2**30 numbers in an image, rounded up to "
            f"whole poolings. Received: {filters=} for {input_dims=}")

    # Encoder
    x = inputs = keras.Input(input_dims)
    for count in filters:
        x = keras.layers.Conv2D(
            count, (3, 3), padding="same", activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
        x = keras.layers.MaxPooling2D((2, 2), padding="same")(x)
    encoder = keras.Model(inputs, x, name="encoder")

    # Decoder
    x = inputs = keras.Input(latent_dims)
    for count in reversed(filters[1:]):
        x = keras.layers.Conv2D(
            count, (3, 3), padding="same", activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
        x = keras.layers.UpSampling2D((2, 2))(x)
    # The valid convolution costs 2 rows and columns, 4 once they are doubled:
    # pad where the input is larger than what is left, crop where smaller.
    missing = [size - (latent * shrink - 4)
               for size, latent in zip(input_dims[:2], latent_dims)]
    padding = [max(0, (size + 1) // 2) for size in missing]
    cropping = [2 * pad - size for pad, size in zip(padding, missing)]
    if any(padding):
        x = keras.layers.ZeroPadding2D(
            [(pad - pad // 2, pad // 2) for pad in padding])(x)
    x = keras.layers.Conv2D(
        filters[0], (3, 3), padding="valid", activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
    x = keras.layers.UpSampling2D((2, 2))(x)
    if any(cropping):
        x = keras.layers.Cropping2D([(0, crop) for crop in cropping])(x)
    outputs = keras.layers.Conv2D(
        input_dims[-1], (3, 3), padding="same", activation="sigmoid",
        kernel_initializer="zeros")(x)
    decoder = keras.Model(inputs, outputs, name="decoder")

    # Autoencoder
    inputs = keras.Input(input_dims)
    auto = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
