"""Files made to do harm: what they ask for is not done."""
import json
import struct
import zipfile
import zlib

import keras
import numpy as np
import pytest
from data_files import opened
from lab.data import datasets
from lab.errors import InputError
from PIL import Image
from scripts import config

pytestmark = pytest.mark.usefixtures("eager")

IMAGE = Image.fromarray(np.zeros((6, 5), "uint8"))


@pytest.fixture
def run_of_one_epoch(finished, here):
    """Returns the folder of a run, and what goes on with it."""
    folder, arguments = finished
    return folder, lambda: here(
        "0-main.py", *arguments, "--epochs", 2, "--resume", status=1)


@pytest.mark.parametrize("module, name, config", [
    ("subprocess", "Popen", {"args": ["touch", "harm"]}),
    ("os", "system", {"command": "touch harm"}),
    ("builtins", "eval", {"source": "open('harm', 'w')"}),
    ("numpy", "save", {"file": "harm", "arr": [1]}),
    ("keras.utils", "get_file", {"fname": "harm", "origin": "file:///etc"}),
])
def test_model_with_a_class_of_another_package(
        module, name, config, run_of_one_epoch, tmp_path, record_property):
    folder, resume = run_of_one_epoch
    with opened(folder / "auto.keras") as parts:
        model = json.loads(parts["config.json"])
        layer = model["config"]["layers"][1]["config"]["layers"][1]
        layer.update(module=module, class_name=name, config=config,
                     registered_name=None)
        parts["config.json"] = json.dumps(model)
    before = (folder / "auto.keras").read_bytes()
    error = resume().strip().splitlines()[-1]
    assert error.startswith("0-main.py: error: ") and "auto.keras" in error
    assert not (tmp_path / "harm").exists()
    assert (folder / "auto.keras").read_bytes() == before
    record_property("hostile files refused", 1)


def test_model_with_a_lambda(run_of_one_epoch, tmp_path, record_property):
    folder, resume = run_of_one_epoch

    def touch(x):
        (tmp_path / "harm").touch()
        return x

    inputs = keras.Input((784,))
    model = keras.Model(inputs, keras.layers.Lambda(touch)(inputs))
    model.compile("adam", "binary_crossentropy")
    model.save(folder / "auto.keras")
    (tmp_path / "harm").unlink()  # made while the model was built, here
    error = resume().strip().splitlines()[-1]
    assert "auto.keras" in error
    assert not (tmp_path / "harm").exists()
    record_property("hostile files refused", 1)


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04"])
def test_model_that_is_none(content, run_of_one_epoch, record_property):
    folder, resume = run_of_one_epoch
    (folder / "auto.keras").write_bytes(content)
    assert "auto.keras" in resume()
    assert (folder / "metrics.json").exists()
    record_property("bad inputs refused", 1)


def npy(shape, kind="<f8", content=b""):
    """Returns an array's file that says more than it holds."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}"
    header = header.ljust(117) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
            + header.encode() + content)


@pytest.mark.parametrize("member, message", [
    # Of 6 TB; or there are, and then the rest is missed.
    (npy((10 ** 9, 28, 28)), "set.npz|allocate"),
    (npy((10 ** 9, 28, 28), content=zlib.compress(bytes(10 ** 6))),
     "set.npz|allocate"),
    (npy((100, 28, 28)), "set.npz"),
    (npy((-1, 28)), "set.npz|-1"),
    (npy((2, 2), "|O", b"cos\nsystem\n(S'touch harm'\ntR."),
     "allow_pickle"),
    (npy("__import__('os').system('touch harm')"), "set.npz"),
    (b"\x93NUMPY\x09\x00" + bytes(100), "set.npz"),
    (b"cos\nsystem\n(S'touch harm'\ntR.", "set.npz"),
    (npy("(2, 2), 'x': ("), "set.npz"),  # a header that is not closed
])
def test_archive(member, message, tmp_path, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("set.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", member)
        archive.writestr("x_test.npy", member)
    with pytest.raises((InputError, MemoryError), match=message):
        datasets.load("set.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["set.npz"]
    record_property("hostile files refused", 1)


def test_archive_of_pickled_bytes(tmp_path, record_property):
    import pickle
    path = tmp_path / "set.npz"
    path.write_bytes(pickle.dumps({"x_train": 1}))
    with pytest.raises(InputError, match="set.npz"):
        datasets.load(str(path))
    record_property("hostile files refused", 1)


def test_links_that_leave_the_folder(tmp_path, record_property):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    Image.fromarray(np.full((6, 5), 9, "uint8")).save(outside / "secret.png")
    folder.mkdir()
    for number in range(20):
        IMAGE.save(folder / f"{number:02}.png")
    (folder / "a.png").symlink_to(outside / "secret.png")
    (folder / "b.png").symlink_to("../outside/secret.png")
    (folder / "c").symlink_to(outside, target_is_directory=True)
    (folder / "d.png").symlink_to(folder / "nowhere.png")
    (folder / "inside.png").symlink_to(folder / "00.png")
    data = datasets.load(str(folder))
    assert len(data.train) + len(data.test) == 21
    assert not data.train.any() and not data.test.any()
    record_property("hostile files refused", 3)


def test_names_that_try_something(tmp_path, monkeypatch, here):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "$(touch harm)"
    folder.mkdir()
    for name in ("; touch harm", "`touch harm`", "..%2f..%2fharm", "-rf",
                 "\n", "{args.output}", "..", "é", "'", "0") * 2:
        IMAGE.save(folder / f"{name}{len(list(folder.iterdir()))}.png")
    here("0-main.py", "--dataset", folder, "--epochs", 1, "--hidden",
         "--latent", 2)
    assert {path.name for path in tmp_path.iterdir()} == {folder.name, "runs"}


def test_picture_that_would_fill_the_memory(tmp_path, record_property):
    for number in range(10):
        IMAGE.save(tmp_path / f"{number}.png")
    content = bytearray((tmp_path / "0.png").read_bytes())
    content[16:24] = struct.pack(">II", 60000, 60000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / "0.png").write_bytes(content)
    with pytest.raises(InputError, match="0.png"):
        datasets.load(str(tmp_path))
    record_property("hostile files refused", 1)


@pytest.mark.parametrize("settings, status", [
    ({"output": "../elsewhere"}, 1), ({"dataset": "set.npz --output x"}, 1),
    ({"hidden": ["--output", "../elsewhere"]}, 1), ({"main": "1-sparse"}, 1),
    ({"__class__": "x"}, 2), ({"hidden": [[8]]}, 1), (None, 1), ([], 1),
    ("x", 1), ({"hidden": "8 --output ../elsewhere"}, 2), ({"hidden": {}}, 2),
    ({"epochs": "1 --output=x"}, 2), ({"epochs": True}, 2), ({"seed": -1}, 2)])
def test_config_that_asks_for_more(
        settings, status, trained_once, here, tmp_path, record_property):
    content = config(trained_once)
    if isinstance(settings, dict):
        settings = {**content["settings"], **settings}
    (tmp_path / "harm.json").write_text(
        json.dumps({**content, "settings": settings}))
    names = sorted(path.name for path in tmp_path.parent.rglob("*"))
    error = here("0-main.py", "--config", "harm.json", status=status)
    assert "Traceback" not in error and "error: " in error
    if isinstance(settings, dict) and settings["main"] != "0-vanilla":
        assert settings["main"] in error
    assert sorted(
        path.name for path in tmp_path.parent.rglob("*")) == names
    record_property("hostile files refused", 1)
