#!/usr/bin/env python3
"""Trains the README's models again and writes its table and pictures.

    AUTOENCODERS_DATA=folder ./benchmarks/reproduce.py [ROW ...]

Rows that are not named keep the figures they have in data/results.csv.
"""
import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "data" / "results.csv"
COURSE = "the course's log"
COLUMNS = ("row", "command", "epochs", "figure", "obtained", "reference",
           "source", "seconds", "also")

# Row: command, figure, what it is called, reference or figure to compare
# with, its source.
ROWS = {
    "vanilla": (
        "0-main.py --dataset mnist", "loss", "test loss, nats per pixel",
        0.0842, COURSE),
    "sparse": (
        "1-main.py --dataset mnist", "loss",
        "test loss with the penalty, nats per pixel", 0.0835, COURSE),
    "convolutional": (
        "2-main.py --dataset mnist", "loss", "test loss, nats per pixel",
        0.0926, COURSE),
    "variational": (
        "3-main.py --dataset mnist", "loss",
        "negative ELBO of the test set, nats per image", 147.90, COURSE),
    "denoising": (
        "4-main.py --dataset mnist", "repaired_squared_error",
        "squared error per image, of noisy images repaired",
        "noisy_squared_error", "the noisy images"),
    "contractive": (
        "5-main.py --dataset mnist", "code_movement",
        "movement of the code by noise, share of its spread",
        "vanilla_code_movement", "0-vanilla beside it"),
}


def run(row):
    """Trains what a row names; returns its line of the table."""
    command, figure, title, reference, source = ROWS[row]
    folder = ROOT / "runs" / "reproduce" / row
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    script, *flags = command.split()
    subprocess.run(
        [sys.executable, ROOT / "mains" / script, *flags, "--output", folder,
         "--no-show"], check=True)
    seconds = time.monotonic() - started
    metrics = json.loads((folder / "metrics.json").read_text())
    config = json.loads((folder / "config.json").read_text())
    if isinstance(reference, str):  # measured beside it
        reference = f"{metrics.pop(reference):.4g}"
    for picture in folder.glob("*.png"):
        shutil.copy(picture, ROOT / "data" / f"{row}-{picture.name}")
    return {
        "row": row, "command": f"./mains/{command}",
        "epochs": config["settings"]["epochs"], "figure": title,
        "obtained": f"{metrics.pop(figure):.4g}", "reference": reference,
        "source": source, "seconds": round(seconds),
        "also": "; ".join(f"{name.replace('_', ' ')} {value:.4g}"
                          for name, value in metrics.items())}


def table(lines):
    """Returns the README's table of the rows, as Markdown."""
    text = ["| command | epochs | figure | obtained | reference | source "
            "| seconds |", "| --- | ---: | --- | ---: | ---: | --- | ---: |"]
    for line in lines:
        text.append("| `{command}` | {epochs} | {figure} | **{obtained}** | "
                    "{reference} | {source} | {seconds} |".format(**line))
    return "\n".join(text) + "\n"


def fill(text, results):
    """Puts the results into the README: its table, and figures in its text.

    These stand between comments: `<!-- row: name -->4.829<!-- -->`.
    """
    def figure(match):
        row, name = match["row"], match["name"]
        values = {**results[row], **dict(
            entry.rsplit(" ", 1)
            for entry in results[row]["also"].split("; "))}
        return f"<!-- {row}: {name} -->{values[name]}<!-- -->"

    text = re.sub(r"<!-- (?P<row>\w+): (?P<name>[\w ]+) -->.*?<!-- -->",
                  figure, text)
    return re.sub(
        "(?s)(?<=<!-- results -->\n).*(?=<!-- end of results -->)",
        lambda _: table(results.values()), text)


def read():
    """Reads the results there are."""
    if not RESULTS.exists():
        return {}
    with open(RESULTS, newline="") as file:
        return {line["row"]: line for line in csv.DictReader(file)}


def main():
    """Runs the rows; writes the results, and the README's figures."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW",
                        help=f"of {', '.join(ROWS)} (default: all)")
    rows = parser.parse_args().rows
    unknown = set(rows) - set(ROWS)
    if unknown:
        parser.error(f"Expected rows of {', '.join(ROWS)}. Received: "
                     f"{', '.join(sorted(unknown))}")
    for row in rows or ROWS:
        lines = {**read(), row: run(row)}
        with open(RESULTS, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(lines[name] for name in ROWS if name in lines)
    readme = ROOT / "README.md"
    readme.write_text(fill(readme.read_text(), read()))


if __name__ == "__main__":
    main()
