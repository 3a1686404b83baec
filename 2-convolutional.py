#!/usr/bin/env python3
"""Convolutional autoencoder: convolutions and pooling, Masci et al. 2011."""
import operator

import keras


def relu_layer(filters, padding="same"):
    """Returns a ReLU layer whose initial values keep the size of signals."""
    # Orthogonal, Saxe et al. 2014; with the gain for ReLU, He et al. 2015.
    return keras.layers.Conv2D(
        filters, (3, 3), padding=padding, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))


def autoencoder(input_dims, filters, latent_dims):
    """Builds a convolutional autoencoder, whose code keeps the image's layout.

    For images of any size: few weights, shared by the whole image. Inputs lie
    in [0, 1].

    Args:
        input_dims: Tuple of integers, `(height, width, channels)`.
        filters: List of integers. Filters of the encoder's convolutions, in
            order, each followed by pooling that halves height and width
            (rounded up); the decoder has them reversed.
        latent_dims: Tuple of integers. The code's shape, which follows from
            the other two: the error states it.

    Returns:
        encoder: Model, `(batch, *input_dims)` to `(batch, *latent_dims)`.
        decoder: Model, `(batch, *latent_dims)` to `(batch, *input_dims)`. For
            TFLite export it with a fixed batch, by `input_signature`, as the
            upsampling of Keras 3 states no height otherwise.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over `input_dims`, in nats). Its
            `sample_weight` is `(batch, 1, 1)`, or a mask, `(batch, height,
            width)`.

    Raises:
        ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder((8, 8, 1), [16, 8], (2, 2, 8))
    >>> decoder.output_shape
    (None, 8, 8, 1)
    """
    try:
        sizes = [tuple(operator.index(size) for size in argument)
                 for argument in (input_dims, filters, latent_dims)]
        valid = len(sizes[0]) == 3 and sizes[1] and min(sum(sizes, ())) >= 1
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            "Expected integers of 1 or more: (height, width, channels), one "
            "filter or more, the code's shape. Received: "
            f"{input_dims=}, {filters=}, {latent_dims=}")
    input_dims, filters, latent_dims = sizes
    halves = 2 ** len(filters)
    fitting = *(-(-size // halves) for size in input_dims[:2]), filters[-1]
    if latent_dims != fitting:
        raise ValueError(
            f"Expected latent_dims={fitting}, which is what the encoder gives "
            f"for {input_dims=}, {filters=}. Received: {latent_dims=}")

    # Encoder
    x = inputs = keras.Input(input_dims)
    for count in filters:
        x = relu_layer(count)(x)
        x = keras.layers.MaxPooling2D((2, 2), padding="same")(x)
    encoder = keras.Model(inputs, x, name="encoder")

    # Decoder. The valid convolution costs 2 rows and columns, 4 once they are
    # doubled. Pooling rounded up by as much for sizes such as 28; for others,
    # padding makes up for it, and what was rounded up is cropped.
    surplus = [latent * halves - size
               for latent, size in zip(latent_dims, input_dims[:2])]
    padding = [int(size < 4) for size in surplus]
    cropping = [(0, size - 4 + 4 * pad) for size, pad in zip(surplus, padding)]
    x = inputs = keras.Input(latent_dims)
    for count in reversed(filters[1:]):
        x = relu_layer(count)(x)
        x = keras.layers.UpSampling2D((2, 2))(x)
    if any(padding):
        x = keras.layers.ZeroPadding2D(padding)(x)
    x = relu_layer(filters[0], padding="valid")(x)
    x = keras.layers.UpSampling2D((2, 2))(x)
    if cropping != [(0, 0), (0, 0)]:
        x = keras.layers.Cropping2D(cropping)(x)
    outputs = keras.layers.Conv2D(
        input_dims[-1], (3, 3), padding="same", activation="sigmoid",
        kernel_initializer="zeros")(x)
    decoder = keras.Model(inputs, outputs, name="decoder")

    # Autoencoder
    inputs = keras.Input(input_dims)
    auto = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
