#!/usr/bin/env python3
"""Mistakes of one line, made on purpose: the tests find nearly all.

    ./tests/test_mutations.py [FILE ...]

Each mutation is made in a copy of the project, where the tests of that file
run until the first fails.
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from lab_mutations import LAB

ROOT = Path(__file__).resolve().parents[1]


def survives(name, tests, before, after):
    """Tells whether the tests pass in spite of a mutation."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(
            ".*", "runs", "docs", "data", "__pycache__"))
        path = copy / "mains" / "lab" / name
        source = path.read_text()
        assert before in source, f"{name} has no {before!r}"
        path.write_text(source.replace(before, after, 1))
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-x", "-q", "-p",
                 "no:cacheprovider", *(f"tests/{test}" for test in tests)],
                cwd=copy, capture_output=True, text=True, timeout=300,
                env={**os.environ, "PYTEST_ADDOPTS": ""})
        except subprocess.TimeoutExpired:
            return False  # what never ends is noticed, too
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.returncode == 0


def survivors(names):
    """Makes the mutations of some files; yields each with its outcome."""
    every = [(name, tests, *pair) for name in names
             for tests, pairs in [LAB[name]] for pair in pairs]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for mutation, outcome in zip(
                every, pool.map(lambda each: survives(*each), every)):
            print("SURVIVES" if outcome else "killed", mutation[0],
                  repr(mutation[2]), "->", repr(mutation[3]), flush=True)
            yield mutation, outcome


@pytest.mark.long
def test_tests_find_mistakes(record_property):
    outcomes = [outcome for _, outcome in survivors(LAB)]
    assert len(outcomes) >= 60
    assert sum(outcomes) <= 0.05 * len(outcomes)
    record_property("mistakes made on purpose", len(outcomes))
    record_property("mistakes made on purpose that tests found",
                    len(outcomes) - sum(outcomes))


if __name__ == "__main__":
    sys.exit(any([outcome for _, outcome in survivors(
        sys.argv[1:] or LAB)]))
