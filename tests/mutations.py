"""One-line mutations of our modules, each with the promises it must break."""
from typing import NamedTuple

DENSE = ("0-vanilla", "1-sparse", "3-variational", "4-denoising",
         "5-contractive")
ALL = (*DENSE, "2-convolutional")


class Mutation(NamedTuple):
    """A pattern in a module, what takes its place, and what that breaks."""

    module: str
    pattern: str
    text: str
    breaks: tuple


def in_all(pattern, text, *breaks, modules=ALL):
    """Makes the same mutation of several modules."""
    return [Mutation(module, pattern, text, breaks) for module in modules]


def in_one(module, *mutations):
    """Makes mutations of one module."""
    return [Mutation(module, pattern, text, tuple(breaks))
            for pattern, text, *breaks in mutations]


MUTATIONS = [
    *in_all(r"def autoencoder", "def autoencode", "function"),
    *in_all(r"return encoder, decoder, auto", "return encoder, auto",
            "returns"),
    *in_all(r"input_dims, (hidden_layers|filters), latent_dims(?=[,)])",
            r"\1, input_dims, latent_dims", "signature", "returns"),
    *in_all(r'    """(?=\n    \w)', '    """\n    hidden_layers, given = '
            "[*hidden_layers], hidden_layers; given.clear()", "list",
            modules=DENSE),
    *in_all(r"reversed\((hidden_layers|filters\[1:\])\)", r"\1",
            "decoder.order"),
    *in_all(r'activation="sigmoid"', 'activation="tanh"',
            "decoder.activations"),
    *in_all(r'"adam"', '"rmsprop"', "optimizer"),
    *in_all(r'loss="binary_crossentropy"', 'loss="mse"', "loss",
            modules=[name for name in ALL if name != "3-variational"]),
    *in_all(r"decoder\(encoder", "keras.models.clone_model(decoder)(encoder",
            "connected"),
    *in_all(r"    auto\.compile", "    decoder.trainable = False\n"
            "    auto.compile", "trains"),
    *in_one(
        "0-vanilla",
        (r"(?<=decoder = keras.Model\(inputs, )outputs",
         "keras.layers.Dropout(0.1)(outputs)", "decoder.layers"),
        (r"bias=3\.0", "bias=-30.0", "beyond.alive")),
    *in_one(
        "1-sparse",
        (r"activity_regularizer", "kernel_regularizer", "penalty.place"),
        (r"regularizers\.L1", "regularizers.L2", "penalty.place"),
        (r"L1\((float\(lambtha\)|lambtha)\)", "L1(1e-5)", "penalty.size")),
    *in_one(
        "2-convolutional",
        (r"\(3, 3\)", "(5, 5)", "encoder.kernels", "decoder.kernels",
         "beyond.sizes"),
        (r'padding="valid"', 'padding="same"', "decoder.padding",
         "beyond.sizes"),
        (r"MaxPooling2D", "AveragePooling2D", "encoder.layers"),
        (r"UpSampling2D\(\(2, 2\)", "UpSampling2D((2, 2), "
         "interpolation='bilinear'", "decoder.output"),
        (r"if cropping != \[\(0, 0\), \(0, 0\)\]", "if False",
         "beyond.sizes")),
    *in_one(
        "3-variational",
        (r"(?:(?<=inputs, )|(?<=return ))\[z, z_mean, z_log_var\]",
         "[z, z_log_var, z_mean]", "encoder.outputs"),
        (r"exp\(z_log_var / 2\)", "exp(z_log_var)", "z.variance"),
        (r"training=True", "training=False", "z.anew"),
        (r"z_mean(?= \+ ops\.exp)", "2 * z_mean", "z.mean"),
        (r"encoder\(inputs\)\[0\]", "encoder(inputs)[1]", "connected"),
        (r"self\.add_loss\(ops\.mean\(kl\)\)", "pass", "kl"),
        (r"0\.5 \* ops\.sum", "ops.sum", "kl"),
        (r"- 1 - z_log_var", "- z_log_var", "kl"),
        (r"axis=-1\)", "axis=0)", "kl"),
        (r'loss="binary_crossentropy"', 'loss="mse"', "reconstruction"),
        (r"Dense\(latent_dims(?=, name=\"z_log_var\")",
         'Dense(latent_dims, "relu"', "encoder.activations")),
    *in_one(
        "4-denoising",
        (r"float\(noise\)|(?<=\()noise(?=\)\(x\))", "0.0", "noise")),
    *in_one(
        "5-contractive",
        (r"add_loss\(lambtha", "add_loss(2 * lambtha", "penalty")),
]
