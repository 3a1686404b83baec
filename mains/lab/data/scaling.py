"""How values become those of 0 to 1 that a model takes, and back."""
import dataclasses

import numpy as np

from lab.errors import InputError
from lab.measures import REACH

TAIL = 2  # spreads from a column's centre, beyond which logarithms count
WITHIN = 0.99  # fraction of a column's training values that lie in 0 to 1
FAR = 5  # median deviations, at which a deviation is cut for the spread


@dataclasses.dataclass
class Scaling:
    """How the user's values become the model's, mostly of 0 to 1, and back.

    Attributes:
        name: String, for the user.
        span: Number. What 1 stands for.
        by_column: Whether each column has its own.
    """

    name: str
    span: object = 1
    by_column = False

    def apply(self, values):
        """Returns the user's values as float32, as the model takes them."""
        if self.span == 1:
            return values.astype("float32")
        # In one step: a separate copy would take ten times as long.
        return np.divide(values, np.float32(self.span), dtype="float32")

    def undo(self, values):
        """Returns the model's values in the user's units, as float64."""
        return values * np.float64(self.span)

    def to_config(self):
        """Returns what `json` can write."""
        return {"name": self.name, "span": self.span}

    @staticmethod
    def from_config(config):
        """Returns the scaling that `to_config` described, of either class."""
        if "centre" in config:
            return ByColumn(config["name"], *(
                np.asarray(config[part], "float64")
                for part in ("centre", "spread", "reach")))
        return Scaling(config["name"], config["span"])


@dataclasses.dataclass
class ByColumn:
    """How the columns of a table become numbers around 0.5, and back.

    A column's values become their distances from its centre, in its spreads;
    those beyond two spreads grow by the logarithm only, so that neither one
    wild value nor a heavy tail ruins the column. New values of any size stay
    finite.

    Attributes:
        name: String, for the user.
        centre, spread: Arrays, `(columns,)`.
        reach: Array, `(columns,)`. What 0.5 stands for, in such distances.
        by_column: Whether each column has its own.
    """

    name: str
    centre: object
    spread: object
    reach: object
    by_column = True

    def apply(self, values):
        """Returns the user's values as float32, as the model takes them."""
        return (0.5 + distances(values, self.centre, self.spread)
                / (2 * self.reach)).astype("float32")

    def undo(self, values):
        """Returns the model's values in the user's units, as float64."""
        distance = 2 * self.reach * (np.asarray(values, "float64") - 0.5)
        size = np.abs(distance)
        tail = TAIL * np.exp(np.maximum(size, TAIL) / TAIL - 1)
        return self.centre + self.spread * np.sign(distance) * np.where(
            size > TAIL, tail, size)

    def to_config(self):
        """Returns what `json` can write."""
        return {"name": self.name, **{
            part: getattr(self, part).tolist()
            for part in ("centre", "spread", "reach")}}


def distances(values, centre, spread):
    """Returns signed distances from a centre, in spreads up to two of them;
    beyond, as logarithms, without a corner."""
    # Halves, as the difference of two large numbers may be infinite.
    half = values / 2 - centre / 2
    with np.errstate(divide="ignore", over="ignore"):
        size = 2 * np.abs(half) / spread
        tail = TAIL * (1 + np.log(np.abs(half)) - np.log(spread)
                       + np.log(2 / TAIL))
    return np.sign(half) * np.where(size > TAIL, tail, size)


AS_IT_IS = Scaling("as it is")


def extremes(array, axis=None):
    """Returns the least and the greatest number, those that are missing
    aside, without a copy of the array."""
    return np.fmin.reduce(array, axis), np.fmax.reduce(array, axis)


def scaling_of(name, train, test, by_column=False):
    """Finds how a data set is scaled.

    Images, and rows of pixels, are divided by the maximum of their type
    (floats must lie in 0 to 1 or in 0 to 255). Other rows are a table, which
    is scaled by column, by its training part: those that leave 0 to 1, and
    bytes that are all below 128.

    Args:
        name: String. What the user calls it.
        train, test: Arrays.
        by_column: Boolean. Whether rows are a table in any case.

    Returns:
        `Scaling`.

    Raises:
        InputError: If that cannot be told.
    """
    if train.ndim == 2 and (by_column or not are_pixels(train)):
        return scaling_of_table(name, train)
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
        f"{train.dtype} of {least:g} to {most:g}. Scale them to 0 to 1 first; "
        "if they are no images, make rows of them: x.reshape(len(x), -1).")


def are_pixels(rows):
    """Determines whether rows of numbers hold pixels: by their range."""
    least, most = extremes(rows)
    return most >= 128 if rows.dtype == "uint8" and most > 1 else (
        least >= 0 and most <= 1)


def scaling_of_table(name, train):
    """Finds the centres and the spreads of a table's columns."""
    unknown = np.flatnonzero(np.isnan(train).all(axis=0))
    if len(unknown):
        raise InputError(
            "Nothing to learn from. Expected known values in each column of "
            f"x_train. Received: {name} without any in column "
            f"{unknown[0] + 1}. Remove it first.")
    return ByColumn("by column, to its spread", *np.array(
        [scale_of(column[~np.isnan(column)])
         for column in train.T.astype("float64")]).T)


def scale_of(column):
    """Returns centre, spread and reach of a column.

    The first two are mean and standard deviation, once deviations from the
    median are cut at 5 times their own median, zeros aside.
    """
    middle = np.median(column)
    deviations = column / 2 - middle / 2  # halves: the whole may be infinite
    others = np.abs(deviations[deviations != 0])
    if not len(others):
        return middle, 0.1 * (abs(middle) or 1.0), REACH
    unit = np.median(others)
    with np.errstate(over="ignore"):
        kept = np.clip(deviations / unit, -FAR, FAR)
        spread = 2 * kept.std() * unit
    limits = np.finfo("float64")
    spread = np.clip(spread, limits.tiny, limits.max / 1000)
    centre = middle + 2 * kept.mean() * unit
    far = np.quantile(np.abs(distances(column, centre, spread)), WITHIN)
    return centre, spread, max(REACH, far)
