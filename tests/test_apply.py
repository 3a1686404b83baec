"""A trained model on new data: the same numbers, from any kind of source."""
import contextlib
import csv
import io
import json
import runpy
import shutil
import subprocess
import sys
import tracemalloc

import keras
import numpy as np
import pytest
from conftest import ROOT, eagerly
from lab import (
    building,
    command_line,
    datasets,
    finished,
    inputs,
    outputs,
    training,
)
from lab.errors import InputError
from PIL import Image

pytestmark = pytest.mark.usefixtures("eager")

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 8, 8), dtype="uint8")
COLUMNS = ["age", "weight", "height"]
SIZES = {"0-vanilla": {"hidden": [8], "latent": 3},
         "2-convolutional": {"filters": [4, 2], "latent_shape": None},
         "3-variational": {"hidden": [8], "latent": 2}}


def train(folder, dataset, module, *flags):
    """Trains a module for one epoch, without the pictures of its main."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [
            "", "--dataset", str(dataset), "--epochs", "1", "--batch-size",
            "20", "--output", str(folder), *flags])
        args = command_line.parse("", module, **SIZES[module])
    data = datasets.chosen(args)
    build = building.builder(args, data)
    for _ in training.trained(args, data, build, "hidden" in SIZES[module]):
        pass


def run_main(name, *arguments):
    """Runs a main in this process; returns its status and what it printed."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(
            out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", [name, *map(str, arguments)])
        patch.delenv("DISPLAY", raising=False)
        try:
            runpy.run_path(str(ROOT / "mains" / name), run_name="__main__")
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
            err.write(str(stop.code))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Returns a folder with runs of one epoch, and data."""
    folder = tmp_path_factory.mktemp("runs")
    np.savez(folder / "images.npz", x_train=IMAGES[:40], x_test=IMAGES[40:])
    table = np.random.default_rng(1).random((60, 3)) * [100, 80, 2] + [0, 9, 1]
    write_table(folder / "table.csv", COLUMNS, table)
    with eagerly():
        for module in SIZES:
            train(folder / module[0], folder / "images.npz", module)
        train(folder / "table", folder / "table.csv", "0-vanilla", "--names",
              "who")
    return folder


def write_table(path, columns, table):
    """Writes a table with a column of names."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["who", *columns], *(
            [f"row {number}", *line] for number, line in enumerate(table))])


@pytest.fixture
def apply(tmp_path, monkeypatch):
    """Returns a function that applies a run, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def written():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size)
                for path in tmp_path.rglob("*")}

    def apply(run, source, what, *flags, status=0):
        before = written()
        code, out, err = run_main(
            "apply.py", run, source, "--what", what, *flags)
        assert code == status, err
        if status:
            assert "\n" not in err.strip().splitlines()[-1]
            assert written() == before
        return (err if status else out), err
    return apply


def table_of(text):
    """Returns header, names and numbers of a table's text."""
    header, *lines = csv.reader(io.StringIO(text))
    return header, [line[0] for line in lines], np.array(
        [line[1:] for line in lines]).astype("float64")


def models(folder):
    """Loads the models of a run."""
    return [keras.saving.load_model(folder / f"{name}coder.keras")
            for name in ("en", "de")]


def expected(folder, scaled):
    """Computes codes, reconstructions and scores in the plain way."""
    encoder, decoder = models(folder)
    parts = encoder.predict(
        scaled.reshape(-1, *encoder.input_shape[1:]), verbose=0)
    code, divergence = parts, 0
    if isinstance(parts, list):
        _, code, log_var = parts
        divergence = 0.5 * (code ** 2 + np.exp(log_var) - 1 - log_var).sum(1)
    rebuilt = decoder.predict(code, verbose=0).reshape(scaled.shape)
    error = (scaled - rebuilt) ** 2
    if isinstance(parts, list):
        error = -(scaled * np.log(rebuilt)
                  + (1 - scaled) * np.log(1 - rebuilt))
    return code, rebuilt, error.reshape(len(scaled), -1).sum(1) + divergence


@pytest.mark.parametrize("run", [
    pytest.param("0", marks=pytest.mark.long), "2", "3"])
