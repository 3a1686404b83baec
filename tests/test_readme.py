"""What the README says, against what the code does."""
import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
import pytest
import reproduce
from cases import factory

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


def test_what_is_said_of_reproducing():
    seconds = {line["row"]: float(line["seconds"]) * row.seeds
               for line in reproduce.read(reproduce.RESULTS)
               for row in [reproduce.ROWS[line["row"]]] if not row.long}
    assert "of these models again, in an hour" in README
    assert sum(seconds.values()) < 3600
    others = " ".join(name for name, row in reproduce.ROWS.items() if row.long)
    assert f"`./benchmarks/reproduce.py {others}`" in README


def test_size_of_the_modules():
    lengths = [len(path.read_text().splitlines())
               for path in ROOT.glob("[0-9]-*.py")]
    assert len(lengths) == 6
    assert f"none longer than {max(lengths)} lines" in README


def test_table_and_figures_are_the_results():
    assert pages.fill(README) == README
    rows = {line["row"] for line in reproduce.read(reproduce.RESULTS)}
    assert rows <= set(reproduce.ROWS)
    assert rows >= {name for name, row in reproduce.ROWS.items()
                    if not row.long}


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
    assert "better than means, nearest neighbours and iterated regressio" in (
        README)
    lines = [line for line in reproduce.read(reproduce.RESULTS)
             if line["row"] == "impute"]
    assert len(lines) == 4
    for line in lines:
        assert float(line["obtained"]) < float(line["reference"])


def test_what_is_said_of_speed():
    lines = {(line["workload"], line["contender"]): line
             for line in pages.read(pages.DOCS / "bench-peers.csv")}
    assert all(line["counts"] == "yes" for line in lines.values())

    def number(name, workload, contender):
        return float(lines[workload, contender][name].rstrip("%"))

    course, torch = "times the course's speed", "times PyTorch's best speed"
    assert "more than twice as fast as the course's way" in README
    assert number(course, "0-vanilla", "ours, JAX") > 2
    assert "and faster than PyTorch. The convolutional module wants Ten" in (
        README)
    assert number(torch, "0-vanilla", "ours, JAX") > 1
    assert number(torch, "3-variational", "ours, JAX") > 1
    assert "PyTorch with channels last is faster still" in README
    assert number(course, "2-convolutional", "ours, JAX") < number(
        course, "2-convolutional", "ours, TensorFlow") < number(
            course, "2-convolutional", "PyTorch, tuned")


def test_what_is_said_of_the_convolutional_step():
    _, alone, *layers = pages.read(pages.DOCS / "bench-layers.csv")
    assert "is less than 1.3 times as fast as the course's way all" in README
    assert alone["contender"] == "a whole step"
    assert 1 < float(alone["times the course's speed"]) < 1.3
    assert "more than a third goes into the two convolutions at" in README
    seconds = [float(line["milliseconds a step"]) for line in layers]
    assert [line["contender"] for line in layers[::len(layers) - 1]] == [
        "Conv2D", "Conv2D"]
    assert 1 / 3 < (seconds[0] + seconds[-1]) / sum(seconds) < 0.5


def test_what_is_said_of_several_processes():
    assert "Two processes are more than 1.5 times as fast as one" in README
    _, small, _, large = pages.read(pages.DOCS / "bench-hosts.csv")
    assert min(float(small["speed-up"]), float(large["speed-up"])) > 1.5
    assert "(0.9 MB)" in README
    _, _, auto = factory("0-vanilla")(784, [128, 64], 32)
    assert round(4 * auto.count_params() / 1e6, 1) == 0.9
