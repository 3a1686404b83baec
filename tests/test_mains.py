"""The mains, as command lines on small data, from another folder."""
import importlib.util
import json
import os
import re
import sys

import keras
import numpy as np
import pytest
import scripts
from cases import DENSE, MAINS, SMALL
from data_files import archive, read
from lab import backend
from lab.backend import UNTOUCHED
from PIL import Image
from scripts import WRITTEN, config, history, metrics

ALSO = {"3-main.py": {"manifold.png", "codes.png"},
        "5-main.py": {"codes.png", "0-vanilla"}}
every_main = pytest.mark.parametrize("name", MAINS)


@every_main
def test_main_trains_and_writes_its_files(
        name, eager, small, here, tmp_path):
    module = MAINS[name]
    printed = here(name, "--dataset", small, "--epochs", 2)
    lines = printed.strip().splitlines()
    for text in (module, keras.backend.backend(), "small.npz", "300", "100",
                 "28 x 28 x 1", "bytes / 255", "2 epochs", f"runs/{module}"):
        assert text in lines[0]
    for text in module, "small.npz", f"runs/{module}":
        assert text in lines[-1]
    if name == "0-main.py":
        assert "784 / 32 = 24.5" in printed  # how far it compresses
    folder = tmp_path / "runs" / module
    assert {path.name for path in folder.iterdir()} == (
        WRITTEN | {"reconstructions.png", "losses.png"} | ALSO.get(
            name, set()))
    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            assert min(picture.size) > 200
            assert len(picture.convert("L").getcolors(256)) > 20
    rows = history(folder)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])
    settings, dataset, versions = (
        config(folder)[part] for part in ("settings", "dataset", "versions"))
    assert (settings["epochs"], settings["module"]) == (2, module)
    assert versions["keras"] == keras.__version__
    assert len(dataset["sha256"]) == 64
    found = metrics(folder)
    assert found["squared_error"] > 0
    numbers = [float(number) for number in re.findall(
        r"-?\d+\.\d+(?:e-\d+)?", "\n".join(lines[-21:-1]))]
    if name == "3-main.py":  # means and deviations of ten codes of two numbers
        assert len(numbers) == 40
    elif name == "4-main.py":
        assert numbers[-2:] == pytest.approx([
            found["noisy_squared_error"], found["repaired_squared_error"]],
            abs=0.005)
    elif name == "5-main.py":
        assert numbers[-2:] == pytest.approx([
            100 * found["code_movement"],
            100 * found["vanilla_code_movement"]], abs=0.05)
    else:
        assert numbers[-1] == pytest.approx(
            found["mean_of_first_ten_codes"], rel=1e-5)


# Of all mains, killed at any moment: test_interruption.py, which takes longer.
# In a process of its own, as after a real interruption, it takes longer.
@pytest.mark.parametrize("place", [
    "here", pytest.param("apart", marks=pytest.mark.long)])
def test_interrupted_run_goes_on_to_the_same_end(
        place, eager, small, tmp_path, request):
    """Of the module with noise in its code, and with noise in its batches."""
    run = request.getfixturevalue(place)
    # With 100 steps to an epoch, TensorFlow compiles them by XLA.
    flags = ("--dataset", small, "--limit", 100, "--distort", 2, "--latent", 3,
             "--batch-size", 60 if place == "here" else 1)
    run("3-main.py", *flags, "--epochs", 3, "--output", "whole")
    run("3-main.py", *flags, "--epochs", 1, "--output", "part")
    whole, part = tmp_path / "whole", tmp_path / "part"
    # As if it had been stopped between two files: a row too many.
    with open(part / "history.csv", "a") as file:
        file.write("2,0.5,0.5\n")
    printed = run(
        "3-main.py", *flags, "--epochs", 3, "--output", "part", "--resume")
    assert "after epoch 1" in printed
    assert history(part) == history(whole)
    assert metrics(part) == metrics(whole)
    one, two = (keras.saving.load_model(folder / "auto.keras").get_weights()
                for folder in (part, whole))
    assert len(one) > 3
    assert all((a == b).all() for a, b in zip(one, two))


def test_sizes_come_from_the_flags(eager, small, here, tmp_path):
    here("1-main.py", "--dataset", small, "--epochs", 1, "--hidden", 9, 7,
         "--latent", 5, "--lambtha", 0.5)
    encoder = keras.saving.load_model(
        tmp_path / "runs" / "1-sparse" / "encoder.keras")
    assert [layer.units for layer in encoder.layers[1:]] == [9, 7, 5]
    assert encoder.layers[-1].activity_regularizer.l1 == 0.5


def test_seed_draws_the_weights(eager, small, here, tmp_path):
    kernels = []
    for seed in 0, 1:
        here("0-main.py", "--dataset", small, "--epochs", 1, "--hidden",
             "--learning-rate", 1e-9, "--seed", seed, "--output", seed)
        auto = keras.saving.load_model(tmp_path / str(seed) / "auto.keras")
        kernels.append(auto.get_weights()[0])
    assert abs(kernels[0] - kernels[1]).max() > 0.01


