"""Tables as pandas and spreadsheets write them: read, or refused by name."""
import csv
import gzip

import numpy as np
import pytest
from data_files import archive
from lab.data import columns, datasets, inputs, tables
from lab.errors import InputError

ROWS = [[number + 0.5, 1000 * number + 4] for number in range(20)]


def write(path, lines, encoding="utf-8"):
    """Writes lines of text, compressed if the name says so."""
    content = "".join(f"{line}\n" for line in lines).encode(encoding)
    path.write_bytes(
        gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def english(number):
    """Writes a number as English spreadsheets do."""
    return f'"{number:,}"'


def german(number, thousands="."):
    """Writes a number as German spreadsheets do."""
    return f"{number:,}".replace(",", " ").replace(".", ",").replace(
        " ", thousands)


@pytest.mark.parametrize("name, head, line, encoding", [
    ("t.csv", "größe,b", "{0},{1}", "utf-8"),
    ("t.csv", "größe,b", "{0},{1}", "cp1252"),
    ("t.csv", "größe\tb", "{0}\t{1}", "utf-16"),
    ("t.tsv", "größe\tb", "{0}\t{1}", "utf-8"),
    ("t.csv.gz", "größe,b", "{0},{1}", "utf-8-sig"),
    ("t.TSV.gz", "größe\tb", "{0}\t{1}", "utf-8"),
    ("t.csv", "größe;b", "{0};{1}", "utf-8"),
    ("t.csv", "sep=;\ngröße;b", "{0};{1}", "utf-8"),
    ("t.csv", "größe|b", "{0}|{1}", "utf-8"),
    ("t.csv", "größe,b", "{2},{3}", "utf-8"),
    ("t.csv", "größe;b", "{4};{5}", "cp1252"),
    ("t.csv", "größe;b", "{6};{7}", "cp1252"),
    ("t.csv", "größe;b", "{8};{9}", "utf-8"),
    ("t.csv", 'größe,b', '"{4}",{1}', "utf-8"),
    ("t.csv", ",größe,b", "{1},{0},{1}", "utf-8"),
    ("t.csv", "Unnamed: 0,größe,b", "{1},{0},{1}", "utf-8")])
def test_what_spreadsheets_write_is_read(name, head, line, encoding, tmp_path):
    lines = [head, *(line.format(
        one, two, english(one), english(two), german(one), german(two),
        german(one, " "), german(two, "\u00a0"), german(one, "'"),
        german(two, "’")) for one, two in ROWS)]
    table = tables.Table(write(tmp_path / name, lines, encoding))
    values, _ = table.all()
    assert table.columns == {"größe": None, "b": None}
    assert values.tolist() == ROWS


def test_thousands_that_might_be_decimals(tmp_path):
    numbers = [f"1,{number}" for number in range(100, 120)]
    for separator, expected in ((",", 1100.0), (";", 1.1)):
        table = tables.Table(write(tmp_path / "t.csv", [
            f"a{separator}b", *(f'"{number}"{separator}1'
                                for number in numbers)]))
        assert table.all()[0][0].tolist() == [expected, 1]


@pytest.mark.parametrize("no, yes", [
    ("False", "True"), ("FALSE", "TRUE"), ("false", "true")])
def test_true_and_false_are_one_number(no, yes, tmp_path):
    path = write(tmp_path / "t.csv", ["a,b", *(
        f"{number},{yes if number % 3 else no}" for number in range(20))])
    data = datasets.load(str(path))
    assert data.columns == {"a": None, "b": [no, yes]}
    assert data.features == ["a", "b"]
    assert set(np.unique(data.train[:, 1])) == {0, 1}
    assert columns.decoded(np.array([[1.0, 0.3], [2, 0.7]]), data.columns
                           ).tolist() == [[1, no], [2, yes]]


def test_categories_are_a_number_each_and_come_back(tmp_path):
    colours = ["red", "blue", "grün", "blue"] * 10
    path = write(tmp_path / "t.csv", ["a,colour,b", *(
        f"{number},{colour},1" for number, colour in enumerate(colours))])
    table = tables.Table(path)
    values, _ = table.all()
    assert columns.features(table.columns) == [
        "a", "colour=blue", "colour=grün", "colour=red", "b"]
    assert values[:3, 1:4].tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    noisy = values + np.random.default_rng(0).uniform(-0.4, 0.4, values.shape)
    assert [*columns.decoded(noisy, table.columns)[:, 1]] == colours
    data = datasets.load(str(path))
    assert "3 columns, 'a', 'colour', 'b', as 5 numbers" in str(data)


def test_new_categories_count_as_none(tmp_path, capsys):
    known = {"a": None, "colour": ["blue", "red"]}
    path = write(tmp_path / "t.csv", ["a,colour", "1,red", "2,pink"])
    found = inputs.find(str(path), known)
    (_, values), = found.parts()
    assert values.tolist() == [[1, 0, 1], [2, 0, 0]]
    assert "'pink' in line 3, column 'colour'" in capsys.readouterr().out


@pytest.mark.parametrize("word", [
    "", " ", "NA", "N/A", "n/a", "NaN", "null", "NULL", "None", "?", "-",
    "#N/A", "<NA>"])
def test_words_for_what_is_missing(word, tmp_path):
    path = write(tmp_path / "t.csv", ["a;b;c", *(
        f"{number},5;{'red' if number % 2 else 'blue'};1"
        for number in range(20)), f"{word};{word};2"])
    with pytest.raises(InputError, match="impute.py") as refused:
        tables.Table(path).all()
    assert "line 22, column 'a'" in str(refused.value)
    table = tables.Table(path, missing=True)
    assert table.columns == {"a": None, "b": ["blue", "red"], "c": None}
    values, _ = table.all()
    assert np.isnan(values[-1]).tolist() == [True] * 3 + [False]
    values[-1] = [0.25, 0.1, 0.8, 2]
    table.fill(tmp_path / "filled.csv", [values[:7], values[7:]])
    lines = (tmp_path / "filled.csv").read_text().splitlines()
    assert lines[:21] == path.read_text().splitlines()[:21]
    assert lines[21] == "0,25;red;2"


@pytest.mark.parametrize("cells, named", [
    ([f"2020-01-{day:02}" for day in range(1, 21)], "dates"),
    ([f"{day}.3.21 12:30" for day in range(1, 21)], "dates"),
    ([f"2020-01-{day:02}T00:00:00" for day in (1, 2) * 10], "dates"),
    ([f"{number} kg" for number in range(20)], "unit"),
    ([f"{number},5%" for number in range(20)], "unit"),
    ([f"€ {number}" for number in range(20)], "unit"),
    ([f"row {number}" for number in range(20)], "--names 'what'"),
    (["?"] * 20, "no value")])
def test_columns_that_are_refused(cells, named, tmp_path, record_property):
    path = write(tmp_path / "t.csv", ["a;what", *(
        f"{number};{cell}" for number, cell in enumerate(cells))])
    with pytest.raises(InputError) as refused:
        tables.Table(path)
    message = str(refused.value)
    assert named in message and "'what'" in message and "\n" not in message
    assert "--drop 'what'" in message
    # The remedy works.
    assert tables.Table(path, drop=["what"]).columns == {"a": None}
    record_property("bad inputs refused", 1)


def test_numbers_and_words_in_equal_parts_are_categories(tmp_path):
    path = write(tmp_path / "t.csv", [
        "a,b", *(f"{number},{number % 2 or 'low'}" for number in range(20))])
    assert tables.Table(path).columns == {"a": None, "b": ["1", "low"]}


def test_an_odd_cell_among_numbers_is_named(tmp_path):
    path = write(tmp_path / "t.csv", [
        "a,b", *(f"{number},1.5" for number in range(20)), '20,"1,5"'])
    with pytest.raises(InputError, match="line 22, column 'b'"):
        tables.Table(path).all()


@pytest.mark.parametrize("name", ["t.xlsx", "t.ods"])
def test_spreadsheets_are_sent_back(name):
    with pytest.raises(InputError, match="Save it as CSV"):
        datasets.load(name)


def test_parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({
        "a": np.arange(20) / 7, "b": [True, False] * 10,
        "c": pandas.Categorical(["x", "y"] * 10),
        "d": [None, 2, *range(18)]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv")
    one, two = (tables.Table(tmp_path / name, missing=True)
                for name in ("t.parquet", "t.csv"))
    assert one.columns == two.columns
    np.testing.assert_array_equal(one.all()[0], two.all()[0])
    frame["when"] = pandas.Timestamp("2020-01-01")
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="dates"):
        tables.Table(tmp_path / "t.parquet", missing=True)


def test_parquet_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="pip install pandas"):
        tables.Table(tmp_path / "t.parquet")


@pytest.mark.parametrize("kind, values, shape", [
    ("uint8", (0, 1, 5), (40,)), ("float64", (0, 1), (40,)),
    ("float64", (-2.0, 2.0), (40,)), ("uint8", (0, 128), (40,))])
def test_rows_are_a_table(kind, values, shape, tmp_path):
    rows = np.random.default_rng(0).choice(values, (30, *shape)).astype(kind)
    data = datasets.load(archive(tmp_path, x_train=rows[:20],
                                 x_test=rows[20:]))
    assert data.is_table
    assert data.scaling.apply(data.train).std(axis=0).mean() > 0.1


@pytest.mark.parametrize("low, high, sides, is_table", [
    (0, 1, (6, 5), False), (0, 255, (6, 5), False), (0, 1, (60, 3), True),
    (-3, 3, (6, 5), True), (0, 40, (6, 5), True)])
def test_series_are_told_from_pictures(low, high, sides, is_table, tmp_path):
    series = np.random.default_rng(0).uniform(low, high, (30, *sides))
    path = archive(tmp_path, x_train=series[:20], x_test=series[20:])
    data = datasets.load(path)
    assert data.is_table == is_table
    found = inputs.find(path, shape=data.shape)
    assert found.shape == data.shape
    (_, values), = found.parts()
    np.testing.assert_array_equal(values, data.test)


def test_rebuilt_rows_have_their_categories(eager, here, tmp_path):
    path = write(tmp_path / "t.csv", ["a,colour,b", *(
        f"{number},{'red' if number % 2 else 'blue'},{number % 4 > 1}"
        for number in range(40))])
    here("0-main.py", "--dataset", path, "--epochs", 1, "--output", "run")
    for what in "rebuilt", "scores":
        here("apply.py", "run", path, "--what", what)
    with open(tmp_path / "rebuilt.csv", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["name", "a", "colour", "b"] and len(lines) == 40
    assert {line[2] for line in lines} <= {"red", "blue"}
    assert {line[3] for line in lines} <= {"False", "True"}
    with open(tmp_path / "scores.csv", newline="") as file:
        assert next(csv.reader(file)) == [
            "name", "score", "error in a", "error in colour", "error in b"]
