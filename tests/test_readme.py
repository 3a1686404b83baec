"""What the pages say, against what the code does and what was measured."""
import ast
import contextlib
import graphlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
import pytest
import reproduce
import throughput
from cases import factory
from rows import ELBO, ERROR, PIXEL, ROWS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {str(path.relative_to(ROOT)): path.read_text()
         for path in pages.pages()}
README = PAGES["README.md"]
every_page = pytest.mark.parametrize("page", PAGES)


def blocks(language, text=README):
    """Returns the code blocks of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(script):
    """Returns all commands of a kind that pages show, in blocks or lines."""
    return sorted({found for text in PAGES.values() for found in re.findall(
        rf"(?:`|^|\s)(?:\./|\.venv/bin/python )({script}[^`\n|]*)", text,
        re.MULTILINE)})


def lines(name, **cells):
    """Returns the lines of a table in `docs/` that have such cells."""
    found = [line for line in pages.read(pages.DOCS / f"{name}.csv")
             if all(line[key] == value for key, value in cells.items())]
    assert found
    return found


@pytest.mark.parametrize("block", blocks("python"))
def test_python_prints_what_it_says(block):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {})  # noqa: S102
    expected = re.findall(r"print\(.*\)  # (.*)", block)
    assert printed.getvalue().splitlines() == expected != []


@pytest.mark.parametrize("command", commands(r"mains/(?!apply)[\w-]+\.py"))
def test_flags_are_understood(command, here):
    script, *flags = shlex.split(command)
    # Wrong flags would end with 2, before a wrong data set ends it with 1.
    message = here(Path(script).name, *flags, "--dataset", "absent.npz",
                   status=1)
    assert "absent.npz" in message


@pytest.mark.long
@pytest.mark.parametrize("block", [
    block for block in blocks("console") if "./mains/" in block])
def test_commands_run_one_after_the_other(block, tmp_path):
    random = np.random.default_rng(0)
    for name in "my-data.npz", "new-data.npz":
        np.savez(tmp_path / name,
                 x_train=random.random((300, 28, 28)),
                 y_train=np.arange(300) % 2, y_test=np.arange(20) % 2,
                 x_test=random.random((20, 28, 28)))
    for command in re.findall(r"^\./(mains/.*)$", block, re.MULTILINE):
        script, *flags = shlex.split(command)
        if Path(script).stem == "apply":
            flags += ["--output", f"{len(command)}.csv"]
        else:  # the last of a flag counts: a small set, and one epoch
            flags += ["--dataset", "my-data.npz", "--epochs", "1"]
        if "--other" in flags:
            flags += ["--other", "new-data.npz"]
        done = subprocess.run(
            [sys.executable, ROOT / script, *flags], cwd=tmp_path, text=True,
            capture_output=True, env={**os.environ, "DISPLAY": ""})
        assert done.returncode == 0, (command, done.stderr)


def test_set_up_installs_what_make_does():
    file, = re.findall(r"pip install -r (\S+)", README)
    done = subprocess.run(["make", "--dry-run", "--always-make", "run"],
                          cwd=ROOT, text=True, capture_output=True)
    assert file in done.stdout and (ROOT / file).exists()


@pytest.mark.parametrize("target", sorted({
    target for text in PAGES.values() for target in re.findall(
        r"(?:^|`|folder )make ([\w-]+)", text, re.MULTILINE)}))
def test_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(),
                     re.MULTILINE)


@pytest.mark.parametrize("command", commands(r"benchmarks/\w+\.py"))
def test_parts_of_benchmarks_exist(command):
    script, *parts = command.split()
    assert os.access(ROOT / script, os.X_OK)
    assert set(parts) <= {**ROWS, **throughput.PARTS}.keys()


@every_page
def test_tables_and_figures_are_those_measured(page):
    assert pages.fill(PAGES[page]) == PAGES[page]


@every_page
def test_no_figure_but_those_measured(page):
    text = pages.FIGURE.sub("", PAGES[page])
    for name in pages.TABLES:
        text = re.sub(rf"<!-- {name} -->.*?<!-- end of {name} -->", "", text,
                      flags=re.DOTALL)
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
    text = re.sub(
        r"(Python|Keras|Keras 3 before|Linux|TensorFlow) \d\.\d+", "", text)
    assert re.findall(r"\d+\.\d+", text) == []


def anchors(text):
    """Returns the names by which links lead to a page's headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@every_page
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        path = (ROOT / page).parent / path if path else ROOT / page
        assert path.exists(), link
        if anchor:
            assert anchor in anchors(path.read_text()), link


