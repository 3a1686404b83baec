"""Folders of runs: none is overwritten, none goes on where it should not."""
import json
import shutil
from pathlib import Path

import keras
import pytest
from lab import files
from lab.errors import InputError

pytestmark = pytest.mark.usefixtures("eager")


def content(folder):
    """Returns the bytes of every file in a folder."""
    return {path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def test_the_same_command_again_takes_another_folder(
        finished, here, tmp_path):
    first, arguments = finished
    before = content(first)
    printed = here("0-main.py", *arguments).splitlines()[0]
    assert "runs/0-vanilla-2" in printed
    assert "runs/0-vanilla is taken" in printed
    again = content(first.with_name("0-vanilla-2"))
    assert set(again) == set(before)
    for name in before:
        if name.suffix in (".csv", ".png"):
            assert again[name] == before[name]
    assert content(first) == before
    # An empty folder is free; --resume goes on with the last run, also where
    # one before it is gone.
    (tmp_path / "runs" / "0-vanilla-3").mkdir()
    assert "runs/0-vanilla-2" in here(
        "0-main.py", *arguments, "--resume").splitlines()[0]
    assert content(first) == before
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
    before = content(folder)
    error = here("0-main.py", *arguments, status=1)
    assert "mine" in error and "--resume" in error and "--overwrite" in error
    here("0-main.py", *arguments, "--resume", "--overwrite", status=2)
    assert content(folder) == before
    if interrupted:
        return
    (folder / "old.png").write_text("of the run before")
    here("0-main.py", *arguments, "--overwrite", "--seed", 1)
    assert not (folder / "old.png").exists()
    settings = json.loads((folder / "config.json").read_text())["settings"]
    assert settings["seed"] == 1


@pytest.mark.parametrize("flags", [[], ["--overwrite"], ["--resume"]])
def test_folder_that_is_not_a_runs(flags, small, here, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    error = here("0-main.py", "--dataset", small, "--output", "mine", *flags,
                 status=1)
    assert "mine" in error
    assert content(tmp_path / "mine") == {
        (tmp_path / "mine" / "thesis.txt").relative_to(tmp_path / "mine"):
        b"years of work"}


@pytest.mark.parametrize("config", [
    '{"model_type": "bert"}', "[1]", "no: json"])
@pytest.mark.parametrize("flags", [[], ["--overwrite"], ["--resume"]])
def test_folder_of_another_project(config, flags, small, here, tmp_path):
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text(config)
    error = here("0-main.py", "--dataset", small, "--output", "bert", *flags,
                 status=1)
    assert "bert holds files that are not a run's" in error
    assert (tmp_path / "bert" / "config.json").read_text() == config


@pytest.mark.parametrize("name", ["0-main.py", "anomalies.py", "sizes.py"])
def test_overwrite_spares_the_data(name, small, here, tmp_path):
    sizes = ["--sizes", 2] * (name == "sizes.py")
    here(name, "--dataset", small, "--epochs", 1, "--limit", 60, "--output",
         "run", *sizes)
    shutil.copy(small, tmp_path / "run" / "mine.npz")
    before = content(tmp_path / "run")
    flag = ["--dataset", small, "--other"] * (name[0] == "a") or ["--dataset"]
    error = here(name, *flag, "run/mine.npz", "--output", "run",
                 "--overwrite", status=1)
    assert "mine.npz" in error and content(tmp_path / "run") == before


def test_other_settings_are_refused(finished, here):
    folder, arguments = finished
    before = content(folder)
    assert "seed=0" in here(
        "0-main.py", *arguments, "--resume", "--seed", 1, status=1)
    assert content(folder) == before


def test_fewer_epochs_than_were_trained(finished, here):
    folder, arguments = finished
    here("0-main.py", *arguments, "--resume", "--epochs", 2)
    before = content(folder)
    error = here("0-main.py", *arguments, "--resume", status=1)
    assert "2 epochs" in error and "--epochs 1" in error
    assert content(folder) == before
    # Of an interrupted run, the model tells.
    (folder / "metrics.json").unlink()
    before = content(folder)
    error = here("0-main.py", *arguments, "--resume", status=1)
    assert "2 epochs" in error
    after = content(folder)
    assert {path for path in before if before[path] != after.get(path)} <= {
        Path("config.json")}


def test_other_versions_are_refused(finished, here):
    folder, arguments = finished
    path = folder / "config.json"
    config = json.loads(path.read_text())
    assert config["versions"]["backend"] == keras.backend.backend()
    arguments += "--resume", "--epochs", 2
    for name in "backend", "keras", "numpy":
        path.write_text(json.dumps({**config, "versions": {
            **config["versions"], name: "another"}}))
        before = content(folder)
        error = here("0-main.py", *arguments, status=1)
        assert "another" in error and "--other-versions" in error
        assert content(folder) == before
    here("0-main.py", *arguments, "--other-versions")


def test_folders_are_claimed(tmp_path):
    default = tmp_path / "run"
    with files.claimed(None, default) as one:
        assert one == default
        with files.claimed(None, default) as two:
            assert two == tmp_path / "run-2"
            (two / "config.json").write_text(json.dumps(
                dict.fromkeys(files.PARTS, {})))
        with pytest.raises(InputError, match="run"), \
                files.claimed(default, default):
            pass
        (one / "thesis.txt").touch()
    with files.claimed(None, default) as three:
        assert three == tmp_path / "run-3"
    assert not three.exists()  # nothing was written
    with files.claimed(None, tmp_path / "new", resume=True) as new:
        assert new == tmp_path / "new"
