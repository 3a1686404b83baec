"""Folders of runs: none is overwritten, none goes on where it should not."""
import json
import shutil

import keras
import numpy as np
import pytest
from data_files import archive, rows
from lab.errors import InputError
from lab.files import claimed
from lab.runs import Run
from lab.settings import PARTS
from scripts import changed, config, files, history, metrics

pytestmark = pytest.mark.usefixtures("eager")


def test_the_same_command_again_takes_another_folder(
        finished, here, tmp_path):
    first, arguments = finished
    before = files(first)
    printed = here("0-main.py", *arguments).splitlines()[0]
    assert "runs/0-vanilla-2" in printed
    assert "runs/0-vanilla is taken" in printed
    again = files(first.with_name("0-vanilla-2"))
    assert set(again) == set(before)
    for name in before:
        if name.endswith((".csv", ".png")):
            assert again[name] == before[name]
    assert files(first) == before
    # An empty folder is free; --resume goes on with the last run, also where
    # one before it is gone.
    (tmp_path / "runs" / "0-vanilla-3").mkdir()
    assert "runs/0-vanilla-2" in here(
        "0-main.py", *arguments, "--resume").splitlines()[0]
    assert files(first) == before
    first.rename(tmp_path / "elsewhere")
    assert "runs/0-vanilla-2" in here(
        "0-main.py", *arguments, "--resume").splitlines()[0]


@pytest.mark.parametrize("interrupted", [False, True])
def test_named_folder_that_holds_a_run(interrupted, finished, here, tmp_path):
    folder, arguments = finished
    folder = folder.rename(tmp_path / "mine")
    arguments += "--output", "mine"
    if interrupted:
        (folder / "auto.keras").unlink()
    before = files(folder)
    error = here("0-main.py", *arguments, status=1)
    assert "mine" in error and "--resume" in error and "--overwrite" in error
    here("0-main.py", *arguments, "--resume", "--overwrite", status=2)
    assert files(folder) == before
    if interrupted:
        return
    (folder / "old.png").write_text("of the run before")
    here("0-main.py", *arguments, "--overwrite", "--seed", 1)
    assert not (folder / "old.png").exists()
    assert config(folder)["settings"]["seed"] == 1


