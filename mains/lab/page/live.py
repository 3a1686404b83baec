"""What the page of a run computes with: its models, its codes, test inputs.

A browser walks the models' layers as they are described here, with weights in
half precision where that is good enough.
"""
import base64

import keras
import numpy as np

from lab.measures import rows as rows_of

LARGEST = 20_000_000  # weights of a model that a browser rebuilds at once
POINTS = 2000  # test inputs whose codes are drawn
# The layers that the page computes, and the settings that it takes for
# granted. Those of noise and penalties pass on what they are given.
LAYERS = {
    "InputLayer": {}, "Dense": {"use_bias": True},
    "Conv2D": {"use_bias": True, "strides": (1, 1), "dilation_rate": (1, 1),
               "groups": 1, "data_format": "channels_last"},
    "MaxPooling2D": {"pool_size": (2, 2), "strides": (2, 2),
                     "padding": "same", "data_format": "channels_last"},
    "UpSampling2D": {"size": (2, 2), "interpolation": "nearest",
                     "data_format": "channels_last"},
    "ZeroPadding2D": {"data_format": "channels_last"},
    "Cropping2D": {"data_format": "channels_last"},
    "GaussianNoise": {}, "MaskingNoise": {}, "Contraction": {}, "Sampling": {},
}
ACTIVATIONS = ("linear", "relu", "sigmoid")


class NotComputed(ValueError):
    """What a page cannot compute; the message says why."""


