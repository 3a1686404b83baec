"""The page of a run: what it did, and its models to play with, in one file.

Everything of the user's that the page shows (names, labels, columns) goes
into it escaped, as text; its policy lets it load nothing and run no script
but its own, which is known by its hash.
"""
import base64
import hashlib
import html
import io
import json
import math
import re
import shlex
import sys
from pathlib import Path

import keras
import matplotlib
import matplotlib.figure
import numpy as np
from PIL import Image

from lab import evaluation, files
from lab.command_line import NEUTRAL

LARGEST = 20_000_000  # weights of a model that a browser rebuilds at once
POINTS = 2000  # test inputs whose codes are drawn
MEANINGS = {
    "loss": "what was trained for, on unseen data",
    "cross_entropy": "nats per number of the input",
    "excess": "cross-entropy above the least that any model can have",
    "squared_error": "per input, summed over its numbers",
    "mean_code": "mean of all numbers of the codes",
    "mean_of_first_ten_codes": "the same, of the first ten inputs",
    "zeros": "share of zeros in the codes",
    "dead_units": "share of code units that are 0 for every input",
    "distortion": "cross-entropy, nats per input",
    "kl_divergence": "rate: nats per input that the code carries",
    "negative_elbo": "distortion plus rate, nats per input",
    "collapsed": "negative ELBO of a decoder that ignores the code",
    "active_units": "numbers of the code that vary with the input",
    "negative_log_likelihood": "nats per input, by importance sampling",
    "noisy_squared_error": "per input, before the repair",
    "repaired_squared_error": "per input, after the repair",
    "code_movement": "by noise, as a share of the codes' spread",
    "vanilla_code_movement": "the same, of 0-vanilla",
}
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


def write(run):
    """Writes `report.html` into the folder of a `Run`."""
    template = Path(__file__).with_suffix(".html").read_text("utf-8")
    script = re.search(r"<script>(.*?)</script>", template, re.DOTALL)[1]
    digest = hashlib.sha256(script.encode()).digest()
    content, reason = None, ""
    try:
        content = live(run)
    except ValueError as error:
        reason = str(error)
    # JSON keeps to ASCII here; without these three it cannot end its element.
    data = json.dumps(content)
    for character in "<>&":
        data = data.replace(character, f"\\u{ord(character):04x}")
    about, _, idea = (sys.modules[run.args.module].__doc__ or "").partition(
        "\n")[0].partition(": ")
    title = f"{about} on {Path(run.data.name).name}"
    fold = (f", {run.folder.name.replace('-', ' ')}"
            if run.folder.name.startswith("fold-") else "")
    parts = {
        "hash": f"sha256-{base64.b64encode(digest).decode()}",
        "title": html.escape(title),
        "kind": "images" if len(run.data.shape) == 3 else "table",
        "about": html.escape(
            f"{run.args.module}: {idea} Trained by {script_of(run.args)} on "
            f"{run.data}, {len(run.history)} epochs{fold}."),
        "figures": figures(run.metrics),
        "comparisons": comparisons(run.metrics),
        "curves": curves(run.history),
        "pictures": pictures(run.folder),
        "command": " ".join(f"<span>{html.escape(word)}</span>"
                            for word in command(run.args)),
        "settings": settings(run),
        "live": "" if content else "hidden",
        "dead": "hidden" if content else "",
        "reason": html.escape(reason),
        "data": data,
    }
    page = re.sub(r"{{ (\w+) }}", lambda match: parts[match[1]], template)
    with files.whole(run.folder / "report.html") as temporary:
        temporary.write_bytes(page.encode("utf-8", "backslashreplace"))


def figures(metrics):
    """Returns a run's figures as tiles, with what they mean."""
    return "".join(
        f"<div><dt>{html.escape(said(name))}</dt>"
        f"<dd><b>{value:.4g}</b> {MEANINGS.get(name, '')}</dd></div>\n"
        for name, value in metrics.items() if not isinstance(value, dict))


def said(name):
    """Returns the name of a figure or setting in words."""
    return re.sub(r"\b(kl|elbo)\b", lambda match: match[0].upper(),
                  name.replace("_", " "))


def comparisons(metrics):
    """Returns the figures of several ways as a table each."""
    return "".join(
        f"<table><caption>{html.escape(title)}</caption>" + "".join(
            f"<tr><th scope=row>{html.escape(way)}</th>"
            f"<td>{value:.4g}</td></tr>" for way, value in values.items())
        + "</table>\n" for title, values in metrics.items()
        if isinstance(values, dict) and title != "score_quantiles")


def script_of(args):
    """Returns the path of the main that made a run."""
    number, _, rest = args.main.partition("-")
    return f"mains/{number}-main.py" if rest else f"mains/{number}.py"


def command(args):
    """Returns the words of the command line that repeats a run."""
    words = [f"./{script_of(args)}"]
    for name, value in vars(args).items():
        flag = f"--{'latent' if name == 'latent_shape' else name}"
        flag = flag.replace("_", "-")
        if name in (*NEUTRAL, "main", "module") or (
                value is None or value is False):
            continue
        if isinstance(value, (list, tuple)):
            words += [flag, *map(str, value)]
        else:
            words += [flag] if value is True else [f"{flag}={value}"]
    return [f"KERAS_BACKEND={keras.backend.backend()}",
            *map(shlex.quote, words)]


