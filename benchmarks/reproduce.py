#!/usr/bin/env python3
"""Trains the models of the results again; writes their table and pictures.

    AUTOENCODERS_DATA=folder ./benchmarks/reproduce.py [ROW ...]

Without a name, the rows are run that take an hour together, not the long ones.
Rows that are not run stay as they are in docs/results.csv.
"""
import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pages
import trained
from pages import read
from rows import FASHION, PIXEL, ROWS, better

ROOT = Path(__file__).resolve().parents[1]
RESULTS = pages.DOCS / "results.csv"
COLUMNS = ("row", "command", "seeds", "epochs", "metric", "obtained", "spread",
           "reference", "source", "baselines", "seconds", "commit")


def folder_of(row, seed=0):
    """Returns where a run of a row is kept."""
    return ROOT / "runs" / "reproduce" / row / f"seed-{seed}"


def train(row, seed, resume):
    """Runs a row's command; returns its metrics, history and seconds, if it
    was run as a whole."""
    folder = folder_of(row, seed)
    script, *flags = ROWS[row].command.split()
    # The main chooses the backend, as it does for a user who sets nothing.
    unset = {name: value for name, value in os.environ.items()
             if name != "KERAS_BACKEND"}
    started = time.monotonic()
    subprocess.run(
        [sys.executable, ROOT / "mains" / script, *flags, "--seed", str(seed),
         "--output", folder, "--resume" if resume else "--overwrite",
         "--no-show"], check=True, env=unset)
    seconds = math.nan if resume else time.monotonic() - started
    shown = "".join(path.read_text() for path in pages.pages())
    for picture in folder.glob("*.png"):
        name = f"{row}-{picture.name}"
        if seed == 0 and f"pictures/{name}" in shown:
            shutil.copy(picture, pages.PICTURES / name)
    metrics = json.loads((folder / "metrics.json").read_text())
    return metrics, read(folder / "history.csv"), seconds


def run(row, resume):
    """Trains what a row names; returns its lines of the table."""
    it = ROWS[row]
    metrics, histories, seconds = zip(
        *[train(row, seed, resume) for seed in range(it.seeds)])
    config = json.loads((folder_of(row) / "config.json").read_text())
    common = {"row": row, "command": f"./mains/{it.command}",
              "seeds": it.seeds, "epochs": config["settings"]["epochs"],
              "seconds": "" if resume else round(np.median(seconds))}
    if it.metrics[0][0] is None:
        lines = [*compared(metrics, config["settings"]["module"])]
    else:
        lines = [measured(metric, metrics, histories) for metric in it.metrics]
    titles = [title for _, title, *_ in it.metrics]
    found = [line["metric"] for line in lines]
    if found != titles:
        raise ValueError(
            f"Expected the metrics {titles} of {row}. Received: {found}")
    return [{**common, **line} for line in lines]


def compared(metrics, module):
    """Yields what an application measured, and the best baseline.

    Args:
        metrics: List of the metrics of a run, a dictionary for each seed.
        module: String. Values of it, and of its variants, are ours.
    """
    for title, values in metrics[0].items():
        if not (isinstance(values, dict) and module in values):
            continue
        means = {name: mean([each[title][name] for each in metrics])
                 for name in values}
        baselines = {name: value["obtained"] for name, value in means.items()
                     if name.partition(",")[0] != module}
        metric = title[0].lower() + title[1:]
        best = (better(metric) or min)(
            baselines, key=lambda name: float(baselines[name]))
        for name in [name for name in means if name not in baselines]:
            yield {"metric": metric + name.removeprefix(module),
                   **means[name], "reference": baselines[best],
                   "source": best, "baselines": "; ".join(
                       f"{name} {value}" for name, value in baselines.items())}


def measured(metric, metrics, histories):
    """Returns what a numbered main measured, and what it is compared with
    if that was measured in the same run."""
    name, title, *references = metric
    if isinstance(name, int):
        return {"metric": title, "epochs": name, **mean(
            [float(history[name - 1]["val_loss"]) for history in histories])}
    line = {"metric": title, **mean([each[name] for each in metrics])}
    for reference, source in references:
        if reference in metrics[0]:
            line |= {"reference": f"{metrics[0][reference]:.4g}",
                     "source": source}
    return line


def mean(values):
    """Returns what was obtained, and the standard deviation over seeds."""
    line = {"obtained": f"{np.mean(values):.4g}"}
    if len(values) > 1:
        line["spread"] = f"{np.std(values, ddof=1):.1g}"
    return line


def write(lines):
    """Writes the table of results, in the order of the rows."""
    order = [*ROWS]
    pages.save(RESULTS, sorted(
        lines, key=lambda line: order.index(line["row"])), COLUMNS)


def draw_losses(rows=("simple", "deep", "convolutional")):
    """Draws the test losses of rows, epoch by epoch, if these were run."""
    import matplotlib.pyplot as plt
    histories = {row: read(folder_of(row) / "history.csv") for row in rows}
    if not all(histories.values()):
        return
    figure, axis = plt.subplots(layout="constrained")
    for row, history in histories.items():
        axis.plot([int(line["epoch"]) for line in history],
                  [float(line["val_loss"]) for line in history],
                  label=f"{row}: {ROWS[row].command}")
    axis.set(xlabel="epoch", ylabel=PIXEL, ylim=(0.075, 0.12),
             title="Three autoencoders on MNIST, seed 0")
    axis.legend(fontsize=8)
    figure.savefig(pages.PICTURES / "losses.png", dpi=120)


def draw_fashion(count=12):
    """Draws reconstructions by the models of Fashion-MNIST's rows, and new
    images, if these were run."""
    from lab.data import corruption
    from lab.runs import Run
    if not all((folder_of(row) / "metrics.json").exists() for row in FASHION):
        return
    models = {row: Run.load(folder_of(row)).model for row in FASHION}
    (clothes, _), (digits, _) = map(trained.images, ("fashion_mnist", "mnist"))
    clothes, digits = clothes[:count], digits[:count]
    noisy = corruption.corrupted(clothes, 0.5)
    deep, small, large, denoising, others = models.values()
    random, rebuild = np.random.default_rng(0), trained.rebuild
    trained.save(trained.grid({
        "test images": clothes,
        "30 numbers": rebuild(deep, clothes),
        "variational, 2": rebuild(small, clothes),
        "variational, 20": rebuild(large, clothes),
        "new, variational, 20": large.decode(
            random.standard_normal((count, 20)).astype("float32")),
        "noisy": noisy, "repaired": rebuild(denoising, noisy),
        "digits": digits, "rebuilt as clothes": rebuild(others, digits)},
        "Fashion-MNIST"), "fashion")


def main():
    """Runs the rows; writes the results, and fills the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW",
                        help=f"of {', '.join(ROWS)}")
    parser.add_argument("--resume", action="store_true",
                        help="go on with runs that were interrupted")
    args = parser.parse_args()
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f"Expected rows of {', '.join(ROWS)}. Received: "
                     f"{', '.join(sorted(unknown))}")
    for row in args.rows or [
            name for name, row in ROWS.items() if not row.long]:
        print(f"Row {row}, on {platform.machine()}, {os.cpu_count()} cores")
        lines = [*run(row, args.resume)]
        write([line for line in read(RESULTS)
               if line["row"] != row and line["row"] in ROWS] + lines)
    draw_losses()
    draw_fashion()
    pages.write()


if __name__ == "__main__":
    main()
