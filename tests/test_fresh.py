"""Whether the committed tables and the page are those that the code makes."""
import ast
import re
from pathlib import Path

import concepts
import pages
import peers
import pytest
import set_up
import tables
from rows import ROWS

ROOT = Path(__file__).resolve().parents[1]
TABLES = {path.stem: pages.read(path) for path in pages.DOCS.glob("*.csv")}


def names(table, *columns):
    """Returns the cells of a table in some columns."""
    return [tuple(line[column] for column in columns)
            for line in TABLES[table]]


@pytest.mark.parametrize("table", TABLES)
def test_lines_say_at_which_commit_they_were_measured(table):
    for line in TABLES[table]:
        assert re.fullmatch(r"[0-9a-f]{7,}\+?", line["commit"])


def test_results_are_of_the_rows():
    assert names("results", "row", "command", "metric") == [
        (name, f"./mains/{row.command}", title)
        for name, row in ROWS.items() for _, title, *_ in row.metrics]


@pytest.mark.parametrize("name", [
    name for name, row in ROWS.items() if row.metrics[0][0] is None])
def test_applications_report_the_metrics_of_their_rows(name):
    script = ROWS[name].command.split()[0]
    source = "".join(path.read_text() for path in (
        ROOT / "mains" / script, ROOT / "mains/lab/applications" / script))
    source = re.sub(r'"\s+f?"', "", source)
    for _, title, *_ in ROWS[name].metrics:
        start = re.split(", | of the ", title)[0]
        assert start[0].upper() + start[1:] in source


@pytest.mark.parametrize("part", peers.PARTS)
def test_contenders_are_those_of_the_bench(part):
    assert names(f"bench-{part}", "workload", "contender") == (
        peers.names()[part])


def test_metrics_of_the_lesson_are_those_of_its_parts():
    assert names("concepts", "part", "metric") == [
        (part, metric) for part, (_, _, metrics) in concepts.PARTS.items()
        for metric in metrics]


def test_set_up_and_tables():
    assert names("set-up", "metric") == [(name,) for name in set_up.METRICS]
    assert names("tables", "table", "metric") == tables.names()
    assert [*TABLES["one-class"][0]] == [
        "table", *tables.MODULES, *tables.DETECTORS, "commit"]


def test_every_table_is_shown():
    shown = {name for path in pages.pages() for name in re.findall(
        r"<!-- end of ([\w-]+) -->", path.read_text())}
    assert shown <= set(pages.TABLES)
    assert {"results", "promises", *peers.PARTS} <= shown


def recorded():
    """Returns what tests count, as patterns of its names."""
    for path in ROOT.glob("*/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (
                    getattr(node.func, "id", "") == "record_property"):
                name = node.args[0]
                parts = (name.values if isinstance(name, ast.JoinedStr)
                         else [name])
                yield "".join(re.escape(part.value) if isinstance(
                    part, ast.Constant) else ".*" for part in parts)


def test_counts_are_those_that_tests_make(pytestconfig):
    if pytestconfig.getoption("--record"):
        pytest.skip("the counts are being made")
    patterns = set(recorded())
    counted = [name for name, in names("promises", "what the tests did")]
    for pattern in patterns:
        assert any(re.fullmatch(pattern, name) for name in counted), pattern
    for name in counted:
        assert any(re.fullmatch(each, name) for each in patterns), name


def test_example_page_is_the_whole_template():
    template, style, script = (
        (ROOT / "mains" / "lab" / "page" / f"page.{suffix}").read_text("utf-8")
        for suffix in ("html", "css", "js"))
    template = template.replace("{{ style }}", style).replace(
        "{{ script }}", script)
    page = (pages.DOCS / "variational.html").read_text("utf-8")
    for part in re.split(r"{{ \w+ }}", template):
        _, found, page = page.partition(part)
        assert found == part
