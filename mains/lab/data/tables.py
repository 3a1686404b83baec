"""Tables as people have them: `.csv` and its kin, and `.parquet`.

Cells are split by the standard library, which counts lines and cells; pandas
fills short rows up without a word, and takes the first of too many cells for
names.
"""
import csv
import dataclasses
import gzip
import itertools
import math
import re
from pathlib import Path

import numpy as np

from lab import files
from lab.data import columns as kinds
from lab.data import reading
from lab.errors import InputError

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
SHEETS = (".xls", ".xlsx", ".xlsm", ".ods", ".numbers")
LONGEST = 2 ** 26  # characters of a line
# Such as 7 and 7.0, which pandas writes; but 07 may be part of a postcode.
WHOLE = re.compile(r"(0|-?[1-9][0-9]{,14})(\.0*)?", re.ASCII)
INDEX = re.compile(r"(Unnamed: \d+)?")  # how pandas names its index
EXPECTED = ("a table: a first line of names, cells separated by commas, "
            "semicolons or tabs.")


@dataclasses.dataclass
class Table:
    """A table's file, read a part at a time.

    Attributes:
        path: Path.
        label: String or None. The column of labels, which may be text.
        names: String or None. The column of the rows' names, also text.
        columns: Dictionary, as in `lab.data.columns`, or None for all but
            those two and `drop`. If given, further columns are left aside,
            and those two may be absent.
        missing: Boolean. Whether cells may be empty, or say NA.
        drop: List of strings. Columns to leave aside.
        unseen: Dictionary of column to the line and the text of a cell that is
            none of its categories, once it is read.

    Raises:
        InputError: If the file cannot be used.
    """

    path: object
    label: object = None
    names: object = None
    columns: object = None
    missing: bool = False
    drop: list = ()
    unseen: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.path = Path(self.path)
        self.is_text = self.path.suffix.lower() != ".parquet"
        self.encoding, self.separator, self.mark = "utf-8", ",", "."
        if self.is_text:
            self.encoding = encoding_of(self.path)
            self.separator = separator_of([*itertools.islice(
                reading.guarded(self.text(), self.path, EXPECTED), 20)])
        line = next(self.lines(), None)
        if line is None:
            raise InputError(
                "An empty table. Expected a first line with the columns' "
                f"names. Received: {self.path}")
        self.header = [cell.strip() for cell in line[1]]
        check_header(self.path, self.header)
        asked = [name for name in (self.label, self.names, *(self.drop or ()))
                 if name is not None]
        wanted = asked if self.columns is None else [*self.columns]
        absent = [name for name in wanted if name not in self.header]
        if absent:
            raise InputError(
                f"Missing columns. Expected {shown(wanted)} in the first "
                f"line. Received: {self.path} without {shown(absent)}, with "
                f"{shown(self.header)}")
        if self.columns is None:
            wanted = [name for place, name in enumerate(self.header)
                      if name not in asked
                      and not (place == 0 and INDEX.fullmatch(name))]
        if not wanted:
            raise InputError(
                "Nothing to learn from. Expected a column besides labels and "
                f"names. Received: {self.path} with {shown(self.header)}")
        self.survey(wanted)

    def survey(self, names):
        """Reads the table once, for its decimal mark, and for what columns
        hold if this is not given."""
        surveys = [kinds.Survey(name, self.header.index(name))
                   for name in names]
        line = 0
        for line, cells in self.rows():
            for survey in surveys:
                survey.add(line, cells[survey.place].strip())
        if not line:
            raise InputError(
                "An empty table. Expected rows below the first line. "
                f"Received: {self.path}")
        points, commas = (sum(survey.numbers[mark] for survey in surveys)
                          for mark in ".,")
        if commas > points or (
                commas == points and self.separator != ","
                and any(survey.has_commas for survey in surveys)):
            self.mark = ","
        if self.columns is None:
            self.columns = {
                survey.name: survey.categories(self.path, self.mark)
                for survey in surveys}

    def text(self):
        """Yields the lines of the file, but for `sep=;`, which is Excel's."""
        with opened(self.path, self.encoding) as file:
            number = 0
            while line := file.readline(LONGEST):
                if len(line) == LONGEST:
                    raise ValueError(f"a line of over {LONGEST} characters")
                number += 1
                yield "\n" if number == 1 and line.startswith("sep=") else line

    def lines(self):
        """Yields the number of the line in which a row ends, and its cells."""
        def read():
            reader = csv.reader(
                self.text(), strict=True, delimiter=self.separator)
            try:
                for cells in reader:
                    if cells or reader.line_num > 1:  # see `text`
                        yield reader.line_num, cells
            except (csv.Error, ValueError) as error:
                raise ValueError(
                    f"after line {reader.line_num}: {error}") from None
        return reading.guarded(
            read() if self.is_text else parquet(self.path), self.path,
            EXPECTED)

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
            Array `(rows, features)`, float64, NaN where a value is missing;
            list of labels and list of names, both of text, each None without.

        Raises:
            InputError: If a cell is not as expected.
        """
        places = [(self.header.index(name), categories)
                  for name, categories in self.columns.items()]
        aside = [self.header.index(name) if name in self.header else None
                 for name in (self.label, self.names)]
        rows = self.rows()
        while part := list(itertools.islice(rows, size)):
            values = np.array([
                [value for place, categories in places
                 for value in self.encoded(line, cells, place, categories)]
                for line, cells in part])
            yield values, *(
                None if place is None else
                [self.word(line, cells, place) for line, cells in part]
                for place in aside)

    def encoded(self, line, cells, place, categories):
        """Returns the features of a cell."""
        cell = cells[place].strip()
        if kinds.is_missing(cell):
            if not self.missing:
                raise self.bad(
                    line, place, "a value in each cell", cell, "Tables with "
                    "missing values are for impute.py, which fills them in.")
            return [math.nan] * kinds.width(categories)
        if categories is None:
            return [self.number(line, cell, place)]
        if not kinds.are_truths(categories):
            if cell not in categories:
                self.unseen.setdefault(self.header[place], (line, cell))
            return [float(cell == category) for category in categories]
        if cell.lower() not in kinds.TRUTHS:
            raise self.bad(line, place, "true or false", cell, "Mend it.")
        return [kinds.TRUTHS[cell.lower()]]

    def number(self, line, cell, place):
        """Returns the number in a cell."""
        value = kinds.as_number(cell, self.mark)
        if value is None:
            raise self.bad(
                line, place, "a number, as in the rest of the column", cell,
                "Mend it, or leave the column out: --drop "
                f"{self.header[place]!r}.")
        if not math.isfinite(value):
            raise self.bad(line, place, "a finite number", cell,
                           "Mend or empty it.")
        return value

    def word(self, line, cells, place):
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
        values, labels, _ = zip(*self.parts(1024))
        return np.concatenate(values), (
            typed(np.concatenate(labels)) if self.label else None)

    def fill(self, target, parts):
        """Writes the table anew, with values where they are missing.

        All other text stays as it is.

        Args:
            target: Path of the file to write.
            parts: Iterable of arrays `(rows, features)`, of all rows in order.
        """
        places = [self.header.index(name) for name in self.columns]
        rows = itertools.chain.from_iterable(
            kinds.decoded(part, self.columns) for part in parts)
        with files.written(target) as temporary, open(
                temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n",
                                delimiter=self.separator)
            writer.writerow(next(self.lines())[1])
            for (_, cells), values in zip(self.rows(), rows):
                for place, value in zip(places, values):
                    if kinds.is_missing(cells[place].strip()):
                        cells[place] = value if isinstance(value, str) else (
                            f"{value:.7g}".replace(".", self.mark))
                writer.writerow(cells)


def is_table(name):
    """Determines whether a name is that of a table's file.

    Raises:
        InputError: If it is that of a spreadsheet.
    """
    name = str(name).lower()
    if name.endswith(SHEETS):
        raise InputError(
            "A spreadsheet. Expected a table as text. Received: "
            f"{name}. Save it as CSV first.")
    return name.endswith(ENDINGS) and not Path(name).is_dir()


def opened(path, encoding):
    """Opens a text that may be compressed."""
    open_file = gzip.open if path.suffix.lower() == ".gz" else open
    return open_file(path, "rt", encoding=encoding, newline="")


def encoding_of(path):
    """Returns the encoding of a text: UTF-8, or one that Windows writes."""
    with reading.readable(path, EXPECTED):
        try:
            with opened(path, "utf-8-sig") as file:
                while file.read(2 ** 20):
                    pass
            return "utf-8-sig"
        except UnicodeDecodeError:
            pass
        with opened(path, "latin-1") as file:
            start = file.read(2)
    return "utf-16" if start in ("\xff\xfe", "\xfe\xff") else "cp1252"


def separator_of(lines):
    """Returns what separates the cells: what gives equally many in each of
    the first lines, or else most of them; a comma where nothing does."""
    def fitness(separator):
        try:
            counts = [len(cells) for cells in csv.reader(
                lines, delimiter=separator) if cells]
        except csv.Error:
            counts = []
        most = max(counts, default=0)
        return most > 1 and len(set(counts)) == 1, most
    return max(",;\t|", key=fitness)  # the first of those that are equal


def parquet(path):
    """Yields the rows of a `.parquet` file as if it were text: the number of
    a line, the first of which has the names, and cells."""
    try:
        import pandas
        frame = pandas.read_parquet(path)
    except ImportError:
        raise InputError(
            f"{path} needs pandas and pyarrow, which are not installed. Run: "
            "pip install pandas pyarrow") from None
    yield 1, [*map(str, frame.columns)]
    cells = [column.astype(object).where(column.notna(), "").map(str)
             for _, column in frame.items()]
    yield from enumerate(map(list, zip(*cells)), 2)


def check_header(path, header):
    """Checks that a table's first line names its columns, each once."""
    twice = [name for name in header if header.count(name) > 1]
    nameless = [place for place, name in enumerate(header, 1) if not name]
    if nameless and nameless != [1] or header == [""]:
        problem = f"no name in place {nameless[-1]}. Add one."
    elif twice:
        problem = f"{twice[0]!r} twice. Rename one."
    elif all(kinds.as_number(name, ".") is not None for name in header):
        problem = f"only numbers, {shown(header)}. Add a first line of names."
    else:
        return
    raise InputError(
        "An unusable first line. Expected the columns' names. Received: "
        f"{path} with {problem}")


def typed(labels):
    """Returns labels as numbers, if all of them are whole ones."""
    if all(map(WHOLE.fullmatch, labels)):
        return labels.astype("float64").astype("int64")
    return labels


def shown(names, most=8):
    """Returns names in one line, the first of many."""
    names = [*names]
    rest = f" and {len(names) - most} more" * (len(names) > most)
    return ", ".join(map(repr, names[:most])) + rest
