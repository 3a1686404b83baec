"""A trained model on new data: the same numbers, from any kind of source."""
import csv
import io
import json
import shutil
import tracemalloc

import keras
import numpy as np
import pytest
import scripts
from conftest import eagerly
from data_files import archive, opened, read, table
from lab import outputs
from lab.data import inputs
from lab.data.scaling import Scaling
from lab.errors import InputError
from lab.scores import Scores, discoveries
from PIL import Image

pytestmark = pytest.mark.usefixtures("eager")

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 8, 8), dtype="uint8")
SCALED = IMAGES[..., None].astype("float32") / 255
COLUMNS = ["age", "weight", "height"]
TABLE = np.random.default_rng(1).random((60, 3)) * [100, 80, 2] + [0, 9, 1]
PICTURES = ["0/0.png", "0/2.png", "0/4.png", "1/1.png", "1/3.png", "5.BMP"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Returns a folder with runs of one epoch, and data."""
    folder = tmp_path_factory.mktemp("runs")
    archive(folder, "images.npz", x_train=IMAGES[:40], x_test=IMAGES[40:])
    table(folder / "table.csv", [["who", *COLUMNS], *(
        [f"row {number}", *line] for number, line in enumerate(TABLE))])
    for name, dataset, output, *flags in (
            ("0", "images.npz", "0", "--hidden", 8, "--latent", 3),
            ("2", "images.npz", "2", "--filters", 4, 2),
            ("3", "images.npz", "3", "--hidden", 8, "--latent", 2),
            ("0", "table.csv", "table", "--hidden", 8, "--latent", 3,
             "--names", "who")):
        with eagerly():
            scripts.here(
                f"{name}-main.py", "--dataset", dataset, "--epochs", 1,
                "--batch-size", 20, "--output", output, *flags,
                folder=folder).printed()
    return folder


@pytest.fixture
def apply(tmp_path, monkeypatch):
    """Returns a function that applies a run, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def apply(run, source, what, *flags, status=0):
        before = scripts.files(tmp_path)
        done = scripts.here("apply.py", run, source, "--what", what, *flags)
        assert done.status == status, done.err
        if status:
            assert scripts.files(tmp_path) == before
        return done
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
    """Computes codes, reconstructions and scores as the models give them."""
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
    code, rebuilt, scores = expected(runs / run, SCALED)
    for what in ("codes", "rebuilt", "scores"):
        apply(runs / run, "new.npz", what, "--output", f"{what}.npz")
    found = read("codes.npz")
    np.testing.assert_array_equal(found["codes"], code)
    assert found["names"].tolist() == [*range(70)]
    np.testing.assert_array_equal(
        read("rebuilt.npz")["rebuilt"],
        (rebuilt.astype("float64") * 255).round())
    found = read("scores.npz")
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-5)  # float32
    np.testing.assert_allclose(
        found["errors"], (SCALED - rebuilt) ** 2, atol=1e-6)
    # The same as rows of text and as one array, to the bit.
    apply(runs / run, "new.npz", "codes", "--output", "codes.npy")
    np.testing.assert_array_equal(np.load("codes.npy"), code)
    header, names, numbers = table_of(
        apply(runs / run, "new.npz", "codes", "--output", "-").out)
    assert (numbers.astype("float32") == code.reshape(70, -1)).all()
    assert header == ["name", *(
        f"code_{number}" for number in range(1, 1 + code[0].size))]
    assert names == [*map(str, range(70))]


@pytest.mark.parametrize("run, source", [
    ("0", "images.npz"), ("table", "table.csv")])
def test_labels_are_scores_above_the_runs_threshold(run, source, runs, apply):
    def of(what, *flags):
        done = apply(runs / run, runs / source, what, *flags, "--output", "-")
        return *table_of(done.out), done.err

    scores = of("scores")[2][:, 0]
    unseen = Scores.load(runs / run).unseen
    p_values = (1 + (unseen >= scores[:, None]).sum(axis=1)) / (
        1 + len(unseen))
    for fraction in None, 0.03, 0.2, 0.7:
        header, _, found, err = of(
            "labels", *(["--contamination", fraction] if fraction else []))
        threshold = np.quantile(unseen, 1 - (fraction or 0.05))
        assert header[1:] == ["label", "p-value"]
        assert (found[:, 0] == (scores > threshold)).all()
        # Held-out inputs have the scores of the run, but for rounding.
        np.testing.assert_allclose(
            found[:, 1], p_values, atol=1.01 / (1 + len(unseen)))
        assert f"{threshold:.6g}" in err and f"{len(unseen)} held-out" in err
    # By the rate of false discoveries, among all inputs.
    for rate in 0.01, 0.9:
        found = of("labels", "--fdr", rate)[2]
        most = discoveries(found[:, 1], rate)
        assert (found[:, 0] == (found[:, 1] <= most)).all()


