"""The registry: what scripts know of modules, from their files alone."""
import inspect

import pytest
from cases import DENSE, MODULES, factory
from lab import modules
from lab.errors import InputError

SEVENTH = '''"""Autoencoder of one\'s own."""
import a_package_that_is_not_there


class Autoencoder:
    """No function."""


def autoencoder(input_dims, hidden_layers, latent_dims, pull, twice=False):
    """Builds it."""
'''


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_as_their_files_say(name):
    module = MODULES[name]
    inputs, sizes, latent, *own = inspect.signature(factory(name)).parameters
    assert (inputs, latent) == ("input_dims", "latent_dims")
    assert module.takes_images == (sizes == "filters")
    assert [*module.arguments] == own
    assert {*module.flags} == {
        "filters" if module.takes_images else "hidden", "latent", *own}
    # Each value that has no default is in the table, or what the encoder says.
    assert [flag for flag, value in module.flags.items() if value is None] == (
        ["latent"] if module.takes_images else [])
    assert module.backend == ("tensorflow" if module.takes_images else "jax")


def test_a_seventh_module_is_found(tmp_path):
    """Without an import: of Keras, or of anything else."""
    (tmp_path / "6-yours.py").write_text(SEVENTH)
    for name in "notes.py", "6-main.txt", "a-module.py":
        (tmp_path / name).write_text("no Python")
    assert modules.find(tmp_path) == {"6-yours": modules.Module(
        "6-yours", False, {"hidden": [128, 64], "latent": 32},
        {"pull": None, "twice": False})}


@pytest.mark.parametrize("name", MODULES)
def test_builders_build_what_flags_say(name):
    module = MODULES[name]
    flags = {**module.flags, "hidden": [9, 7], "latent": 5}
    if module.takes_images:
        flags = {"filters": [4, 2], "latent": None}
    encoder, decoder, _ = module.builder((8, 9, 1), 32, **flags)()
    code = encoder.outputs[0].shape[1:]
    if module.takes_images:
        assert encoder.input_shape == (None, 8, 9, 1)
        assert code == (2, 3, 2)
    else:
        assert encoder.input_shape == (None, 72) and code == (5,)
        assert [layer.units for layer in decoder.layers[1:]] == [7, 9, 72]


def test_weights_reach_the_module():
    for name, weights in DENSE.items():
        module = MODULES[name]
        flags = {**module.flags, "hidden": [], "latent": 2}
        assert module.builder((4,), 1, **flags)()
        for argument in [*module.arguments][:len(weights)]:
            with pytest.raises(ValueError, match="-1"):
                module.builder((4,), 1, **{**flags, argument: -1})()


@pytest.mark.parametrize("shape, latent, received", [
    ((12,), None, "12"), ((8, 9, 1), [2, 2, 2], "[2, 2, 2]")])
def test_sizes_that_do_not_fit_images(shape, latent, received):
    module = MODULES["2-convolutional"]
    with pytest.raises(InputError) as refused:
        module.builder(shape, 32, filters=[4, 2], latent=latent)
    assert received in str(refused.value)


@pytest.mark.parametrize("name, flags, weights, values", [
    ("0-vanilla", {"hidden": [10], "latent": 5}, 2 * (100 * 10 + 10 * 5),
     100 + 10 + 5),
    ("0-vanilla", {"hidden": [], "latent": 10 ** 30}, 2 * 10 ** 32,
     100 + 10 ** 30),
    ("2-convolutional", {"filters": [4, 2]}, 2 * 9 * (1 * 4 + 4 * 2),
     100 + 4 * 25 + 2 * 6)])
def test_models_too_large_for_the_memory(
        name, flags, weights, values, monkeypatch):
    """Weights four times, for Adam, and what layers give twice."""
    needed = 4 * (4 * weights + 32 * 2 * values)
    monkeypatch.setattr("lab.machine.memory", lambda: needed)
    MODULES[name].builder((10, 10, 1), 32, **flags)
    monkeypatch.setattr("lab.machine.memory", lambda: needed - 1)
    with pytest.raises(InputError, match=f"{weights:,}"):
        MODULES[name].builder((10, 10, 1), 32, **flags)
