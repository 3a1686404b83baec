"""Data sets: where they are looked for, what is refused and how."""
import gzip
import json
import os
import socket
import time

import numpy as np
import pytest
from data_files import IMAGES, archive, dataset
from lab.data import datasets, known
from lab.data.glyphs import glyphs
from lab.errors import InputError

pytestmark = pytest.mark.usefixtures("eager")


def test_arrays_are_read(tmp_path):
    labels = np.arange(10)
    data = datasets.load(archive(tmp_path, y_test=labels))
    assert data.shape == (6, 5, 1)
    assert data.size == 30
    assert (data.train[..., 0] == IMAGES[:20]).all()
    assert (data.test[..., 0] == IMAGES[20:]).all()
    assert (data.test_labels == labels).all()
    assert data.train_labels is None and not data.is_table
    for text in "20", "10", "6 x 5 x 1", "bytes / 255":
        assert text in str(data)


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


@pytest.mark.parametrize("arrays, received", [
    ({"x_train": None}, "x_train"),
    ({"x_train": None, "x_test": None}, "x_train, x_test"),
    ({"x_train": np.zeros(5)}, "float64 of shape (5,)"),
    ({"x_train": np.zeros((2,) * 5)}, "(2, 2, 2, 2, 2)"),
    ({"x_test": np.zeros((0, 6, 5))}, "(0, 6, 5)"),
    ({"x_train": np.full((4, 6, 5), "a")}, "<U1"),
    ({"x_train": np.zeros((4, 6, 5), complex)}, "complex128"),
    ({"x_train": np.array([[1, None]])}, "allow_pickle"),
    ({"x_train": np.full((4, 8, 8), 256), "x_test": np.ones((4, 8, 8), int)},
     "256"),
    ({"x_train": np.full((4, 8, 8), -1), "x_test": np.ones((4, 8, 8), int)},
     "-1"),
    ({"x_train": np.full((4, 6, 5), np.nan)}, "nan"),
    ({"x_train": np.full((4, 6, 5), np.inf)}, "inf"),
    ({"x_test": np.zeros((4, 6, 6), "uint8")}, "(6, 6)"),
    ({"x_test": np.zeros((4, 6, 5))}, "float64"),
    ({"y_test": np.zeros(3)}, "(3,)"),
    ({"y_train": np.zeros(3)}, "(3,)"),
    ({"y_train": np.zeros(20), "y_test": np.full(10, "a")}, "<U1"),
    ({"y_train": np.array([np.nan] + 19 * [1])}, "nan"),
])
def test_bad_arrays(tmp_path, arrays, received, record_property):
    with pytest.raises(InputError) as refused:
        datasets.load(archive(tmp_path, **arrays))
    assert received in str(refused.value)
    assert "\n" not in str(refused.value)
    record_property("bad inputs refused", 1)


@pytest.mark.parametrize("needs, received", [
    ({"train": 21}, "20 training"), ({"test": 11}, "10 test"),
    ({"labels": 3}, "2 labels")])
def test_too_little_data(needs, received, record_property):
    labels = np.arange(20) % 2
    data = dataset(train_labels=labels, test_labels=labels[:10])
    data.require(train=20, test=10, labels=2)
    with pytest.raises(InputError, match=received):
        data.require(**needs)
    record_property("bad inputs refused", 1)


def test_description_reads_back():
    table = np.array([[1, 2], [3, 5]], "float32")
    for data in dataset(), dataset(table, table):
        again = datasets.Dataset.described(
            json.loads(json.dumps(data.to_config())))
        assert again.shape == data.shape and again.name == data.name
        assert again.is_table == data.is_table
        assert again.train.dtype == data.train.dtype
        assert (again.scaling.apply(data.test)
                == data.scaling.apply(data.test)).all()


@pytest.mark.parametrize("given", [None, "y_train", "y_test"])
def test_labels_that_are_missing(given, tmp_path, record_property):
    labels = {"y_train": np.zeros(20), "y_test": np.zeros(10)}
    assert datasets.load(archive(tmp_path, **labels), labelled=True)
    with pytest.raises(InputError, match="y_train and y_test"):
        datasets.load(archive(tmp_path, **{
            name: array if name == given else None
            for name, array in labels.items()}), labelled=True)
    record_property("bad inputs refused", 1)


