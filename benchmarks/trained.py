"""The models that the lesson of docs/concepts.md shows, and its pictures."""
import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs" / "concepts"
sys.path[:0] = [str(ROOT / "mains"), str(ROOT)]

SPARSE = ("1e-5", "1e-4", "2e-4", "3e-4", "1e-3", "3e-3")
VALIDATION, PHOTOGRAPHS = RUNS / "validation.npz", RUNS / "photographs.npz"
COMMANDS = {
    "simple": "0-main.py --dataset mnist --hidden --epochs 10",
    "deep": "0-main.py --dataset mnist --epochs 10",
    "simple-fashion": "0-main.py --dataset fashion_mnist --hidden --epochs 10",
    "deep-fashion": "0-main.py --dataset fashion_mnist --epochs 10",
    "convolutional": "2-main.py --dataset mnist --epochs 10",
    "variational": "3-main.py --dataset mnist --hidden 128 64 --latent 32 "
                   "--epochs 10",
    "denoising": "4-main.py --dataset mnist --epochs 20",
    "contractive": "5-main.py --dataset mnist --epochs 5",
    "vanilla-2": "0-main.py --dataset mnist --latent 2 --epochs 10",
    "variational-2": "3-main.py --dataset mnist --hidden 128 64 --epochs 10",
    "complete": "0-main.py --dataset mnist --hidden --latent 784 "
                "--limit 20000 --epochs 5",
    "overcomplete": "0-main.py --dataset mnist --hidden --latent 1568 "
                    "--limit 20000 --epochs 5",
    "photographs": f"2-main.py --dataset {PHOTOGRAPHS} --filters 32 16 "
                   "--batch-size 32 --epochs 40",
    "sparse-deep": f"1-main.py --dataset {VALIDATION} --lambtha 1e-3 "
                   "--epochs 10",
    **{f"sparse-{weight}":
       f"1-main.py --dataset {VALIDATION} --hidden --latent 256 --lambtha "
       f"{weight} --epochs 10" for weight in SPARSE},
}


@functools.cache
def load(name):
    """Returns the finished run of a model."""
    from lab.runs import Run
    return Run.load(RUNS / name)


def rebuild(model, images):
    """Returns the reconstructions of images, a row for each."""
    from lab import measures
    return measures.rows(model.rebuild(
        images.reshape(-1, *model.encoder.input_shape[1:])))


def error(model, images):
    """Returns the mean squared error per image."""
    from lab import measures
    return measures.squared_error(images, rebuild(model, images)).mean()


@functools.cache
def images(name="mnist", part="test"):
    """Returns images as rows of 0 to 1, and their labels."""
    from lab.data import datasets
    data = datasets.load(name)
    pixels = getattr(data, part)
    return (pixels.reshape(len(pixels), -1).astype("float32") / 255,
            getattr(data, f"{part}_labels"))


def prepare():
    """Makes the data sets that are parts of others, unless they are there."""
    if VALIDATION.exists() and PHOTOGRAPHS.exists():
        return
    from lab.data import datasets
    from sklearn.datasets import load_sample_images
    RUNS.mkdir(parents=True, exist_ok=True)
    mnist = datasets.load("mnist")
    # The last 10,000 training images choose settings, no test image does.
    np.savez(VALIDATION, x_train=mnist.train[:50000],
             x_test=mnist.train[50000:])
    parts = {"x_train": [], "x_test": []}
    for photograph in load_sample_images().images:
        height, width, _ = photograph.shape
        for top in range(0, height - 63, 12):
            for left in range(0, width - 63, 12):
                # The test patches are those of the middle columns; patches
                # on the border of these belong to neither part.
                part = ("x_test" if 240 <= left <= 400 - 64 else
                        "x_train" if left <= 240 - 64 or left >= 400 else
                        None)
                if part:
                    parts[part].append(
                        photograph[top:top + 64, left:left + 64])
    np.savez(PHOTOGRAPHS, **{
        name: np.stack(patches) for name, patches in parts.items()})


def train(name):
    """Trains a model, unless that has been done, as a user would do it."""
    folder = RUNS / name
    if (folder / "metrics.json").exists():
        return
    script, *flags = COMMANDS[name].split()
    subprocess.run(
        [sys.executable, ROOT / "mains" / script, *flags, "--output", folder,
         "--no-show", *["--resume"] * (folder / "config.json").exists()],
        check=True, env={name: value for name, value in os.environ.items()
                         if name != "KERAS_BACKEND"})


def save(figure, name):
    """Saves a picture among those of the pages."""
    import matplotlib.pyplot as plt
    figure.savefig(pages.PICTURES / f"{name}.png", dpi=110)
    plt.close(figure)


def grid(rows, title, size=0.78, shape=(28, 28), limits=None):
    """Draws rows of pictures.

    Args:
        rows: Dictionary of a row's label to an array of pictures.
        title: String.
        size: Number. Inches that a picture takes.
        shape: Tuple. Of one picture.
        limits: Dictionary of a row's label to black and white, unless 0, 1.

    Returns:
        Figure.
    """
    import matplotlib.pyplot as plt
    count = max(map(len, rows.values()))
    figure, axes = plt.subplots(
        len(rows), count, squeeze=False, layout="constrained",
        figsize=(count * size + 1.4, len(rows) * size + 0.5))
    for line, (label, pictures) in zip(axes, rows.items()):
        line[0].text(-0.15, 0.5, label.strip(), ha="right", va="center",
                     transform=line[0].transAxes)
        least, most = (limits or {}).get(label, (0, 1))
        for axis in line:
            axis.set_axis_off()
        for axis, picture in zip(line, pictures):
            if picture.size in (np.prod(shape), 3 * np.prod(shape)):
                picture = picture.reshape(*shape, -1).squeeze()
            axis.imshow(picture, cmap="gray", vmin=least, vmax=most)
    figure.suptitle(title)
    return figure
