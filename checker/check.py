#!/usr/bin/env python3
"""Checks modules of the autoencoder task, of one student or of a class.

    python checker/check.py FOLDER [FOLDER ...] [--expect 0 1 2 3]
        [--format json|csv|junit|gradescope] [--points FILE] [--jobs 2]

Examines whatever of 0-vanilla.py to 5-contractive.py lies in a folder, or in
the folders of a class, each in a process of its own that can do little harm.
Exit status 0: all promises are kept; 1: some are broken; 2: a module could
not be run, or one that is expected is not there.
"""
import argparse
import os
import secrets
import shutil
import sys
import time
from pathlib import Path

from grader import confinement, examiner, points, reports, students

ROOT = Path(__file__).resolve().parents[1]


def options():
    """Returns the command line's arguments."""
    keras2 = ROOT / ".venv-keras2" / "bin" / "python"
    parser = argparse.ArgumentParser(
        description="Checks modules of the autoencoder task.")
    numbers = {"nargs": "+", "type": int, "choices": list(students.TASKS),
               "metavar": "N"}
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER",
        help="where the modules lie, or a folder of such folders")
    parser.add_argument(
        "--format", choices=reports.FORMATS, default="text",
        help="what to print (default: %(default)s)")
    parser.add_argument(
        "--points", metavar="FILE", help="points for promises or groups of "
        "them, as JSON (default: 10 for each task of the course)")
    parser.add_argument("--only", help="examine these modules only",
                        **numbers)
    parser.add_argument("--expect", help="fail where one of these is not "
                        "there", default=[], **numbers)
    parser.add_argument("--strict", action="store_true",
                        help="take what is arguable for broken")
    parser.add_argument("--jobs", type=int, default=2, metavar="N",
                        help="modules at the same time (default: %(default)s)")
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
    for name in ("jobs", "timeout"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: expected 1 or more")
    for folder in arguments.folders:
        if not folder.is_dir():
            parser.error(f"{folder}: no such folder")
    for name in ("python", "keras2"):
        given = getattr(arguments, name)
        if given and not shutil.which(given):
            parser.error(f"--{name} {given}: no such program")
        # Not resolved: a link of an environment is what makes it one.
        setattr(arguments, name, given and os.path.abspath(
            shutil.which(given)))
    try:
        arguments.points = points.read(arguments.points)
    except (OSError, ValueError) as error:
        parser.error(f"--points: {error}")
    return arguments


def main():
    """Examines all students; prints the report, returns the exit status."""
    arguments = options()
    tasks = students.TASKS
    names = [tasks[number] for number in arguments.only or tasks]
    wanted = [tasks[number] for number in arguments.expect]
    isolate = confinement.namespaces()
    begin = time.monotonic()
    found = []
    known = students.find(arguments.folders, names)
    with examiner.Examiner(arguments, isolate) as examine:
        for student, modules in examine.all(known):
            missing = [name for name in wanted or students.COURSE
                       if name in names and name not in modules]
            found.append(reports.summary(
                student, modules, missing, bool(wanted), names, arguments))
            if len(known) > 1:
                print(reports.line(found[-1]), file=sys.stderr, flush=True)
    report = {"status": max(student["status"] for student in found),
              "seed": arguments.seed,
              "refused_by": confinement.strength(isolate),
              "seconds": round(time.monotonic() - begin, 1),
              "processor": round(sum(os.times()[:4]), 1),
              "students": found}
    print(reports.FORMATS[arguments.format](report))
    return report["status"]


if __name__ == "__main__":
    sys.exit(main())