def test_same_numbers_as_the_models(run, runs, apply, monkeypatch, tmp_path):
    monkeypatch.setattr(inputs, "NUMBERS", 1)  # parts of 32: three of 70
    np.savez(tmp_path / "new.npz", x=IMAGES)
    scaled = IMAGES[..., None].astype("float32") / 255
    code, rebuilt, scores = expected(runs / run, scaled)
    for what in ("codes", "rebuilt", "scores"):
        apply(runs / run, "new.npz", what, "--output", f"{what}.npz")
    with np.load("codes.npz") as archive:
        np.testing.assert_array_equal(archive["codes"], code)
        assert archive["names"].tolist() == [*range(70)]
    with np.load("rebuilt.npz") as archive:
        np.testing.assert_array_equal(
            archive["rebuilt"], (rebuilt.astype("float64") * 255).round())
    with np.load("scores.npz") as archive:
        found, errors = archive["scores"], archive["errors"]
    np.testing.assert_allclose(found, scores, rtol=1e-5)  # single precision
    np.testing.assert_allclose(errors, (scaled - rebuilt) ** 2, atol=1e-6)
    # The same as rows of text and as one array, to the bit.
    apply(runs / run, "new.npz", "codes", "--output", "codes.npy")
    np.testing.assert_array_equal(np.load("codes.npy"), code)
    header, names, numbers = table_of(
        apply(runs / run, "new.npz", "codes", "--output", "-")[0])
    assert (numbers.astype("float32") == code.reshape(70, -1)).all()
    assert header == ["name", *(
        f"code_{number}" for number in range(1, 1 + code[0].size))]
    assert names == [*map(str, range(70))]


def test_labels_are_scores_above_the_runs_threshold(runs, apply):
    source = runs / "images.npz"
    metrics = json.loads((runs / "0" / "metrics.json").read_text())
    scores = table_of(
        apply(runs / "0", source, "scores", "--output", "-")[0])[2][:, 0]
    for share, quantile in ((None, "0.95"), (0.5, "0.5"), (0.1, "0.9")):
        flags = ["--contamination", share] if share else []
        out, err = apply(runs / "0", source, "labels", *flags, "--output", "-")
        header, _, labels = table_of(out)
        limit = metrics["score_quantiles"][quantile]
        assert header == ["name", "label"]
        assert labels[:, 0].tolist() == (scores > limit).tolist()
        # Of the very data that set the threshold.
        assert labels.mean() == pytest.approx(share or 0.05, abs=1 / 30)
        assert f"{limit:.6g}" in err
    error, _ = apply(runs / "0", source, "labels", "--contamination", 0.2,
                     status=1)
    assert "0.05" in error and "0.2" in error


def test_table(runs, apply, tmp_path):
    source, run = runs / "table.csv", runs / "table"
    _, names, table = table_of(source.read_text())
    scaled = (table - table[np.arange(60) % 10 != 9].min(0)) / np.ptp(
        table[np.arange(60) % 10 != 9], axis=0)
    code, rebuilt, scores = expected(run, scaled.astype("float32"))
    for what in ("codes", "rebuilt", "scores"):
        apply(run, source, what)
    found = {what: table_of((tmp_path / f"{what}.csv").read_text())
             for what in ("codes", "rebuilt", "scores")}
    for header, rows, _ in found.values():
        assert header[0] == "who" and rows == names
    assert (found["codes"][2].astype("float32") == code).all()
    assert found["rebuilt"][0][1:] == COLUMNS
    np.testing.assert_allclose(
        found["rebuilt"][2], rebuilt * np.ptp(table[
            np.arange(60) % 10 != 9], axis=0)
        + table[np.arange(60) % 10 != 9].min(0), rtol=1e-5)
    np.testing.assert_allclose(found["scores"][2][:, 0], scores, rtol=1e-5)
    # What each column adds to the score.
    np.testing.assert_allclose(
        found["scores"][2][:, 1:].sum(axis=1), scores, rtol=1e-5)
    # Columns in another order, others beside them, no names.
    with open("other.csv", "w", newline="") as file:
        csv.writer(file).writerows([
            ["note", *COLUMNS[::-1]], *(["x", *row[::-1]] for row in table)])
    out, err = apply(run, "other.csv", "codes", "--output", "-")
    assert (table_of(out)[2].astype("float32") == code).all()
    assert "'note'" in err


