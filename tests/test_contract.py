"""What every numbered module promises, over all of them alike."""
import ast
import doctest
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import DENSE, SMALL, activations, factory, first, kinds, shape

ROOT = Path(__file__).resolve().parents[1]
every_module = pytest.mark.parametrize("module", SMALL)
every_dense_module = pytest.mark.parametrize("module", DENSE)


def inputs(module, count=40):
    """Makes inputs that differ from each other, in [0, 1]."""
    return np.random.default_rng(0).random(
        (count, *shape(module)), dtype="float32")


def trained(module, epochs=2, seed=0):
    """Builds and trains a small model, the same each time."""
    keras.utils.set_random_seed(seed)
    models = factory(module)(*SMALL[module])
    x = inputs(module)
    history = models[2].fit(x, x, epochs=epochs, batch_size=8, verbose=0)
    return *models, history.history["loss"]


@every_module
def test_auto_is_the_decoder_after_the_encoder(module):
    encoder, decoder, auto = factory(module)(*SMALL[module])
    assert kinds(auto)[0] == "InputLayer"
    assert auto.layers[1] is encoder
    assert auto.layers[2] is decoder
    assert len(auto.layers) == 3
    assert auto.output_shape == auto.input_shape == (None, *shape(module))
    assert decoder.input_shape == (None, *np.atleast_1d(SMALL[module][2]))


@every_module
def test_auto_is_compiled(module):
    _, _, auto = factory(module)(*SMALL[module])
    assert auto.loss == "binary_crossentropy"
    assert type(auto.optimizer).__name__ == "Adam"
    assert float(auto.optimizer.learning_rate) == pytest.approx(1e-3)


@every_dense_module
@pytest.mark.parametrize("hidden", [[], [128], [128, 64], [512, 256, 9]])
def test_dense_layers(module, hidden):
    extra = DENSE[module]
    encoder, decoder, _ = factory(module)(784, hidden, 32, *extra)
    dense = ["Dense"] * len(hidden)
    before, after = {
        "3-variational": ([], ["Dense", "Dense", "Sampling"]),
        "4-denoising": (["GaussianNoise"], ["Dense"]),
        "5-contractive": ([], ["Dense", "Contraction"]),
    }.get(module, ([], ["Dense"]))
    assert kinds(encoder) == ["InputLayer"] + before + dense + after
    assert kinds(decoder) == ["InputLayer"] + dense + ["Dense"]
    code = ["linear"] * 2 if module == "3-variational" else ["relu"]
    assert activations(encoder) == ["relu"] * len(hidden) + code
    assert activations(decoder) == ["relu"] * len(hidden) + ["sigmoid"]
    units = [layer.units for layer in encoder.layers
             if hasattr(layer, "units")]
    assert units == hidden + [32] * len(code)
    assert [layer.units for layer in decoder.layers[1:]] == [
        *hidden[::-1], 784]


@pytest.mark.parametrize("module", sorted(set(DENSE) - {"3-variational"}))
@pytest.mark.parametrize("hidden, total, of_encoder", [
    ([128, 64], 222384, 110816), ([], 50992, 25120)])
def test_parameter_counts(module, hidden, total, of_encoder):
    encoder, _, auto = factory(module)(784, hidden, 32, *DENSE[module])
    assert auto.count_params() == total
    assert encoder.count_params() == of_encoder


