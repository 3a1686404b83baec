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
import re
import shlex
import sys
from pathlib import Path

import keras
import matplotlib
import matplotlib.figure
from PIL import Image

from lab import files
from lab.page import live
from lab.settings import script as path_of

MEANINGS = {
    "loss": "what was trained for, on unseen data",
    "cross_entropy": "nats per number of the input",
    "excess": "cross-entropy above the least that any model can have",
    "squared_error": "per input, summed over its numbers",
    "training_squared_error": "the same, of up to 10,000 inputs trained on, "
    "undistorted",
    "error": "share of test inputs that the classifier gets wrong",
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


def write(run):
    """Writes `report.html` into the folder of a `Run`."""
    template = Path(__file__).with_suffix(".html").read_text("utf-8")
    script = re.search(r"<script>(.*?)</script>", template, re.DOTALL)[1]
    digest = hashlib.sha256(script.encode()).digest()
    content, reason = None, ""
    try:
        content = live.content(run)
    except live.NotComputed as error:
        reason = str(error)
    # JSON keeps to ASCII here; without these three it cannot end its element.
    data = json.dumps(content)
    for character in "<>&":
        data = data.replace(character, f"\\u{ord(character):04x}")
    about, _, idea = (sys.modules[run.settings['module']].__doc__ or "").partition(
        "\n")[0].partition(": ")
    title = f"{about} on {Path(run.data.name).name}"
    part = re.fullmatch(r"(fold|size)-(\d+)", run.folder.name)
    images = len(run.data.shape) == 3
    parts = {
        "hash": f"sha256-{base64.b64encode(digest).decode()}",
        "title": html.escape(title),
        "kind": "images" if images else "table",
        "aspect": "{1} / {0}".format(*run.data.shape) if images else "2",
        "about": html.escape(
            f"{run.settings['module']}: {idea} Trained by {path_of(run.settings['main'])} on "
            f"{run.data}, {len(run.history)} epochs"
            + (f", {part[1]} {part[2]}." if part else ".")),
        "figures": figures(run.metrics),
        "comparisons": comparisons(run.metrics),
        "curves": curves(run.history),
        "pictures": pictures(run.folder),
        "command": " ".join(f"<span>{html.escape(word)}</span>"
                            for word in map(shlex.quote, run.command)),
        "settings": settings(run),
        "live": "" if content else "hidden",
        "dead": "hidden" if content else "",
        "reason": html.escape(reason),
        "data": data,
    }
    page = re.sub(r"{{ (\w+) }}", lambda match: parts[match[1]], template)
    with files.written(run.folder / "report.html") as temporary:
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


def settings(run):
    """Returns all settings as rows of a table."""
    values = dict(run.settings)
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
            picture.save(small, "WEBP", quality=70)
        width, height = picture.size
        name = html.escape(path.stem.replace("-", " "))
        found.append(
            f'<label><input type="checkbox" aria-label="enlarge {name}"><img '
            f'src="data:image/webp;base64,{live.encoded(small.getvalue())}" '
            f'width="{width}" height="{height}" alt="{name}"><span>{name}'
            "</span></label>\n")
    return "".join(found)
