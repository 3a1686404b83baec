#!/usr/bin/env python3
"""Mistakes of one line, made on purpose: the tests find nearly all.

    ./tests/test_mutations.py [FILE ...]

Each mutation is made in a copy of the project, where the tests of that file
run until the first fails.
"""
import concurrent.futures
import multiprocessing
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from lab_mutations import LAB

ROOT = Path(__file__).resolve().parents[1]


# Each mutation has a process, forked from one that has imported what takes
# seconds to import.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([
    "keras", "matplotlib.pyplot", "pytest", "sklearn.ensemble",
    "sklearn.impute", "sklearn.linear_model", "tensorflow"])


def run(folder, tests):
    """Runs tests in a copy of the project, until the first fails."""
    os.chdir(folder)
    with open("printed", "w") as printed:
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
    sys.path[:] = [path for path in sys.path
                   if not Path(path).is_relative_to(ROOT) or ".venv" in path]
    for name in [*sys.modules]:  # those of this project
        file = getattr(sys.modules[name], "__file__", None) or ""
        if Path(file).is_relative_to(ROOT) and ".venv" not in file:
            del sys.modules[name]
    os._exit(pytest.main(
        ["-x", "-q", "-p", "no:cacheprovider", *tests]))


def survives(name, tests, before, after):
    """Determines whether the tests pass in spite of a mutation."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        for part in ("mains", "tests", "benchmarks", "checker"):
            shutil.copytree(ROOT / part, copy / part,
                            ignore=shutil.ignore_patterns("__pycache__"))
        for path in [*ROOT.glob("*.py"), ROOT / "pyproject.toml"]:
            shutil.copy(path, copy)
        path = copy / "mains" / "lab" / name
        source = path.read_text()
        path.write_text(source.replace(before, after, 1))
        process = FORKS.Process(
            target=run, args=(copy, [f"tests/{test}" for test in tests]))
        process.start()
        process.join(300)
        if process.is_alive():  # what never ends is noticed, too
            process.kill()
            return False
        assert process.exitcode in (0, 1), (copy / "printed").read_text()
        return process.exitcode == 0


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


@pytest.mark.parametrize("name", LAB)
def test_what_is_changed_stands_there_once(name):
    """Or the mistake could not be made, or not only there."""
    source = (ROOT / "mains" / "lab" / name).read_text()
    tests, pairs = LAB[name]
    assert {before: source.count(before) for before, _ in pairs} == {
        before: 1 for before, _ in pairs}
    for test in tests:
        file, _, function = test.partition("::")
        assert f"def {function}" in (ROOT / "tests" / file).read_text()


@pytest.mark.long
def test_tests_find_mistakes(record_property):
    outcomes = [*survivors(LAB)]
    found = [mutation for mutation, outcome in outcomes if not outcome]
    assert len(found) >= 0.95 * len(outcomes) > 60, [
        mutation for mutation, outcome in outcomes if outcome]
    record_property("mistakes made on purpose", len(outcomes))
    record_property("mistakes made on purpose that tests found", len(found))


if __name__ == "__main__":
    sys.exit(any([outcome for _, outcome in survivors(
        sys.argv[1:] or LAB)]))
