"""Tables from `.csv` files: a header, numeric cells, empty where one misses.

Read by the standard library, which counts lines and cells; pandas fills short
rows up without a word, and takes the first of too many cells for names.
"""
import csv
import dataclasses
import itertools
import math
import re

import numpy as np

from lab import files
from lab.data import reading
from lab.errors import InputError

LONGEST = 2 ** 26  # characters of a line
# Such as 7 and 7.0, which pandas writes; but 07 may be part of a postcode.
WHOLE = re.compile(r"(0|-?[1-9][0-9]{,14})(\.0*)?", re.ASCII)
EXPECTED = "a .csv file: text in UTF-8, cells separated by commas."


@dataclasses.dataclass
class Table:
    """A `.csv` file, read a part at a time.

    Attributes:
        path: Path.
        label: String or None. The column of labels, which may be text.
        names: String or None. The column of the rows' names, also text.
        columns: List of strings, the columns of numbers in their order, or
            None for all but those two. If given, further columns are left
            aside, and those two may be absent.
        missing: Boolean. Whether cells may be empty.

    Raises:
        InputError: If the header cannot be used.
    """

    path: object
    label: object = None
    names: object = None
    columns: object = None
    missing: bool = False

    def __post_init__(self):
        line = next(self.lines(), None)
        if line is None:
            raise InputError(
                "An empty table. Expected a first line with the columns' "
                f"names. Received: {self.path}")
        self.header = [cell.strip() for cell in line[1]]
        check_header(self.path, self.header)
        asked = [name for name in (self.label, self.names) if name is not None]
        wanted = asked if self.columns is None else self.columns
        absent = [name for name in wanted if name not in self.header]
        if absent:
            raise InputError(
                f"Missing columns. Expected {shown(wanted)} in the first "
                f"line. Received: {self.path} without {shown(absent)}, with "
                f"{shown(self.header)}")
        if self.columns is None:
            self.columns = [name for name in self.header if name not in asked]
        if not self.columns:
            raise InputError(
                "Nothing to learn from. Expected a column of numbers, other "
                f"than labels and names. Received: {self.path} with "
                f"{shown(self.header)}")

    def lines(self):
        """Yields the number of the line in which a row ends, and its cells."""
        def bounded(file):
            while line := file.readline(LONGEST):
                if len(line) == LONGEST:
                    raise ValueError(f"a line of over {LONGEST} characters")
                yield line

        def read():
            with open(self.path, encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(bounded(file), strict=True)
                try:
                    for cells in reader:
                        yield reader.line_num, cells
                except (csv.Error, ValueError) as error:
                    raise ValueError(
                        f"after line {reader.line_num}: {error}") from None
        return reading.guarded(read(), self.path, EXPECTED)

    def rows(self):
        """Yields the number of the line in which each row ends, and its cells.

        Raises:
            InputError: If a row has more or fewer cells than the header.
        """
        for line, cells in itertools.islice(self.lines(), 1, None):
            if not cells and len(self.header) == 1:
                cells = [""]  # a missing value; elsewhere a blank line
            if len(cells) not in (0, len(self.header)):
                raise InputError(
                    f"A broken line in {self.path}. Expected "
                    f"{len(self.header)} cells, as in the first line. "
                    f"Received: {len(cells)} in line {line}. Mend or remove "
                    "it.")
            if cells:
                yield line, cells

    def parts(self, size):
        """Yields the rows, `size` at a time.

        Yields:
            Array `(rows, columns)`, float64, NaN where a cell is empty; list
            of labels and list of names, both of text, each None without.

        Raises:
            InputError: If a cell is not as expected.
        """
        places = [self.header.index(name) for name in self.columns]
        aside = [self.header.index(name) if name in self.header else None
                 for name in (self.label, self.names)]
        rows = self.rows()
        while part := list(itertools.islice(rows, size)):
            values = np.array([self.numbers(line, cells, places)
                               for line, cells in part])
            yield values, *(
                None if place is None else
                [self.text(line, cells, place) for line, cells in part]
                for place in aside)

    def numbers(self, line, cells, places):
        """Returns the numbers in a row."""
        values = []
        for place in places:
            cell = cells[place].strip()
            try:
                if "_" in cell:  # Python takes 1_0 for 10
                    raise ValueError
                value = float(cell or "nan")
            except ValueError:
                raise self.bad(
                    line, place, "a number", cell, "Text is for columns "
                    "that --label or --names name; write others as numbers, "
                    "or remove them.") from None
            if not math.isfinite(value):
                if not math.isnan(value):
                    raise self.bad(line, place, "a finite number", cell,
                                   "Mend or empty it.")
                if not self.missing:
                    raise self.bad(
                        line, place, "a number in each cell", cell, "Tables "
                        "with empty cells are for impute.py, which fills them "
                        "in.")
            values.append(value)
        return values

    def text(self, line, cells, place):
        """Returns the label or the name in a row."""
        if not cells[place].strip():
            raise self.bad(line, place, "a label or a name", "", "Add it, or "
                           "remove the line.")
        return cells[place].strip()

    def bad(self, line, place, expected, cell, remedy):
        """Returns the error that names a cell."""
        received = f"{cell[:40]!r}" if cell else "an empty cell"
        return InputError(
            f"An unusable cell in {self.path}. Expected {expected}. Received: "
            f"{received} in line {line}, column {self.header[place]!r}. "
            f"{remedy}")

    def all(self):
        """Returns all numbers; all labels, as numbers where they are some."""
        parts = [*self.parts(1024)]
        if not parts:
            raise InputError(
                "An empty table. Expected rows below the first line. "
                f"Received: {self.path}")
        values, labels, _ = zip(*parts)
        return np.concatenate(values), (
            typed(np.concatenate(labels)) if self.label else None)

    def fill(self, target, parts):
        """Writes the table anew, with numbers in its empty cells.

        All other text stays as it is.

        Args:
            target: Path of the file to write.
            parts: Iterable of arrays `(rows, columns)`, of all rows in order.
        """
        places = [self.header.index(name) for name in self.columns]
        rows = itertools.chain.from_iterable(parts)
        with files.written(target) as temporary, open(
                temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(next(self.lines())[1])
            for (_, cells), values in zip(self.rows(), rows):
                for place, value in zip(places, values):
                    if math.isnan(float(cells[place].strip() or "nan")):
                        cells[place] = f"{value:.7g}"  # single precision
                writer.writerow(cells)


def check_header(path, header):
    """Checks that a table's first line names its columns, each once."""
    twice = [name for name in header if header.count(name) > 1]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        problem = "another separator. Save it with commas, and decimal points."
    elif "" in header:
        problem = (f"no name in place {header.index('') + 1}. Add one; pandas "
                   "writes none for its index without index=False.")
    elif twice:
        problem = f"{twice[0]!r} twice. Rename one."
    elif all(is_number(name) for name in header):
        problem = f"only numbers, {shown(header)}. Add a first line of names."
    else:
        return
    raise InputError(
        "An unusable first line. Expected the columns' names, separated by "
        f"commas. Received: {path} with {problem}")


def is_number(text):
    """Determines whether text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def typed(labels):
    """Returns labels as numbers, if all of them are integers."""
    if all(map(WHOLE.fullmatch, labels)):
        return labels.astype("float64").astype("int64")
    return labels


def shown(names, most=8):
    """Returns names in one line, the first of many."""
    rest = f" and {len(names) - most} more" * (len(names) > most)
    return ", ".join(map(repr, names[:most])) + rest
