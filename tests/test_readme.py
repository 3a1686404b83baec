"""What the pages say, against what the code does and what was measured."""
import contextlib
import functools
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
from rows import ROWS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {str(path.relative_to(ROOT)): path.read_text()
         for path in pages.pages()}
README = PAGES["README.md"]
every_page = pytest.mark.parametrize("page", PAGES)


def commands(script, text=None):
    """Returns all commands of a kind that pages show, in blocks or lines."""
    found = re.findall(
        rf"(?:`|^|\s)(?:\./|\.venv/bin/python )({script}[^`\n|]*)",
        text or "\n".join(PAGES.values()), re.MULTILINE)
    return [*dict.fromkeys(found)]


def test_python_prints_what_it_says():
    block, = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
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
def test_commands_run_one_after_the_other(tmp_path):
    random = np.random.default_rng(0)
    for name in "my-data.npz", "new-data.npz":
        np.savez(tmp_path / name,
                 x_train=random.random((300, 28, 28)),
                 y_train=np.arange(300) % 2, y_test=np.arange(20) % 2,
                 x_test=random.random((20, 28, 28)))
    for command in commands("mains/", README):
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


@pytest.mark.parametrize("target", sorted({*re.findall(
    r"(?:^|`|folder )make ([\w-]+)", "\n".join(PAGES.values()), re.MULTILINE)
}))
def test_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(),
                     re.MULTILINE)


@pytest.mark.parametrize("command", commands(r"benchmarks/\w+\.py"))
def test_benchmark_exists(command):
    script, *parts = command.split()
    assert os.access(ROOT / script, os.X_OK)
    assert {part for part in parts if part.islower()} <= {*ROWS}


@every_page
def test_tables_are_those_measured(page):
    assert pages.fill(PAGES[page]) == PAGES[page]


@every_page
def test_exact_numbers_stand_in_tables_only(page):
    versions = (r"(Python|Keras 3 before|Linux|TensorFlow) \d\.\d+"
                r"( to \d\.\d+)?")
    elsewhere = r"```.*?```|`[^`]*`|^\|.*?$|^<.*?$|\]\([^)]*\)"
    text = re.sub(f"{versions}|{elsewhere}", "", PAGES[page],
                  flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r"\d+\.\d+", text) == []


def anchors(text):
    """Returns the names by which links lead to a page's headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@every_page
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(\s*([^)]+)\)", PAGES[page]):
        path, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        path = (ROOT / page).parent / path if path else ROOT / page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path.read_text()), link


def test_every_picture_is_shown_and_none_is_large():
    for picture in pages.DOCS.rglob("*.png"):
        assert any(picture.name in text for text in PAGES.values()), picture
        assert picture.stat().st_size < 700 * 1024, picture


def test_readme_fits_a_screen_and_names_every_module_and_script():
    for line in re.sub(r"```.*?```", "", README, flags=re.DOTALL).split("\n"):
        assert len(line) <= 100 or line.startswith("|"), line
    for path in [*ROOT.glob("[0-9]-*.py"), *ROOT.glob("mains/*.py")]:
        assert path.name in README, path


def test_contributing_names_every_room():
    for path in (ROOT / "mains" / "lab").rglob("*.py"):
        name = path.relative_to(ROOT / "mains" / "lab")
        assert path.stem == "__init__" or (
            f"`{name}`" in PAGES["CONTRIBUTING.md"]
            or f"`{name.parent}/`" in PAGES["CONTRIBUTING.md"]), name


def number(table, column, *texts):
    """Returns a number from the first line of a table with such texts."""
    line = next(line for line in pages.read(pages.DOCS / f"{table}.csv")
                if all(text in "|".join(["", *line.values()])
                       for text in texts))
    return float(line[column].replace(",", ""))


def cited(row, which=None):
    """Returns what others report: for a row's metric, or after epochs."""
    return next(float(others[0][0]) for name, _, *others in ROWS[row].metrics
                if others and which in (None, name))


set_up = functools.partial(number, "set-up", "value")
lesson = functools.partial(number, "concepts", "value")
ours = functools.partial(number, "results", "obtained")
theirs = functools.partial(number, "results", "reference")
epoch = functools.partial(number, "bench-peers", "seconds an epoch")
course = functools.partial(number, "bench-peers", "times the course's speed")
pytorch = functools.partial(number, "bench-peers",
                            "times PyTorch's best speed")
FIRST = "mean_of_first_ten_codes"
VANILLA, CONVOLUTIONAL, VARIATIONAL = (
    f"|{module}|ours, default|"
    for module in ("0-vanilla", "2-convolutional", "3-variational"))

