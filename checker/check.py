#!/usr/bin/env python3
"""Checks modules of the autoencoder task: make check DIR=path.

    python checker/check.py path [--json] [--keras2 PYTHON] [--timeout 60]

Examines whatever of 0-vanilla.py to 5-contractive.py lies in the folder, each
in a process of its own that can do little harm. Exit status 0: all promises
are kept; 1: some are broken; 2: a module could not be run.
"""
import argparse
import concurrent.futures
import json
import os
import re
import secrets
import shutil
import sys
from pathlib import Path

from grader import case, confinement, promises

ROOT = Path(__file__).resolve().parents[1]
KEPT, BROKEN, NOT_RUN = 0, 1, 2
# What Keras 3 says where it misses what Keras 2 had.
OLD = re.compile(
    r"KerasTensor cannot be used as input to a TensorFlow function|"
    r"keras\S* has no attribute|No module named '(tensorflow\.)?keras\.\w+'|"
    r"cannot import name '\w+' from '(tensorflow\.)?keras\S*")


def examine(path, seed, python, seconds, isolate):
    """Examines one module in a process of its own; returns a report."""
    request = case.request(path.stem, seed)
    evidence = confinement.run(
        python, {**request, "path": str(path), "seconds": seconds}, isolate)
    error = evidence.get("cause") or next(
        iter(evidence.get("errors", {}).values()), "")
    report = {"status": NOT_RUN, "promises": [],
              "keras": promises.printable(evidence.get("keras", "")),
              "error": promises.printable(error)}
    if evidence.get("cause"):
        return report
    results = promises.judge(path.stem, request, evidence)
    broken = any(result.state == "broken" and not result.beyond
                 for result in results)
    return {**report, "status": BROKEN if broken else KEPT,
            "promises": [result._asdict() for result in results]}


def examine_twice(path, arguments, isolate):
    """Examines a module; with Keras 2 as well, if it ends with an error."""
    report = examine(path, arguments.seed, arguments.python,
                     arguments.timeout, isolate)
    error = report["error"]
    if not error or error.startswith(("SyntaxError", confinement.TIME_LIMIT)):
        return report
    if arguments.keras2:
        older = examine(path, arguments.seed, arguments.keras2,
                        arguments.timeout, isolate)
        if not older["error"]:
            return {**older, "note": "written for Keras 2: with a newer one "
                    f"it ends with {error}"}
    elif OLD.search(error) and "runs" not in {
            line["name"].rpartition(".")[2] for line in report["promises"]
            if line["state"] == "broken"}:
        return {**report, "status": NOT_RUN, "promises": [], "note": (
            "it seems to be written for Keras 2, which is not here: "
            "make compat-keras2, or --keras2")}
    return report


def write(name, report):
    """Writes a module's report as a person reads it."""
    print(f"\n{name}.py", f"(Keras {report['keras']})" * bool(
        report["keras"]))
    if "note" in report:
        print(f"  {report['note']}")
    if report["status"] == NOT_RUN:
        print(f"  could not be run: {report['error']}")
        return
    task = [line for line in report["promises"] if not line["beyond"]]
    more = [line for line in report["promises"] if line["beyond"]]
    for line in task:
        write_line(line)
    kept = sum(line["state"] == "kept" for line in task)
    print(f"  {kept} of {len(task)} promises kept")
    print("  beyond the task, never a failure:")
    for line in more:
        write_line(line)


def write_line(line):
    """Writes one promise, and if it is broken what is known of that."""
    state = line["state"].upper() if line["state"] == "broken" else (
        line["state"])
    note = f" ({line['note']})" * bool(line["note"])
    print(f"  {state:12}  {line['name']}: {line['text']}{note}")
    for what in ("expected", "found", "likely"):
        if line[what]:
            print(f"{'':18}{what}: {line[what]}")


def options():
    """Returns the command line's arguments."""
    keras2 = ROOT / ".venv-keras2" / "bin" / "python"
    parser = argparse.ArgumentParser(
        description="Checks modules of the autoencoder task.")
    parser.add_argument("folder", type=Path, help="where the modules lie")
    parser.add_argument("--json", action="store_true",
                        help="print one JSON object instead of lines")
    parser.add_argument(
        "--timeout", type=int, default=60, metavar="SECONDS",
        help="of the processor, for each module (default: %(default)s); five "
        "times as long by the clock")
    parser.add_argument("--python", default=sys.executable,
                        help="Python that has Keras (default: this one)")
    parser.add_argument(
        "--keras2", metavar="PYTHON", default=os.environ.get(
            "KERAS2_PYTHON") or (str(keras2) if keras2.exists() else None),
        help="Python that has Keras 2, for modules that need it (default: "
        "$KERAS2_PYTHON, else that of make compat-keras2, if it is there)")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32),
                        help="to repeat an examination; else sizes, weights "
                        "and inputs are drawn anew each time")
    arguments = parser.parse_args()
    for name in ("python", "keras2"):
        given = getattr(arguments, name)
        if given and not shutil.which(given):
            parser.error(f"--{name} {given}: no such program")
        # Not resolved: a link of an environment is what makes it one.
        setattr(arguments, name, given and os.path.abspath(
            shutil.which(given)))
    return arguments


def main():
    """Examines the modules, two at a time; returns the exit status."""
    arguments = options()
    paths = [arguments.folder.resolve() / f"{name}.py" for name in case.IDEAS]
    paths = [path for path in paths if path.is_file()]
    if not paths:
        print(f"Nothing to check in {arguments.folder}. Expected files such "
              f"as {next(iter(case.IDEAS))}.py.", file=sys.stderr)
        return NOT_RUN
    isolate = confinement.namespaces()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        reports = dict(zip(
            (path.stem for path in paths),
            pool.map(lambda path: examine_twice(path, arguments, isolate),
                     paths)))
    status = max(report["status"] for report in reports.values())
    if arguments.json:
        print(json.dumps({
            "folder": str(arguments.folder), "status": status,
            "seed": arguments.seed,
            "refused_by": confinement.strength(isolate),
            "modules": reports}, indent=2))
        return status
    for name, report in reports.items():
        write(name, report)
    strength = confinement.strength(isolate)
    print(f"\nRefused: writing outside a temporary folder (by "
          f"{strength['writing']}), the network (by {strength['network']}). "
          f"To repeat this: --seed {arguments.seed}")
    return status


if __name__ == "__main__":
    sys.exit(main())