def content(run):
    """Returns what the page needs to compute as the models do.

    Raises:
        NotComputed: If it cannot.
    """
    weights = run.model.auto.count_params()
    if weights > LARGEST:
        raise NotComputed(
            f"The model has {weights:,} weights; this page computes models "
            f"of up to {LARGEST:,}.")
    size = run.data.size
    images = run.first(max(10, min(POINTS, 2 ** 24 // size)))
    precision = enough(run, images)
    codes = rows_of(run.model.code(images))
    thresholds = run.metrics["score_quantiles"]
    if not (np.isfinite(codes).all()
            and np.isfinite([*thresholds.values()]).all()):
        raise NotComputed("Some codes or scores are not finite.")
    kinds = [type(layer).__name__ for layer in run.model.encoder.layers]
    noisy = {"GaussianNoise", "MaskingNoise"} & {*kinds}
    rows = rows_of(images)
    some = rows[:max(10, min(100, 40_000 // size))]
    table = len(run.data.shape) != 3
    return {
        "shape": run.data.shape,
        "encoder": walk(run.model.encoder, precision),
        "decoder": walk(run.model.decoder, precision),
        "gaussian": "Sampling" in kinds,
        "noise": {"start": run.settings['noise'] if noisy else 0,
                  "masking": "MaskingNoise" in noisy},
        "thresholds": thresholds,
        "images": packed(some if table else np.rint(some * 255),
                         "float32" if table else "uint8"),
        "blank": np.median(
            rows.reshape(-1, run.data.shape[-1]), axis=0).tolist(),
        "columns": columns(run, rows) if table else None,
        "labels": labels(run, len(images)),
        "plane": plane(codes),
        "codes": {"low": codes.min(axis=0).tolist(),
                  "high": codes.max(axis=0).tolist(),
                  "vary": varying(codes, 32)},
    }


def enough(run, images):
    """Returns the type to round the weights to: half precision, if what is
    rebuilt then differs by less than half a step of a byte."""
    exact, weights = run.model.rebuild(images), run.model.auto.get_weights()
    try:
        run.model.auto.set_weights([rounded(array, "float16") for array in weights])
        near = np.abs(run.model.rebuild(images) - exact).max() < 0.5 / 255
    finally:
        run.model.auto.set_weights(weights)
    return "float16" if near else "float32"


def rounded(array, precision):
    """Rounds an array, if it is of any size."""
    with np.errstate(over="ignore"):  # what is infinite is not near
        return array.astype(precision if array.size > 4096 else "float32")


def walk(model, precision):
    """Returns a model's layers in the order of their computation."""
    places, found = {}, []

    def place(tensor):
        layer, _, index = tensor._keras_history
        if type(layer).__name__ == "Sampling":  # not drawn: mean, log variance
            return place(layer.input[index])
        return places[layer.name]

    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        wanted = LAYERS.get(kind)
        activation = config.get("activation", "linear")
        if wanted is None or activation not in ACTIVATIONS or any(
                config[name] != value and config[name] != [*np.ravel(value)]
                for name, value in wanted.items()):
            raise NotComputed(f"This page cannot compute the layer {layer}.")
        shape = keras.tree.flatten(layer.output)[0].shape[1:]
        description = {"kind": kind, "shape": shape, "activation": activation}
        if kind != "InputLayer":
            description["from"] = [
                place(tensor) for tensor in keras.tree.flatten(layer.input)]
        if kind in ("Dense", "Conv2D"):
            kernel, bias = (rounded(array, precision)
                            for array in layer.get_weights())
            description |= {"kernel": packed(kernel), "bias": packed(bias)}
        if kind == "Conv2D":
            # Keras pads a kernel's smaller half before, its larger behind.
            description["sides"] = config["kernel_size"]
            description["before"] = [
                (side - 1) // 2 if config["padding"] == "same" else 0
                for side in config["kernel_size"]]
        if kind in ("ZeroPadding2D", "Cropping2D"):
            description["before"] = [
                before for before, _ in
                config["padding" if "padding" in config else "cropping"]]
        places[layer.name] = len(found)
        found.append(description)
    return {"layers": found,
            "outputs": [place(tensor) for tensor in model.outputs]}


def packed(array, kind=None):
    """Returns an array as text, in little-endian order."""
    kind = np.dtype(kind or array.dtype)
    content = array.astype(kind.newbyteorder("<")).tobytes()
    return {"kind": kind.name, "content": encoded(content)}


def encoded(content):
    """Returns bytes as base64."""
    return base64.b64encode(content).decode()


def varying(array, count):
    """Returns the columns that vary most, in their own order."""
    return sorted(np.argsort(-array.var(axis=0))[:count].tolist())


def plane(codes):
    """Returns codes as points of a plane, and the way back: two numbers as
    they are, more by their first two principal components."""
    size = codes.shape[1]
    mean, axes = np.zeros(size), np.eye(2, size)
    names = ["first number of the code", "second number of the code"]
    if size > 2:
        some = codes[:max(100, 2 ** 22 // size)]  # takes a second at most
        mean = some.mean(axis=0)
        _, spreads, found = np.linalg.svd(some - mean, full_matrices=False)
        shares = spreads ** 2 / ((spreads ** 2).sum() or 1)
        names = [f"{name} principal component, {share:.0%} of the variance"
                 for name, share in zip(("first", "second"), [*shares, 0])]
        axes[:len(found)] = found[:2]
    return {"mean": packed(mean, "float32"), "axes": packed(axes, "float32"),
            "points": packed((codes - mean) @ axes.T, "float16"),
            "names": names}


def labels(run, count):
    """Returns the labels of the first test inputs, if there are any: their
    names, and which each input has."""
    if run.test.labels is None:
        return None
    names, which = np.unique(
        run.test.labels[:count], return_inverse=True)
    return {"names": [str(name) for name in names], "which": which.tolist()}


def columns(run, rows):
    """Returns what the sliders of a table need: name, units and range."""
    count = rows.shape[1]
    names = getattr(run.data, "columns", None) or [
        f"column {number}" for number in range(1, count + 1)]
    scaling = run.data.scaling
    low, high = (scaling.undo(np.full(count, end)) for end in (0, 1))
    least = np.minimum(rows.min(axis=0), 0)
    most = np.maximum(rows.max(axis=0), 1)
    return [{"place": place, "name": str(names[place]),
             "low": float(low[place]), "high": float(high[place]),
             "least": float(least[place]), "most": float(most[place])}
            for place in varying(rows, 100)]
