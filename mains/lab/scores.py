"""Scores of inputs, high for an anomaly, and how rare they are."""
import functools
import zipfile

import numpy as np

from lab import files, measures
from lab.data.scaling import distances
from lab.errors import InputError

NAME = "scores.npz"  # in the folder of a run
NEIGHBOURS = 5
NUMBERS = 2 ** 21  # at most, in the rows that a run keeps
LEAST = 1 / 20  # of a spread: errors that are smaller than this are alike


class Neighbours:
    """Scores rows of a table by how far the nearest known rows are.

    A row is described by its columns and by the errors of its reconstruction:
    so it is far from all others if its values are unusual, or if they do not
    fit together as those of the rows that the model was trained on. Columns
    count in their spreads, errors in their usual size, without labels.

    Args:
        rows: Array, `(count, columns)`, as the model takes it.
        errors: Array of the same shape. Rows less their reconstructions.

    Attributes:
        usual: Array, `(columns,)`. Root of the mean squared error.
    """

    def __init__(self, rows, errors):
        self.rows, self.errors = rows, errors
        least = LEAST / measures.SPREADS ** 0.5
        self.usual = np.maximum(np.sqrt((errors ** 2).mean(axis=0)), least)

    def describe(self, rows, errors):
        """Returns what distances are taken of, `(count, 2 * columns)`."""
        return np.concatenate([measures.SPREADS ** 0.5 * rows,
                               distances(errors, 0, self.usual)], axis=1)

    @functools.cached_property
    def search(self):
        """Scikit-learn's search among the known rows."""
        from sklearn.neighbors import NearestNeighbors
        return NearestNeighbors(n_neighbors=1).fit(
            self.describe(self.rows, self.errors))

    def score(self, rows, errors, known=False):
        """Returns the mean distance to the five nearest known rows.

        Args:
            rows, errors: Arrays, `(count, columns)`.
            known: Boolean. Whether they are known rows, of which each does not
                count for itself.
        """
        count = min(NEIGHBOURS + known, len(self.rows))
        found, _ = self.search.kneighbors(self.describe(rows, errors), count)
        return found[:, int(known and count > 1):].mean(axis=1)


class Scores:
    """The scores of inputs that a run has not seen, and what they rest on.

    Args:
        unseen: Array, `(count,)`. Scores of the held-out inputs.
        neighbours: `Neighbours` for a table, else None.
    """

    def __init__(self, unseen, neighbours=None):
        self.unseen, self.neighbours = np.sort(unseen), neighbours

    @classmethod
    def of_table(cls, model, train, test, seed):
        """Makes the scores of a table.

        Args:
            model: `Autoencoder`.
            train, test: Arrays, as the model takes them. Of the training rows
                as many are kept, drawn by `seed`, as `NUMBERS` allows.
            seed: Integer.
        """
        most = max(NEIGHBOURS, NUMBERS // (2 * train.shape[1]) - len(test))
        if len(train) > most:
            train = train[np.sort(np.random.default_rng(seed).permutation(
                len(train))[:most])]
        rows = np.concatenate([train, test]).astype("float64")
        errors = rows - model.rebuild(rows.astype("float32"))
        neighbours = Neighbours(rows, errors)
        held_out = slice(len(train), None)
        return cls(neighbours.score(rows[held_out], errors[held_out], True),
                   neighbours)

    @classmethod
    def load(cls, folder):
        """Reads what `save` wrote.

        Raises:
            InputError: If it is not there, or cannot be read.
        """
        try:
            with np.load(folder / NAME, allow_pickle=False) as arrays:
                parts = [arrays[name].astype("float64")
                         for name in ("rows", "errors") if name in arrays]
                return cls(arrays["unseen"], Neighbours(*parts) if parts
                           else None)
        except (OSError, ValueError, KeyError, TypeError,
                zipfile.BadZipFile) as error:
            raise InputError(
                f"No scores of unseen inputs. Expected {NAME} in the folder "
                f"of a run. Received: {folder} ({error}). Train anew."
                ) from None

    def save(self, folder):
        """Writes the scores into the folder of a run."""
        arrays = {"unseen": self.unseen}
        if self.neighbours:
            arrays |= {"rows": self.neighbours.rows.astype("float32"),
                       "errors": self.neighbours.errors.astype("float32")}
        with files.written(folder / NAME) as temporary:
            np.savez(temporary, **arrays)

    def threshold(self, fraction):
        """Returns the score that a fraction of unseen inputs exceed."""
        return float(np.quantile(self.unseen, 1 - fraction))

    def p_values(self, scores):
        """Returns how rare scores are: conformal p-values.

        The fraction of the unseen inputs, and the input itself, that score as
        high: of normal inputs at most 5 % have one of 0.05 or less.
        """
        below = np.searchsorted(self.unseen, scores, side="left")
        return (1 + len(self.unseen) - below) / (1 + len(self.unseen))

    def suspects(self):
        """Returns how many held-out inputs score so far above the others that
        they may be anomalies themselves: 3 interquartile ranges, in
        logarithms."""
        logarithms = np.log(np.maximum(self.unseen, 1e-300))
        low, high = np.quantile(logarithms, (0.25, 0.75))
        return int((logarithms > high + 3 * max(high - low, 0.1)).sum())


def discoveries(p_values, rate):
    """Returns the p-value up to which inputs are flagged, so that on average
    at most a fraction of them is normal: Benjamini & Hochberg 1995.

    Args:
        p_values: Array, `(count,)`. Of all inputs.
        rate: Number. That fraction, the false discovery rate.
    """
    ordered, count = np.sort(p_values), len(p_values)
    passed = ordered <= rate * np.arange(1, count + 1) / count
    return ordered[passed][-1] if passed.any() else 0.0
