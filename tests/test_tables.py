"""Tables in .csv files: read right, or refused by line and column."""
import csv
import re

import numpy as np
import pytest
from data_files import table
from lab.data import datasets
from lab.data.tables import Table
from lab.errors import InputError
from scripts import config

pytestmark = pytest.mark.usefixtures("eager")

COLUMNS = ["age", "weight, kg", "größe", "x_1"]


def drawn(random, rows=None):
    """Draws a table's lines: names, labels, numbers of several sizes."""
    rows = rows or int(random.integers(10, 40))
    numbers = random.standard_normal((rows, 4)) * 10.0 ** random.integers(
        -3, 6, 4)
    kinds = random.choice(["one", "two"], rows)
    return [["who", *COLUMNS, "kind"], *(
        [f"row {number}", *map(str, line), kind]
        for number, (line, kind) in enumerate(zip(numbers, kinds)))]


def load(path, **settings):
    """Loads such a table."""
    return datasets.load(str(path), label="kind", names="who", **settings)


def test_table_is_read(tmp_path):
    lines = drawn(np.random.default_rng(0), 30)
    data = load(table(tmp_path / "t.csv", lines))
    values = np.array([line[1:5] for line in lines[1:]]).astype(float)
    kinds = np.array([line[5] for line in lines[1:]])
    held_out = datasets.held_out(kinds, 0, "random")
    np.testing.assert_array_equal(data.train, values[~held_out])
    np.testing.assert_array_equal(data.test, values[held_out])
    assert (data.train_labels == kinds[~held_out]).all()
    assert (data.test_labels == kinds[held_out]).all()
    assert [*data.columns] == data.features == COLUMNS
    assert "4 columns, 'age'" in str(data)


def test_a_tenth_is_held_out_of_each_label():
    labels = np.array(["rare"] * 30 + ["usual"] * 570)
    chosen = [datasets.held_out(labels, seed, "random") for seed in (0, 0, 1)]
    assert (chosen[0] == chosen[1]).all()
    assert (chosen[0] != chosen[2]).any()
    for held_out in chosen:
        assert held_out.sum() == 60 and held_out[:30].sum() == 3
    # No stripe: rows of a series have neighbours on both sides.
    assert len(np.unique(np.diff(np.flatnonzero(chosen[0])))) > 3
    last = datasets.held_out(labels, 0, "last")
    assert last[-60:].all() and last.sum() == 60


def test_labels_that_are_numbers(tmp_path):
    path = table(tmp_path / "t.csv", [
        ["a", "label"], *([i / 20, f"{i % 12}.0"] for i in range(20))])
    data = datasets.load(path, label="label", split="last")
    assert data.test_labels.tolist() == [6, 7]
    assert data.test_labels.dtype == "int64"


@pytest.mark.parametrize("labels", [
    ("1_0", "10"), ("01", "1"), ("1.5", "1"), ("1e3", "1000"), ("x", "1")])
def test_labels_that_would_change_as_numbers_stay_text(labels, tmp_path):
    path = table(tmp_path / "t.csv", [
        ["a", "label"], *([i / 20, labels[i % 2]] for i in range(20))])
    data = datasets.load(path, label="label")
    assert set(data.train_labels) == set(labels)


@pytest.mark.parametrize("change", [
    lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("\n", "\n\n"), lambda text: text.rstrip("\n"),
    lambda text: re.sub(r"(?<=\d),", " ,", text),
    lambda text: text.replace("row 1,", '"row ""1""\n,",'),
    lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line)
        for line in csv.reader(text.splitlines()))])
def test_ways_to_write_the_same(change, tmp_path):
    path, random = tmp_path / "t.csv", np.random.default_rng(1)
    table(path, drawn(random), lineterminator="\n")
    plain = load(path)
    path.write_text(change(path.read_text("utf-8")), "utf-8", newline="")
    other = load(path)
    np.testing.assert_array_equal(other.train, plain.train)
    assert (other.test_labels == plain.test_labels).all()


def corrupt_cell(content):
    """Returns a change of a random cell of numbers, and where it is."""
    def change(lines, random):
        row = int(random.integers(1, len(lines)))
        column = int(random.integers(1, 5))
        lines[row][column] = content
        return [f"line {row + 1},", repr(lines[0][column])]
    return change


def corrupt_line(change_line):
    """Returns a change of a random line, and where it is."""
    def change(lines, random):
        row = int(random.integers(1, len(lines)))
        change_line(lines[row])
        return [f"line {row + 1}."]
    return change


def corrupt_header(change_header):
    """Returns a change of the first line, and what must be named."""
    def change(lines, random):
        named = change_header(lines[0], int(random.integers(1, 5)))
        return [named or "first line"]
    return change


def twice(header, place):
    """Names two columns alike."""
    header[place] = header[5]
    return repr(header[5])


