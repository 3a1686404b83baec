"""The backend of Keras, chosen before Keras is imported."""
import contextlib
import importlib.util
import json
import os
import sys
from pathlib import Path

from lab import modules

# What Keras writes into its configuration file at its first import.
UNTOUCHED = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow",
             "image_data_format": "channels_last"}


def choose(module):
    """Has Keras compute with the fastest backend for a module.

    `KERAS_BACKEND` and Keras's own configuration file take precedence, unless
    Keras wrote that file by itself.
    """
    home = os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras"))
    try:
        config = json.loads(Path(home, "keras.json").read_text())
    except (OSError, ValueError):
        config = UNTOUCHED
    if (os.environ.get("KERAS_BACKEND") or "keras" in sys.modules
            or config != UNTOUCHED):
        return
    fastest = modules.get(module).backend
    if fastest == "tensorflow" or importlib.util.find_spec(fastest):
        os.environ["KERAS_BACKEND"] = fastest
    else:
        print("JAX is not installed; it would train this module faster: "
              "pip install jax")


def prefer(name):
    """Has Keras compute with a backend, if it is installed and neither
    `KERAS_BACKEND` nor an earlier import has chosen one."""
    if (name in ("jax", "tensorflow", "torch")
            and importlib.util.find_spec(name)
            and not os.environ.get("KERAS_BACKEND")):
        os.environ["KERAS_BACKEND"] = name


@contextlib.contextmanager
def without_tensorflow():
    """Hides TensorFlow for a while, unless it has been imported already.

    Whatever its backend, Keras imports TensorFlow, if it is installed, in
    order to seed it: seconds (see docs/speed.md) and hundreds of megabytes.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # an import then fails
    try:
        yield
    finally:
        del sys.modules["tensorflow"]
