"""The page of a run: its results, and its models to try, in one HTML file.

All text of the user's (names, labels, columns) is escaped. The page's policy
lets it load nothing, and run no script but its own, known by its hash.
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

import matplotlib
import matplotlib.figure
from PIL import Image

from lab import files, settings
from lab.page import live

DESCRIPTIONS = {
    "loss": "training objective, on unseen data",
    "cross_entropy": "nats, mean over pixels or columns",
    "excess": "cross-entropy above the entropy of the data, its lower bound",
    "variance_rebuilt": "fraction of the variance of the columns",
    "variance_rebuilt_by_PCA": "the same, by PCA with as many numbers",
    "best_epoch": "of the lowest loss on unseen data, which was kept",
    "squared_error": "per input, summed over pixels or columns",
    "training_squared_error": "the same, on up to 10,000 training inputs "
    "without distortion",
    "error": "fraction of test inputs classified wrongly",
    "mean_code": "mean of all codes",
    "mean_of_first_ten_codes": "the same, of the first ten inputs",
    "zeros": "fraction of zeros in the codes",
    "dead_units": "fraction of code units that are 0 for every input",
    "distortion": "reconstruction cross-entropy, nats per input",
    "kl_divergence": "rate, nats per input",
    "negative_elbo": "distortion plus rate, nats per input",
    "collapsed": "negative ELBO of a decoder that ignores the code",
    "active_units": "code units whose mean varies with the input",
    "negative_log_likelihood": "nats per input, by importance sampling",
    "noisy_squared_error": "per input, before reconstruction",
    "repaired_squared_error": "per input, after reconstruction",
    "code_movement": "caused by noise, relative to the spread of the codes",
    "vanilla_code_movement": "the same, of 0-vanilla",
}


def write(run):
    """Writes `report.html` into the folder of a `Run`."""
    template, style, script = (
        Path(__file__).with_name(f"page.{suffix}").read_text("utf-8")
        for suffix in ("html", "css", "js"))
    content, reason = None, ""
    try:
        content = live.content(run)
    except live.Unsupported as error:
        reason = str(error)
    title, about = description(run)
    is_table = run.data.is_table
    parts = {
        "hash": policy_hash(script),
        "title": html.escape(title),
        "style": style,
        "script": script,
        "kind": "table" if is_table else "images",
        "aspect": "2" if is_table else "{1} / {0}".format(*run.data.shape),
        "about": html.escape(about),
        "metrics": metrics(run.metrics),
        "comparisons": comparisons(run.metrics),
        "curves": curves(run.history),
        "pictures": pictures(run.folder),
        "command": " ".join(f"<span>{html.escape(shlex.quote(word))}</span>"
                            for word in run.command),
        "settings": settings_table(run),
        "live": "" if content else "hidden",
        "no_model": "hidden" if content else "",
        "reason": html.escape(reason),
        "data": embedded_json(content),
    }
    page = re.sub(r"{{ (\w+) }}", lambda match: parts[match[1]], template)
    with files.written(run.folder / "report.html") as temporary:
        temporary.write_bytes(page.encode("utf-8", "backslashreplace"))


def policy_hash(script):
    """Returns a script's hash as a Content-Security-Policy names it."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def embedded_json(value):
    """Returns JSON, in ASCII, that cannot end the element it stands in."""
    text = json.dumps(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def description(run):
    """Returns a page's title, and a sentence or two about its run."""
    module, main = run.settings["module"], run.settings["main"]
    docstring = sys.modules[module].__doc__ or ""
    name, _, idea = docstring.partition("\n")[0].partition(": ")
    return f"{name} on {Path(run.data.name).name}", (
        f"{module}: {idea} Trained by {settings.script(main)} on {run.data}, "
        f"for {len(run.history)} epochs.")


def in_words(name):
    """Returns the name of a metric or setting in words."""
    return re.sub(r"\b(kl|elbo)\b", lambda match: match[0].upper(),
                  name.replace("_", " "))


def metrics(values):
    """Returns a run's metrics as tiles, each with its description."""
    return "".join(
        f"<div><dt>{html.escape(in_words(name))}</dt>"
        f"<dd><b>{value:.4g}</b> {DESCRIPTIONS.get(name, '')}</dd></div>\n"
        for name, value in values.items() if not isinstance(value, dict))


def comparisons(values):
    """Returns a table for each metric that compares several methods."""
    return "".join(
        f"<table><caption>{html.escape(title)}</caption>"
        + rows({method: f"{value:.4g}" for method, value in compared.items()})
        + "</table>\n" for title, compared in values.items()
        if isinstance(compared, dict) and title != "score_quantiles")


def settings_table(run):
    """Returns the rows of the table of all settings."""
    values = {**run.settings, "SHA-256 of the data": run.data.sha256,
              "backend": "{backend}, Keras {keras}".format(**run.versions)}
    return rows({in_words(name): value for name, value in values.items()
                 if value is not None})


def rows(values):
    """Returns the rows of a table of names and values."""
    return "".join(
        f"<tr><th scope=row>{html.escape(name)}</th>"
        f"<td>{html.escape(str(value))}</td></tr>\n"
        for name, value in values.items())


def curves(history):
    """Returns the loss of each epoch as an SVG element in the page's colours,
    always the same for the same history."""
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
        "<svg ", '<svg role="img" aria-label="Loss of each epoch" ', 1)


def pictures(folder):
    """Returns the run's pictures as small copies that can be enlarged."""
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
            f'src="data:image/webp;base64,{live.base64_of(small.getvalue())}" '
            f'width="{width}" height="{height}" alt="{name}"><span>{name}'
            "</span></label>\n")
    return "".join(found)
