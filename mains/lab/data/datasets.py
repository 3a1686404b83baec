"""Data sets: where they come from, and whether they can be used."""
import dataclasses
import functools
import hashlib
import math
from pathlib import Path

import numpy as np

from lab.data import corruption, known, reading, tables
from lab.data.batches import Batches
from lab.data.columns import features
from lab.data.glyphs import glyphs
from lab.data.scaling import Scaling, extremes, scaling_of
from lab.errors import InputError


@dataclasses.dataclass
class Dataset:
    """Images, or the rows of a table, to train on and to test on.

    Attributes:
        name: String. What the user calls it.
        train, test: Arrays of shape `(count, height, width, channels)`, or
            `(count, columns)` for a table, in the user's units. Those of a
            folder are mapped from a file.
        train_labels, test_labels: Arrays `(count,)`, or None.
        sha256: String. Of all that was read, `--limit` aside.
        scaling: `Scaling`.
        columns: Dictionary of a table's columns, as in `lab.data.columns`, or
            None.
    """

    name: str
    train: object
    test: object
    train_labels: object
    test_labels: object
    sha256: str
    scaling: Scaling
    columns: object = None

    @property
    def shape(self):
        """Shape of one image."""
        return tuple(self.train.shape[1:])

    @property
    def size(self):
        """Numbers in one image."""
        return math.prod(self.shape)

    @property
    def features(self):
        """Names of the numbers in a row of a table, or None."""
        return self.columns and features(self.columns)

    @property
    def is_table(self):
        """Whether these are rows of a table, and no images."""
        return len(self.shape) != 3

    def batches(self, part, batch_size, flat, **how):
        """Returns `Batches` of one part, scaled as the model takes them.

        The order depends on `seed` and the epoch alone, so that a run can be
        taken up at any epoch. Without a seed images come in their own order.

        Args:
            part: `"train"` or `"test"`.
            batch_size: Integer.
            flat: Boolean. Whether to make each image one row of numbers.
            seed: Integer or None.
            rows: Array of integers, or None for all. The images to use.
            draw: Function or None. Makes of images and a random generator an
                input and a target, anew in each epoch.
            targets: Array or None. For all images, what to learn instead.
            passes: Integer. How often an epoch has each image.
        """
        return Batches(getattr(self, part), getattr(self, f"{part}_labels"),
                       self.scaling, batch_size, flat, **how)

    def require(self, train=1, test=1, labels=0):
        """Checks that there are enough images, and labels to train with.

        Raises:
            InputError: If there are fewer.
        """
        kinds = 0 if labels == 0 else len(np.unique(self.train_labels))
        if (len(self.train) < train or len(self.test) < test
                or kinds < labels):
            raise InputError(
                f"Too little data. Expected at least {train} images to train "
                f"on, {test} to test on{f', {labels} labels' * bool(labels)}. "
                f"Received: {self}{f', {kinds} labels' * bool(labels)}")

    @classmethod
    def described(cls, config):
        """Returns the data set that `to_config` described, without images."""
        train, test = (
            np.empty((0, *map(int, config[part][1:])), config["dtype"])
            for part in ("train", "test"))
        return cls(config["name"], train, test, None, None, config["sha256"],
                   Scaling.from_config(config["scaling"]),
                   config.get("columns"))

    def to_config(self):
        """Returns what `json` can write, for the settings of a run."""
        return {"name": self.name, "sha256": self.sha256,
                "train": list(self.train.shape), "test": list(self.test.shape),
                "dtype": str(self.train.dtype),
                "scaling": self.scaling.to_config(), "columns": self.columns}

    def __str__(self):
        size = " x ".join(map(str, self.shape))
        kind = "rows" if self.is_table else "images"
        if self.columns:
            size = f"{len(self.columns)} columns, "
            size += tables.shown(self.columns, 3)
            if len(self.columns) < self.size:
                size += f", as {self.size} numbers"
        return (f"{self.name} ({len(self.train)} training and "
                f"{len(self.test)} test {kind}, {size}; scaled: "
                f"{self.scaling.name})")


