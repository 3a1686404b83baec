#!/usr/bin/env python3
"""Trains the README's models again and writes its tables and pictures.

    AUTOENCODERS_DATA=folder ./benchmarks/reproduce.py [ROW ...]

Without a name, the rows are run that take an hour together, not the long ones.
Rows that are not run keep the figures they have in data/results.csv.
"""
import argparse
import csv
import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import readme
from readme import read

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "data" / "results.csv"
COURSE = "the course's log"
LAB = "the lab's text"
COLUMNS = ("row", "command", "seeds", "epochs", "figure", "obtained", "spread",
           "reference", "source", "seconds", "also")

# What a main measures, in words.
PIXEL = "test loss, nats per pixel"
ELBO = "negative ELBO of the test set, nats per image"
ERROR = "squared error per test image"


@dataclasses.dataclass
class Row:
    """A command, and the figures of it that the table shows.

    Attributes:
        command: String, what to run in `mains`; after `jax `, on the JAX
            backend, where dense models train faster.
        figures: List of a figure's name in `metrics.json`, or the number of
            epochs after which to read the loss; what it is called; the
            reference, or the name of the figure to compare with; its source.
            For a use, the function that finds the best of the other ways.
        seeds: Integer. How often to run it, with the seeds 0, 1, ...
        long: Boolean. Whether it is run only when named.
    """

    command: str
    figures: object
    seeds: int = 1
    long: bool = False


DEEP = "0-main.py --dataset {} --epochs 100"
SIMPLE = DEEP + " --hidden"
ADADELTA = " --optimizer adadelta --learning-rate 1.0"
BEST = ("0-main.py --dataset {} --batch-size 128 --schedule cosine "
        "--learning-rate {}")