# What the prose of a page states, and the numbers by which that is true.
STATEMENTS = {
    "half a gigabyte to download": lambda: 400 < set_up("downloaded") < 600,
    "over two gigabytes on disk": lambda: set_up("installed") > 2048,
    "under two minutes": lambda:
        set_up("to install") + set_up("to train") < 120,
    "lower errors on digits, and also on clothes": lambda: all(
        lesson(f"|{size} {what}") < lesson(f"|simple {what}")
        for size in ("complete", "overcomplete")
        for what in ("digits", "clothes")),
    "in only a quarter more": lambda: 1.2 < lesson(
        "|bytes of an image without loss") / lesson("|bytes of a code") < 1.3,
    "a third of PCA's error is left with 32 numbers": lambda: 0.3 < ours(
        "|sizes|", "code of 32|") / theirs("|sizes|", "code of 32|") < 0.37,
    "over two thirds with 2 and with 128": lambda: all(
        ours("|sizes|", size) / theirs("|sizes|", size) > 2 / 3
        for size in ("code of 2|", "code of 128|")),
    "in all three layers, about half": lambda: all(
        45 < lesson(f"layer {layer}") < 55 for layer in (1, 2, 3)),
    "a fiftieth of the dense module's weights": lambda: 45 < lesson(
        "weights of vanilla") / lesson("weights of convolutional") < 55,
    "its error is higher": lambda: ours("|convolutional|") > ours("|vanilla|"),
    "cross-entropy wins by both measures": lambda: all(
        lesson(f"with cross-entropy: {loss}")
        < lesson(f"with squared error: {loss}")
        for loss in ("cross-entropy", "squared error")),
    "With `1e-4`, more than half of the code is 0": lambda:
        lesson("sparse weight") == 1e-4 and lesson("chosen zeros") > 0.5,
    "No unit of these codes is **dead**": lambda:
        lesson("chosen dead") == lesson("heaviest dead") == 0,
    "half of 32 units": lambda: 0.45 < lesson("sparse deep dead") < 0.55,
    "less than a tenth is left after repair": lambda:
        ours("|denoising|") < 0.1 * theirs("|denoising|"),
    "half as far as the vanilla module's": lambda:
        0.45 < ours("|contractive|") / theirs("|contractive|") < 0.55,
    "about as close as a test image": lambda:
        lesson("blended pixels") > 1.2 * lesson("blended codes") > 1.18 * (
            lesson("distance of test images")),
    "vanilla samples are farther": lambda:
        lesson("vanilla samples") > 1.2 * lesson("variational samples"),
    "within a hundredth of a nat": lambda:
        abs(lesson("kl by the formula") - lesson("kl by sampling")) < 0.01,
    "over four fifths; with codes of two numbers, under two thirds": lambda:
        lesson("in t-SNE") > 0.8 and all(lesson(
            f"of two numbers {kind}") < 2 / 3
            for kind in ("vanilla", "variational")),
    "**Losses are lower**": lambda: all(
        ours(f"|{row}|", f"|{epochs}|") < cited(row, epochs)
        for row, epochs in (
            ("simple-adadelta", 50), ("simple-adadelta", 100),
            ("deep-adadelta", 100), ("deep-fashion", 50), ("deep", 50))),
    "there the two means are closer": lambda: (
        ours("|sparse|", "first ten") / cited("sparse", FIRST)
        < ours("|vanilla|", "first ten") / cited("vanilla", FIRST)),
    "reaches the course's loss": lambda:
        abs(ours("|variational|") - cited("variational")) < 0.5,
    "after 20 epochs are better than one layer after 100": lambda:
        ours("|deep|", "|20|") < ours("|simple|", "|100|"),
    "does not reach in 100": lambda: ours("|best|") < ours("|deep|", "|100|"),
    "gains as well": lambda:
        ours("|variational-schedule|") < ours("|variational|"),
    "the lowest error, below theirs": lambda: ours("|hinton-distorted|") < min(
        ours("|hinton|"), cited("hinton-distorted")),
    "Pretraining helps if few images have labels": lambda: all(
        ours("|classify|", few) < theirs("|classify|", few)
        for few in ("100 labels", "1000 labels", "10000 labels")),
    "network from scratch is better": lambda:
        ours("|classify|", "60000 labels") > theirs(
            "|classify|", "60000 labels|", "|from scratch|"),
    "better than the error alone": lambda: all(
        ours(row, "trained on", score) > max(
            ours(row, "trained on|"), theirs(row, "trained on|"))
        for row in ("|one-label|", "|one-label-fashion|")
        for score in ("plus its code", "times its code")),
    "most of the code is 0": lambda: ours("|sparse-code|", "zeros") > 0.5,
    "JAX for dense modules, TensorFlow for the convolutional one": lambda: all(
        epoch(module) < epoch(module.replace("default", other))
        for module, other in ((VANILLA, "TensorFlow"), (CONVOLUTIONAL, "JAX"),
                              (VARIATIONAL, "TensorFlow"))),
    "vanilla module trains more than twice as fast as in the course, and "
    "faster than in PyTorch": lambda:
        course(VANILLA) > 2 and pytorch(VANILLA) > 1,
    "one and a half times as fast as the course and level with PyTorch":
        lambda: course(VARIATIONAL) > 1.5
        and 0.95 < pytorch(VARIATIONAL) < 1.05,
    "at most a quarter longer than the steps alone": lambda: all(
        epoch(module) < 1.25 * epoch(
            module.replace("ours, default", "JAX, steps alone"))
        for module in (VANILLA, VARIATIONAL)),
    "convolutional module trains more than twice as fast as in the course, "
    "level with PyTorch": lambda: course(CONVOLUTIONAL) > 2
        and 0.95 < pytorch(CONVOLUTIONAL) < 1.05,
    "better on average than by the nearest neighbours": lambda: number(
        "one-class", "0-vanilla", "|mean|") > number(
            "one-class", "nearest neighbours", "|mean|"),
    "rebuilds the held-out rows of all three better": lambda: all(
        number("tables", "obtained", f"|{table}|", "variance")
        < number("tables", "PCA", f"|{table}|", "variance")
        for table in ("breast_cancer", "wine", "digits")),
    "less than four times as long": lambda: all(
        number("bench-penalty", "times vanilla's", backend) < 4
        for backend in ("tensorflow", "jax")),
}


@pytest.mark.parametrize("words", STATEMENTS)
def test_statement_is_true(words):
    assert words in " ".join(" ".join(PAGES.values()).split())
    assert STATEMENTS[words]()