def test_values_that_are_missing(tmp_path, record_property):
    table = np.array([[1, 2], [3, np.nan]])
    for missing, array in (False, table), (True, table * np.nan):
        name = archive(tmp_path, x_train=array, x_test=array)
        with pytest.raises(InputError, match="nan to nan"):
            datasets.load(name, missing=missing)
    data = datasets.load(archive(tmp_path, x_train=table, x_test=table),
                         missing=True)
    np.testing.assert_array_equal(data.train, table)
    record_property("bad inputs refused", 2)


@pytest.mark.parametrize("name", ["nothing.npz", "cifar", ""])
def test_bad_names(tmp_path, name, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"Received: {name}"):
        datasets.load(name)
    record_property("bad inputs refused", 1)


def test_fixed_binary_pixels_are_drawn_once():
    data = dataset()
    (fixed, draw), (again, _), (other, _) = (
        datasets.binarized(data, "fixed", seed) for seed in (1, 1, 2))
    assert draw is None and set(np.unique(fixed.train)) == {0, 255}
    assert (fixed.train == again.train).all()
    assert (fixed.test == again.test).all()
    assert (fixed.train != other.train).any()
    assert (data.train[..., 0] == IMAGES[:20]).all()  # as it was
    assert datasets.binarized(data, None, 1) == (data, None)


def test_dynamic_binary_pixels_are_drawn_in_each_epoch():
    data, draw = datasets.binarized(dataset(), "dynamic", 1)
    assert set(np.unique(data.test)) == {0, 255}
    batches, total = data.batches("train", 20, True, seed=1, draw=draw), 0
    for epoch in range(400):
        batches.start_epoch(epoch)
        x, y = batches[0]
        assert (x == y).all() and set(np.unique(x)) == {0, 1}
        total += x[batches.order.argsort()]
    # Each pixel is 1 as often as its value says: within five deviations.
    np.testing.assert_allclose(
        total / 400, IMAGES[:20].reshape(20, -1) / 255, atol=0.125)


def test_known_sets_are_looked_for_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(known, "ROOT", tmp_path)
    monkeypatch.setattr(known, "reachable", lambda address: False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUTOENCODERS_DATA", str(tmp_path / "mine"))
    with pytest.raises(known.NotAvailable):
        datasets.load("mnist")
    monkeypatch.setattr(datasets, "glyphs", lambda: glyphs(20, 10))
    assert datasets.load("auto").name == "glyphs"
    for number, folder in enumerate(["home/datasets", "data", "mine"]):
        (tmp_path / folder).mkdir(parents=True)
        archive(tmp_path / folder, "mnist.npz",
                x_test=np.full((1, 6, 5), number, "uint8"))
        assert datasets.load("mnist").test.max() == number
        assert datasets.load("auto").name == "mnist"


def test_fashion_mnist_comes_from_keras_cache(tmp_path, apart, monkeypatch):
    """Keras keeps it as four files of its own, read without a network."""
    monkeypatch.setattr(known, "ROOT", tmp_path)
    monkeypatch.setattr(known, "reachable", lambda address: False)
    monkeypatch.delenv("AUTOENCODERS_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    random, parts = np.random.default_rng(0), []
    for part, count in ("train", 60), ("t10k", 10):
        parts.append(random.integers(0, 256, (count, 28, 28), dtype="uint8"))
        for name, start, content in (
                ("images-idx3", 16, parts[-1]),
                ("labels-idx1", 8, parts[-1][:, 0, 0])):
            with pytest.raises(known.NotAvailable):  # not all there yet
                datasets.load("fashion_mnist")
            with gzip.open(folder / f"{part}-{name}-ubyte.gz", "wb") as file:
                file.write(bytes(start) + content.tobytes())
    # Where it is, Keras asks once, as it is imported.
    found = apart("-c", f"""
from lab.data import datasets, known
known.ROOT = known.Path({str(tmp_path)!r})
data = datasets.load("fashion_mnist")
assert (data.test_labels == data.test[:, 0, 0, 0]).all()
print(data.sha256)""")
    assert found.split()[-1] == datasets.load(archive(
        tmp_path, x_train=parts[0], x_test=parts[1])).sha256


def test_silent_network_is_given_up(monkeypatch):
    assert known.PATIENCE <= 10
    monkeypatch.setattr(known, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        monkeypatch.setenv(
            "https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert not known.reachable("https://example.org/")
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
