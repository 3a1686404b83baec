#!/usr/bin/env python3
"""Measures what `make run` takes where nothing is installed yet.

    ./benchmarks/set_up.py

Clones the project, downloads its packages, and runs `make run` with these, on
the data set that the mains choose by themselves. Writes `docs/set-up.csv`, and
fills the pages.
"""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pages

METRICS = ("megabytes downloaded", "seconds to install", "megabytes installed",
           "seconds to train and draw")


def megabytes(folder):
    """Returns the size of all files in a folder, as the disk counts it."""
    return sum(path.lstat().st_blocks * 512
               for path in folder.rglob("*")) / 1e6


def timed(clone, target, **environment):
    """Returns the seconds that a target of make takes."""
    started = time.monotonic()
    subprocess.run(["make", target], cwd=clone, check=True,
                   env={**os.environ, **environment})
    return time.monotonic() - started


def main():
    """Downloads, installs, trains; writes what each of it took."""
    with tempfile.TemporaryDirectory() as name:
        clone, wheels = Path(name, "clone"), Path(name, "wheels")
        subprocess.run(["git", "clone", "--quiet", pages.ROOT, clone],
                       check=True)
        timed(clone, ".venv/installed")
        subprocess.run([clone / ".venv/bin/python", "-m", "pip", "download",
                        "--quiet", "--dest", wheels, "--requirement",
                        clone / ".venv/packages.txt"], check=True)
        shutil.rmtree(clone / ".venv")
        here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels),
                "KERAS_BACKEND": "", "KERAS_HOME": str(Path(name, "keras"))}
        values = (megabytes(wheels), timed(clone, ".venv/installed", **here),
                  megabytes(clone / ".venv"), timed(clone, "run", **here))
    pages.save(pages.DOCS / "set-up.csv", [
        {"metric": name, "value": int(round(value, -1 if value > 100 else 0))}
        for name, value in zip(METRICS, values)])
    pages.write()


if __name__ == "__main__":
    main()
