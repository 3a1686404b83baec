#!/usr/bin/env python3
"""Variational autoencoder: a Gaussian code, Kingma & Welling 2014."""
import operator

import keras

ops = getattr(keras, "ops", keras.backend)  # Keras 3, Keras 2


@keras.saving.register_keras_serializable(package="autoencoders")
class Sampling(keras.layers.Layer):
    """Draws z from its Gaussian and adds the KL divergence to the loss."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.noise = keras.layers.GaussianNoise(1.0, dtype=self.dtype)

    def call(self, inputs):
        """Returns z and the log variance that it was drawn with."""
        z_mean, z_log_var = inputs
        z_log_var = ops.clip(z_log_var, -20.0, 20.0)  # exp stays finite
        # KL(N(mean, std^2) || N(0, 1)), Kingma & Welling 2014, appendix B.
        kl = 0.5 * ops.sum(
            ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=-1)
        self.add_loss(ops.mean(kl))
        # The reparameterisation trick: z = mean + std * epsilon.
        epsilon = self.noise(ops.zeros_like(z_mean), training=True)
        return [z_mean + ops.exp(z_log_var / 2) * epsilon, z_log_var]


@keras.saving.register_keras_serializable(package="autoencoders")
class Variational(keras.Model):
    """Sums its loss over `input_dims`, as the ELBO does, however compiled.

    With `loss_weights=[input_dims]` instead, whoever compiles it anew without
    them would get codes that collapse: the KL divergence outweighs a mean.
    """

    def compute_loss(self, x, y, y_pred, sample_weight=None, **options):
        """Returns the loss that it was compiled with, summed, and the KL."""
        if sample_weight is None:
            sample_weight = ops.ones_like(y_pred[:, 0])
        elif sample_weight.shape[1:] not in ((), (1,)):
            raise ValueError("Expected one weight for each input. "
                             f"Received: {sample_weight.shape=}")
        weight = sample_weight * y_pred.shape[-1]
        return super().compute_loss(x, y, y_pred, weight, **options)


keras.saving.get_custom_objects()["Variational"] = Variational  # for .h5


def autoencoder(input_dims, hidden_layers, latent_dims):
    """Builds a dense autoencoder whose code is a normal distribution.

    The generative variant: its codes are distributed nearly as N(0, I), so
    that the decoder turns random draws into new data. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List of integers, maybe empty. Units of the encoder's
            hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.

    Returns:
        encoder: Model, `(batch, input_dims)` to `[z, z_mean, z_log_var]`, each
            `(batch, latent_dims)`; z is drawn anew at each call. A
            classifier on it would train the KL divergence as well, and TFLite
            lacks the draw: for these take a model of a layer's output,
            `keras.Model(encoder.input, encoder.get_layer("z_mean").output)`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy. Its loss, which `evaluate(x, x)` returns, is
            a sum over `input_dims`, plus KL: the negative ELBO in nats. One
            `sample_weight` for each input weighs only the cross-entropy.

    Raises:
        ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [512], 2)
    >>> decoder.output_shape
    (None, 784)
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

    # Encoder
    x = inputs = keras.Input((input_dims,))
    for units in hidden_layers:
        x = keras.layers.Dense(
            units, activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
    z_mean = keras.layers.Dense(latent_dims, name="z_mean")(x)
    z_log_var = keras.layers.Dense(latent_dims, name="z_log_var")(x)
    # KL and loss are sums, for which mixed_float16 is too narrow: floatx.
    sampling = Sampling(name="z", dtype=keras.backend.floatx())
    z, z_log_var = sampling([z_mean, z_log_var])
    encoder = keras.Model(inputs, [z, z_mean, z_log_var], name="encoder")

    # Decoder. Biases as wide as N(0, I) spread the ReLU kinks over the codes:
    # over the encoder's initial values they gain 6 nats on MNIST in 10 epochs
    # of 784-[512]-2, 2 nats in 50 epochs, and none with 784-[200, 200]-50.
    width = max(2.0, 8.0 / latent_dims)
    x = inputs = keras.Input((latent_dims,))
    for units in reversed(hidden_layers):
        bias = keras.initializers.RandomUniform(-width, width)
        x = keras.layers.Dense(units, activation="relu", bias_initializer=bias,
                               kernel_initializer="he_normal")(x)
    outputs = keras.layers.Dense(
        input_dims, activation="sigmoid", kernel_initializer="zeros",
        dtype=keras.backend.floatx())(x)
    decoder = keras.Model(inputs, outputs, name="decoder")

    # Autoencoder
    inputs = keras.Input((input_dims,))
    auto = Variational(inputs, decoder(encoder(inputs)[0]), name="autoencoder")
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
