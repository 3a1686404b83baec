"""How values become those of 0 to 1 that a model takes, and back."""
import dataclasses

import numpy as np

from lab.errors import InputError


@dataclasses.dataclass
class Scaling:
    """How the user's values become the model's, mostly of 0 to 1, and back.

    Attributes:
        name: String, for the user.
        least: Number, or array with one for each column.
        span: The same. What 1 stands for, above `least`; 0 for a column in
            which all training values are the same.
    """

    name: str
    least: object = 0
    span: object = 1

    def apply(self, values):
        """Returns the user's values as float32, as the model takes them."""
        if np.ndim(self.least) == 0:
            if self.span == 1:
                return values.astype("float32")
            # In one step: a separate copy would take ten times as long.
            return np.divide(values, np.float32(self.span), dtype="float32")
        span = np.where(self.span == 0, 1, self.span)
        return ((values - self.least) / span).astype("float32")

    def undo(self, values):
        """Returns the model's values in the user's units, as float64."""
        return values * np.asarray(self.span, "float64") + self.least

    def to_config(self):
        """Returns what `json` can write."""
        return {"name": self.name, "least": np.asarray(self.least).tolist(),
                "span": np.asarray(self.span).tolist()}

    @classmethod
    def from_config(cls, config):
        """Returns the scaling that `to_config` described."""
        return cls(config["name"], *(
            np.asarray(config[part], "float64")[()]
            for part in ("least", "span")))


AS_IT_IS = Scaling("as it is")


def extremes(array, axis=None):
    """Returns the least and the greatest number, those that are missing
    aside, without a copy of the array."""
    return np.fmin.reduce(array, axis), np.fmax.reduce(array, axis)


def scaling_of(name, train, test):
    """Finds how a data set is scaled.

    Images are divided by the maximum of their type (floats must lie in 0 to 1
    or in 0 to 255). A table that leaves 0 to 1 is scaled by column, to the
    range of the training part; bytes below 128 are such a table, no pixels.

    Returns:
        `Scaling`.

    Raises:
        InputError: If that cannot be told.
    """
    if train.ndim == 2 and (train.dtype != "uint8" or train.max() < 128):
        return scaling_of_table(name, train, test)
    if train.dtype != test.dtype and {
            train.dtype.kind, test.dtype.kind} != {"f"}:
        raise InputError(
            f"x_train and x_test in {name} differ in type. Expected images of "
            f"one type. Received: {train.dtype} and {test.dtype}")
    _, seen = extremes(train)
    least, most = extremes(np.concatenate([extremes(train), extremes(test)]))
    typed = train.dtype in ("uint8", "uint16")
    if least >= 0 and most <= 1:
        return AS_IT_IS
    if train.dtype == "uint8":
        return Scaling("bytes / 255", span=255)
    if train.dtype == "uint16" and most > 255:
        return Scaling("16 bits / 65535", span=65535)
    if not typed and least >= 0 and 128 <= most <= 255 and seen > 1:
        return Scaling("0 to 255, / 255", span=255)
    raise InputError(
        f"Images of an unknown range in {name}. Expected bytes, uint16 up to "
        "65,535, or other numbers of 0 to 1 or of 0 to 255. Received: "
        f"{train.dtype} of {least:g} to {most:g}. Scale them to 0 to 1 first.")


def scaling_of_table(name, train, test):
    """Finds how a table is scaled: as it is, or by column."""
    least, most = extremes(train, axis=0)
    unknown = np.flatnonzero(np.isnan(least))
    if len(unknown):
        raise InputError(
            "Nothing to learn from. Expected known values in each column of "
            f"x_train. Received: {name} without any in column "
            f"{unknown[0] + 1}. Remove it first.")
    scaling = AS_IT_IS
    if least.min() < 0 or most.max() > 1:
        least, most = least.astype("float64"), most.astype("float64")
        with np.errstate(over="ignore"):
            scaling = Scaling(
                f"by column, {least.min():g} to {most.max():g}", least,
                most - least)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = scaling.apply(np.stack([*extremes(train, 0),
                                         *extremes(test, 0)]))
    if not np.isfinite(scaling.span).all() or np.isinf(scaled).any():
        raise InputError(
            f"Too large numbers in {name}. Expected columns that can be "
            "scaled to 0 to 1 in single precision. Received: "
            f"{least.min():g} to {most.max():g} to train on, and "
            f"{extremes(test)[0]:g} to {extremes(test)[1]:g} to test on")
    return scaling