def test_images_from_every_source(runs, apply, tmp_path):
    for number, image in enumerate(IMAGES[:5]):
        path = tmp_path / "new" / f"{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    Image.fromarray(IMAGES[5]).save("new/5.BMP")
    code, rebuilt, _ = expected(
        runs / "0", IMAGES[:, ..., None].astype("float32") / 255)
    for source, rows in (
            ("new", {"0/0.png": 0, "0/2.png": 2, "0/4.png": 4, "1/1.png": 1,
                     "1/3.png": 3, "5.BMP": 5}),
            ("new/1", {"1.png": 1, "3.png": 3}),
            ("new/1/3.png", {"3.png": 3}), ("new/*/2.png", {"2.png": 2}),
            ("new/*/[13].png", {"1.png": 1, "3.png": 3}),
            ("new/**/[23].png", {"0/2.png": 2, "1/3.png": 3})):
        out, _ = apply(runs / "0", source, "codes", "--output", "-")
        _, names, numbers = table_of(out)
        assert names == [*rows]
        np.testing.assert_allclose(numbers, code[[*rows.values()]], rtol=1e-5)
    apply(runs / "0", "new", "rebuilt")
    apply(runs / "0", "new", "scores", "--maps", "maps")
    for folder, pictures in (
            ("rebuilt", rebuilt),
            ("maps", abs(IMAGES[..., None] / 255 - rebuilt))):
        found = {path.relative_to(tmp_path / folder).as_posix(): np.array(
            Image.open(path)) for path in (tmp_path / folder).rglob("*.png")}
        assert set(found) == {"0/0.png", "0/2.png", "0/4.png", "1/1.png",
                              "1/3.png", "5.png"}
        for name, picture in found.items():
            number = int(name.split("/")[-1].split(".")[0])
            np.testing.assert_allclose(
                picture, pictures[number, ..., 0] * 255, atol=0.51)
    # Floats of 0 to 1 mean the same as these bytes.
    np.savez("floats.npz", x_test=IMAGES / 255)
    out, _ = apply(runs / "0", "floats.npz", "codes", "--output", "-")
    np.testing.assert_allclose(table_of(out)[2], code, rtol=1e-5)


def spoil_model(folder, change):
    """Changes the weights' file, or the description, in a model's file."""
    import zipfile
    path = folder / "encoder.keras"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


REFUSED = {
    "other shape": ("0", "small.npz", ["8 x 8 x 1", "9 x 8 x 1"]),
    "table for images": ("0", "table.npz", ["8 x 8 x 1", "3"]),
    "text for images": ("0", "table.csv", ["line 2", "'who'"]),
    "images for a table": ("table", "images.npz", ["8 x 8 x 1", "3"]),
    "other columns": ("table", "other.csv", ["'weight'", "other.csv"]),
    "broken line": ("table", "broken.csv", ["line 4", "broken.csv"]),
    "missing cell": ("table", "missing.csv", ["line 3", "'weight'"]),
    "values beyond": ("0", "beyond.npz", ["beyond.npz"]),
    "not a number": ("0", "nan.npz", ["nan"]),
    "no arrays": ("0", "empty.npz", ["x_test", "y"]),
    "nothing in it": ("0", "none.npz", ["none.npz"]),
    "no such file": ("0", "nowhere.png", ["nowhere.png"]),
    "no image": ("0", "text.png", ["text.png"]),
    "no run": ("data", "images.npz", ["data"]),
    "unfinished run": ("unfinished", "images.npz", ["metrics.json"]),
    "settings that ask for more": ("hostile", "images.npz", ["os"]),
    "weights are missing": ("bare", "images.npz", ["bare"]),
    "code in a model": ("lambda", "images.npz", ["lambda"]),
}


