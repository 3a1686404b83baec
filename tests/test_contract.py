"""What every numbered module promises, over all of them alike."""
import ast
import contextlib
import doctest
import functools
import inspect
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import DENSE, SMALL, activations, factory, first, kinds, shape

ROOT = Path(__file__).resolve().parents[1]
# A few steps are faster without compiling; JAX would compile each operation.
EAGER = keras.backend.backend() == "tensorflow"
every_module = pytest.mark.parametrize("module", SMALL)
every_dense_module = pytest.mark.parametrize("module", DENSE)
# Only one module computes its loss itself; for the others Keras does.
every_kind_of_loss = pytest.mark.parametrize("module", [
    module if module == "3-variational"
    else pytest.param(module, marks=pytest.mark.long) for module in SMALL])


def inputs(module, count=40):
    """Makes random inputs in [0, 1]."""
    return np.random.default_rng(0).random(
        (count, *shape(module)), dtype="float32")


def trained(module, epochs=2, seed=0, compiled=True):
    """Builds and trains a small model, repeatably."""
    keras.utils.set_random_seed(seed)
    models = factory(module)(*SMALL[module])
    models[2].run_eagerly = EAGER and not compiled
    x = inputs(module)
    history = models[2].fit(x, x, epochs=epochs, batch_size=20, verbose=0)
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
    # What else a module beyond these six has is for its own test.
    assert [kind for kind in kinds(encoder) if module < "6" or kind in (
        "InputLayer", "Dense")] == ["InputLayer"] + before + dense + after
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
    for model in encoder, decoder, auto:
        model.run_eagerly = EAGER
    before = [model.get_weights() for model in (encoder, decoder)]
    x = inputs(module, 16)
    losses = auto.fit(
        x, x, epochs=2, batch_size=8, verbose=0).history["loss"]
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


@pytest.mark.parametrize("module, compiled", [
    ("3-variational", True), ("4-denoising", False), *(
        pytest.param(module, True, marks=pytest.mark.long)
        for module in SMALL if module != "3-variational")])
def test_training_is_repeatable_to_the_bit(module, compiled):
    *_, one, losses = trained(module, compiled=compiled)
    *_, two, again = trained(module, compiled=compiled)
    assert losses == again
    keras.utils.set_random_seed(1)
    *_, other = factory(module)(*SMALL[module])
    keras.utils.set_random_seed(0)
    *_, same = factory(module)(*SMALL[module])
    assert (other.get_weights()[0] != same.get_weights()[0]).any()
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


NO_SIZES = [0, -1, 2.5, 12.0, float("nan"), "12", None, [12], 1j]
NO_LISTS = [None, 8, "86", [8, 0], [8, -6], [8, 6.0], [8, "6"], [[8], 6],
            [8, None]]
NO_WEIGHTS = [-1e-5, float("nan"), float("inf"), "1e-5", None, [0.1], 1j]
NO_IMAGES = [*NO_LISTS, (8,), (8, 8), (8, 8, 1, 1), (0, 8, 1), (8, 8, None)]


def names(module):
    """Returns the names of a factory's arguments."""
    return [*inspect.signature(factory(module)).parameters]


def bad(name, module):
    """Returns values that an argument must not have."""
    if module not in DENSE:
        return {"filters": [*NO_LISTS, []], "latent_dims": [
            *NO_LISTS, (4, 4, 2), (2, 2, 4), (2, 2)]}.get(name, NO_IMAGES)
    return {"hidden_layers": NO_LISTS, "noise": [*NO_WEIGHTS, 1.1],
            "input_dims": NO_SIZES, "latent_dims": NO_SIZES
            }.get(name, NO_WEIGHTS)


@pytest.mark.parametrize("module, name, value", [
    (module, name, value) for module in SMALL
    for name in names(module)[:len(SMALL[module])]
    for value in bad(name, module)])
def test_bad_arguments_are_named(module, name, value, record_property):
    arguments = dict(zip(names(module), SMALL[module]))
    with pytest.raises(ValueError, match="Expected .*Received: ") as refused:
        factory(module)(**{**arguments, name: value})
    assert f"{name}={value!r}" in str(refused.value)
    record_property("bad inputs refused", 1)


@every_module
def test_models_are_made_again_from_their_description(module):
    for model in factory(module)(*SMALL[module]):
        again = type(model).from_config(model.get_config())
        assert kinds(again) == kinds(model)
        assert again.output_shape == model.output_shape
        assert again.count_params() == model.count_params()


def losses_without_draws(module, **options):
    """Trains without shuffling; returns the history."""
    keras.utils.set_random_seed(0)
    _, _, auto = factory(module)(*SMALL[module])
    auto.run_eagerly = EAGER
    x = inputs(module, 16)
    return auto.fit(x, x, batch_size=8, shuffle=False, verbose=0,
                    **options).history


