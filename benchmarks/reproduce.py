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
# with, its source. For a use: command, and which of its figures are best.
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
    "denoise": ("denoise.py --dataset mnist --epochs 20", min),
    "impute": ("impute.py --dataset mnist --epochs 20", min),
    "anomalies": ("anomalies.py --dataset mnist --epochs 5", max),
    "codes-2": ("codes.py --dataset mnist --epochs 10", max),
    "codes-8": ("codes.py --dataset mnist --epochs 10 --latent 8", max),
    "codes-32": (
        "codes.py --dataset mnist --epochs 10 --latent 32 --model 4-denoising",
        max),
    "generate": ("generate.py --dataset mnist --epochs 20", min),
}


def run(row):
    """Trains what a row names; returns its lines of the table."""
    command, *what = ROWS[row]
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
    for picture in folder.glob("*.png"):
        shutil.copy(picture, ROOT / "data" / f"{row}-{picture.name}")
    common = {"row": row, "command": f"./mains/{command}",
              "epochs": config["settings"]["epochs"],
              "seconds": round(seconds)}
    if len(what) == 1:  # a use: each comparison against its best other way
        for title, values in metrics.items():
            if isinstance(values, dict):
                obtained = values.pop(config["settings"]["module"], None)
                if obtained is not None:
                    best = what[0](values, key=values.get)
                    yield {**common, "figure": title[0].lower() + title[1:],
                           "obtained": f"{obtained:.4g}",
                           "reference": f"{values[best]:.4g}",
                           "source": best, "also": also(values)}
        return
    figure, title, reference, source = what
    if isinstance(reference, str):  # measured beside it
        reference = f"{metrics.pop(reference):.4g}"
    yield {**common, "figure": title, "obtained": f"{metrics.pop(figure):.4g}",
           "reference": reference, "source": source, "also": also(metrics)}


def also(metrics):
    """Returns figures as text, such as `squared error 4.829; ...`."""
    return "; ".join(f"{name.replace('_', ' ')} {value:.4g}"
                     for name, value in metrics.items())


def table(lines):
    """Returns the README's table of the rows, as Markdown."""
    text = ["| command | epochs | figure | obtained | reference | source "
            "| seconds |", "| --- | ---: | --- | ---: | ---: | --- | ---: |"]
    for line in lines:
        text.append("| `{command}` | {epochs} | {figure} | **{obtained}** | "
                    "{reference} | {source} | {seconds} |".format(**line))
    return "\n".join(text) + "\n"


def fill(text, lines):
    """Puts the results into the README: its table, and figures in its text.

    These stand between comments: `<!-- row: name -->4.829<!-- -->`.
    """
    def figure(match):
        row, name = match["row"], match["name"]
        line = next(line for line in lines if line["row"] == row)
        values = {**line, **dict(entry.rsplit(" ", 1)
                                 for entry in line["also"].split("; "))}
        return f"<!-- {row}: {name} -->{values[name]}<!-- -->"

    text = re.sub(r"<!-- (?P<row>\w+): (?P<name>[\w ]+) -->.*?<!-- -->",
                  figure, text)
    return re.sub(
        "(?s)(?<=<!-- results -->\n).*(?=<!-- end of results -->)",
        lambda _: table(lines), text)


def read():
    """Reads the lines there are, in the order of the rows."""
    if not RESULTS.exists():
        return []
    with open(RESULTS, newline="") as file:
        return list(csv.DictReader(file))


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
        lines = [line for line in read() if line["row"] != row]
        lines = sorted([*lines, *run(row)],
                       key=lambda line: list(ROWS).index(line["row"]))
        with open(RESULTS, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(lines)
    write_readme()


def write_readme():
    """Puts what there is of results into the README."""
    readme = ROOT / "README.md"
    readme.write_text(fill(readme.read_text(), read()))


if __name__ == "__main__":
    main()