def test_optimizer_and_schedule(eager, small, here, tmp_path):
    here("0-main.py", "--dataset", small, "--epochs", 4, "--optimizer",
         "adadelta", "--schedule", "cosine")
    folder = tmp_path / "runs" / "0-vanilla"
    rates = [float(row["learning_rate"]) for row in history(folder)]
    assert rates == pytest.approx(
        [(1 + np.cos(np.pi * epoch / 4)) / 2 for epoch in range(4)])
    auto = keras.saving.load_model(folder / "auto.keras")
    assert type(auto.optimizer).__name__ == "Adadelta"
    assert auto.loss == "binary_crossentropy"


def test_binarised_pixels_and_log_likelihood(eager, small, here, tmp_path):
    printed = here("3-main.py", "--dataset", small, "--epochs", 2,
                   "--binarize", "dynamic", "--samples", 20)
    assert "small.npz, dynamic binarised" in printed
    for how, flag in ("fixed", "--distort"), ("dynamic", "--folds=2"):
        error = here("3-main.py", "--dataset", small, "--binarize", how, flag,
                     status=1)
        assert flag[:7] in error.splitlines()[-1]
    found = metrics(tmp_path / "runs" / "3-variational")
    # Of pixels that are 0 or 1, the floor of the cross-entropy is 0.
    assert found["excess"] == pytest.approx(found["cross_entropy"], 1e-5)
    assert 0 < found["negative_log_likelihood"] < found["negative_elbo"]


def test_folds(eager, small, here, tmp_path):
    printed = here(
        "0-main.py", "--dataset", small, "--epochs", 1, "--folds", 2,
        "--batch-size", 100)
    folder = tmp_path / "runs" / "0-vanilla"
    found = metrics(folder)
    losses = [metrics(folder / f"fold-{number}")["loss"] for number in (1, 2)]
    assert found["folds"] == losses
    assert len(set(losses)) == 2
    # 150 images each, in batches of 100, and none of the fold's own.
    auto = keras.saving.load_model(folder / "fold-1" / "auto.keras")
    assert int(auto.optimizer.iterations) == 2
    assert found["mean"] == pytest.approx(np.mean(losses))
    assert found["standard_deviation"] == pytest.approx(
        np.std(losses, ddof=1))
    for name in "mean", "standard_deviation":
        assert f"{found[name]:.4f}" in printed


def test_folder_of_images_and_tables(eager, small, here, tmp_path):
    for number, image in enumerate(read(small)["x_train"][:40]):
        Image.fromarray(image).convert("RGB").resize((60, 45)).save(
            tmp_path / f"{number}.png")
    printed = here("2-main.py", "--dataset", tmp_path, "--epochs", 1)
    for text in "36 training", "4 test", "45 x 60 x 3":
        assert text in printed.splitlines()[0]
    archive(tmp_path, "table.npz", x_train=np.random.rand(50, 6),
            x_test=np.random.rand(20, 6))
    printed = here("0-main.py", "--dataset", "table.npz", "--epochs", 1,
                   "--latent", 2)
    for text in "50 training", "20 test rows, 6":
        assert text in printed.splitlines()[0]
    for flags in ("2-main.py",), ("0-main.py", "--distort"):
        error = here(*flags, "--dataset", "table.npz", "--output", "x",
                     status=1)
        assert "6" in error.partition("Received")[2]
    assert not (tmp_path / "x").exists()


@pytest.mark.skipif(not importlib.util.find_spec("tensorflow"),
                    reason="Keras writes these logs by TensorFlow")
def test_tensorboard(eager, small, here, tmp_path, monkeypatch):
    arguments = "--dataset", small, "--epochs", 1, "--tensorboard"
    here("0-main.py", *arguments)
    assert list(tmp_path.rglob("tensorboard/train/events.out.*"))
    monkeypatch.setattr("importlib.util.find_spec",
                        lambda name: name != "tensorboard")
    error = here("0-main.py", *arguments, "--output", "other", status=1)
    assert "pip install tensorboard" in error
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("arguments, status", [
    (["--epochs", 0], 2), (["--epochs", "many"], 2), (["--batch-size", -1], 2),
    (["--seed", -1], 2), (["--seed", 2 ** 32], 2), (["--folds", 1], 2),
    (["--limit", 0], 2), (["--distort", -1], 2),
    (["--hidden", 12, 0], 2), (["--latent", 2.5], 2),
    (["--lambtha", "nan"], 2), (["--learning-rate", 0], 2),
    (["--learning-rate", "inf"], 2), (["--schedule", "linear"], 2),
    (["--config", "none.json"], 1), (["--folds", 301], 1),
    (["--latent", 10 ** 9], 1), (["--filters", 8], 2), (["--noise", 0.5], 2),
    (["--dataset", "none.npz"], 1), (["--output", "taken"], 1)])
