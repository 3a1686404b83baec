"""What the columns of a table hold: numbers, true and false, or categories.

A table's columns are a dictionary of name to None, for numbers, or to the list
of its categories. A column of numbers, or of true and false, is one number for
a model, which is called a feature here; each category has a feature of its
own, 1 where a row has it and else 0.
"""
import dataclasses
import re

import numpy as np

from lab.errors import InputError

MOST = 50  # categories in a column
MISSING = {"", "na", "n/a", "nan", "-nan", "null", "none", "?", "-", "#n/a",
           "#na", "<na>"}  # in lower case
TRUTHS = {"false": 0.0, "true": 1.0}
# Groups of three digits are separated by the mark that is not the decimal
# one, or by a space or an apostrophe.
SPACES = " '\u2019\u00a0\u202f"
NUMBER = {mark: re.compile(
    rf"[+-]?(\d+|\d{{1,3}}([{other}{SPACES}]\d{{3}})+)?({re.escape(mark)}\d*)?"
    r"(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
    for mark, other in (".,", ",.")}
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"( .*)?|\d{1,2}:\d{2}(:\d{2}.*)?")
UNIT = re.compile(r"[^\w\s.,-]{0,3} ?-?[\d.,]*\d ?[^\d\s.,]{0,5}")


def is_missing(cell):
    """Determines whether a cell says that its value is missing."""
    return cell.lower() in MISSING


def as_number(cell, mark):
    """Returns the number in a cell, or None if there is none.

    Args:
        cell: String.
        mark: `"."` or `","`. The decimal mark.
    """
    if mark == "." and "_" not in cell:  # Python takes 1_0 for 10
        try:
            return float(cell)
        except ValueError:
            pass
    if not (NUMBER[mark].fullmatch(cell) and any(map(str.isdigit, cell))):
        return None
    kept = (character for character in cell
            if character == mark or character not in ".," + SPACES)
    return float("".join(kept).replace(mark, "."))


def are_truths(categories):
    """Determines whether categories are true and false."""
    return {category.lower() for category in categories} <= {*TRUTHS}


def width(categories):
    """Returns how many features a column has."""
    return 1 if categories is None or are_truths(categories) else len(
        categories)


def features(columns):
    """Names the features of a table: `age`, `colour=blue`, `colour=red`."""
    return [feature for name, categories in columns.items() for feature in (
        [name] if categories is None or are_truths(categories)
        else [f"{name}={category}" for category in categories])]


def grouped(values, columns):
    """Yields name, categories and features of each column.

    Args:
        values: Array, `(count, features)`.
        columns: Dictionary.
    """
    start = 0
    for name, categories in columns.items():
        end = start + width(categories)
        yield name, categories, values[:, start:end]
        start = end


def decoded(values, columns):
    """Returns what features stand for: numbers, or the likeliest category.

    Args:
        values: Array, `(count, features)`.
        columns: Dictionary.

    Returns:
        Array of objects, `(count, columns)`.
    """
    found = np.empty((len(values), len(columns)), object)
    for place, (_, categories, part) in enumerate(grouped(values, columns)):
        if categories is None:
            found[:, place] = [*part[:, 0]]
            continue
        which = part[:, 0] >= 0.5 if are_truths(categories) else (
            part.argmax(axis=1))
        found[:, place] = np.array(categories, object)[which.astype(int)]
    return found


@dataclasses.dataclass
class Survey:
    """Counts what a column's cells hold, before it is known what it is for.

    Attributes:
        name: String. Of the column.
        place: Integer. Of its cells in a row.
        known: Integer. Cells with a value.
        numbers: Dictionary of decimal mark to number of cells that are numbers
            by it.
        has_commas: Boolean. Whether there is one with a comma.
        dates, units: Integers. Dates, and numbers with a unit.
        values: Set of the cells' texts, which stops at one more than a column
            of categories may have.
        text: Number of the line and text of the first cell that is no number.
    """

    name: str
    place: int
    known: int = 0
    numbers: dict = dataclasses.field(
        default_factory=lambda: {".": 0, ",": 0})
    has_commas: bool = False
    dates: int = 0
    units: int = 0
    values: set = dataclasses.field(default_factory=set)
    text: tuple = (0, "")

    def add(self, line, cell):
        """Counts a cell of a line."""
        if is_missing(cell):
            return
        self.known += 1
        if len(self.values) <= MOST:
            self.values.add(cell)
        marks = [mark for mark in ".," if as_number(cell, mark) is not None]
        for mark in marks:
            self.numbers[mark] += 1
        if marks:
            self.has_commas |= "," in cell
            return
        self.text = self.text if self.text[0] else (line, cell)
        self.dates += DATE.fullmatch(cell) is not None
        self.units += UNIT.fullmatch(cell) is not None

    def categories(self, path, mark):
        """Returns the column's categories, or None if it holds numbers.

        Args:
            path: Path. Of the table, for the error.
            mark: String. The table's decimal mark.

        Raises:
            InputError: If it holds neither.
        """
        line, cell = self.text
        example = f"{cell[:40]!r} in line {line}"
        left_out = f"leave it out: --drop {self.name!r}."
        few = len(self.values) <= MOST and (
            len(self.values) <= max(2, self.known / 2))
        problem = None
        if not self.known:
            problem = f"no value at all. Add one, or {left_out}"
        elif self.numbers[mark] >= 0.8 * self.known:
            return None  # an odd cell among them is refused by its line
        elif self.dates >= 0.5 * self.known:
            problem = (f"dates, such as {example}. Write them as numbers, "
                       f"such as days, or {left_out}")
        elif are_truths(self.values):
            return truths(next(iter(self.values)))
        elif self.units >= 0.5 * self.known and not few:
            problem = (f"numbers with a unit, such as {example}. Write them "
                       f"without it, or {left_out}")
        elif not few:
            many = min(len(self.values), MOST)
            more = "over " * (len(self.values) > MOST)
            problem = (f"text with {more}{many} values in {self.known} rows, "
                       f"such as {example}. If it names the rows, add --names "
                       f"{self.name!r}; else {left_out}")
        if problem:
            raise InputError(
                f"An unusable column {self.name!r} in {path}. Expected "
                f"numbers, or text with at most {MOST} values, each in two "
                f"rows on average. Received: {problem}")
        return sorted(self.values)


def truths(like):
    """Returns the words for false and true, written like one of them."""
    words = [*TRUTHS]
    if like.isupper():
        return [word.upper() for word in words]
    return words if like.islower() else [word.title() for word in words]