ROWS = {
    "vanilla": Row("0-main.py --dataset mnist", [
        ("loss", PIXEL, 0.0842, COURSE)], 3),
    "sparse": Row("jax 1-main.py --dataset mnist", [
        ("loss", "test loss with the penalty, nats per pixel", 0.0835, COURSE),
        ("mean_of_first_ten_codes", "mean of the first ten codes", 3.017,
         COURSE)], 3),
    "convolutional": Row("2-main.py --dataset mnist", [
        ("loss", PIXEL, 0.0926, COURSE)]),
    "variational": Row("jax 3-main.py --dataset mnist", [
        ("loss", ELBO, 147.90, COURSE)], 3),
    "denoising": Row("jax 4-main.py --dataset mnist", [
        ("repaired_squared_error",
         "squared error per image, of noisy images repaired",
         "noisy_squared_error", "the noisy images")], 3),
    "contractive": Row("jax 5-main.py --dataset mnist", [
        ("code_movement", "movement of the code by noise, share of its spread",
         "vanilla_code_movement", "0-vanilla beside it")], 3, True),
    "simple": Row("jax " + SIMPLE.format("mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, "", ""), (100, PIXEL, "", "")], 3),
    "simple-adadelta": Row("jax " + SIMPLE.format("mnist") + ADADELTA, [
        (20, PIXEL, "", ""), (50, PIXEL, 0.1011, LAB),
        (100, PIXEL, 0.0982, LAB)], 3, True),
    "simple-fashion": Row("jax " + SIMPLE.format("fashion_mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, 0.2842, LAB),
        (100, PIXEL, "", "")], 3, True),
    "deep": Row("jax " + DEEP.format("mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, 0.0842, COURSE),
        (100, PIXEL, 0.0979, LAB)], 3),
    "deep-adadelta": Row("jax " + DEEP.format("mnist") + ADADELTA, [
        (20, PIXEL, "", ""), (50, PIXEL, "", ""),
        (100, PIXEL, 0.0979, LAB)], 3, True),
    "deep-fashion": Row("jax " + DEEP.format("fashion_mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, 0.2774, LAB),
        (100, PIXEL, "", "")], 3, True),
    "best": Row("jax " + BEST.format("mnist", 0.002), [
        ("loss", PIXEL, 0.0979, LAB + ", 100 epochs")], 3),
    "best-fashion": Row("jax " + BEST.format("fashion_mnist", 0.004), [
        ("loss", PIXEL, 0.2774, LAB)], 3),
    "folds": Row("jax 0-main.py --dataset mnist --epochs 20 --folds 5", [
        ("mean", "validation loss, mean of five folds, nats per pixel", "",
         "")]),
    "pytorch-vae": Row(
        "jax 3-main.py --dataset mnist --hidden 400 --latent 20 --epochs 10 "
        "--batch-size 128 --schedule cosine --learning-rate 0.004", [
            ("loss", ELBO, 105.6, "pytorch/examples")], 3),
    "flax-vae": Row(
        "jax 3-main.py --dataset mnist --binarize fixed --hidden 500 --latent "
        "20 --epochs 10 --batch-size 128 --schedule cosine --learning-rate "
        "0.004", [("loss", ELBO, 104, "Flax's example")], 3),
    "hinton": Row(
        "jax 4-main.py --dataset mnist --hidden 1000 500 250 --latent 30 "
        "--noise 0.1 --epochs 150 --schedule cosine", [
            ("squared_error", ERROR, 3.00, "Hinton & Salakhutdinov 2006"),
            ("squared_error", ERROR, 13.87, "PCA, in the same")], long=True),
    "burda": Row(
        "jax 3-main.py --dataset mnist --binarize dynamic --hidden 200 200 "
        "--latent 50 --epochs 600 --batch-size 128 --schedule cosine "
        "--samples 5000", [
            ("negative_log_likelihood",
             "negative log-likelihood, nats per image", 86.76,
             "Burda et al. 2016, tanh units")], long=True),
    "denoise": Row("jax denoise.py --dataset mnist --epochs 20", min, 3),
    "impute": Row("jax impute.py --dataset mnist --epochs 20", min),
    "anomalies": Row("jax anomalies.py --dataset mnist --epochs 5", max),
    "codes-2": Row("jax codes.py --dataset mnist --epochs 10", max, 3),
    "codes-8": Row("jax codes.py --dataset mnist --epochs 10 --latent 8", max,
                   3),
    "codes-32": Row("jax codes.py --dataset mnist --epochs 40 --latent 32 "
                    "--model 4-denoising", max, 3),
    "generate": Row("jax generate.py --dataset mnist --epochs 20", min),
}


def folder_of(row, seed=0):
    """Returns where a run of a row is kept."""
    return ROOT / "runs" / "reproduce" / row / f"seed-{seed}"


def train(row, seed):
    """Runs a row's command; returns its metrics, history and seconds."""
    backend, command = shown(ROWS[row].command)
    folder = folder_of(row, seed)
    shutil.rmtree(folder, ignore_errors=True)
    script, *flags = command.split()
    started = time.monotonic()
    subprocess.run(
        [sys.executable, ROOT / script, *flags, "--seed", str(seed),
         "--output", folder, "--no-show"], check=True,
        env={**os.environ, **backend})
    seconds = time.monotonic() - started
    for picture in folder.glob("*.png"):
        name = f"data/{row}-{picture.name}"
        if seed == 0 and name in readme.README.read_text():
            shutil.copy(picture, ROOT / name)
    metrics = json.loads((folder / "metrics.json").read_text())
    return metrics, read(folder / "history.csv"), seconds


def shown(command):
    """Splits a row's command into variables to set, and what to type."""
    if command.startswith("jax "):
        return {"KERAS_BACKEND": "jax"}, "./mains/" + command[4:]
    return {"KERAS_BACKEND": "tensorflow"}, "./mains/" + command


def run(row):
    """Trains what a row names; returns its lines of the table."""
    it = ROWS[row]
    metrics, histories, seconds = zip(
        *[train(row, seed) for seed in range(it.seeds)])
    config = json.loads((folder_of(row) / "config.json").read_text())
    backend, command = shown(it.command)
    if backend["KERAS_BACKEND"] == "jax":
        command = f"KERAS_BACKEND=jax {command}"
    common = {"row": row, "command": command, "seeds": it.seeds,
              "epochs": config["settings"]["epochs"],
              "seconds": round(np.median(seconds))}
    if callable(it.figures):  # a use: beside the best of the other ways
        module = config["settings"]["module"]
        for title, values in metrics[0].items():
            if not (isinstance(values, dict) and module in values):
                continue
            ways = {way: [each[title][way] for each in metrics]
                    for way in values}
            obtained = ways.pop(module)
            ways = {way: np.mean(each) for way, each in ways.items()}
            best = it.figures(ways, key=ways.get)
            yield {**common, "figure": title[0].lower() + title[1:],
                   **mean(obtained), "reference": f"{ways[best]:.4g}",
                   "source": best, "also": also(ways)}
        return
    for figure, title, reference, source in it.figures:
        line = {**common, "figure": title, "source": source}
        if isinstance(figure, int):
            line["epochs"] = figure
            values = [float(history[figure - 1]["val_loss"])
                      for history in histories]
        else:
            values = [each[figure] for each in metrics]
        line |= mean(values)
        line["reference"] = (f"{metrics[0][reference]:.4g}"
                             if reference in metrics[0] else reference)
        line["also"] = also({name: value for name, value in metrics[0].items()
                             if name not in (figure, reference)})
        yield line


def mean(values):
    """Returns what was obtained, and the standard deviation over seeds."""
    line = {"obtained": f"{np.mean(values):.4g}"}
    if len(values) > 1:
        line["spread"] = f"{np.std(values, ddof=1):.1g}"
    return line


def also(metrics):
    """Returns figures as text, such as `squared error 4.829; ...`."""
    return "; ".join(f"{name.replace('_', ' ')} {value:.4g}"
                     for name, value in metrics.items()
                     if isinstance(value, (int, float)))


def write(lines):
    """Writes the table of results, in the order of the rows."""
    with open(RESULTS, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(sorted(
            lines, key=lambda line: list(ROWS).index(line["row"])))


def draw_losses(rows=("simple", "deep", "convolutional")):
    """Draws the test losses of rows, epoch by epoch, as `losses.png`."""
    import matplotlib.pyplot as plt
    figure, axis = plt.subplots(layout="constrained")
    for row in rows:
        history = read(folder_of(row) / "history.csv")
        axis.plot([int(line["epoch"]) for line in history],
                  [float(line["val_loss"]) for line in history],
                  label=f"{row}: {shown(ROWS[row].command)[1][8:]}")
    axis.set(xlabel="epoch", ylabel=PIXEL, ylim=(0.075, 0.12),
             title="Three autoencoders on MNIST, seed 0")
    axis.legend(fontsize=8)
    figure.savefig(ROOT / "data" / "losses.png", dpi=120)


def draw_reconstructions(
        rows=("vanilla", "sparse", "convolutional", "variational")):
    """Draws what models of rows make of ten digits, as `four.png`."""
    sys.path.insert(0, str(ROOT / "mains"))
    import keras
    import matplotlib.pyplot as plt
    from lab import datasets, figures
    images = datasets.load("mnist").test[:10]
    pictures = {"original": images / 255}
    for row in rows:
        config = json.loads((folder_of(row) / "config.json").read_text())
        __import__(config["settings"]["module"])  # for its layers
        auto = keras.saving.load_model(folder_of(row) / "auto.keras")
        pictures[row] = auto.predict(pictures["original"].reshape(
            10, *auto.input_shape[1:]), verbose=0).reshape(images.shape)
    figure, axes = plt.subplots(
        len(pictures), 10, figsize=(11.2, 5.6), layout="constrained")
    for line, (name, row) in zip(axes, pictures.items()):
        line[0].set_ylabel(name)
        for axis, picture in zip(line, row):
            figures.draw(axis, picture)
    figure.suptitle("Ten test images of MNIST, rebuilt by four autoencoders")
    figure.savefig(ROOT / "data" / "four.png", dpi=120)


def main():
    """Runs the rows; writes the results, and the README's figures."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW",
                        help=f"of {', '.join(ROWS)}")
    parser.add_argument("--readme", action="store_true",
                        help="train nothing, fill the README only")
    args = parser.parse_args()
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f"Expected rows of {', '.join(ROWS)}. Received: "
                     f"{', '.join(sorted(unknown))}")
    rows = args.rows or [name for name, row in ROWS.items() if not row.long]
    for row in [] if args.readme else rows:
        print(f"Row {row}, on {platform.machine()}, {os.cpu_count()} cores")
        lines = [*run(row)]
        write([line for line in read(RESULTS) if line["row"] != row] + lines)
    if (ROOT / "runs" / "reproduce").exists():
        draw_losses()
        draw_reconstructions()
    readme.write()


if __name__ == "__main__":
    main()
