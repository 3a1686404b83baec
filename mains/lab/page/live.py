"""What the page of a run computes with: models, codes and test inputs.

The script in the page computes the layers that are described here, with
weights in half precision where that is precise enough.
"""
import base64

import keras
import numpy as np

from lab.data.scaling import extremes
from lab.measures import rows

LARGEST = 20_000_000  # weights of a model that a browser rebuilds at once
POINTS = 2000  # test inputs whose codes are drawn
# The layers that the page can compute, with the settings that it assumes. It
# passes inputs through layers of noise and penalties.
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


class Unsupported(ValueError):
    """A model that the page cannot compute; the message says why."""


def content(run):
    """Returns what the page needs in order to compute as the models do.

    Raises:
        Unsupported: If the page cannot.
    """
    weights = run.model.auto.count_params()
    if weights > LARGEST:
        raise Unsupported(
            f"The model has {weights:,} weights; this page computes models "
            f"of up to {LARGEST:,}.")
    size = run.data.size
    images = run.first(max(10, min(POINTS, 2 ** 24 // size)))
    precision = weight_precision(run.model, images)
    codes, values = rows(run.model.code(images)), rows(images)
    thresholds = run.metrics["score_quantiles"]
    if not (np.isfinite(codes).all()
            and np.isfinite([*thresholds.values()]).all()):
        raise Unsupported("Some codes or scores are not finite.")
    kinds = {type(layer).__name__ for layer in run.model.encoder.layers}
    is_noisy = not kinds.isdisjoint({"GaussianNoise", "MaskingNoise"})
    is_table = run.data.is_table
    inputs = values[:max(10, min(100, 40_000 // size))]
    return {
        "shape": run.data.shape,
        "encoder": described(run.model.encoder, precision),
        "decoder": described(run.model.decoder, precision),
        "gaussian": run.model.is_gaussian,
        "noise": {"start": is_noisy and run.settings.get("noise") or 0,
                  "masking": "MaskingNoise" in kinds},
        "thresholds": thresholds,
        "images": packed(inputs, "float32") if is_table else packed(
            np.rint(inputs * 255), "uint8"),
        "blank": np.median(
            values.reshape(-1, run.data.shape[-1]), axis=0).tolist(),
        "columns": columns(run.data, values) if is_table else None,
        "neighbours": neighbours(run) if run.model.by_column else None,
        "labels": labels(run.test.labels, len(images)),
        "plane": plane(codes),
        "codes": {"low": codes.min(axis=0).tolist(),
                  "high": codes.max(axis=0).tolist(),
                  "units": most_variable(codes, 32)},
    }


def weight_precision(model, images):
    """Returns the type to round weights to: half precision, if that changes
    the reconstructions by less than half a step of a byte."""
    exact, weights = model.rebuild(images), model.auto.get_weights()
    try:
        model.auto.set_weights([
            rounded(array, "float16") for array in weights])
        change = np.abs(model.rebuild(images) - exact).max()
    finally:
        model.auto.set_weights(weights)
    return "float16" if change < 0.5 / 255 else "float32"


def rounded(array, precision):
    """Returns an array in the given precision, a small one in float32."""
    with np.errstate(over="ignore"):  # infinite weights change the outputs
        return array.astype(precision if array.size > 4096 else "float32")


def described(model, precision):
    """Returns a model's layers in the order of their computation, and which
    of them are its outputs."""
    indices, layers = {}, []

    def index_of(tensor):
        layer, _, index = tensor._keras_history
        if type(layer).__name__ == "Sampling":  # without its random draw
            return index_of(layer.input[index])
        return indices[layer.name]

    for layer in model.layers:
        check(layer)
        if type(layer).__name__ == "Sampling":
            continue
        indices[layer.name] = len(layers)
        layers.append({
            "kind": type(layer).__name__,
            "shape": keras.tree.flatten(layer.output)[0].shape[1:],
            **parameters(layer, precision)})
        if not isinstance(layer, keras.layers.InputLayer):
            layers[-1]["inputs"] = [
                index_of(tensor) for tensor in keras.tree.flatten(layer.input)]
    return {"layers": layers,
            "outputs": [index_of(tensor) for tensor in model.outputs]}


def check(layer):
    """Checks that the page can compute a layer.

    Raises:
        Unsupported: If it cannot.
    """
    config, assumed = layer.get_config(), LAYERS.get(type(layer).__name__)
    if assumed is None or config.get(
            "activation", "linear") not in ACTIVATIONS or any(
                config[name] != value and config[name] != [*np.ravel(value)]
                for name, value in assumed.items()):
        raise Unsupported(f"This page cannot compute the layer {layer}.")


def parameters(layer, precision):
    """Returns what the page needs of a layer beyond its kind and shape."""
    kind, config = type(layer).__name__, layer.get_config()
    if kind == "ZeroPadding2D":
        return {"offset": [before for before, _ in config["padding"]]}
    if kind == "Cropping2D":
        return {"offset": [before for before, _ in config["cropping"]]}
    if kind not in ("Dense", "Conv2D"):
        return {}
    kernel, bias = (packed(rounded(array, precision))
                    for array in layer.get_weights())
    found = {"kernel": kernel, "bias": bias,
             "activation": config["activation"]}
    if kind == "Conv2D":
        # Keras pads a kernel's smaller half before, its larger half behind.
        padded = config["padding"] == "same"
        found |= {"kernelSize": config["kernel_size"],
                  "offset": [(side - 1) // 2 if padded else 0
                             for side in config["kernel_size"]]}
    return found


def packed(array, kind=None):
    """Returns an array as text, in little-endian order."""
    kind = np.dtype(kind or array.dtype)
    content = array.astype(kind.newbyteorder("<")).tobytes()
    return {"type": kind.name, "content": base64_of(content)}


def base64_of(content):
    """Returns bytes as base64 text."""
    return base64.b64encode(content).decode()


def most_variable(array, count):
    """Returns the indices of the columns that vary most, in order."""
    return sorted(np.argsort(-array.var(axis=0))[:count].tolist())


def plane(codes):
    """Returns codes as points of a plane, and the way back: codes of two
    numbers unchanged, others by their first two principal components."""
    size = codes.shape[1]
    mean, axes = np.zeros(size), np.eye(2, size)
    names = ["unit 1 of the code", "unit 2 of the code"]
    if size > 2:
        sample = codes[:max(100, 2 ** 22 // size)]  # takes a second at most
        mean = sample.mean(axis=0)
        _, spreads, found = np.linalg.svd(sample - mean, full_matrices=False)
        fractions = spreads ** 2 / ((spreads ** 2).sum() or 1)
        names = [
            f"{name} principal component, {fraction:.0%} of the variance"
            for name, fraction in zip(("first", "second"), [*fractions, 0])]
        axes[:len(found)] = found[:2]
    return {"mean": packed(mean, "float32"), "axes": packed(axes, "float32"),
            "points": packed((codes - mean) @ axes.T, "float16"),
            "names": names}


def labels(values, count):
    """Returns the labels of the first test inputs, if there are any: their
    names, and the index of each input's own."""
    if values is None:
        return None
    names, which = np.unique(values[:count], return_inverse=True)
    return {"names": [str(name) for name in names], "which": which.tolist()}


def neighbours(run):
    """Returns what scores the rows of a table, as `Neighbours` does."""
    known = run.scores.neighbours
    return {"points": packed(known.describe(known.rows, known.errors),
                             "float16"),
            "usual": known.usual.tolist()}


def columns(data, values):
    """Returns what the sliders of a table need: name, units and range."""
    count = values.shape[1]
    names = data.features or [
        f"column {number}" for number in range(1, count + 1)]
    low, high = (data.scaling.undo(np.full(count, end)) for end in (0, 1))
    parts, least, most = (), 0, 1
    if data.scaling.by_column:  # 0 and 1 may be far from all values
        parts = "centre", "spread", "reach"
        least, most = extremes(data.scaling.apply(data.train), axis=0)
    least = np.minimum(values.min(axis=0), least)
    most = np.maximum(values.max(axis=0), most)
    return [{"index": index, "name": str(names[index]),
             **{part: float(getattr(data.scaling, part)[index])
                for part in parts},
             "low": float(low[index]), "high": float(high[index]),
             "least": float(least[index]), "most": float(most[index])}
            for index in most_variable(values, 100)]
