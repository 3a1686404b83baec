#!/usr/bin/env python3
"""Variational autoencoder: a Gaussian code, Kingma & Welling 2014."""
from numbers import Integral

import keras

ops = getattr(keras, "ops", keras.backend)  # Keras 3, Keras 2


@keras.saving.register_keras_serializable(package="autoencoders")
class Sampling(keras.layers.Layer):
    """Draws z from its Gaussian and adds the KL divergence to the loss."""

    def __init__(self, **kwargs):
        """Takes what every layer takes."""
        super().__init__(**kwargs)
        self.noise = keras.layers.GaussianNoise(1.0)

    def call(self, inputs):
        """Returns z for [mean, log variance], all `(batch, latent_dims)`."""
        z_mean, z_log_var = inputs
        z_log_var = ops.clip(z_log_var, -20.0, 20.0)  # exp stays finite
        # KL(N(mean, std^2) || N(0, 1)), Kingma & Welling 2014, appendix B.
        kl = 0.5 * ops.sum(
            ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=-1)
        self.add_loss(ops.mean(kl))
        epsilon = self.noise(ops.zeros_like(z_mean), training=True)
        return z_mean + ops.exp(z_log_var / 2) * epsilon


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Builds a dense autoencoder whose code is a normal distribution.

    The one that generates: its codes lie around 0 as N(0, I) does, so that the
    decoder makes new data of random draws. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List or tuple of integers, maybe empty. Units of the
            encoder's hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.

    Returns:
        encoder: Model, `(batch, input_dims)` to `[z, z_mean, z_log_var]`, each
            `(batch, latent_dims)`; z is drawn anew at each call.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy, summed over the inputs, plus the KL
            divergence: the negative ELBO, in nats.

    Raises:
        ValueError: If an argument is not as above, before anything is built.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [512], 2)
    >>> decoder.output_shape
    (None, 784)
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

    # Encoder
    x = inputs = keras.Input((input_dims,))
    for units in hidden_layers:
        x = keras.layers.Dense(
            units, activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
    z_mean = keras.layers.Dense(latent_dims, name="z_mean")(x)
    z_log_var = keras.layers.Dense(latent_dims, name="z_log_var")(x)
    z = Sampling(name="z")([z_mean, z_log_var])
    encoder = keras.Model(inputs, [z, z_mean, z_log_var], name="encoder")

    # Decoder. Initial values decide how finely it can tell codes apart: biases
    # as wide as N(0, I) spread the bends of its ReLU units over all of them,
    # and wider ones suit a code of one or two numbers, which must tell more.
    width = max(2.0, 8.0 / latent_dims)
    x = inputs = keras.Input((latent_dims,))
    for units in reversed(hidden_layers):
        biases = keras.initializers.RandomUniform(-width, width)
        x = keras.layers.Dense(
            units, activation="relu", kernel_initializer="he_normal",
            bias_initializer=biases)(x)
    outputs = keras.layers.Dense(
        input_dims, activation="sigmoid", kernel_initializer="zeros")(x)
    decoder = keras.Model(inputs, outputs, name="decoder")

    # Autoencoder
    inputs = keras.Input((input_dims,))
    auto = keras.Model(inputs, decoder(encoder(inputs)[0]), name="autoencoder")
    # The loss is a mean over the inputs; the ELBO has their sum. Clipping
    # keeps the squares of gradients, which Adam takes, finite at any size.
    auto.compile(optimizer=keras.optimizers.Adam(clipvalue=1e6),
                 loss="binary_crossentropy", loss_weights=[input_dims])
    return encoder, decoder, auto
