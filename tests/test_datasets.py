"""Data sets: where they are looked for, what is refused and how."""
import os
import socket
import time

import numpy as np
import pytest
from lab import datasets
from lab.command_line import InputError
from lab.glyphs import glyphs
from PIL import Image

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 6, 5), dtype="uint8")


def archive(folder, name="set.npz", **arrays):
    """Writes a `.npz` file of two parts, with some arrays replaced."""
    arrays = {"x_train": IMAGES[:20], "x_test": IMAGES[20:], **arrays}
    np.savez(folder / name, **{
        key: array for key, array in arrays.items() if array is not None})
    return str(folder / name)


def folder_of(folder, images=IMAGES):
    """Writes images as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return str(folder)


def test_arrays_are_read(tmp_path):
    labels = np.arange(10)
    data = datasets.load(archive(tmp_path, y_test=labels))
    assert data.shape == (6, 5, 1)
    assert data.size == 30
    assert (data.train[..., 0] == IMAGES[:20]).all()
    assert (data.test[..., 0] == IMAGES[20:]).all()
    assert (data.labels == labels).all()
    assert "20 training and 10 test images, 6 x 5 x 1" in str(data)


def test_limit_keeps_the_first_training_images(tmp_path):
    data = datasets.load(archive(tmp_path), limit=7)
    assert (data.train[..., 0] == IMAGES[:7]).all()
    assert len(data.test) == 10
    assert data.sha256 == datasets.load(archive(tmp_path)).sha256


def test_hash_tells_data_apart(tmp_path):
    one = datasets.load(archive(tmp_path, "one.npz"))
    changed = IMAGES[:20].copy()
    changed[3, 2, 1] ^= 1
    two = datasets.load(archive(tmp_path, "two.npz", x_train=changed))
    assert one.sha256 != two.sha256


@pytest.mark.parametrize("factor, kind", [
    (1, "uint8"), (1, "int64"), (1, "float64"), (1 / 255, "float32")])
def test_values_are_scaled(tmp_path, factor, kind):
    images = (IMAGES * factor).astype(kind)
    data = datasets.load(archive(
        tmp_path, x_train=images[:20], x_test=images[20:]))
    x, y = datasets.Batches(data.test, 4, flat=True)[0]
    assert x.dtype == "float32"
    np.testing.assert_allclose(x, IMAGES[20:24].reshape(4, 30) / 255, 1e-6)
    np.testing.assert_array_equal(x, y)


def test_batches_cover_every_image_once(tmp_path):
    images = np.arange(50, dtype="uint8").reshape(50, 1)
    batches = datasets.Batches(images, 8, flat=True, seed=3)
    orders = []
    for epoch in (0, 1, 0):
        batches.start_epoch(epoch)
        seen = np.concatenate([batches[i][0] for i in range(len(batches))])
        orders.append((seen.ravel() * 255).round().astype(int).tolist())
        assert sorted(orders[-1]) == list(range(50))
    assert orders[0] == orders[2] != orders[1]
    other = datasets.Batches(images, 50, flat=True, seed=4)[0][0]
    assert (other.ravel() * 255).round().astype(int).tolist() != orders[0]


def test_binarised_pixels(tmp_path):
    name = archive(tmp_path)
    fixed, again, other = (
        datasets.load(name, binarize="fixed", seed=seed) for seed in (1, 1, 2))
    assert set(np.unique(fixed.train)) == {0, 255}
    assert (fixed.train == again.train).all()
    assert (fixed.test == again.test).all()
    assert (fixed.train != other.train).any()
    data = datasets.load(name, binarize="dynamic")
    assert set(np.unique(data.test)) == {0, 255}
    batches = datasets.Batches(data.train, 20, True, seed=1, draw=data.draw)
    sums = []
    for epoch in range(400):
        batches.start_epoch(epoch)
        x, y = batches[0]
        assert (x == y).all() and set(np.unique(x)) == {0, 1}
        ordered = np.empty_like(x)
        ordered[batches.order] = x
        sums.append(ordered)
    # Each pixel is 1 as often as its value says: within five deviations.
    np.testing.assert_allclose(
        np.mean(sums, axis=0), IMAGES[:20].reshape(20, -1) / 255, atol=0.125)


@pytest.mark.parametrize("arrays, message", [
    ({"x_train": None}, "Missing arrays.*without x_train$"),
    ({"x_train": None, "x_test": None}, "without x_test and x_train$"),
    ({"x_train": np.zeros(5)}, "Unusable x_train.*float64 of shape \\(5,\\)"),
    ({"x_train": np.zeros((2,) * 5)}, "Unusable x_train"),
    ({"x_test": np.zeros((0, 6, 5))}, "Unusable x_test.*\\(0, 6, 5\\)"),
    ({"x_train": np.full((4, 6, 5), "a")}, "Unusable x_train.*<U1"),
    ({"x_train": np.zeros((4, 6, 5), complex)}, "Unusable x_train.*complex"),
    ({"x_train": np.zeros((4, 6, 5), bool)}, "Unusable x_train.*bool"),
    ({"x_train": np.array([[1, None]])}, "Unreadable archive.*allow_pickle"),
    ({"x_train": np.full((4, 6, 5), 256)}, "Received: 256 to 256"),
    ({"x_train": np.full((4, 6, 5), -1)}, "Received: -1 to -1"),
    ({"x_train": np.full((4, 6, 5), np.nan)}, "Received: nan to nan"),
    ({"x_train": np.full((4, 6, 5), np.inf)}, "Received: inf to inf"),
    ({"x_test": np.zeros((4, 6, 6))}, "differ in shape"),
    ({"y_test": np.zeros(3)}, "Unusable y_test.*each of 10.*shape \\(3,\\)"),
    ({"y_train": np.zeros(3)}, "Unusable y_train.*each of 20"),
])
def test_bad_arrays(tmp_path, arrays, message, record_property):
    with pytest.raises(InputError, match=message):
        datasets.load(archive(tmp_path, **arrays))
    record_property("bad inputs refused", 1)


def test_truncated_archive(tmp_path, record_property):
    path = tmp_path / "set.npz"
    archive(tmp_path)
    content = path.read_bytes()
    for size in (0, 10, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:size])
        with pytest.raises(InputError, match="Unreadable archive"):
            datasets.load(str(path))
    with path.open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(InputError, match="Unreadable archive"):
        datasets.load(str(path))
    record_property("bad inputs refused", 5)


@pytest.mark.parametrize("name, message", [
    ("nothing.npz", "No such file"), ("cifar", "Invalid value for --dataset"),
    ("", "Invalid value for --dataset")])
def test_bad_names(tmp_path, name, message, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        datasets.load(name)
    record_property("bad inputs refused", 1)


def test_folder(tmp_path):
    name = folder_of(tmp_path / "a b é")
    data = datasets.load(name)
    assert data.train.shape == (27, 6, 5, 1)
    assert data.test.shape == (3, 6, 5, 1)
    assert (data.test[..., 0] == IMAGES[[9, 19, 29]]).all()
    assert datasets.load(name, limit=4).train.shape == (4, 6, 5, 1)
    x, _ = datasets.Batches(data.train, 5, flat=False)[0]
    assert (x[..., 0] == IMAGES[:5].astype("float32") / 255).all()
    assert is_mapped(data.train) and is_mapped(data.test)


def is_mapped(array):
    """Tells whether an array is a part of a file, and not in memory."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", ["uint8", "float64"])