def test_table(runs, apply, tmp_path):
    run = runs / "table"
    scaling = Scaling.from_config(scripts.config(run)["dataset"]["scaling"])
    scaled = scaling.apply(TABLE)
    code, rebuilt, _ = expected(run, scaled)
    found = {}
    for what in ("codes", "rebuilt", "scores"):
        apply(run, runs / "table.csv", what)
        header, names, found[what] = table_of(
            (tmp_path / f"{what}.csv").read_text())
        assert names == [f"row {number}" for number in range(60)]
        assert header[0] == "who"
        assert what != "rebuilt" or header[1:] == COLUMNS
    assert (found["codes"].astype("float32") == code).all()
    np.testing.assert_allclose(
        found["rebuilt"], scaling.undo(rebuilt), rtol=1e-5)
    known, errors = Scores.load(run).neighbours, scaled - rebuilt
    np.testing.assert_allclose(
        found["scores"][:, 0], known.score(scaled, errors), atol=1e-4)
    # The error of each column, where 1 is usual.
    np.testing.assert_allclose(
        found["scores"][:, 1:], np.abs(errors) / known.usual, rtol=1e-4)
    assert (found["scores"][:, 1:] ** 2).mean() == pytest.approx(1, rel=0.01)
    # Columns in another order, with others between them, no names.
    table("other.csv", [["note", *COLUMNS[::-1]], *(
        ["x", *row[::-1]] for row in TABLE)])
    done = apply(run, "other.csv", "codes", "--output", "-")
    assert (table_of(done.out)[2].astype("float32") == code).all()
    assert "'note'" in done.err


def number(name):
    """Returns the number of an image that has such a name."""
    return int(name.split("/")[-1].split(".")[0])


@pytest.fixture
def new(tmp_path):
    """Writes images into a folder `new` and folders in it."""
    for name in PICTURES:
        path = tmp_path / "new" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[number(name)]).save(path)


@pytest.mark.parametrize("source, names", [
    ("new", PICTURES), ("new/1", ["1.png", "3.png"]),
    ("new/1/3.png", ["3.png"]), ("new/*/2.png", ["2.png"]),
    ("new/*/[13].png", ["1.png", "3.png"]),
    ("new/**/[23].png", ["0/2.png", "1/3.png"])])
def test_images_from_folders_and_patterns(source, names, new, runs, apply):
    code, _, _ = expected(runs / "0", SCALED[[*map(number, names)]])
    _, found, codes = table_of(
        apply(runs / "0", source, "codes", "--output", "-").out)
    assert found == names
    np.testing.assert_allclose(codes, code, rtol=1e-5)


def test_images_become_images(new, runs, apply, tmp_path):
    _, rebuilt, _ = expected(runs / "0", SCALED)
    apply(runs / "0", "new", "rebuilt")
    apply(runs / "0", "new", "scores", "--maps", "maps")
    for folder, pictures in (
            ("rebuilt", rebuilt), ("maps", abs(SCALED - rebuilt))):
        found = {path.relative_to(tmp_path / folder).as_posix(): np.array(
            Image.open(path)) for path in (tmp_path / folder).rglob("*.png")}
        assert sorted(found) == [*PICTURES[:-1], "5.png"]
        for name, picture in found.items():
            np.testing.assert_allclose(
                picture, pictures[number(name), ..., 0] * 255, atol=0.51)


def test_floats_of_0_to_1_are_bytes_of_0_to_255(runs, apply):
    np.savez("floats.npz", x_test=IMAGES / 255)
    code, _, _ = expected(runs / "0", SCALED)
    done = apply(runs / "0", "floats.npz", "codes", "--output", "-")
    np.testing.assert_allclose(table_of(done.out)[2], code, rtol=1e-5)


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
    for name, lines in {
            "other": ["age,height,width", "1,2,3"],
            "broken": ["age,weight,height", "1,2,3", "1,2,3", "1,2", "1,2,3"],
            "missing": ["age,weight,height", "1,2,3", "1,,3"]}.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    for name in ("unfinished", "hostile", "bare", "lambda"):
        shutil.copytree(runs / "0", folder / name)
    (folder / "unfinished" / "metrics.json").unlink()
    with scripts.changed(folder / "hostile" / "config.json") as config:
        config["settings"]["module"] = "os"
    with opened(folder / "bare" / "encoder.keras") as parts:
        parts["model.weights.h5"] = b""
    with opened(folder / "lambda" / "encoder.keras") as parts:
        model = json.loads(parts["config.json"])
        model["config"]["layers"][1].update(
            module="os", class_name="system", registered_name=None,
            config={"command": "touch harm"})
        parts["config.json"] = json.dumps(model)
    return folder


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind, refused, apply, tmp_path, record_property):
    run, source, named = REFUSED[kind]
    error = apply(refused / run, refused / source, "codes", status=1).err
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
                         ["labels", "--contamination", 1],
                         ["labels", "--fdr", 0.1, "--contamination", 0.1],
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
    assert "fold-1" in apply(folder, source, "codes", status=1).err
    plain = apply(folder / "fold-1", source, "codes", "--output", "-")
    with scripts.changed(folder / "config.json") as config:
        config["versions"]["numpy"] = "1.0"
    warned = apply(folder / "fold-1", source, "codes", "--output", "-")
    assert warned.out == plain.out
    assert "1.0" in warned.err and "Warning" not in plain.err


def test_memory_is_bounded(compiled, runs, apply, tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "NUMBERS", 3 * 512)  # parts of 512 rows
    peaks = []
    for count in (600, 600, 6000):
        table("new.csv", [COLUMNS, *np.resize(TABLE, (count, 3))])
        tracemalloc.start()
        apply(runs / "table", "new.csv", "scores", "--output", f"{count}.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        (tmp_path / f"{count}.csv").unlink()
    # All at once would take ten times as much.
    assert peaks[2] < 2.5 * peaks[1]


def test_output_is_clean(runs):
    done = scripts.apart("apply.py", runs / "table", runs / "table.csv",
                         "--what", "codes", "--output", "-")
    header, names, _ = table_of(done.printed())
    assert header == ["who", "code_1", "code_2", "code_3"]
    assert len(names) == 60
    assert "Traceback" not in done.err