def settings(run):
    """Returns all settings as rows of a table."""
    values = {name: value for name, value in vars(run.args).items()
              if name not in NEUTRAL}
    values["backend"] = f"{keras.backend.backend()}, Keras {keras.__version__}"
    values["SHA-256 of the data"] = run.data.sha256
    return "".join(
        f"<tr><th scope=row>{html.escape(said(name))}</th>"
        f"<td>{html.escape(str(value))}</td></tr>\n"
        for name, value in values.items() if value is not None)


def curves(history):
    """Draws the loss after each epoch as an SVG element, in the page's own
    colours, always the same for the same history."""
    colours = {"#010203": "currentColor", "#010204": "var(--accent)"}
    ink, accent = colours
    style = {"svg.hashsalt": "report", "svg.fonttype": "none", "font.size": 11,
             "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": ink,
             "xtick.color": ink, "ytick.color": ink, "legend.frameon": False,
             "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure = matplotlib.figure.Figure((6, 3.2), layout="constrained")
        axis, text = figure.add_subplot(), io.StringIO()
        epochs = [row["epoch"] for row in history]
        for name, label, colour in (("loss", "training", ink),
                                    ("val_loss", "test", accent)):
            axis.plot(epochs, [row[name] for row in history],
                      marker="." if len(history) < 20 else "",
                      color=colour, label=label)
        axis.set(xlabel="epoch", ylabel="loss")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend()
        figure.savefig(text, format="svg", transparent=True, metadata={
            name: None for name in ("Creator", "Date", "Format", "Type")})
    drawing = text.getvalue()
    for colour, name in colours.items():
        drawing = drawing.replace(colour, name)
    return drawing[drawing.index("<svg"):].replace(
        "<svg ", '<svg role="img" aria-label="Loss after each epoch" ', 1)


def pictures(folder):
    """Returns the run's pictures, small enough for a page, to be enlarged."""
    found = []
    for path in sorted(folder.glob("*.png")):
        if path.name == "losses.png":  # the curves
            continue
        small = io.BytesIO()
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
            picture.thumbnail((960, 800))
            picture.save(small, "WEBP", quality=70, method=6)
        width, height = picture.size
        name = html.escape(path.stem.replace("-", " "))
        found.append(
            f'<label><input type="checkbox" aria-label="enlarge {name}"><img '
            f'src="data:image/webp;base64,{encoded(small.getvalue())}" '
            f'width="{width}" height="{height}" alt="{name}"><span>{name}'
            "</span></label>\n")
    return "".join(found)


def live(run):
    """Returns what the page needs to compute as the models do.

    Raises:
        ValueError: If it cannot, with the reason.
    """
    weights = run.auto.count_params()
    if weights > LARGEST:
        raise ValueError(
            f"The model has {weights:,} weights; this page computes models "
            f"of up to {LARGEST:,}.")
    size = run.data.size
    images = run.first(max(10, min(POINTS, 2 ** 24 // size)))
    precision = enough(run, images)
    codes = evaluation.rows(run.code(images))
    kinds = [type(layer).__name__ for layer in run.encoder.layers]
    noisy = {"GaussianNoise", "MaskingNoise"} & {*kinds}
    rows = evaluation.rows(images)
    some = rows[:max(10, min(100, 40_000 // size))]
    table = len(run.data.shape) != 3
    return {
        "shape": run.data.shape,
        "encoder": walk(run.encoder, precision),
        "decoder": walk(run.decoder, precision),
        "gaussian": "Sampling" in kinds,
        "noise": {"start": run.args.noise if noisy else 0,
                  "masking": "MaskingNoise" in noisy},
        "thresholds": run.metrics["score_quantiles"],
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
    exact, weights = run.rebuild(images), run.auto.get_weights()
    try:
        run.auto.set_weights([rounded(array, "float16") for array in weights])
        near = np.abs(run.rebuild(images) - exact).max() < 0.5 / 255
    finally:
        run.auto.set_weights(weights)
    return "float16" if near else "float32"


def rounded(array, precision):
    """Rounds an array, if it is of any size."""
    with np.errstate(over="ignore"):  # what is infinite is not near
        return array.astype(precision if array.size > 4096 else "float32")


def walk(model, precision):
    """Returns a model's layers in the order of their computation."""
    places, found = {}, []

    def place(tensor):
        return places[tensor._keras_history[0].name]

    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        wanted = LAYERS.get(kind)
        activation = config.get("activation", "linear")
        if wanted is None or activation not in ACTIVATIONS or any(
                config[name] != value and config[name] != [*np.ravel(value)]
                for name, value in wanted.items()):
            raise ValueError(f"This page cannot compute the layer {layer}.")
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
        shares = spreads ** 2 / max((spreads ** 2).sum(), math.ulp(0))
        names = [f"{name} principal component, {share:.0%} of the variance"
                 for name, share in zip(("first", "second"), shares)]
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
