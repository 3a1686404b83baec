"""One way to run a script, here or apart, and to read what it wrote."""
import contextlib
import csv
import io
import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = {path.name: path for path in sorted((ROOT / "mains").glob("*.py"))}
# What every training writes.
WRITTEN = {"config.json", "history.csv", "metrics.json", "encoder.keras",
           "decoder.keras", "auto.keras", "scores.npz", "report.html"}


class Ended(NamedTuple):
    """How a script ended: its status, and what it printed."""

    status: int
    out: str
    err: str

    def printed(self, status=0):
        """Checks the status; returns the output, or the error of a failure."""
        assert self.status == status, self.out + self.err
        return self.err if status else self.out


def here(name, *arguments, folder="."):
    """Runs a script in this very process, from a folder."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(
            out), contextlib.redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", [name, *map(str, arguments)])
        patch.delenv("DISPLAY", raising=False)
        try:
            runpy.run_path(str(SCRIPTS[name]), run_name="__main__")
        except SystemExit as stop:
            status = stop.code or 0
            if isinstance(status, str):
                print(status, file=sys.stderr)
                status = 1
    return Ended(status, out.getvalue(), err.getvalue())


def start(*words, folder=".", **environment):
    """Starts Python in a process of its own, which Ctrl-C ends: a script, or
    `-c` and code, which may import what the scripts share."""
    # Where tests run in the background, Ctrl-C may be ignored: not here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    words = [str(SCRIPTS.get(word, word)) for word in words]
    try:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "DISPLAY": "", "PYTHONPATH": str(
                ROOT / "mains"), **environment})
    finally:
        signal.signal(signal.SIGINT, before)


def end(process, timeout=500):
    """Waits for the end of a process that was started."""
    out, err = process.communicate(timeout=timeout)
    return Ended(process.returncode, out, err)


def apart(*words, **options):
    """Runs Python in a process of its own, as `start` does, to its end."""
    return end(start(*words, **options))


def metrics(folder):
    """Reads what a run measured."""
    return json.loads((folder / "metrics.json").read_text())


def history(folder):
    """Reads the numbers of each epoch, exactly as they were written."""
    with open(folder / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def config(folder):
    """Reads what a run was asked to do."""
    return json.loads((folder / "config.json").read_text())


@contextlib.contextmanager
def changed(path):
    """Gives the content of a JSON file, and writes what became of it."""
    content = json.loads(path.read_text())
    yield content
    path.write_text(json.dumps(content))


def files(folder):
    """Returns the bytes of every file in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}
