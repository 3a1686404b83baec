"""Missing values filled in, by several methods."""
import dataclasses
import functools
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from lab import files
from lab.data import corruption, tables
from lab.errors import InputError

HIDDEN = (0.1, 0.25, 0.5)  # fractions of the values, at random places


def means(data):
    """Returns the mean of each number of the training images.

    Raises:
        InputError: If one is always missing.
    """
    if data.train.dtype.kind == "f" and np.isnan(data.train).all(axis=0).any():
        raise InputError(
            "Nothing to learn from. Expected a known value somewhere for each "
            f"pixel of x_train. Received: {data.name} with pixels that are "
            "always NaN")
    return np.nanmean(data.train, axis=0)


def has_holes(part):
    """Determines whether values of an array are missing."""
    return part.dtype.kind == "f" and np.isnan(part).any()


def without_holes(data, guesses):
    """Returns a data set with guesses, `(*shape,)`, in the place of NaN."""
    return dataclasses.replace(data, **{
        part: np.where(np.isnan(getattr(data, part)), guesses,
                       getattr(data, part))
        for part in ("train", "test") if has_holes(getattr(data, part))})


def hiding(data, guesses):
    """Returns a function that hides values of training batches behind guesses,
    which are as the model takes them."""
    return functools.partial(
        corruption.hide, guesses=guesses, shape=data.shape)


def filled(run, values, guesses):
    """Replaces NaN by the model's reconstruction, in the user's units.

    Args:
        run: `Run`.
        values: Array, `(count, *shape)`.
        guesses: Array. What to show the model instead, as it takes values.
    """
    rebuilt = run.model.fill_in(run.test.prepare(values), guesses)
    rebuilt = run.data.scaling.undo(rebuilt.reshape(values.shape))
    return np.where(np.isnan(values), rebuilt, values)


def write(run, data, guesses, path, label, names):
    """Writes a data set with its missing values filled in: `filled.csv` of a
    table's file, `filled.npz` of arrays where any is missing.

    Args:
        run: `Run`.
        data: `Dataset`, with NaN where a value is missing.
        guesses: Array. What to show the model instead, as it takes values.
        path: Path. The file of a table.
        label, names: Strings or None. A table's columns of labels and names.
    """
    if data.columns:
        table = tables.Table(path, label, names, data.columns, missing=True)
        table.fill(run.folder / "filled.csv", (
            filled(run, values, guesses)
            for values, *_ in table.parts(1024)))
        return
    arrays = {f"x_{name}": filled(run, part, guesses).astype(part.dtype)
              for name, part in (("train", data.train), ("test", data.test))
              if has_holes(part)}
    if arrays:
        with files.written(run.folder / "filled.npz") as temporary:
            np.savez(temporary, **arrays)


def chosen(images, most, random):
    """Returns images from anywhere among all: at most `most`, and of large
    ones fewer, as neighbours take long to find."""
    count = max(1, min(most, 2 ** 25 // images[0].size))
    return images[np.sort(random.permutation(len(images))[:count])]


def imputers(train):
    """Fits scikit-learn's imputers to training images.

    Returns:
        Dictionary of method to imputer.
    """
    found = {
        "means": SimpleImputer(keep_empty_features=True),
        "5 nearest neighbours": KNNImputer(
            n_neighbors=5, keep_empty_features=True)}
    if train.shape[1] <= 4096:  # a regression for each value, from all others
        found["iterated regressions"] = IterativeImputer(
            n_nearest_features=50, max_iter=5, min_value=0, max_value=1,
            random_state=0, keep_empty_features=True)
    with warnings.catch_warnings():
        # Five rounds of regressions are meant to be enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for imputer in found.values():
            imputer.fit(train)
    return found


def hidings(test, shape, random):
    """Returns which known values of test images to hide: a dictionary of
    title to booleans."""
    known = ~np.isnan(test)
    found = {f"{fraction:.0%} at random": random.random(test.shape) < fraction
             for fraction in HIDDEN}
    if len(shape) == 3:
        found["a block"] = corruption.block(shape, len(test), random)
    for hidden in found.values():
        hidden &= known
        if not hidden.any():  # of a few numbers: one at least
            hidden.flat[known.argmax()] = True
    return found


def errors(methods, test, hidden):
    """Measures the mean squared error of hidden values.

    Args:
        methods: Dictionary of method to array, like `test`: filled in.
        test: Array, `(count, numbers in an image)`.
        hidden: Array of booleans, like `test`.
    """
    return {name: ((images - test)[hidden] ** 2).mean()
            for name, images in methods.items()}
