"""What a run was asked to do: written, read, compared and repeated."""
import json
import os
import shlex
import sys
from pathlib import Path

import pytest
from cases import MODULES
from lab import command_line, settings
from lab.errors import InputError
from scripts import SCRIPTS

APPLICATION = {"model": "4-denoising", "hidden": [512, 256], "latent": 32,
               "noise": 0.5, "masking": False}
CONFIG = {"settings": {"main": "0-vanilla", "module": "0-vanilla", "epochs": 3,
                       "seed": 0},
          "dataset": {"sha256": "12"},
          "versions": {"backend": "jax", "numpy": "2.0"}}


def parse(monkeypatch, name, words, **flags):
    """Reads words as the command line of a script."""
    monkeypatch.setattr(sys, "argv", ["", *words])
    return command_line.parse("", name, **flags)


def test_settings_name_what_the_rest_needs(monkeypatch):
    args = parse(monkeypatch, "1-sparse", [
        "--dataset", "t.csv", "--label", "kind", "--limit", "9",
        "--output", "here", "--drop", "a", "--drop", "b"])
    assert args.data == {"name": "t.csv", "limit": 9, "label": "kind",
                         "names": None, "drop": ["a", "b"], "seed": 0,
                         "split": "random"}
    assert args.folder == Path("here") and "output" not in args.flags
    assert args.flags["lambtha"] == MODULES["1-sparse"].arguments["lambtha"]
    changed = args.changed(latent=7, hidden=[3])
    assert args.latent != 7 and args.main == changed.main == "1-sparse"
    encoder, _, _ = changed.builder((5,))()
    assert [layer.units for layer in encoder.layers[1:]] == [3, 7]
    encoder, _, _ = changed.builder((5,), "3-variational")()
    assert len(encoder.outputs) == 3


class Table:
    """A data set that is scaled by column."""

    def __init__(self, rows, columns, by_column=True):
        self.train, self.size = range(rows), columns
        self.scaling = type("Scaling", (), {"by_column": by_column})


def test_what_suits_a_table(monkeypatch):
    args = parse(monkeypatch, "4-denoising", [])
    before = dict(args.flags)
    args.suit(Table(100, 7, by_column=False))
    assert args.flags == before and args.epochs == 50
    args.suit(Table(100, 7))
    assert (args.latent, args.keep, args.schedule) == (4, "best", "cosine")
    assert (args.batch_size, args.passes, args.epochs) == (64, 16, 40)
    assert args.noise < 0.1
    # What is given wins; an epoch that is asked for is one pass.
    args = parse(monkeypatch, "4-denoising", [
        "--epochs", "50", "--latent", "32", "--noise=0.5", "--keep", "last"])
    args.suit(Table(100, 7))
    assert (args.epochs, args.passes, args.latent) == (50, 1, 32)
    assert (args.noise, args.keep) == (0.5, "last")
    # Applications keep their sizes, but for a code larger than a row.
    args = parse(monkeypatch, "denoise", [], **APPLICATION)
    args.suit(Table(100, 7))
    assert (args.hidden, args.latent) == ([512, 256], 7)


@pytest.mark.parametrize("rows", [1, 35, 500, 3000, 10_000, 10_001, 10 ** 6])
def test_steps_that_suit_a_table(rows):
    found = settings.suited(rows, 9)
    steps = -(-rows * found["passes"] // found["batch_size"])
    assert found["latent"] == 5
    assert steps >= 12 and steps * found["epochs"] >= 1000
    assert found["passes"] * found["epochs"] >= 10
    assert steps * found["epochs"] <= max(
        1200, 11 * rows / found["batch_size"])


@pytest.mark.parametrize("name", [*MODULES, "denoise", "apply"])
def test_scripts_of_names(name):
    assert settings.script(name).removeprefix("mains/") in SCRIPTS


@pytest.mark.parametrize("name, words, flags", [
    ("0-vanilla", "--hidden --limit 5 --learning-rate 1e-3 --folds 2", {}),
    ("1-sparse", "--hidden 3 4 --dataset 'my images;' --distort", {}),
    ("2-convolutional", "--filters 3 4 --latent 7 7 4", {}),
    ("3-variational", "--binarize dynamic --samples 5 --schedule cosine",
     {"binarize": None, "samples": None}),
    ("4-denoising", "--masking --noise 0.25 --distort 0.5", {}),
    ("5-contractive", "--lambtha 0 --label=-1 --drop=--b --drop 'a b'", {}),
    ("denoise", "--model 5-contractive --lambtha 0.5", {
        **APPLICATION, "model": "0-vanilla"}),
    ("denoise", "--masking", APPLICATION),
    ("anomalies", "--other 'other images' --seed 3", {
        **APPLICATION, "other": None})])
def test_commands_repeat_settings(name, words, flags, tmp_path, monkeypatch):
    first = parse(monkeypatch, name, shlex.split(words), **flags)
    content = json.loads(json.dumps({**CONFIG, "settings": first.flags}))
    backend, script, *again = settings.command(content["settings"], "torch")
    assert backend == "KERAS_BACKEND=torch"
    assert script == f"./{settings.script(name)}"
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    for line in again, ["--config", str(path)]:
        assert parse(
            monkeypatch, name, line, **flags).flags == first.flags
    # What else is given takes precedence.
    more = parse(monkeypatch, name, [
        "--config", str(path), "--epochs", "77"], **flags)
    assert more.flags == {**first.flags, "epochs": 77}


@pytest.mark.parametrize("variable, expected", [
    ("", "torch"), ("tensorflow", "tensorflow")])
def test_a_run_is_repeated_on_its_backend(
        variable, expected, tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**CONFIG, "versions": {"backend": "torch"}}))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    monkeypatch.setenv("KERAS_BACKEND", variable)
    parse(monkeypatch, "0-vanilla", ["--config", str(path)])
    assert os.environ["KERAS_BACKEND"] == expected


@pytest.mark.parametrize("content", [
    None, "", "[]", "{}", '{"settings": {}}', "no JSON", json.dumps(
        {**CONFIG, "versions": 3})])
def test_files_that_are_no_settings(content, tmp_path, record_property):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match="config.json"):
        settings.read(path)
    record_property("bad inputs refused", 1)


def test_a_part_of_a_run_finds_its_settings(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    part = tmp_path / "fold-1"
    (part / "deeper").mkdir(parents=True)
    assert settings.home(tmp_path) == settings.home(part) == tmp_path
    assert settings.is_run(tmp_path) and not settings.is_run(part)
    with pytest.raises(InputError, match="deeper"):
        settings.home(part / "deeper")


@pytest.mark.parametrize("name, value", [
    ("seed", 1), ("epochs", 9), ("hidden", [8])])
def test_other_settings_are_named(name, value, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    args = parse(monkeypatch, "0-vanilla", [])
    settings.check_resumed(tmp_path, args, CONFIG, extendable=False)
    settings.check_resumed(tmp_path / "new", args, {}, extendable=False)
    new = {**CONFIG, "settings": {**CONFIG["settings"], name: value}}
    with pytest.raises(InputError, match=f"{name}="):
        settings.check_resumed(tmp_path, args, new, extendable=False)
    if name == "epochs":
        settings.check_resumed(tmp_path, args, new, extendable=True)