@every_kind_of_loss
def test_fit_takes_what_it_always_takes(module):
    history = losses_without_draws(module, epochs=1, validation_split=0.25)
    assert len(history["val_loss"]) == 1
    # One for each input, whose loss is a number or, for images, a map.
    weights = np.ones((16, *[1] * (len(shape(module)) - 1)), "float32")
    same = losses_without_draws(module, epochs=1, sample_weight=weights)
    plain = losses_without_draws(module, epochs=1)
    assert same["loss"] == pytest.approx(plain["loss"], rel=1e-5)
    less = losses_without_draws(module, epochs=1, sample_weight=weights / 2)
    assert less["loss"][0] < 0.9 * plain["loss"][0]


@every_kind_of_loss
def test_compiled_anew_it_goes_on(module):
    encoder, _, auto, losses = trained(module, compiled=False)
    before = auto.get_weights()
    auto.compile("adam", "binary_crossentropy", metrics=["mse"],
                 run_eagerly=EAGER)
    for old, new in zip(before, auto.get_weights()):
        assert (old == new).all()
    x = inputs(module)
    loss, _ = auto.evaluate(x, x, verbose=0)
    # Another draw, and another batch size.
    assert loss == pytest.approx(losses[-1], rel=0.2)


@functools.cache
def usual_loss(module):
    """Returns the loss of three epochs in float32."""
    return trained(module, epochs=3, compiled=False)[-1][-1]


@contextlib.contextmanager
def precision(policy):
    """Sets Keras's dtype policy for a while."""
    global_policy = getattr(keras.mixed_precision, "global_policy",
                            getattr(keras.mixed_precision, "dtype_policy", 0))
    set_policy = getattr(keras.mixed_precision, "set_global_policy",
                         getattr(keras.mixed_precision, "set_dtype_policy", 0))
    before, whole = global_policy(), keras.backend.floatx()
    set_policy(policy)
    try:
        yield
    finally:
        keras.backend.set_floatx(whole)
        set_policy(before)


@pytest.mark.parametrize("module", ["0-vanilla", "1-sparse", "3-variational",
                                    "5-contractive"])
# JAX warns and computes in float32, unless JAX_ENABLE_X64 is set.
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype float64")
def test_policy_of_float64_where_keras_computes_in_float32(module):
    with precision("float64"):
        _, _, auto = factory(module)(*SMALL[module])
        x = inputs(module)
        assert np.isfinite(auto.evaluate(x, x, verbose=0))


def test_large_images_in_half_precision():
    """With more pixels than float16 can count."""
    with precision("mixed_float16"):
        _, _, auto = factory("3-variational")(65536, [], 1)
        x = np.ones((2, 65536))
        loss = auto.evaluate(x, x, verbose=0)
    assert loss == pytest.approx(65536 * np.log(2), rel=0.01)


@pytest.mark.parametrize("module, policy", [
    pytest.param(module, policy, marks=[] if policy == "mixed_float16"
                 and module == "3-variational" else pytest.mark.long)
    for module in SMALL
    for policy in ("mixed_float16", "mixed_bfloat16", "float64")])
def test_other_precisions(module, policy):
    backend = keras.backend.backend()
    if policy == "float64" and backend == "jax":
        pytest.skip("JAX has float64 only where JAX_ENABLE_X64 says so")
    if module == "2-convolutional" and backend == "torch":
        pytest.skip("PyTorch's convolutions on CPUs want float32")
    with precision(policy):
        if policy == "float64":
            keras.backend.set_floatx("float64")
        encoder, _, auto, losses = trained(
            module, epochs=3, compiled=policy == "mixed_float16")
        encoder.run_eagerly = EAGER
        outputs = encoder.predict(inputs(module), verbose=0)
    # Keras 2 also averages losses in bfloat16, which has three digits.
    assert np.isfinite(losses).all() and losses[-1] < 1.01 * losses[0]
    kind = {"mixed_float16": "float16", "float64": "float64"}.get(policy)
    if kind and isinstance(outputs, np.ndarray) and module not in (
            "1-sparse", "5-contractive"):  # whose penalty needs float32
        assert outputs.dtype == kind or keras.backend.backend() == "jax"
    # Three digits of bfloat16; noise is drawn anew in each precision.
    drawn = module in ("3-variational", "4-denoising")
    assert losses[-1] == pytest.approx(
        usual_loss(module), rel=0.25 if drawn else 0.05)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow",
                    reason="a strategy of TensorFlow's")