@pytest.mark.parametrize("flags", [[], ["--overwrite"], ["--resume"]])
def test_folder_that_is_not_a_runs(flags, small, here, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    error = here("0-main.py", "--dataset", small, "--output", "mine", *flags,
                 status=1)
    assert "mine" in error
    assert files(tmp_path / "mine") == {"thesis.txt": b"years of work"}


@pytest.mark.parametrize("text", [
    '{"model_type": "bert"}', "[1]", "no: json"])
@pytest.mark.parametrize("flags", [[], ["--overwrite"], ["--resume"]])
def test_folder_of_another_project(text, flags, small, here, tmp_path):
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text(text)
    error = here("0-main.py", "--dataset", small, "--output", "bert", *flags,
                 status=1)
    assert "bert " in error
    assert (tmp_path / "bert" / "config.json").read_text() == text


@pytest.mark.parametrize("name", ["0-main.py", "anomalies.py", "sizes.py"])
def test_overwrite_spares_the_data(name, small, here, tmp_path):
    sizes = ["--sizes", 2] * (name == "sizes.py")
    here(name, "--dataset", small, "--epochs", 1, "--limit", 60, "--output",
         "run", *sizes)
    shutil.copy(small, tmp_path / "run" / "mine.npz")
    before = files(tmp_path / "run")
    flag = ["--dataset", small, "--other"] * (name[0] == "a") or ["--dataset"]
    error = here(name, *flag, "run/mine.npz", "--output", "run",
                 "--overwrite", status=1)
    assert "mine.npz" in error and files(tmp_path / "run") == before


def test_other_settings_are_refused(finished, here):
    folder, arguments = finished
    before = files(folder)
    assert "seed=0" in here(
        "0-main.py", *arguments, "--resume", "--seed", 1, status=1)
    assert files(folder) == before


def test_fewer_epochs_than_were_trained(finished, here):
    folder, arguments = finished
    here("0-main.py", *arguments, "--resume", "--epochs", 2)
    before = files(folder)
    error = here("0-main.py", *arguments, "--resume", status=1)
    assert "2 epochs" in error and "--epochs 1" in error
    assert files(folder) == before
    # Of an interrupted run, the model says how many there were.
    (folder / "metrics.json").unlink()
    before = files(folder)
    error = here("0-main.py", *arguments, "--resume", status=1)
    assert "2 epochs" in error
    after = files(folder)
    assert {name for name in before if before[name] != after.get(name)} <= {
        "config.json"}


def test_other_versions_are_refused(finished, here):
    folder, arguments = finished
    versions = config(folder)["versions"]
    assert versions["backend"] == keras.backend.backend()
    arguments += "--resume", "--epochs", 2
    for name in "backend", "keras", "numpy":
        with changed(folder / "config.json") as content:
            content["versions"] = {**versions, name: "another"}
        before = files(folder)
        error = here("0-main.py", *arguments, status=1)
        assert "another" in error and "--other-versions" in error
        assert files(folder) == before
    here("0-main.py", *arguments, "--other-versions")


def test_folders_are_claimed(tmp_path):
    default = tmp_path / "run"
    with claimed(None, default) as one:
        assert one == default
        with claimed(None, default) as two:
            assert two == tmp_path / "run-2"
            (two / "config.json").write_text(json.dumps(
                dict.fromkeys(PARTS, {})))
        with pytest.raises(InputError, match="run"), \
                claimed(default, default):
            pass
        (one / "thesis.txt").touch()
    with claimed(None, default) as three:
        assert three == tmp_path / "run-3"
    assert not three.exists()  # nothing was written
    with claimed(None, tmp_path / "new", resume=True) as new:
        assert new == tmp_path / "new"


def test_run_is_read_back(finished, small, here):
    folder, arguments = finished
    run = Run.load(folder)
    assert run.settings == config(folder)["settings"]
    assert run.metrics == metrics(folder)
    assert [{name: str(value) for name, value in row.items()}
            for row in run.history] == history(folder)
    assert run.data.shape == (28, 28, 1) and run.data.name == str(small)
    assert run.batches is run.test is run.classes is run.classifier is None
    assert "model" not in vars(run)  # is loaded when it is needed
    codes = run.model.code(rows(small)[1][:10])
    assert codes.mean() == pytest.approx(
        run.metrics["mean_of_first_ten_codes"], rel=1e-5)
    quantiles = run.metrics["score_quantiles"]
    assert run.scores.threshold(0.05) == pytest.approx(quantiles["0.95"])
    scores, _ = run.score_and_rebuild(rows(small)[1])
    np.testing.assert_allclose(np.sort(scores), run.scores.unseen, rtol=1e-4)
    # Its command is that of a run to the same end.
    backend, script, *words = run.command
    assert backend == f"KERAS_BACKEND={keras.backend.backend()}"
    here(script.rpartition("/")[2], *words, "--output", "again")
    assert metrics(folder.parents[1] / "again") == run.metrics


def test_config_repeats_a_run(eager, small, here, tmp_path):
    here("4-main.py", "--dataset", small, "--epochs", 2, "--limit", 60,
         "--hidden", 9, 7, "--latent", 5, "--seed", 3, "--masking",
         "--noise", 0.25, "--schedule", "cosine", "--learning-rate", 0.002,
         "--output", "one")
    repeat = "4-main.py", "--config", "one/config.json"
    here(*repeat, "--output", "two")
    assert metrics(tmp_path / "one") == metrics(tmp_path / "two")
    assert history(tmp_path / "one") == history(tmp_path / "two")
    # Other flags take precedence.
    assert "absent.npz" in here(*repeat, "--dataset", "absent.npz", status=1)
    # The same path, other data: not a repetition.
    with changed(tmp_path / "one" / "config.json") as content:
        content["settings"]["dataset"] = "other.npz"
    archive(tmp_path, "other.npz", x_train=np.zeros((60, 28, 28)),
            x_test=np.ones((50, 28, 28)))
    error = here(*repeat, "--output", "four", status=1)
    assert "other.npz" in error and not (tmp_path / "four").exists()