def nameless(header, place):
    """Names a column not at all."""
    header[place] = " "
    return f"{place + 1}"


def without(header, place):
    """Has no column of the asked name."""
    header[5] = "other"
    return "'kind'"


CORRUPT = {
    "empty": corrupt_cell(""), "blank": corrupt_cell("  "),
    "nan": corrupt_cell("NaN"), "text": corrupt_cell("male"),
    "infinite": corrupt_cell("-inf"), "too large": corrupt_cell("1e999"),
    "underscore": corrupt_cell("1_0"), "decimal comma": corrupt_cell("1,5"),
    "unit": corrupt_cell("5 kg"), "date": corrupt_cell("2020-01-02"),
    "nul": corrupt_cell("\0"),
    "too many cells": corrupt_line(lambda line: line.append("1")),
    "too few cells": corrupt_line(lambda line: line.pop()),
    "no label": lambda lines, random: [
        lines[9].__setitem__(5, "") or "line 10,", "'kind'"],
    "two columns of one name": corrupt_header(twice),
    "column without a name": corrupt_header(nameless),
    "no such column": corrupt_header(without),
}


@pytest.mark.parametrize("kind", CORRUPT)
def test_corrupt_table(kind, tmp_path, record_property):
    for seed in range(20):
        random = np.random.default_rng((seed, len(kind)))
        lines = drawn(random)
        named = CORRUPT[kind](lines, random)
        path = table(tmp_path / "t.csv", lines)
        with pytest.raises(InputError) as caught:
            load(path)
        error = str(caught.value)
        assert all(each in error for each in [path, *named]), error
        assert "\n" not in error and "Expected" in error
    record_property("bad inputs refused", 20)


@pytest.mark.parametrize("content", [
    b"", b"\n", b"a,b\n", b"a;b\n1;2\n", b"a\tb\n1\t2\n", b"1,2\n" * 20,
    b"a,b\n1,2\n", b'a,b\n"1,2\n3,4\n', b'a,b\n"1"2,3\n', b"\xff\xfe\0a\0",
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"a,b\n" + b"1" * 200_000,
    "a,b\n1,2\n".encode("utf-16")])
def test_file_that_is_no_table(content, tmp_path, record_property):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match="t.csv") as caught:
        datasets.load(str(path))
    assert "\n" not in str(caught.value)
    record_property("bad inputs refused", 1)


def test_flags_for_tables_elsewhere(here):
    for flags in (["--label", "kind"], ["--names", "who"]):
        assert ".csv" in here("0-main.py", "--dataset", "glyphs", *flags,
                              status=1)


def test_columns_are_found_by_name(tmp_path):
    lines = drawn(np.random.default_rng(2))
    path = table(tmp_path / "t.csv", [line[::-1] for line in lines])
    (values, labels, names), = Table(
        path, names="who", columns=dict.fromkeys(COLUMNS)).parts(1000)
    assert labels is None
    assert names == [line[0] for line in lines[1:]]
    assert values.tolist() == [[*map(float, line[1:5])] for line in lines[1:]]
    with pytest.raises(InputError, match="'y'"):
        Table(path, columns={"age": None, "y": None})


def test_missing_cells_are_filled_in(compiled, here, tmp_path):
    random = np.random.default_rng(3)
    # Four columns that one hidden number determines, of other units each.
    values = random.random((200, 1)) * [1000, 2, -30, 0.1] + [0, 5, 0, 1]
    missing = random.random(values.shape) < 0.15
    lines = [["a", "b", "c", "d", "kind"], *(
        [random.choice(["", "NaN", " -nan"]) if lost else f"{value:.3f}"
         for value, lost in zip(*row)] + ["x, y"]
        for row in zip(values, missing))]
    flags = "--dataset", table(tmp_path / "t.csv", lines), "--label", "kind"
    assert "line" in here("0-main.py", *flags, status=1)
    here("impute.py", *flags, "--epochs", 20, "--hidden", 32, "--latent", 4,
         "--batch-size", 20)
    folder = tmp_path / "runs" / "impute"
    with open(folder / "filled.csv", newline="") as file:
        header, *filled = csv.reader(file)
    assert header == lines[0]
    for old, new, lost in zip(lines[1:], filled, missing):
        assert [*np.array(new)[:4][~lost]] == [*np.array(old)[:4][~lost]]
        assert new[4] == old[4]
    found = np.array([line[:4] for line in filled]).astype(float)
    means = np.nanmean(np.where(missing, np.nan, values), axis=0)
    spread = np.ptp(values, axis=0)
    error, of_means = ((((guess - values) / spread)[missing] ** 2).mean()
                       for guess in (found, means))
    assert error < of_means / 4
    of_run = config(folder)
    assert [*of_run["dataset"]["columns"]] == ["a", "b", "c", "d"]
    assert of_run["settings"]["label"] == "kind"