def load(name, limit=None, missing=False, labelled=False, label=None,
         names=None, drop=(), columns=None, seed=0, split="random"):
    """Loads a data set.

    Args:
        name: String. `"auto"`, `"mnist"`, `"fashion_mnist"`, `"glyphs"`, the
            path of a `.npz` file, a table or a folder of images.
        limit: Integer or None. Number of training images to keep.
        missing: Boolean. Whether values may be missing (NaN).
        labelled: Boolean. Whether labels are needed.
        label, names: Strings or None. The columns of a table with the rows'
            labels and names.
        drop: List of strings. Columns of a table to leave out.
        columns: Dictionary or None. Those that another table has.
        seed: Integer. For the choice of the tenth of a table to hold out.
        split: `"random"` or `"last"`. Which tenth that is.

    Returns:
        `Dataset`.

    Raises:
        InputError: If the data cannot be had or cannot be used.
    """
    checked = functools.partial(from_arrays, limit=limit, missing=missing)
    is_table = tables.is_table(name)
    if (label or names or drop) and not is_table:
        raise InputError(
            "--label, --names and --drop name columns. Expected a table in "
            f"--dataset ({', '.join(tables.ENDINGS)}). Received: {name}")
    if name == "auto":
        try:
            dataset = checked("mnist", *known.find("mnist"))
        except known.NotAvailable as error:
            print(f"{error}\nTraining on glyphs instead: digits drawn from "
                  "Matplotlib's fonts.")
            name = "glyphs"
    if name == "glyphs":
        (train, train_labels), (test, test_labels) = glyphs()
        dataset = checked(name, train, test, test_labels, train_labels)
    elif name in known.KNOWN:
        dataset = checked(name, *known.find(name))
    elif name and Path(name).is_dir():
        dataset = checked(name, *reading.read_folder(Path(name)))
    elif Path(name).suffix == ".npz":
        dataset = checked(name, *reading.read_archive(Path(name)))
    elif is_table:
        dataset = read_table(name, tables.Table(
            name, label, names, columns, missing, drop), checked, seed, split)
    elif name != "auto":
        raise InputError(
            "Invalid value for --dataset. Expected auto, mnist, "
            "fashion_mnist, glyphs, a .npz file, a table "
            f"({', '.join(tables.ENDINGS)}) or an existing folder of images. "
            f"Received: {name}")
    if labelled and (dataset.test_labels is None
                     or dataset.train_labels is None):
        raise InputError(
            "Labels are needed. Expected y_train and y_test, or a table and "
            f"--label COLUMN. Received: {name} without. Add them, or use "
            "another data set.")
    return dataset


def binarized(data, how, seed):
    """Draws a data set's pixels as 0 or 1, each 1 as often as it is bright.

    Args:
        data: `Dataset`.
        how: `"fixed"`, once; `"dynamic"`, those to train on anew in each
            epoch; or None, not at all.
        seed: Integer.

    Returns:
        `Dataset`; function that draws training batches, or None.

    Raises:
        InputError: If its values are no pixels.
    """
    if how is None:
        return data, None
    scaling = data.scaling
    if scaling.by_column:
        raise InputError(
            "--binarize draws pixels. Expected images, or values of 0 to 1. "
            f"Received: {data}")

    def drawn(images, part):
        random = np.random.default_rng((seed, part))
        pixels = corruption.drawn(scaling.apply(images), random)
        return (pixels * scaling.span).astype(images.dtype)

    data = dataclasses.replace(
        data, name=f"{data.name}, {how} binarised", test=drawn(data.test, 1))
    if how == "dynamic":
        return data, corruption.drawn_alike
    return dataclasses.replace(data, train=drawn(data.train, 0)), None


def read_table(name, table, checked, seed, split):
    """Makes a data set of a `Table`, of which a tenth is held out."""
    rows, labels = table.all()
    test = held_out(labels if labels is not None else np.zeros(len(rows)),
                    seed, split)
    if not test.any():
        raise InputError(
            "Too few rows. Expected at least ten, of which a tenth is held "
            f"out to test on. Received: {name} with {len(rows)}")
    parts = [None, None] if labels is None else [labels[test], labels[~test]]
    return checked(name, rows[~test], rows[test], *parts,
                   columns=table.columns)


def held_out(labels, seed, split):
    """Chooses a tenth of all rows to hold out.

    Args:
        labels: Array, `(rows,)`. Each is held out in proportion.
        seed: Integer.
        split: `"random"`, or `"last"` for the last rows.

    Returns:
        Array of booleans, `(rows,)`.
    """
    count = len(labels)
    order = np.arange(count)
    if split == "random":
        order = np.random.default_rng(seed).permutation(count)
        order = order[np.argsort(labels[order], kind="stable")][9::10]
    else:
        order = order[count - count // 10:]
    chosen = np.zeros(count, bool)
    chosen[order] = True
    return chosen


def from_arrays(name, train, test, test_labels=None, train_labels=None,
                limit=None, missing=False, columns=None):
    """Makes a `Dataset` of arrays, once they are checked."""
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
            ("y_train", train_labels, train), ("y_test", test_labels, test)):
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
    if test_labels is not None and train_labels is not None and len({
            labels.dtype.kind in "US"
            for labels in (train_labels, test_labels)}) > 1:
        raise InputError(
            f"y_train and y_test in {name} differ in type. Expected numbers "
            "or text in both. Received: "
            f"{train_labels.dtype} and {test_labels.dtype}")
    if train.ndim == 3 and not are_pictures(train):
        print(f"{name} holds {train.shape[1]} x {train.shape[2]} numbers "
              "each, which are no pictures: they are rows of a table.")
        train, test = (array.reshape(len(array), -1)
                       for array in (train, test))
    train, test = (
        array[..., None] if array.ndim == 3 else array
        for array in (train, test))
    digest = hashlib.sha256()
    for array in (train, test):
        digest.update(np.ascontiguousarray(array))
    train = train[:limit]
    if train_labels is not None:
        train_labels = train_labels[:limit]
    return Dataset(
        name, train, test, train_labels, test_labels, digest.hexdigest(),
        scaling_of(name, train, test, columns is not None), columns)


def are_pictures(array):
    """Determines whether an array `(count, height, width)` holds pictures, and
    not series of sensors: by its type, or by sides and range."""
    _, height, width = array.shape
    if array.dtype.kind == "b" or array.dtype in ("uint8", "uint16") or (
            height == width >= 8):
        return True
    least, most = extremes(array)
    return min(height, width) > 3 and least >= 0 and (
        most <= 1 or 128 <= most <= 255)
