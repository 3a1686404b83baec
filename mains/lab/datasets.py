"""Data sets: which one, where it comes from, whether it is sound."""
import dataclasses
import functools
import hashlib
import math
from pathlib import Path

import numpy as np

from lab import corruption, known, reading, tables
from lab.errors import InputError
from lab.glyphs import glyphs
from lab.machine import memory
from lab.scaling import Scaling, extremes, scaling_of


@dataclasses.dataclass
class Dataset:
    """Images, or the rows of a table, to train on and to test on.

    Attributes:
        name: String. What the user calls it.
        train, test: Arrays of shape `(count, height, width, channels)`, or
            `(count, columns)` for a table, in the user's units. Large ones
            are mapped from a file.
        labels: Array `(count,)`, of the test images, or None.
        train_labels: The same, of the training images.
        sha256: String. Of all that was read, `--limit` aside.
        scaling: `Scaling`.
        draw: Function or None. Makes input and target of each training batch.
        columns: List of strings, the names of a table's columns, or None.
    """

    name: str
    train: object
    test: object
    labels: object
    train_labels: object
    sha256: str
    scaling: Scaling
    draw: object = None
    columns: object = None

    @property
    def shape(self):
        """Shape of one image."""
        return tuple(self.train.shape[1:])

    @property
    def size(self):
        """Numbers in one image."""
        return math.prod(self.shape)

    def require(self, train=1, test=1, labels=0):
        """Checks that there are enough images, and labels to train with, and
        that all images fit into memory, twice, in single precision.

        Raises:
            InputError: If there are fewer, or if they do not.
        """
        needed = 8 * self.size * (len(self.train) + len(self.test))
        if needed > memory():
            raise InputError(
                "Too much data to compare on this machine. Expected at most "
                f"{memory() / 1e9:.1f} GB. Received: {self}, which need "
                f"{needed / 1e9:.1f} GB. Choose a smaller --limit, or train "
                "with a numbered main.")
        kinds = 0 if labels == 0 else len(np.unique(self.train_labels))
        if (len(self.train) < train or len(self.test) < test
                or kinds < labels):
            raise InputError(
                f"Too little data. Expected at least {train} images to train "
                f"on, {test} to test on{f', {labels} labels' * bool(labels)}. "
                f"Received: {self}{f', {kinds} labels' * bool(labels)}")

    def __str__(self):
        size = " x ".join(map(str, self.shape))
        kind = "images" if len(self.shape) == 3 else "rows"
        if self.columns:
            size += f" columns, {tables.shown(self.columns, 3)}"
        return (f"{self.name} ({len(self.train)} training and "
                f"{len(self.test)} test {kind}, {size}; scaled: "
                f"{self.scaling.name})")


def chosen(args, **needs):
    """Loads the data set that the flags of a main choose, as `load` does."""
    return load(args.dataset, args.limit, label=args.label, names=args.names,
                **needs)


def load(name, limit=None, missing=False, labelled=False, binarize=None,
         seed=0, label=None, names=None, columns=None):
    """Loads a data set.

    Args:
        name: String. `"auto"`, `"mnist"`, `"fashion_mnist"`, `"glyphs"`, the
            path of a `.npz` or `.csv` file or of a folder of images.
        limit: Integer or None. Number of training images to keep.
        missing: Boolean. Whether values may be missing (NaN).
        labelled: Boolean. Whether labels are needed.
        binarize: None, `"fixed"` or `"dynamic"`. Whether to draw pixels as 0
            or 1, and those to train on once or anew in each epoch.
        seed: Integer. For the draws of that.
        label, names: Strings or None. The columns of a `.csv` file with the
            rows' labels and names.
        columns: List of strings or None. All columns beside these.

    Returns:
        `Dataset`.

    Raises:
        InputError: If the data cannot be had or cannot be used.
    """
    sound = functools.partial(from_arrays, limit=limit, missing=missing)
    is_table = is_csv(name)
    if (label or names) and not is_table:
        raise InputError(
            "--label and --names name columns. Expected a .csv file in "
            f"--dataset. Received: {name}")
    if name == "auto":
        try:
            dataset = sound("mnist", *known.find("mnist"))
        except known.NotAvailable as error:
            print(f"{error}\nTraining on glyphs instead: digits drawn from "
                  "Matplotlib's fonts.")
            name = "glyphs"
    if name == "glyphs":
        (train, train_labels), (test, labels) = glyphs()
        dataset = sound(name, train, test, labels, train_labels)
    elif name in known.KNOWN:
        dataset = sound(name, *known.find(name))
    elif name and Path(name).is_dir():
        dataset = sound(name, *reading.read_folder(Path(name)))
    elif Path(name).suffix == ".npz":
        dataset = sound(name, *reading.read_archive(Path(name)))
    elif is_table:
        dataset = read_table(name, tables.Table(
            Path(name), label, names, columns, missing), sound)
    elif name != "auto":
        raise InputError(
            "Invalid value for --dataset. Expected auto, mnist, "
            "fashion_mnist, glyphs, a .npz or .csv file or an existing folder "
            f"of images. Received: {name}")
    if labelled and (dataset.labels is None or dataset.train_labels is None):
        raise InputError(
            "Labels are needed. Expected y_train and y_test, or a .csv file "
            f"and --label COLUMN. Received: {name} without. Add them, or use "
            "another data set.")
    if binarize:
        binarise(dataset, binarize, seed)
    return dataset


