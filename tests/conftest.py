"""Settings for all tests, made before anything heavy is imported."""
import collections
import contextlib
import os
import shutil
import sys

import numpy as np
import pytest
import scripts

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in the mains
os.environ.setdefault("MPLBACKEND", "Agg")
# One backend for all that a test compares, in this process and in others.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Workers side by side would wait for each other's threads.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
                 "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")

ROOT = scripts.ROOT


def pytest_addoption(parser):
    """Adds the flag that keeps what the tests counted."""
    parser.addoption("--record", action="store_true",
                     help="write what was counted into docs/promises.csv")


def pytest_configure(config):
    """Refuses to keep what a part of the tests counted."""
    if config.getoption("--record") and (
            config.getoption("-m") or config.getoption("-k")):
        raise pytest.UsageError('Expected -m "", all tests, with --record.')


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    """Adds up what the tests counted, by `record_property`."""
    counts = collections.Counter()
    for report in terminalreporter.getreports("passed"):
        counts.update(dict(report.user_properties))
    for what, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count:6} {what}")
    if config.getoption("--record") and not exitstatus:
        import pages
        pages.save(pages.DOCS / "promises.csv", [
            {"what the tests did": what, "how often": count}
            for what, count in sorted(counts.items())])


@contextlib.contextmanager
def eagerly(on=True):
    """Has TensorFlow compute at once what it would compile first, which takes
    longer than the few steps of a test. (JAX compiles each operation then.)"""
    import keras
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf
    tf.config.run_functions_eagerly(on)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(not on)


@pytest.fixture(autouse=True)
def seeded():
    """Starts each test from the same random state: of models as small as the
    tests', about one in forty starts with units that never learn."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture
def eager():
    """Computes without compiling, in tests of what does not depend on it."""
    with eagerly():
        yield


@pytest.fixture
def compiled(eager):
    """Compiles all the same, for a hundred steps and more."""
    with eagerly(False):
        yield


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Returns the path of a small data set."""
    from lab.data.glyphs import glyphs
    (x_train, y_train), (x_test, y_test) = glyphs(300, 100)
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, x_train=x_train, x_test=x_test,
             y_train=y_train, y_test=y_test)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Returns a function that runs a script in this very process, from a
    folder of the test's own, and returns what it printed."""
    monkeypatch.chdir(tmp_path)
    return lambda name, *arguments, status=0: scripts.here(
        name, *arguments).printed(status)


@pytest.fixture
def apart(tmp_path):
    """Returns a function that does so in a process of its own."""
    return lambda *words, status=0, **environment: scripts.apart(
        *words, folder=tmp_path, **environment).printed(status)


ONE_EPOCH = "--epochs", "1", "--limit", "50"


@pytest.fixture(scope="session")
def trained_once(small, tmp_path_factory):
    """Returns the folder of a run of the vanilla main, as it left it."""
    folder = tmp_path_factory.mktemp("run") / "0-vanilla"
    with eagerly():
        scripts.here("0-main.py", "--dataset", small, *ONE_EPOCH,
                     "--output", folder).printed()
    return folder


@pytest.fixture
def finished(eager, trained_once, small, here, tmp_path):
    """Returns a folder with a finished run, and the flags that it had."""
    folder = tmp_path / "runs" / "0-vanilla"
    shutil.copytree(trained_once, folder)
    return folder, ("--dataset", small, *ONE_EPOCH)


@pytest.fixture(scope="session")
def mnist():
    """Returns MNIST's training and test images as rows of 0 to 1."""
    path = os.path.join(os.environ.get("AUTOENCODERS_DATA", ""), "mnist.npz")
    if not os.path.exists(path):
        pytest.skip("needs AUTOENCODERS_DATA, a folder with mnist.npz")
    with np.load(path) as archive:
        return tuple(archive[name].reshape(-1, 784).astype("float32") / 255
                     for name in ("x_train", "x_test"))
