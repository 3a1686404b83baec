#!/usr/bin/env python3
"""Contractive autoencoder: a code that resists change, Rifai et al. 2011."""
from numbers import Integral, Real

import keras

ops = getattr(keras, "ops", keras.backend)  # Keras 3, Keras 2


@keras.saving.register_keras_serializable(package="autoencoders")
class Contraction(keras.layers.Layer):
    """Passes the code on and adds its squared derivative to the loss."""

    def __init__(self, lambtha, **kwargs):
        """Takes the weight of the penalty."""
        super().__init__(**kwargs)
        self.lambtha = lambtha

    def __call__(self, units, **kwargs):
        """Remembers the dense ReLU layers that it is connected to."""
        if hasattr(units[0], "_keras_history"):
            layers = [x._keras_history[0] for x in units]
            self.kernels = lambda: [layer.kernel for layer in layers]
        return super().__call__(units, **kwargs)

    def call(self, units):
        """Returns the last of the encoder's activations, which is the code."""
        first, *kernels = self.kernels()
        slopes = [ops.expand_dims(ops.cast(x > 0, x.dtype), 1) for x in units]
        # J = d code / d (first layer before its ReLU), by the chain rule, the
        # images' rows in one matrix: one product is faster than many.
        size = units[-1].shape[-1]
        jacobian = ops.one_hot(list(range(size)), size) * slopes.pop()
        for kernel in reversed(kernels):
            rows = ops.reshape(jacobian, (-1, kernel.shape[1]))
            rows = ops.dot(rows, ops.transpose(kernel))
            jacobian = ops.reshape(
                rows, (-1, size, kernel.shape[0])) * slopes.pop()
        # |J W'|^2 = trace(J W'W J'), which does not grow with the input.
        rows = ops.reshape(jacobian, (-1, first.shape[1]))
        gram = ops.dot(ops.transpose(first), first)
        squared = size * ops.sum(ops.dot(rows, gram) * rows, axis=1)
        self.add_loss(self.lambtha * ops.mean(squared))
        return units[-1]

    def get_config(self):
        """Returns what it takes to build this layer again."""
        return {**super().get_config(), "lambtha": self.lambtha}


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """Builds a dense autoencoder whose code changes little with its input.

    For codes that noise does not move: the code keeps to what tells inputs
    apart, and flattens all else. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List or tuple of integers, maybe empty. Units of the
            encoder's hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.
        lambtha: Float, 0 or more. Weight of the penalty: the squared Frobenius
            norm of d code / d input, averaged over the batch.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over the inputs, in nats) plus the
            penalty.

    Raises:
        ValueError: If an argument is not as above, before anything is built.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32, 1e-4)
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
    if type(lambtha) is bool or not (
            isinstance(lambtha, Real) and 0 <= lambtha < float("inf")):
        raise ValueError(
            "Invalid value for argument `lambtha`. Expected a finite number "
            f"of 0 or more. Received: {lambtha=}")

    # Encoder. Initial values decide what is learned: orthogonal kernels keep
    # signals as large as they are (Saxe et al. 2014), a code that starts above
    # 0 keeps its units alive, an output that starts at 0.5 unlearns nothing.
    x = inputs = keras.Input((input_dims,))
    hidden = []
    for units in hidden_layers:
        x = keras.layers.Dense(
            units, activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5))(x)
        hidden.append(x)
    code = keras.layers.Dense(
        latent_dims, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5),
        bias_initializer=keras.initializers.Constant(3.0))(x)
    code = Contraction(float(lambtha))([*hidden, code])
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