def test_arrays_larger_than_the_memory(
        kind, save, order, tmp_path, monkeypatch):
    arrays = {"x_train": np.asarray(IMAGES[:20].astype(kind), order=order),
              "x_test": IMAGES[20:].astype(kind), "y_test": np.arange(10)}
    name = str(tmp_path / "large.npz")
    save(name, **arrays)
    inside = datasets.load(name)
    monkeypatch.setattr(datasets, "memory", lambda: 2000)
    data = datasets.load(name)
    assert is_mapped(data.train) and not is_mapped(inside.train)
    assert (data.train == inside.train).all()
    assert (data.test == inside.test).all()
    assert (data.labels == inside.labels).all()
    assert data.sha256 == inside.sha256
    assert not list(tmp_path.glob("tmp*"))


def test_folder_with_parts_and_colours(tmp_path):
    colours = np.random.default_rng(0).integers(
        0, 256, (4, 6, 5, 3), dtype="uint8")
    folder_of(tmp_path / "train", colours[:3])
    folder_of(tmp_path / "test" / "cats", colours[3:])
    folder_of(tmp_path / "test" / "grey", IMAGES[:1])
    data = datasets.load(str(tmp_path))
    assert (data.train == colours[:3]).all()
    assert (data.test[0] == colours[3]).all()
    assert (data.test[1] == IMAGES[0, ..., None]).all()