def test_bad_flags(arguments, status, small, here, tmp_path, record_property):
    (tmp_path / "taken").write_text("mine")
    error = here("1-main.py", "--dataset", small, *arguments, status=status)
    last = error.strip().splitlines()[-1]
    assert last.startswith("1-main.py: error: ")
    assert "128,000" in last or str(arguments[-1]) in last
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert (tmp_path / "taken").read_text() == "mine"
    record_property("bad inputs refused", 1)


@pytest.mark.parametrize("name, flags", [
    ("codes.py", ("--lambtha", 1)), ("impute.py", ("--masking",)),
    ("denoise.py", ("--model", "4-denoising", "--lambtha", 1)),
    ("generate.py", ("--noise", 0.2)), ("denoise.py", ("--noise", 1.5)),
    ("codes.py", ("--folds", 2)), ("4-main.py", ("--masking", "--noise", 1)),
    ("codes.py", ("--model", "4-denoising", "--noise", 1, "--masking")),
    ("anomalies.py", ("--model", "1-sparse", "--noise", 0.1))])
def test_flags_that_do_not_fit_the_model(name, flags, here, tmp_path):
    error = here(name, "--dataset", "glyphs", *flags, status=2)
    assert flags[-1 if flags[-1] == "--masking" else -2] in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("config, variable, module, expected", [
    (None, None, "0-vanilla", "jax"),
    (None, None, "2-convolutional", "tensorflow"),
    (None, "torch", "0-vanilla", "torch"),
    (UNTOUCHED, None, "3-variational", "jax"),
    ({**UNTOUCHED, "backend": "jax"}, None, "2-convolutional", None),
    ({"backend": "tensorflow"}, None, "0-vanilla", None),
    ({**UNTOUCHED, "backend": "torch"}, None, "0-vanilla", None)])
def test_backend_is_the_fastest_unless_the_user_says_otherwise(
        config, variable, module, expected, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", variable or "")
    if config:
        (tmp_path / "keras.json").write_text(json.dumps(config))
    backend.choose(module)
    assert (os.environ["KERAS_BACKEND"] or None) == expected


@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="needs JAX")
def test_dense_mains_compute_with_jax(small, apart, tmp_path):
    """As users run them: by the backend that is fastest, on its own."""
    (tmp_path / "keras.json").write_text(json.dumps(UNTOUCHED))
    # Ends with an error if anything imports it.
    (tmp_path / "tensorflow.py").write_text("raise SystemExit(__name__)")
    printed = apart(
        "0-main.py", "--dataset", small, "--epochs", 1, "--hidden",
        KERAS_BACKEND="", KERAS_HOME=str(tmp_path), PYTHONPATH=str(tmp_path))
    assert "jax" in printed.splitlines()[0]


@pytest.mark.parametrize("name", scripts.SCRIPTS)
def test_help_imports_nothing_heavy(name):
    done = scripts.apart("-X", "importtime", name, "--help")
    shared = ("dataset", "epochs", "batch-size", "seed", "limit", "output",
              "resume", "overwrite", "tensorboard", "show", "no-show")
    for flag in ("output",) if name == "apply.py" else shared:
        assert f"--{flag}" in done.printed()
    assert ("--folds" in done.out) == (name in MAINS)
    for heavy in ("keras", "numpy", "matplotlib", "tensorflow", "jax"):
        assert f" {heavy}\n" not in done.err


def test_mnist_that_cannot_be_had(apart, tmp_path):
    """Without a network, and with no cache: says so, and what to do."""
    error = apart(
        "0-main.py", "--dataset", "fashion_mnist", status=1,
        KERAS_HOME=str(tmp_path / "home"), AUTOENCODERS_DATA="",
        KERAS_BACKEND="", https_proxy="http://127.0.0.1:9")
    last = error.strip().splitlines()[-1]
    assert last.startswith("0-main.py: error: ")
    assert "fashion_mnist.npz" in last and "AUTOENCODERS_DATA" in last


@pytest.mark.skipif(not importlib.util.find_spec("tensorflow"),
                    reason="the course's mains import TensorFlow")
@pytest.mark.long
def test_course_mains_run_unchanged(apart):
    """Their form: from the top level, on arrays, with `predict`."""
    printed = apart("-c", "".join(map(course_main, SMALL)),
                    PYTHONPATH=str(scripts.ROOT))
    assert printed.count("(10, 8, 8)") == len(SMALL)


def course_main(module):
    """Returns a main as the course writes it."""
    arguments, shape = (64, [9], 3, *SMALL[module][3:]), (20, 64)
    if module not in DENSE:
        arguments, shape = SMALL[module], (20, 8, 8, 1)
    return f"""
import numpy as np
import tensorflow as tf
autoencoder = __import__({module!r}).autoencoder
tf.random.set_seed(0)
x = np.random.rand(*{shape}).astype("float32")
encoder, decoder, auto = autoencoder{arguments}
auto.fit(x, x, epochs=2, batch_size=8, shuffle=True, validation_data=(x, x))
encoded = encoder.predict(x[:10])
if isinstance(encoded, list):
    encoded, mu, log_sig = encoded
    print(mu, np.exp(log_sig / 2))
print(np.mean(encoded), decoder.predict(encoded).reshape(10, 8, 8).shape)
"""
