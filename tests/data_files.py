"""Small data sets, written for tests, and files that are changed."""
import contextlib
import csv
import zipfile

import numpy as np
from lab.data import datasets
from PIL import Image

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 6, 5), dtype="uint8")


def archive(folder, name="set.npz", **arrays):
    """Writes a `.npz` file of two parts, with some arrays replaced."""
    arrays = {"x_train": IMAGES[:20], "x_test": IMAGES[20:], **arrays}
    np.savez(folder / name, **{
        key: array for key, array in arrays.items() if array is not None})
    return str(folder / name)


def dataset(train=IMAGES[:20], test=IMAGES[20:], train_labels=None,
            test_labels=None, **how):
    """Returns a data set of arrays, named `"set"`."""
    return datasets.from_arrays(
        "set", train, test, test_labels, train_labels, **how)


def folder_of(folder, images=IMAGES):
    """Writes images as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return str(folder)


def table(path, lines, **options):
    """Writes lines of cells as a table."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, **options).writerows(lines)
    return str(path)


def read(path):
    """Reads the arrays of a `.npz` file."""
    with np.load(path) as arrays:
        return dict(arrays)


def rows(path):
    """Reads training and test images as rows of 0 to 1."""
    arrays = read(path)
    return [arrays[name].reshape(len(arrays[name]), -1) / np.float32(255)
            for name in ("x_train", "x_test")]


@contextlib.contextmanager
def opened(path):
    """Gives the parts of a zip file, and writes what became of them."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    yield parts
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
