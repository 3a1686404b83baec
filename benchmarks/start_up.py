#!/usr/bin/env python3
"""Measures how long commands take from their start to the prompt.

    ./benchmarks/start_up.py

On a machine that is otherwise idle: each command runs five times, in turn with
itself without each of the measures that shorten its start. Writes
`docs/start-up.csv`, and fills the pages.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pages

TIMES = 5
# What each measure saves is seen without it.
WITHOUT = {
    "": "",
    "TensorFlow imported where Keras looks for it":
        "import lab.backend; "
        "lab.backend.without_tensorflow = contextlib.nullcontext; ",
    "initial values drawn for models that are loaded":
        "import lab.autoencoders; "
        "lab.autoencoders.zeros_at_first = contextlib.nullcontext; ",
}
COMMANDS = {
    "`--help`": ([""], ["0-main.py", "--help"]),
    "0-main.py on 500 rows of 10 columns, 50 epochs": (
        [*WITHOUT][:2], ["0-main.py", "--dataset", "table.npz", "--hidden",
                         "32", "--latent", "4", "--overwrite", "--no-show"]),
    "apply.py on one row": (
        ["", [*WITHOUT][2]], ["apply.py", "runs/0-vanilla", "row.npz",
                              "--what", "codes", "--output", "-"]),
    "import of a factory": ([""], None),
}


def program(without, words):
    """Returns the words that run a script, or that import a factory."""
    if words is None:
        return [sys.executable, "-c", "__import__('0-vanilla').autoencoder"]
    script, *flags = words
    if not WITHOUT[without]:
        return [sys.executable, pages.ROOT / "mains" / script, *flags]
    return [sys.executable, "-c", (
        f"import contextlib, runpy, sys; sys.argv = {words}; "
        f"sys.path.insert(0, {str(pages.ROOT / 'mains')!r}); "
        f"{WITHOUT[without]}runpy.run_path("
        f"{str(pages.ROOT / 'mains' / script)!r}, run_name='__main__')")]


def seconds(words, folder):
    """Runs a program; returns how long it took."""
    started = time.monotonic()
    subprocess.run(words, cwd=folder, check=True, capture_output=True, env={
        **os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(pages.ROOT)})
    return time.monotonic() - started


def main():
    """Times all commands, in turn."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        table = np.random.default_rng(0).random((500, 10))
        np.savez(f"{folder}/table.npz", x_train=table[:450],
                 x_test=table[450:])
        np.savez(f"{folder}/row.npz", x=table[:1])
        for name, (contenders, words) in COMMANDS.items():
            found = {without: [] for without in contenders}
            for _ in range(TIMES):
                for without in contenders:
                    found[without].append(
                        seconds(program(without, words), folder))
            lines += [{
                "command": name,
                "changed": without or "as it is",
                "seconds": f"{statistics.median(times):.2f}",
                "spread": f"{min(times):.2f} to {max(times):.2f}"}
                for without, times in found.items()]
    pages.save(pages.DOCS / "start-up.csv", lines)
    pages.write()


if __name__ == "__main__":
    main()
