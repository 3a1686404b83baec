"""Settings for all tests, made before anything heavy is imported."""
import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def mnist():
    """Returns MNIST's training and test images as rows of 0 to 1."""
    path = os.path.join(os.environ.get("AUTOENCODERS_DATA", ""), "mnist.npz")
    if not os.path.exists(path):
        pytest.skip("needs AUTOENCODERS_DATA, a folder with mnist.npz")
    with np.load(path) as archive:
        return tuple(archive[name].reshape(-1, 784).astype("float32") / 255
                     for name in ("x_train", "x_test"))
