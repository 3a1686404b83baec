"""What the README says, against what the code does."""
import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cases import factory

from benchmarks import reproduce

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    """Returns the README's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"))
def test_python_prints_what_it_says(block):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {})  # noqa: S102
    expected = re.findall(r"print\(.*\)  # (.*)", block)
    assert printed.getvalue().splitlines() == expected != []


@pytest.mark.long
@pytest.mark.parametrize("command", re.findall(
    r"^\./mains/.*$", "".join(blocks("console")), re.MULTILINE))
def test_command_runs(command, tmp_path):
    random = np.random.default_rng(0)
    np.savez(tmp_path / "small.npz",
             x_train=random.random((300, 28, 28)), y_train=np.arange(300) % 2,
             x_test=random.random((20, 28, 28)), y_test=np.arange(20) % 2)
    script, *flags = command.split()
    # The last of a flag counts: a small set, and one epoch.
    flags += ["--dataset", "small.npz", "--epochs", "1"]
    if "--other" in flags:
        flags += ["--other", "small.npz"]
    done = subprocess.run(
        [sys.executable, ROOT / script, *flags], cwd=tmp_path, text=True,
        capture_output=True, env={**os.environ, "DISPLAY": ""})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", re.findall(
    r"(?:^|`)make ([\w-]+)", README, re.MULTILINE))
def test_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(),
                     re.MULTILINE)


def test_table_and_figures_are_the_results():
    results = reproduce.read(reproduce.RESULTS)
    counts = reproduce.read(reproduce.PROMISES)
    assert reproduce.fill(README, results, counts) == README
    rows = {line["row"] for line in results}
    assert rows <= set(reproduce.ROWS)
    assert rows >= {name for name, row in reproduce.ROWS.items()
                    if not row.long}
    assert len(counts) >= 4


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    for link in links:
        assert link.startswith("https://") or (ROOT / link).exists(), link


def test_sizes_in_the_text():
    assert "4,385 weights where the dense one has 222,384" in README
    _, _, dense = factory("0-vanilla")(784, [128, 64], 32)
    _, _, convolutional = factory("2-convolutional")(
        (28, 28, 1), [16, 8, 8], (4, 4, 8))
    assert (convolutional.count_params(), dense.count_params()) == (
        4385, 222384)


def test_floor_of_the_cross_entropy(mnist):
    assert "below 0.0581 nats per pixel" in README
    p = np.clip(mnist[1].astype("float64"), 1e-12, 1 - 1e-12)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()
    assert round(entropy, 4) == 0.0581


def test_what_is_said_of_depth_and_schedule():
    loss = {(line["row"], line["epochs"]): float(line["obtained"])
            for line in reproduce.read(reproduce.RESULTS)
            if line["figure"] == reproduce.PIXEL}
    assert "(`--hidden` without sizes) is behind the deep one after 20" in (
        README)
    assert loss["simple", "100"] > loss["deep", "20"]
    assert "lower in 50 epochs than 100 without" in README
    assert loss["best", "50"] < loss["deep", "100"]


def test_what_is_said_of_missing_values():
    assert "for [a block](data/impute-filled-a-block.png) that is missing" in (
        README)
    for line in reproduce.read(reproduce.RESULTS):
        if line["row"] == "impute":
            worse = float(line["obtained"]) > float(line["reference"])
            assert worse == line["figure"].endswith("a block")