@every_module
def test_training_auto_trains_encoder_and_decoder(module):
    encoder, decoder, auto = factory(module)(*SMALL[module])
    before = [model.get_weights() for model in (encoder, decoder)]
    x = inputs(module)
    losses = auto.fit(
        x, x, epochs=20, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for model, weights in zip((encoder, decoder), before):
        assert any((old != new).any()
                   for old, new in zip(weights, model.get_weights()))
    code = first(encoder.predict(x, verbose=0))
    rebuilt = decoder.predict(code, verbose=0)
    assert rebuilt.shape == x.shape
    if module != "3-variational":  # which draws another code each time
        # The two halves are compiled apart: sums may round differently.
        np.testing.assert_allclose(
            rebuilt, auto.predict(x, verbose=0), rtol=1e-5)


@every_module
def test_training_is_repeatable_to_the_bit(module):
    *_, one, losses = trained(module)
    *_, two, again = trained(module)
    assert losses == again
    assert losses != trained(module, seed=1)[-1]
    for a, b in zip(one.get_weights(), two.get_weights()):
        assert (a == b).all()


@every_module
def test_arguments_may_be_tuples_and_numpy_integers(module):
    dims, sizes, latent, *rest = SMALL[module]

    def numpy_sizes(value):
        if isinstance(value, (list, tuple)):
            return tuple(np.int64(size) for size in value)
        return np.int32(value)

    encoder, _, auto = factory(module)(
        numpy_sizes(dims), numpy_sizes(sizes), numpy_sizes(latent),
        *map(np.float32, rest))
    expected, _, _ = factory(module)(*SMALL[module])
    assert kinds(encoder) == kinds(expected)
    assert encoder.output_shape == expected.output_shape
    auto.get_config()


@every_module
def test_arguments_are_not_changed(module):
    dims, sizes, latent, *rest = SMALL[module]
    given = list(sizes)
    factory(module)(dims, given, latent, *rest)
    assert given == sizes


WRONG_SIZES = [0, -1, 2.5, 12.0, float("nan"), True, "12", None, [12], 1j,
               10 ** 9, 10 ** 30]
WRONG_LISTS = [[10 ** 9], None, 8, "86", {8: 6}, {8, 6}, [8, 0], [8, -6],
               [8, 6.0], [8, True], [8, "6"], [[8], 6], np.array([8, 6]),
               (size for size in (8, 6))]
WRONG_WEIGHTS = [-1e-5, float("nan"), float("inf"), True, "1e-5", None, [0.1]]


def replaced(values, index, value):
    """Returns a list with one entry replaced."""
    return [value if i == index else old for i, old in enumerate(values)]


BAD = [
    *((module, replaced(SMALL[module], index, value))
      for module in DENSE for index in (0, 2) for value in WRONG_SIZES),
    *((module, replaced(SMALL[module], 1, value))
      for module in DENSE for value in WRONG_LISTS),
    *((module, replaced(SMALL[module], 3, value))
      for module in ("1-sparse", "4-denoising", "5-contractive")
      for value in WRONG_WEIGHTS),
    ("4-denoising", (12, [8, 6], 4, 1.1)),
    ("4-denoising", (12, [8, 6], 4, 1, True)),
    *(("2-convolutional", replaced(SMALL["2-convolutional"], index, value))
      for index in range(3)
      for value in [*WRONG_LISTS, [], (8,), (8, 8), (8, 8, 1, 1), (0, 8, 1),
                    (10 ** 9, 10 ** 9, 1)]),
    ("2-convolutional", ((8, 8, 1), [4, 2], (4, 4, 2))),
    ("2-convolutional", ((8, 8, 1), [4, 2], (2, 2, 4))),
]


@pytest.mark.parametrize("module, arguments", BAD)
def test_bad_arguments(module, arguments, record_property):
    with pytest.raises(ValueError, match=(
            r"^Invalid value for argument `\w+(\[\d+\])?`\. "
            r"Expected .+\. Received: \w+(\[\d+\])?=")):
        factory(module)(*arguments)
    record_property("bad inputs refused", 1)


@every_module
def test_save_and_load_in_a_fresh_process(module, tmp_path):
    encoder, decoder, auto, _ = trained(module)
    x = inputs(module)
    code = encoder.predict(x, verbose=0)
    outputs = code if isinstance(code, list) else [code]
    np.savez(tmp_path / "here.npz", x=x, z=outputs[0], last=outputs[-1],
             y=decoder.predict(outputs[0], verbose=0))
    for name, model in (("encoder", encoder), ("decoder", decoder),
                        ("auto", auto)):
        model.save(tmp_path / f"{name}.keras")
    shutil.copy(ROOT / f"{module}.py", tmp_path)
    script = f"""
import numpy as np
autoencoder = __import__({module!r}).autoencoder
encoder, decoder, auto = autoencoder(*{SMALL[module]!r})
import keras
here = np.load("here.npz")
load = lambda name: keras.models.load_model(name + ".keras", safe_mode=True)
outputs = load("encoder").predict(here["x"], verbose=0)
outputs = outputs if isinstance(outputs, list) else [outputs]
assert (outputs[-1] == here["last"]).all(), "encoder"
assert (load("decoder").predict(here["z"], verbose=0) == here["y"]).all()
whole = load("auto")
assert [layer.name for layer in whole.layers[1:]] == ["encoder", "decoder"]
assert (whole.layers[2].predict(here["z"], verbose=0) == here["y"]).all()
outputs = whole.layers[1].predict(here["x"], verbose=0)
outputs = outputs if isinstance(outputs, list) else [outputs]
assert (outputs[-1] == here["last"]).all(), "auto"
whole.fit(here["x"], here["x"], verbose=0)
print("the same")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, text=True,
        capture_output=True)
    assert done.stdout == "the same\n", done.stderr


@every_module
def test_clone_and_summary(module, capsys):
    for model in factory(module)(*SMALL[module]):
        clone = keras.models.clone_model(model)
        assert [layer.name for layer in clone.layers[1:]] == [
            layer.name for layer in model.layers[1:]]
        assert clone.output_shape == model.output_shape
        model.summary()
        assert f'"{model.name}"' in capsys.readouterr().out


@every_module
@pytest.mark.skipif(
    keras.__version__ < "3" or keras.backend.backend() != "tensorflow",
    reason="Keras 2 exports by save(); JAX needs jax2tf")
def test_export_as_saved_model(module, tmp_path):
    import tensorflow as tf
    encoder, decoder, _, _ = trained(module)
    x = inputs(module)
    expected = encoder.predict(x, verbose=0)
    encoder.export(tmp_path / "encoder", verbose=False)
    served = tf.saved_model.load(tmp_path / "encoder")
    outputs = served.serve(x)
    if isinstance(expected, list):  # the draw differs, its Gaussian does not
        outputs, expected = outputs[1], expected[1]
    # Compiled as one graph, sums are rounded in another order.
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    decoder.export(tmp_path / "decoder", verbose=False)
    served = tf.saved_model.load(tmp_path / "decoder")
    np.testing.assert_allclose(
        served.serve(expected), decoder.predict(expected, verbose=0),
        rtol=1e-5)


@every_module
@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz")
def test_plot_model(module, tmp_path):
    _, _, auto = factory(module)(*SMALL[module])
    picture = tmp_path / "auto.png"
    keras.utils.plot_model(auto, picture, show_shapes=True, expand_nested=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


@every_module
def test_docstring_example_runs(module):
    result = doctest.testmod(__import__(module))
    assert result.attempted >= 2
    assert not result.failed


@every_module
def test_module_stands_alone(module):
    path = ROOT / f"{module}.py"
    source = path.read_text()
    imports = [ast.unparse(node) for node in ast.walk(ast.parse(source))
               if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert "import keras" in imports
    assert all(line == "import keras" or line.startswith("from numbers import")
               for line in imports)
    assert source.startswith("#!/usr/bin/env python3\n")
    assert os.access(path, os.X_OK)
    assert len(source.splitlines()) <= 135