@pytest.fixture(scope="module")
def refused(runs, tmp_path_factory):
    """Returns a folder of runs and data that cannot be used."""
    folder = tmp_path_factory.mktemp("refused")
    shutil.copytree(runs, folder, dirs_exist_ok=True)
    for name, arrays in {
            "table": {"x": np.ones((9, 3))},
            "small": {"x": np.zeros((3, 9, 8), "uint8")},
            "beyond": {"x": np.full((3, 8, 8), 300, "float32")},
            "nan": {"x": np.full((3, 8, 8), np.nan)},
            "empty": {"y": IMAGES}, "none": {"x": IMAGES[:0]}}.items():
        np.savez(folder / f"{name}.npz", **arrays)
    (folder / "data").mkdir()
    (folder / "text.png").write_text("no image")
    (folder / "other.csv").write_text("age,height,width\n1,2,3\n")
    (folder / "broken.csv").write_text(
        "age,weight,height\n1,2,3\n1,2,3\n1,2\n1,2,3\n")
    (folder / "missing.csv").write_text("age,weight,height\n1,2,3\n1,,3\n")
    for name in ("unfinished", "hostile", "bare", "lambda"):
        shutil.copytree(runs / "0", folder / name)
    (folder / "unfinished" / "metrics.json").unlink()
    config = json.loads((runs / "0" / "config.json").read_text())
    config["settings"]["module"] = "os"
    (folder / "hostile" / "config.json").write_text(json.dumps(config))
    spoil_model(folder / "bare", lambda parts: parts.update({
        "model.weights.h5": b""}))

    def ask(parts):
        model = json.loads(parts["config.json"])
        model["config"]["layers"][1].update(
            module="os", class_name="system", registered_name=None,
            config={"command": "touch harm"})
        parts["config.json"] = json.dumps(model)

    spoil_model(folder / "lambda", ask)
    return folder


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind, refused, apply, tmp_path, record_property):
    run, source, named = REFUSED[kind]
    error, _ = apply(refused / run, refused / source, "codes", status=1)
    error = error.strip().splitlines()[-1]
    assert all(name in error for name in named), error
    assert [*tmp_path.iterdir()] == []
    record_property("bad inputs refused", 1)


def test_flags_that_do_not_fit(runs, apply, tmp_path):
    source = runs / "images.npz"
    (tmp_path / "codes.csv").write_text("mine")
    (tmp_path / "rebuilt").mkdir()
    for what, *flags in (
            ["codes"], ["rebuilt"], ["codes", "--output", "codes.txt"],
            ["codes", "--output", "nowhere/codes.csv"],
            ["scores", "--maps", "rebuilt"]):
        apply(runs / "0", source, what, *flags, status=1)
    for what, *flags in (["codes", "--contamination", 0.05],
                         ["labels", "--maps", "maps"]):
        apply(runs / "0", source, what, *flags, status=2)
    apply(runs / "table", runs / "table.csv", "scores", "--maps", "maps",
          status=1)
    assert (tmp_path / "codes.csv").read_text() == "mine"


@pytest.mark.parametrize("channels, depth", [(5, "uint8"), (3, "uint16")])
def test_pictures_that_png_files_do_not_hold(channels, depth, tmp_path):
    with pytest.raises(InputError, match=f"{channels} channels.*{depth}"), \
            outputs.pictures(tmp_path / "rebuilt", channels, depth):
        pass
    assert not [*tmp_path.iterdir()]


def test_part_of_a_run_and_other_versions(runs, apply, tmp_path):
    folder = tmp_path / "folds"
    shutil.copytree(runs / "0", folder / "fold-1")
    (folder / "fold-1" / "config.json").rename(folder / "config.json")
    source = runs / "images.npz"
    assert "fold-1" in apply(folder, source, "codes", status=1)[0]
    config = json.loads((folder / "config.json").read_text())
    plain = apply(folder / "fold-1", source, "codes", "--output", "-")
    config["versions"]["numpy"] = "1.0"
    (folder / "config.json").write_text(json.dumps(config))
    warned = apply(folder / "fold-1", source, "codes", "--output", "-")
    assert warned[0] == plain[0]
    assert "1.0" in warned[1] and "Warning" not in plain[1]


def test_memory_is_bounded(compiled, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "NUMBERS", 2 ** 15)  # parts of 512
    run = finished.Finished(runs / "0")
    run.load()
    peaks = []
    for count in (600, 600, 6000):
        np.savez(tmp_path / "new.npz", x=np.resize(IMAGES, (count, 8, 8)))
        tracemalloc.start()
        for _, values in inputs.find(str(tmp_path / "new.npz")).parts():
            run.results(run.scaling.apply(values), "scores")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # All at once would take ten times as much.
    assert peaks[2] < 2.5 * peaks[1]


def test_help_is_light_and_output_is_clean(runs):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", ROOT / "mains" / "apply.py",
         "--help"], text=True, capture_output=True, check=True)
    for heavy in ("keras", "numpy", "matplotlib", "tensorflow", "jax"):
        assert f" {heavy}\n" not in done.stderr
    done = subprocess.run(
        [sys.executable, ROOT / "mains" / "apply.py", runs / "table",
         runs / "table.csv", "--what", "codes", "--output", "-"],
        text=True, capture_output=True, check=True)
    header, names, _ = table_of(done.stdout)
    assert header == ["who", "code_1", "code_2", "code_3"]
    assert len(names) == 60
    assert "Traceback" not in done.stderr
