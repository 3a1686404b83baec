"""Who is measured: each in a separate process, watched from outside.

An epoch lasts from one line `Epoch 2/5` to the next, with its validation, its
callbacks and its saving.
"""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "mains"), str(ROOT)]
# The models: module, and sizes for its factory.
WORKLOADS = {
    "0-vanilla": (784, [128, 64], 32),
    "3-variational": (784, [512], 2),
    "2-convolutional": ((28, 28, 1), [16, 8, 8], (4, 4, 8)),
}
EPOCHS, ROUNDS = 4, 2  # of the epochs, the first and the last do not count
CONTENDERS = {
    "course, TensorFlow": ("tensorflow", "course.py"),
    "ours, default": (None, None),  # the main chooses
    "ours, TensorFlow": ("tensorflow", None),
    "ours, JAX": ("jax", None),
    "JAX, steps alone": ("jax", "course.py", "--steps"),
    "PyTorch, as its examples": ("torch", "pytorch.py"),
    "PyTorch, tuned": ("torch", "pytorch.py", "--tuned"),
}
COURSE = "course, TensorFlow"


def prepare(folder):
    """Writes the images, and initial values for PyTorch; returns the file,
    and how many training images are in it."""
    import keras
    from lab.data import datasets
    data = datasets.load("auto")
    arrays = {"x_train": data.train, "x_test": data.test}
    for module, sizes in WORKLOADS.items():
        keras.utils.set_random_seed(0)
        *_, auto = __import__(module).autoencoder(*sizes)
        for number, weight in enumerate(auto.trainable_weights):
            arrays[f"{module}-{number}"] = keras.ops.convert_to_numpy(weight)
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz", len(data.train)


def fastest(module):
    """Returns the backend that a module's main chooses by itself."""
    from lab import modules
    return modules.get(module).backend


def contenders_of(module):
    """Names who is measured with a module: the default backend only once."""
    spare = {"jax": ("ours, JAX",),
             "tensorflow": ("ours, TensorFlow", "JAX, steps alone")}
    return [name for name in CONTENDERS if name not in spare[fastest(module)]]


def ours(module, folder, *flags, epochs=EPOCHS):
    """Returns the command of a main."""
    return [sys.executable, ROOT / "mains" / f"{module[0]}-main.py",
            "--no-show", "--epochs", epochs, "--output", folder,
            "--overwrite", *flags]


def command_of(contender, module, data, folder):
    """Returns the backend and the command of a contender."""
    backend, script, *flags = CONTENDERS[contender]
    if script is None:
        return backend, ours(
            module, folder / f"{module}-{backend}", "--dataset", data)
    return backend, [sys.executable, HERE / script, data, module, EPOCHS,
                     *flags]


def watch(command, backend="tensorflow", until=None):
    """Runs a contender; returns when each of its epochs began, and more.

    Args:
        command: List of strings.
        backend: String, or None. What Keras is told to compute with.
        until: Number or None. The validation loss at which to stop it.

    Returns:
        Dictionary: `starts`, seconds from the start to each epoch; `reached`,
        to the loss `until`; `loss`, the last validation loss; `inference`,
        seconds; `memory`, peak, bytes; `total`, seconds to the end.
    """
    started = time.monotonic()
    environment = {name: value for name, value in os.environ.items()
                   if name != "TF_ENABLE_ONEDNN_OPTS"}  # only the mains' own
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE,
        env={**environment, "KERAS_BACKEND": backend or "",
             "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"})
    found = {"starts": [], "reached": None, "loss": None, "inference": None}
    printed, line, memory = [], "", 0
    while piece := os.read(process.stdout.fileno(), 65536):
        now = time.monotonic() - started
        memory = peak_memory(process.pid) or memory
        printed.append(piece.decode(errors="replace"))
        *lines, line = re.split(r"[\r\n]", line + printed[-1])
        for text in lines:
            if re.match(r"Epoch \d+/\d+", text):
                found["starts"].append(now)
            for name, key in (
                    ("val_loss", "loss"), ("Inference", "inference")):
                if number := re.search(rf"{name}: ([\d.]+)", text):
                    found[key] = float(number[1])
        if until and found["loss"] and found["loss"] <= until:
            found["reached"], until = now, None
            process.kill()
    process.stdout.close()
    if process.wait() and not found["reached"]:
        sys.exit(f"{' '.join(map(str, command))} ended with "
                 f"{process.returncode}:\n"
                 + "".join(printed))
    return {**found, "memory": memory,
            "total": time.monotonic() - started}


def peak_memory(pid):
    """Returns the most memory that a process has had so far, in bytes; 0 once
    it has ended. (What the system adds up at its end counts its parent's.)"""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    size = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(size[1]) * 1024 if size else 0


def epochs_of(found):
    """Returns the seconds of the epochs between the first and the last."""
    return np.diff(found["starts"])[1:].tolist()
