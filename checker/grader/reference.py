"""What Keras's layers and losses compute, again in NumPy, in float64."""
import numpy as np

# The two conventions of the cross-entropy that are right.
ACCEPTED = "averaged over the pixels", "summed over the pixels"
ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softmax": lambda x: np.exp(x - np.max(x, -1, keepdims=True)) / np.exp(
        x - np.max(x, -1, keepdims=True)).sum(-1, keepdims=True),
}


class Unknown(Exception):
    """Something that this file cannot compute."""


def windows(x, size, steps, padding, fill, dilation=(1, 1)):
    """Returns all windows of images: batch, rows, columns, channels, window.

    Same padding leaves one output for each step, and puts the odd row last.
    """
    reach = [(count - 1) * apart + 1 for count, apart in zip(size, dilation)]
    if padding == "same":
        missing = [max((-(-length // step) - 1) * step + wide - length, 0)
                   for length, step, wide in zip(x.shape[1:3], steps, reach)]
        x = np.pad(x, [(0, 0), *((some // 2, some - some // 2)
                                 for some in missing), (0, 0)],
                   constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(1, 2))
    return view[:, ::steps[0], ::steps[1], :, ::dilation[0], ::dilation[1]]


def enlarged(x, factor, axis, interpolation):
    """Returns images enlarged along one axis."""
    if interpolation == "nearest":
        return x.repeat(factor, axis=axis)
    if interpolation != "bilinear":
        raise Unknown(f"upsampling that is {interpolation}")
    last = x.shape[axis] - 1
    # Where the centre of each new pixel lies, counted in old ones.
    where = (np.arange(factor * (last + 1)) + 0.5) / factor - 0.5
    below = np.clip(np.floor(where).astype(int), 0, last)
    above = np.clip(np.floor(where).astype(int) + 1, 0, last)
    part = (where - np.floor(where)).reshape(
        [-1 if place == axis else 1 for place in range(x.ndim)])
    return x.take(below, axis) * (1 - part) + x.take(above, axis) * part


def linear(layer, values, x):
    """Returns what a layer gives, without its bias and activation."""
    kind, settings = layer["kind"], layer["settings"]
    if settings.get("data_format") == "channels_first" or (
            settings.get("groups") or 1) > 1:
        raise Unknown(f"{kind} with channels first, or in groups")
    if kind == "Dense":
        return x @ values[0]
    if kind == "Conv2D":
        view = windows(x, values[0].shape[:2], settings["strides"],
                       settings["padding"], 0, settings["dilation_rate"])
        return np.einsum("brcihw,hwio->brco", view, values[0], optimize=True)
    if kind == "MaxPooling2D":
        return windows(x, settings["pool_size"], settings["strides"],
                       settings["padding"], -np.inf).max((-2, -1))
    if kind == "UpSampling2D":
        for axis, factor in enumerate(settings["size"], start=1):
            x = enlarged(x, factor, axis, settings["interpolation"])
        return x
    raise Unknown(kind)


def forward(layers, weights, x):
    """Returns what layers in a row give, the last and all before it."""
    outputs = []
    x = np.asarray(x, "float64")
    for layer, values in zip(layers, weights):
        x = linear(layer, values, x)
        if len(values) > 1:
            x = x + values[1]
        name = layer["activation"] or "linear"
        if name not in ACTIVATIONS:
            raise Unknown(f"the activation {name}")
        x = ACTIVATIONS[name](x)
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
