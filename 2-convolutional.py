#!/usr/bin/env python3
"""Convolutional autoencoder: convolutions and pooling, Masci et al. 2011."""
import operator

import keras


def relu_convolution(filters, padding="same"):
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
    if len(input_dims) != 3 or min(0, *filters, *input_dims) < 0 or not all(
            (filters, *filters, *input_dims)):
        raise ValueError("Expected (height, width, channels) and filters of 1 "
                         f"or more. Received: {input_dims=}, {filters=}")
    shrink = 2 ** len(filters)
    expected = (*(-(-size // shrink) for size in input_dims[:2]), filters[-1])
    if latent_dims != expected:
        raise ValueError(f"Expected latent_dims={expected}, which the encoder "
                         f"gives. Received: {latent_dims=}")

    # Encoder
    x = inputs = keras.Input(input_dims)
    for count in filters:
        x = relu_convolution(count)(x)
        x = keras.layers.MaxPooling2D((2, 2), padding="same")(x)
    encoder = keras.Model(inputs, x, name="encoder")

    # Decoder
    x = inputs = keras.Input(latent_dims)
    for count in reversed(filters[1:]):
        x = relu_convolution(count)(x)
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
    x = relu_convolution(filters[0], padding="valid")(x)
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