@pytest.mark.long
def test_mirrored_on_two_devices_is_the_same_as_one(tmp_path):
    """On virtual devices, in a separate process; without modules that draw
    noise, as each device draws its own."""
    script = """
import sys
import numpy as np
import tensorflow as tf
import keras
sys.path[:0] = sys.argv[1:]
from cases import SMALL, factory, shape
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)
for module in SMALL:
    if module[0] not in "0125":
        continue
    x = np.random.default_rng(0).random((40, *shape(module)), "float32")
    results = []
    for devices in 1, 2:
        strategy = tf.distribute.MirroredStrategy(
            [f"CPU:{number}" for number in range(devices)],
            tf.distribute.ReductionToOneDevice())
        keras.utils.set_random_seed(0)
        with strategy.scope():
            _, _, auto = factory(module)(*SMALL[module])
        losses = auto.fit(x, x, epochs=3, batch_size=8, shuffle=False,
                          verbose=0).history["loss"]
        results.append([np.asarray(losses), *auto.get_weights()])
    for one, two in zip(*results):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4)
print("the same")
"""
    done = subprocess.run(
        [sys.executable, "-c", script,
         *(ROOT / part for part in ("", "mains", "tests"))],
        cwd=tmp_path, text=True, capture_output=True)
    assert done.stdout.strip().endswith("the same"), done.stderr[-3000:]


def test_save_and_load_in_a_fresh_process(tmp_path):
    for module in SMALL:
        folder = tmp_path / module
        folder.mkdir()
        encoder, decoder, auto, _ = trained(module, 1, compiled=False)
        encoder.run_eagerly = decoder.run_eagerly = EAGER
        x = inputs(module)
        code = encoder.predict_on_batch(x)
        outputs = code if isinstance(code, list) else [code]
        np.savez(folder / "here.npz", x=x, z=outputs[0], last=outputs[-1],
                 y=decoder.predict_on_batch(outputs[0]))
        for name, model in (("encoder", encoder), ("decoder", decoder),
                            ("auto", auto)):
            model.save(folder / f"{name}.keras")
        with warnings.catch_warnings():  # Keras 3 calls the format legacy
            warnings.simplefilter("ignore")
            auto.save(folder / "auto.h5")
        shutil.copy(ROOT / f"{module}.py", tmp_path)
    script = f"""
import keras, os
import numpy as np
for module in {[*SMALL]!r}:
    __import__(module)
    here = np.load(os.path.join(module, "here.npz"))
    def load(name):
        model = keras.models.load_model(
            os.path.join(module, name), safe_mode=True)
        for part in model, *model.layers:
            part.run_eagerly = {EAGER}
        return model
    def last(encoder):
        outputs = encoder.predict_on_batch(here["x"])
        return outputs[-1] if isinstance(outputs, list) else outputs
    assert (last(load("encoder.keras")) == here["last"]).all(), module
    assert (load("decoder.keras").predict_on_batch(here["z"])
            == here["y"]).all(), module
    for name in "auto.keras", "auto.h5":
        whole = load(name)
        _, encoder, decoder = whole.layers
        assert [encoder.name, decoder.name] == ["encoder", "decoder"]
        assert (decoder.predict_on_batch(here["z"]) == here["y"]).all(), module
        assert (last(encoder) == here["last"]).all(), module
        whole.test_on_batch(here["x"], here["x"])
        if name == "auto.keras":  # Keras 3 loads no optimizer from .h5
            whole.train_on_batch(here["x"], here["x"])
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


@pytest.mark.parametrize("module", ["3-variational", *(
    pytest.param(module, marks=pytest.mark.long)
    for module in SMALL if module != "3-variational")])
@pytest.mark.skipif(
    keras.__version__ < "3" or keras.backend.backend() != "tensorflow",
    reason="Keras 2 exports by save(); JAX needs jax2tf")
def test_export_as_saved_model(module, tmp_path):
    import tensorflow as tf
    encoder, decoder, _, _ = trained(module, 1, compiled=False)
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
    assert set(imports) <= {"import keras", "import operator"}
    assert source.startswith("#!/usr/bin/env python3\n")
    assert os.access(path, os.X_OK)


@every_module
def test_repeated_parts_do_not_drift_apart(module):
    """Paragraphs that begin like vanilla's are the same as vanilla's."""
    def paragraphs(name):
        source = (ROOT / f"{name}.py").read_text()
        parts = re.split(r"\n{2,}", source.strip())
        return {part.splitlines()[0]: part for part in parts}

    vanilla = paragraphs("0-vanilla")
    own = paragraphs(module)
    begins = "def relu_layer(units, bias=0.0):", "    # Decoder. An output"
    for line in filter(lambda line: line.startswith(begins), own):
        assert own[line] == vanilla[line]
