#!/usr/bin/env python3
"""Convolutional autoencoder: convolutions and pooling, Masci et al. 2011."""
import operator

import keras


def relu_layer(filters, padding="same"):
    """Returns a ReLU layer that keeps signals' size (Saxe et al. 2014)."""
    return keras.layers.Conv2D(
        filters, (3, 3), padding=padding, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))


def autoencoder(input_dims, filters, latent_dims):
    """Builds a convolutional autoencoder, whose code keeps the image's layout.

    The one for pictures of any size: few weights, shared by the whole image.
    Inputs lie in [0, 1].

    Args:
        input_dims: Tuple of integers, `(height, width, channels)`.
        filters: List of integers. Filters of the encoder's convolutions, in
            order, each followed by pooling that halves height and width
            (rounded up); the decoder has them reversed.
        latent_dims: Tuple of integers. The code's shape, which follows from
            the other two: the error tells it.

    Returns:
        encoder: Model, `(batch, *input_dims)` to `(batch, *latent_dims)`.
        decoder: Model, `(batch, *latent_dims)` to `(batch, *input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over the inputs, in nats).

    Raises:
        TypeError, ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder((8, 8, 1), [16, 8], (2, 2, 8))
    >>> decoder.output_shape
    (None, 8, 8, 1)
    """
    input_dims, filters, latent_dims = (
        tuple(map(operator.index, sizes))
        for sizes in (input_dims, filters, latent_dims))
    if len(input_dims) != 3 or not filters or min(input_dims + filters) < 1:
        raise ValueError(
            "Expected (height, width, channels), and one filter or more, of "
            f"1 or more. Received: {input_dims=}, {filters=}")
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
