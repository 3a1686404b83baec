"""Mutations of one line, each with the promises that it must break."""
from typing import NamedTuple

DENSE = ("0-vanilla", "1-sparse", "3-variational", "4-denoising",
         "5-contractive")
ALL = (*DENSE, "2-convolutional")
NOISY = {"3-variational", "4-denoising"}  # their auto is not deterministic


class Mutation(NamedTuple):
    """A pattern in a file, what takes its place, and what that breaks."""

    path: str
    pattern: str
    text: str
    breaks: tuple


def in_all(pattern, text, *breaks, modules=ALL):
    """Makes the same mutation of several modules."""
    return [Mutation(f"{module}.py", pattern, text, breaks)
            for module in modules]


def in_one(module, *mutations):
    """Makes mutations of one module."""
    return [Mutation(f"{module}.py", pattern, text, tuple(breaks))
            for pattern, text, *breaks in mutations]


OURS = [
    *in_all(r"def autoencoder", "def autoencode", "function"),
    *in_all(r"return encoder, decoder, auto", "return encoder, auto",
            "returns"),
    *in_all(r"(def autoencoder\(\s*)input_dims, (hidden_layers|filters)",
            r"\1\2, input_dims", "signature", "returns"),
    *in_all(r'    """(?=\n    \w)', '    """\n    hidden_layers, given = '
            "[*hidden_layers], hidden_layers; given.clear()", "list",
            modules=DENSE),
    *in_all(r"reversed\((hidden_layers|filters\[1:\])\)", r"\1",
            "decoder.order"),
    *in_all(r'activation="sigmoid"', 'activation="tanh"',
            "decoder.activations", "initial"),  # 0, where the loss is flat
    *in_all(r'"adam"', '"rmsprop"', "optimizer"),
    *in_all(r'loss="binary_crossentropy"', 'loss="mse"', "loss",
            modules=[name for name in ALL if name != "3-variational"]),
    *in_all(r"decoder\(encoder", "keras.models.clone_model(decoder)(encoder",
            "connected", "beyond.parts",
            modules=sorted({*ALL} - NOISY)),
    *in_all(r"decoder\(encoder", "keras.models.clone_model(decoder)(encoder",
            "connected", "beyond.parts", "fit", modules=sorted(NOISY)),
    *in_all(r"    auto\.compile", "    decoder.trainable = False\n"
            "    auto.compile", "trains"),
    *in_one(
        "0-vanilla",
        (r"(?<=decoder = keras.Model\(inputs, )outputs",
         "keras.layers.Dropout(0.1)(outputs)", "decoder.layers", "fit"),
        (r"bias=3\.0", "bias=-30.0", "initial", "beyond.alive")),
    *in_one(
        "1-sparse",
        (r"activity_regularizer=", "kernel_regularizer=", "penalty.place"),
        (r"regularizers\.L1", "regularizers.L2", "penalty.place"),
        (r"L1\((float\(lambtha\)|lambtha)\)", "L1(1e-5)", "penalty.size")),
    *in_one(
        "2-convolutional",
        (r"filters, \(3, 3\)", "filters, (5, 5)", "encoder.kernels",
         "decoder.kernels", "beyond.sizes"),
        (r'padding="valid"', 'padding="same"', "decoder.padding",
         "beyond.sizes"),
        (r"MaxPooling2D", "AveragePooling2D", "encoder.layers"),
        (r"( {8}x.*)UpSampling2D\(\(2, 2\)", r"\1UpSampling2D((2, 2), "
         "interpolation='bilinear'", "decoder.upsampling"),
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


SOLVED = "checker/solutions/right"
COMMON = [
    (r"def autoencoder", "def encoders", "function"),
    (r"return encoder, decoder, auto", "return auto, encoder, decoder",
     "returns"),
    (r"'sigmoid'", "'tanh'", "decoder.activations"),
]


def of_solutions(paths, *more):
    """Makes the mutations that suit all solutions, and those of one."""
    return [Mutation(f"{SOLVED}/{path}.py", pattern, text, tuple(breaks))
            for path in paths for pattern, text, *breaks in (*COMMON, *more)]


DENSE_ONES = (
    (r"(reversed\(hidden_layers\)|hidden_layers\[::-1\])", "hidden_layers",
     "decoder.order"),
    (r"'adam'", "'sgd'", "optimizer"),
    (r"'binary_crossentropy'", "'mse'", "loss"))
SOLUTIONS = [
    *of_solutions(["schedule/0-vanilla", "subclass_auto/0-vanilla"]),
    *of_solutions(["nested/0-vanilla", "penalty_layer/1-sparse",
                   "outside/4-denoising"], *DENSE_ONES[:2]),
    *of_solutions(
        ["reshape/2-convolutional"],
        (r"filters\[::-1\]", "filters", "decoder.order"),
        (r"\(2, 2\), padding='same'", "(2, 2)", "returns"),
        (r"\(3, 3\), activation='relu'",
         "(3, 3), padding='same', activation='relu'", "decoder.padding")),
    *of_solutions(
        ["layer/3-variational"],
        (r"normal\(keras\.ops\.shape\(mean\)\)",
         "normal(keras.ops.shape(mean), stddev=0.94)", "z.variance"),
        (r"normal\(keras\.ops\.shape\(mean\)\)",
         "normal(keras.ops.shape(mean), seed=0)", "z.anew"),
        (r"normal\(keras\.ops\.shape\(mean\)\)",
         "uniform(keras.ops.shape(mean), -3 ** 0.5, 3 ** 0.5)", "z.normal"),
        (r"noise = (.*)", r"noise = \1\n        noise = keras.ops.concatenate("
         "[noise[:, :1], noise[:, 1:2] + 0 * noise[:, 1:]], axis=1)",
         "z.anew"),
        (r"return z$", "return mean if training else z", "z.anew"),
        (r"(?=self\.add_loss)", "kl = 0 * kl if training else kl\n        ",
         "fit"),
        (r"log_var / 2", "log_var", "z.variance"),
        (r"- 1 - log_var", "- 1 + log_var", "kl"),
        (r"inputs\)\[0\]", "inputs)[1]", "connected")),
    *of_solutions(
        ["subclass_auto/3-variational"],
        (r"        self\.add_loss.*", "        pass", "kl"),
        (r"self\.decoder\(z\)", "self.decoder(mean)", "connected"),
        (r"'adam'", "'sgd'", "optimizer")),
]
