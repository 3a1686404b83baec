"""What Keras's layers and losses compute, again in NumPy, in float64."""
import numpy as np

# The two conventions of the cross-entropy that are right.
ACCEPTED = "averaged over the pixels", "summed over the pixels"
ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "linear": lambda x: x,
}


def windows(x, size, step, padding, fill):
    """Returns all windows of images: batch, rows, columns, channels, window.

    Same padding leaves one output for each step, and puts the odd row last.
    """
    if padding == "same":
        missing = [max((-(-length // step) - 1) * step + size - length, 0)
                   for length in x.shape[1:3]]
        x = np.pad(x, [(0, 0), *((some // 2, some - some // 2)
                                 for some in missing), (0, 0)],
                   constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(
        x, (size, size), axis=(1, 2))[:, ::step, ::step]


def forward(layers, weights, x):
    """Returns what layers in a row give, the last and all before it."""
    outputs = []
    x = np.asarray(x, "float64")
    for layer, values in zip(layers, weights):
        settings = layer["settings"]
        if layer["kind"] == "Dense":
            x = x @ values[0]
        elif layer["kind"] == "Conv2D":
            view = windows(x, len(values[0]), 1, settings["padding"], 0)
            x = np.einsum("brcihw,hwio->brco", view, values[0])
        elif layer["kind"] == "MaxPooling2D":
            x = windows(x, 2, 2, settings["padding"], -np.inf).max((-2, -1))
        elif layer["kind"] == "UpSampling2D":
            x = x.repeat(2, axis=1).repeat(2, axis=2)
        if len(values) > 1:
            x = x + values[1]
        x = ACTIVATIONS[layer["activation"] or "linear"](x)
        outputs.append(x)
    return outputs


def losses(x, y):
    """Returns what well-known losses say of outputs y for targets x."""
    x, y = (np.asarray(part, "float64").reshape(len(x), -1) for part in (x, y))
    p = np.clip(y, 1e-7, 1 - 1e-7)
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()
    return {
        "averaged over the pixels": entropy,
        "summed over the pixels": entropy * x.shape[1],
        "binary cross-entropy, summed over the batch as well":
            entropy * x.size,
        "binary cross-entropy with from_logits=True, after a sigmoid":
            (np.log1p(np.exp(y)) - x * y).mean(),
        "mean squared error": ((x - y) ** 2).mean(),
        "squared error, summed over the pixels":
            ((x - y) ** 2).mean() * x.shape[1],
        "mean absolute error": abs(x - y).mean(),
    }


def divergence(mean, log_var):
    """Returns KL(N(mean, exp(log_var)) || N(0, I)) for each row.

    Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)


def contraction(activations, kernels):
    """Returns |d code / d input|^2 of ReLU layers for each row."""
    slopes = [(part > 0)[:, None, :] for part in activations]
    jacobian = np.eye(kernels[0].shape[0])[None]
    for kernel, slope in zip(kernels, slopes):
        jacobian = (jacobian @ kernel) * slope
    return (jacobian ** 2).sum(axis=(1, 2))
