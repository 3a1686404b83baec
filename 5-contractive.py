#!/usr/bin/env python3
"""Contractive autoencoder: a code that resists change, Rifai et al. 2011."""
import operator

import keras

ops = getattr(keras, "ops", keras.backend)  # Keras 3, Keras 2


def times(rows, matrix):
    """Multiplies the rows of all images with a matrix, in one product."""
    product = ops.dot(ops.reshape(rows, (-1, rows.shape[-1])), matrix)
    return ops.reshape(product, (-1, rows.shape[1], matrix.shape[1]))


@keras.saving.register_keras_serializable(package="autoencoders")
class Contraction(keras.layers.Layer):
    """Passes the code on and adds its squared derivative to the loss."""

    def __call__(self, units, **options):
        """Keeps its symbolic inputs, which know the layers that made them."""
        # Keras has no public way for a layer to find the kernels before it.
        if hasattr(units[0], "_keras_history"):
            self.symbols = units[1:]
        return super().__call__(units, **options)

    def call(self, units, lambtha):
        """Returns the code, the last of the encoder's activations."""
        kernels = [x._keras_history[0].kernel for x in self.symbols]
        if any("int" in str(kernel.dtype) for kernel in kernels):
            return units[-1]  # no penalty on what quantize() made integers
        first, *kernels = [ops.cast(kernel, self.dtype) for kernel in kernels]
        *slopes, alive = [ops.cast(x > 0, x.dtype) for x in units[1:]]
        # J = d code / d (first layer before its ReLU), by the chain rule; the
        # code's own slopes, 0 or 1, come last.
        size = alive.shape[1]
        eye = keras.initializers.Identity()((size, size), self.dtype)
        jacobian = eye[None]
        for kernel, slope in zip(kernels[::-1], slopes[::-1]):
            jacobian = times(jacobian, ops.transpose(kernel)) * slope[:, None]
        # |J W'|^2 = trace(J W'W J'), at the same cost for inputs of any size.
        rows = ops.reshape(jacobian, (-1, first.shape[1]))
        gram = ops.dot(ops.transpose(first), first)
        squared = ops.sum(rows * ops.dot(rows, gram), axis=1)
        squared = ops.reshape(squared, (-1, size)) * alive
        self.add_loss(lambtha * ops.mean(ops.sum(squared, axis=1)))
        return units[-1]


def relu_layer(units, bias=0.0):
    """Returns a ReLU layer whose initial values keep the size of signals."""
    # Orthogonal, Saxe et al. 2014; with the gain for ReLU, He et al. 2015.
    return keras.layers.Dense(
        units, activation="relu",
        kernel_initializer=keras.initializers.Orthogonal(2 ** 0.5),
        bias_initializer=keras.initializers.Constant(bias))


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    """Builds a dense autoencoder whose code changes little with its input.

    For codes that noise moves less: the code follows what distinguishes the
    inputs, and ignores much of the rest. Inputs lie in [0, 1].

    Args:
        input_dims: Integer. Size of one flattened input.
        hidden_layers: List of integers, maybe empty. Units of the encoder's
            hidden layers, in order; the decoder has them reversed.
        latent_dims: Integer. Size of the code.
        lambtha: Float, 0 or more. Weight of the penalty: the squared Frobenius
            norm of d code / d input, averaged over the batch.

    Returns:
        encoder: Model, `(batch, input_dims)` to `(batch, latent_dims)`. A
            classifier on it would train the penalty as well: put it on
            `encoder.layers[-2].output`, the code before the last layer.
        decoder: Model, `(batch, latent_dims)` to `(batch, input_dims)`.
        auto: Model, the decoder after the encoder, compiled with Adam and
            binary cross-entropy (mean over `input_dims`, in nats), plus the
            penalty. One `sample_weight` for each input weighs only the former.

    Raises:
        ValueError: If an argument is not as above.

    Example:
    >>> encoder, decoder, auto = autoencoder(784, [128, 64], 32, 1e-4)
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

    # Encoder. A code that starts above 0 keeps its units alive.
    x = inputs = keras.Input((input_dims,))
    layers = [*map(relu_layer, hidden_layers), relu_layer(latent_dims, 3.0)]
    # With the inputs, as Keras 2 would unpack a list of one; lambtha is passed
    # to the call, which is saved without a get_config. The penalty is a sum,
    # for which mixed_float16 is too narrow: floatx.
    units = [inputs, *(x := layer(x) for layer in layers)]
    contraction = Contraction(dtype=keras.backend.floatx())
    code = contraction(units, lambtha=float(lambtha))
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
