"""Runs on tables by default commands: what they say, measure and compare."""
import csv

import numpy as np
import pytest
from cases import DENSE
from scripts import config, metrics
from test_interruption import kill_and_resume


def write(path, rows, *more):
    """Writes a table of numbers, with more columns if given."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([
            [*(f"c{place}" for place in range(rows.shape[1])),
             *(name for name, _ in more)],
            *([*row, *rest] for row, *rest in zip(
                rows, *(column for _, column in more)))])
    return path


def circle(count, seed=0):
    """Draws rows of four numbers that depend on one, along a curve."""
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi, count)
    return np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn),
                     np.sin(2 * turn)], axis=1).round(4)


def mixed(count, seed=0):
    """Draws rows of eight numbers that depend on two: some have heavy tails,
    one is constant, one has a single wild value."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, 2)) @ random.standard_normal((2, 8))
    rows[:, 0], rows[:, 1], rows[:, 2] = np.exp(2 * rows[:, 0]), 1e4, (
        1e-6 * rows[:, 2] - 3)
    rows[7, 3] = 1e6
    return rows


@pytest.mark.parametrize("name", [
    pytest.param(f"{name[0]}-main.py", marks=[] if name == "3-variational"
                 else pytest.mark.long) for name in DENSE])
def test_columns_of_every_kind_are_rebuilt(name, here, tmp_path):
    printed = here(name, "--dataset", write(tmp_path / "t.csv", mixed(500)))
    assert "8-128-64-" in printed and "squared error" in printed
    assert "Alarm" not in printed
    found = metrics(next((tmp_path / "runs").iterdir()))
    assert found["variance_rebuilt"] > 0.6
    if name == "3-main.py":
        assert found["kl_divergence"] > 1 and found["active_units"] >= 2


@pytest.mark.parametrize("rows, gains", [
    (circle(400), True), (circle(400) @ np.ones((4, 1)) * [1, 2, -3], False)])
def test_a_run_says_when_pca_is_as_good(rows, gains, here, tmp_path):
    printed = here("0-main.py", "--dataset", write(tmp_path / "t.csv", rows))
    folder = tmp_path / "runs" / "0-vanilla"
    found, settings = metrics(folder), config(folder)["settings"]
    ours, others = found["variance_rebuilt"], found["variance_rebuilt_by_PCA"]
    assert f"{ours:.1%}" in printed and f"{others:.1%}" in printed
    # A second line says when PCA is as good.
    assert sum("PCA" in line for line in printed.splitlines()) == 2 - gains
    assert (ours > others + 0.2) if gains else others > 0.999
    assert 1 <= found["best_epoch"] <= settings["epochs"]
    page = (folder / "report.html").read_text("utf-8")
    assert "variance rebuilt by PCA" in page


def test_held_out_anomalies_are_noticed(here, tmp_path):
    rows = circle(300)
    rows[-3:] = [[40, 0, 0, 0], [0, -60, 0, 0], [0, 0, 80, 0]]
    path = write(tmp_path / "t.csv", rows)
    few = "--epochs", 4, "--split", "last"
    assert "3 of 30" in here("0-main.py", "--dataset", path, *few)
    assert " of 30 " not in here(
        "0-main.py", "--dataset", write(path, circle(300)), *few)


def test_anomalies_without_labels_and_by_their_label(here, tmp_path):
    usual = write(tmp_path / "usual.csv", circle(200))
    odd = 2 * np.random.default_rng(0).random((40, 4)) - 1
    few = "--epochs", 40
    write(tmp_path / "odd.csv", odd)
    here("anomalies.py", "--dataset", usual, "--other", "odd.csv", *few)
    area = "Area under the ROC curve, "
    found = metrics(tmp_path / "runs" / "anomalies")[f"{area}odd.csv"]
    assert found["0-vanilla"] > 0.9
    # The same rows in one table, with text for labels.
    both = write(tmp_path / "both.csv", np.concatenate([circle(200), odd]), (
        "kind", [*["usual"] * 200, *["odd"] * 40]))
    printed = here("anomalies.py", "--dataset", both, "--label", "kind",
                   "--anomaly", "odd", "--output", "named", *few)
    assert "Training without" not in printed  # of others no model is trained
    found = metrics(tmp_path / "named")[f"{area}label odd"]
    assert found["0-vanilla"] > 0.9


@pytest.mark.long
def test_killed_runs_keep_their_best_epoch(tmp_path):
    path = write(tmp_path / "t.csv", mixed(300))
    kill_and_resume("0-main.py", ("--dataset", path), 3, tmp_path, seed=5)