def test_bad_folders(tmp_path, record_property):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="Too few images.*with 0$"):
        datasets.load(str(tmp_path / "empty"))
    name = folder_of(tmp_path / "text")
    (tmp_path / "text" / "b.png").write_text("no image")
    with pytest.raises(InputError, match="Not an image.*b.png"):
        datasets.load(name)
    name = folder_of(tmp_path / "sizes")
    Image.fromarray(IMAGES[0, :5]).save(tmp_path / "sizes" / "c.png")
    with pytest.raises(InputError, match="different sizes.*5 x 6.*c.png of 5"):
        datasets.load(name)
    one = tmp_path / "one"
    with pytest.raises(InputError, match="Too few images.*with 1$"):
        datasets.load(folder_of(one, IMAGES[:1]))
    record_property("bad inputs refused", 4)


def test_damaged_image_is_named(tmp_path):
    name = folder_of(tmp_path)
    path = tmp_path / "000.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="Damaged image.*000.png"):
        datasets.load(name)


def test_known_sets_are_looked_for_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    monkeypatch.setattr(datasets, "reachable", lambda address: False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUTOENCODERS_DATA", str(tmp_path / "mine"))
    with pytest.raises(InputError, match="mnist is not on this machine"):
        datasets.load("mnist")
    assert datasets.load("auto", limit=10).name == "glyphs"
    for number, folder in enumerate(["home/datasets", "data", "mine"]):
        (tmp_path / folder).mkdir(parents=True)
        archive(tmp_path / folder, "mnist.npz",
                x_test=np.full((1, 6, 5), number))
        assert datasets.load("mnist").test.max() == number
        assert datasets.load("auto").name == "mnist"


def test_fashion_mnist_comes_from_keras_cache(tmp_path, monkeypatch):
    """Keras keeps it as four files of its own; here, three are missing."""
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    monkeypatch.delenv("AUTOENCODERS_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(datasets, "reachable", lambda address: False)
    with pytest.raises(InputError, match="fashion_mnist is not on this"):
        datasets.load("fashion_mnist")


def test_silent_network_is_given_up(monkeypatch):
    assert datasets.PATIENCE <= 10
    monkeypatch.setattr(datasets, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        monkeypatch.setenv(
            "https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert not datasets.reachable("https://example.org/")
        # Without the limit it would wait for ever.
        assert time.monotonic() - started < 8


def test_glyphs_are_always_the_same():
    (train, train_labels), (test, labels) = glyphs(300, 100)
    again = glyphs(300, 100)
    assert (train == again[0][0]).all() and (labels == again[1][1]).all()
    assert train.shape == (300, 28, 28) and test.shape == (100, 28, 28)
    assert train.dtype == "uint8" and train.max() == 255
    assert sorted(set(train_labels)) == list(range(10))
    assert (train != glyphs(300, 100, seed=1)[0][0]).any()
    # All differ, none is empty or leaves the image, all are dark around.
    assert len({image.tobytes() for image in train}) == 300
    ink = train.mean(axis=(1, 2)) / 255
    assert ink.min() > 0.02 and ink.max() < 0.5
    border = np.ones((28, 28), bool)
    border[2:-2, 2:-2] = False
    assert train[:, border].mean() < 0.02 * 255
