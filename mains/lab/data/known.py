"""The known data sets: where they are looked for."""
import os
import threading
import urllib.request
from pathlib import Path

import keras

from lab import ROOT
from lab.data import reading
from lab.errors import InputError

KNOWN = ("mnist", "fashion_mnist")
PATIENCE = 10  # seconds to wait for a network that does not answer


class NotAvailable(InputError):
    """A known data set that is neither on this machine nor to be fetched."""


def find(name):
    """Finds a known data set on this machine, or has Keras download it.

    Returns:
        Arrays: images to train on and to test on, labels of the latter and of
        the former.

    Raises:
        NotAvailable: If it cannot be had.
    """
    home = Path(os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras")))
    folders = [os.environ.get("AUTOENCODERS_DATA"), ROOT / "data",
               home / "datasets"]
    for folder in filter(None, folders):
        path = Path(folder, f"{name}.npz")
        if path.exists():
            return reading.read_archive(path)
    cached = home / "datasets" / name.replace("_", "-")  # four files by Keras
    if len([*cached.glob("*.gz")]) < 4 and not reachable(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"):
        raise NotAvailable(
            f"{name} is not on this machine, and its server does not answer. "
            f"Put {name}.npz into data/, or into a folder that "
            "AUTOENCODERS_DATA names.")
    try:
        (train, train_labels), (test, labels) = getattr(
            keras.datasets, name).load_data()
    except Exception as error:  # Keras raises bare ones for a failed download.
        raise NotAvailable(
            f"Keras could not load {name} ({error}). Put {name}.npz into "
            "data/, or into a folder that AUTOENCODERS_DATA names.") from error
    return train, test, labels, train_labels


def reachable(address):
    """Determines within `PATIENCE` seconds whether a server answers."""
    answered = threading.Event()

    def ask():
        try:
            urllib.request.urlopen(address, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            pass
        except OSError:
            return
        answered.set()

    # In a separate thread, as looking up a host name has no time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answered.is_set()