def test_every_picture_is_shown_and_none_is_large():
    for picture in pages.DOCS.rglob("*.png"):
        assert any(picture.name in text for text in PAGES.values()), picture
    for path in [*pages.DOCS.rglob("*"), *(ROOT / "tests").rglob("*")]:
        if path.is_file() and path.suffix != ".html":
            assert path.stat().st_size < 700 * 1024, path


def test_readme_is_a_page():
    assert len(README.splitlines()) <= 150


def test_every_room_has_its_place():
    text, uses = PAGES["CONTRIBUTING.md"], {}
    for path in (ROOT / "mains" / "lab").glob("*.py"):
        if path.stem != "__init__":
            assert f"`{path.name}`" in text
            imported = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and (
                        node.module == "lab"):
                    imported |= {name.name for name in node.names}
                elif isinstance(node, ast.ImportFrom) and (
                        node.module.startswith("lab.")):
                    imported.add(node.module.removeprefix("lab."))
            uses[path.stem] = imported
    [*graphlib.TopologicalSorter(uses).static_order()]  # raises at a circle


def test_rows_of_the_results():
    known = {line["row"] for line in lines("results")}
    assert known <= set(ROWS)
    assert known >= {name for name, row in ROWS.items() if not row.long}
    for line in lines("results"):
        assert line["command"] == f"./mains/{ROWS[line['row']].command}"
    # Without names, `make reproduce` trains for about an hour.
    seconds = {line["row"]: float(line["seconds"]) * ROWS[line["row"]].seeds
               for line in lines("results") if not ROWS[line["row"]].long}
    assert sum(seconds.values()) < 4000
    assert reproduce.RESULTS == pages.DOCS / "results.csv"


def test_sizes_in_the_text():
    _, _, dense = factory("0-vanilla")(784, [128, 64], 32)
    _, _, convolutional = factory("2-convolutional")(
        (28, 28, 1), [16, 8, 8], (4, 4, 8))
    for name, model in (("vanilla", dense), ("convolutional", convolutional)):
        assert pages.look_up("concepts", f"figure=weights of {name}; value"
                             ) == f"{model.count_params():,}"


def test_floor_of_the_cross_entropy(mnist):
    p = np.clip(mnist[1].astype("float64"), 1e-12, 1 - 1e-12)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()
    assert float(pages.look_up(
        "concepts", "figure=floor of the cross-entropy; value"
    )) == pytest.approx(entropy, rel=1e-3)


def obtained(row, epochs, figure=PIXEL):
    """Returns a figure of the results."""
    line, *_ = lines("results", row=row, epochs=str(epochs), figure=figure)
    return float(line["obtained"])


def test_depth_and_schedule_help_most():
    assert obtained("simple", 100) > obtained("deep", 20)
    assert obtained("best", 50) < obtained("deep", 100)
    assert obtained("variational-schedule", 50, ELBO) < obtained(
        "variational", 50, ELBO)
    distorted, *_ = lines("results", row="hinton-distorted")
    assert float(distorted["obtained"]) < obtained("hinton", 150, ERROR)


def test_pretraining_helps_where_labels_are_few():
    *few, every = lines("results", row="classify")
    for line in few:
        assert float(line["obtained"]) < float(line["reference"])
    assert every["source"] == "from scratch"
    assert float(every["obtained"]) > float(every["reference"])


@pytest.mark.parametrize("row", ["one-label", "one-label-fashion"])
def test_codes_help_to_tell_a_label_from_the_rest(row):
    alone, *with_its_code = (line for line in lines("results", row=row)
                             if "labels trained on" in line["figure"])
    assert len(with_its_code) == 2
    for line in with_its_code:
        assert float(line["obtained"]) > max(
            float(alone["obtained"]), float(alone["reference"]))


def test_ours_is_better_in_every_use():
    for row in "denoise", "impute":
        for line in lines("results", row=row):
            assert float(line["obtained"]) < float(line["reference"])
    for line in lines("results", row="anomalies"):
        assert float(line["obtained"]) > float(line["reference"])


def test_fastest_backends():
    def speed(workload, contender, beside="times the course's speed"):
        line, = lines("bench-peers", workload=workload, contender=contender)
        assert line["counts"] == "yes"  # it learned as well as the others
        return float(line[beside])

    for dense in "0-vanilla", "3-variational":
        assert speed(dense, "ours, default") > 1
        assert speed(dense, "ours, default") > speed(dense, "ours, TensorFlow")
    assert speed("0-vanilla", "ours, default",
                 "times PyTorch's best speed") > 1
    assert speed("2-convolutional", "ours, JAX") < speed(
        "2-convolutional", "ours, default")


def test_cost_of_the_penalty():
    assert all(float(line["times vanilla's"]) < 4
               for line in lines("bench-penalty"))