def binarise(dataset, how, seed):
    """Draws a data set's pixels as 0 or 1, each 1 as often as it is bright."""
    scaling = dataset.scaling
    if np.ndim(scaling.least) > 0:
        raise InputError(
            "--binarize draws pixels. Expected images, or values of 0 to 1. "
            f"Received: {dataset}")

    def drawn(images, part):
        random = np.random.default_rng((seed, part))
        pixels = corruption.drawn(scaling.apply(images), random)
        return (pixels * scaling.span).astype(images.dtype)

    dataset.name += f", {how} binarised"
    dataset.test = drawn(dataset.test, 1)
    if how == "fixed":
        dataset.train = drawn(dataset.train, 0)
    else:
        dataset.draw = corruption.drawn_alike


def is_csv(name):
    """Tells whether a name is that of a table's file."""
    return Path(name).suffix.lower() == ".csv" and not Path(name).is_dir()


def read_table(name, table, sound):
    """Makes a data set of a `Table`; every tenth row is held out."""
    rows, labels = table.all()
    held_out = np.arange(len(rows)) % 10 == 9
    if not held_out.any():
        raise InputError(
            "Too few rows. Expected at least ten, of which every tenth is "
            f"held out to test on. Received: {name} with {len(rows)}")
    parts = [None, None] if labels is None else [
        labels[held_out], labels[~held_out]]
    return dataclasses.replace(
        sound(name, rows[~held_out], rows[held_out], *parts),
        columns=table.columns)


def from_arrays(name, train, test, labels=None, train_labels=None, limit=None,
                missing=False):
    """Makes a `Dataset` of arrays, once they are found to be sound."""
    for key, array in (("x_train", train), ("x_test", test)):
        if (array.dtype.kind not in "buif" or array.ndim not in (2, 3, 4)
                or 0 in array.shape):
            raise InputError(
                f"Unusable {key} in {name}. Expected numbers of shape (count, "
                "height, width), (count, height, width, channels) or (count, "
                f"columns). Received: {array.dtype} of shape {array.shape}")
        least, most = extremes(array) if missing else (
            array.min(), array.max())
        if not (np.isfinite(least) and np.isfinite(most)):
            raise InputError(
                f"Unusable {key} in {name}. Expected finite numbers. "
                f"Received: {least} to {most}. Clean it first; impute.py "
                "fills in what is missing (NaN).")
    if train.shape[1:] != test.shape[1:]:
        raise InputError(
            f"x_train and x_test in {name} differ in shape. Expected images "
            f"of one size. Received: {train.shape[1:]} and {test.shape[1:]}")
    for key, array, images in (
            ("y_train", train_labels, train), ("y_test", labels, test)):
        if array is not None and (
                array.shape != images.shape[:1] or array.dtype.kind not in
                "buifUS"):
            raise InputError(
                f"Unusable {key} in {name}. Expected one label for each of "
                f"{len(images)} images, numbers or text. Received: "
                f"{array.dtype} of shape {array.shape}")
        if array is not None and array.dtype.kind == "f" and (
                not np.isfinite(array).all()):
            raise InputError(
                f"Unusable {key} in {name}. Expected finite numbers. "
                f"Received: {array[~np.isfinite(array)][0]}. Leave out what "
                "has no label.")
    if labels is not None and train_labels is not None and (
            (labels.dtype.kind in "US") != (train_labels.dtype.kind in "US")):
        raise InputError(
            f"y_train and y_test in {name} differ in type. Expected numbers "
            "or text in both. Received: "
            f"{train_labels.dtype} and {labels.dtype}")
    train, test = (
        array[..., None] if array.ndim == 3 else array
        for array in (train, test))
    digest = hashlib.sha256()
    for array in (train, test):
        digest.update(np.ascontiguousarray(array))
    train = train[:limit]
    if train_labels is not None:
        train_labels = train_labels[:limit]
    return Dataset(name, train, test, labels, train_labels,
                   digest.hexdigest(), scaling_of(name, train, test))


def load_other(name, data):
    """Loads another data set's test images, as anomalies to `data`.

    Args:
        name: String, or None for `"fashion_mnist"`, or `"mnist"` if `data` has
            the same test images, if it can be had and fits.
        data: `Dataset`.

    Returns:
        String, its name, and array in the units of `data`; or None.

    Raises:
        InputError: If it cannot be had or does not fit.
    """
    if not name and data.shape != (28, 28, 1):
        return None  # it would be fetched, and not fit
    chosen = name or "fashion_mnist"
    try:
        other = load(chosen, columns=data.columns)
        if not name and np.array_equal(other.test, data.test):
            chosen, other = "mnist", load("mnist")
        if other.shape != data.shape:
            raise known.NotAvailable(
                f"{other.name} does not fit. Expected {data.shape}, as "
                f"{data.name} has it. Received: {other.shape}")
    except known.NotAvailable as error:
        if name:
            raise
        print(f"{error}\nThe only anomalies are other labels.")
        return None
    if data.train.ndim == 2 and data.train.dtype != "uint8":
        return chosen, other.test  # a table: the same columns and units
    return chosen, data.scaling.undo(other.scaling.apply(other.test))
