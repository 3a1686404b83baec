#!/usr/bin/env python3
"""Trains on tables of scikit-learn's own; writes docs/tables.csv and pages.

Each table goes as a .csv file through 0-main.py, anomalies.py, impute.py and
apply.py.
"""
import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
from sklearn import datasets
from sklearn.decomposition import PCA

ROOT = Path(__file__).resolve().parents[1]
RESULTS = pages.DOCS / "tables.csv"
FLAGS = "--epochs 200 --batch-size 32 --schedule cosine"
# What is loaded, the size of the code, the label to leave out.
TABLES = {"breast_cancer": (datasets.load_breast_cancer, 8, "malignant"),
          "wine": (datasets.load_wine, 4, "class_1"),
          "digits": (datasets.load_digits, 16, "8")}
METRICS = ERROR, AREA, HIDDEN, EMPTY, FOUND = (
    "squared error per row held out",
    "Area under the ROC curve, mean of the labels left out",
    "Squared error per hidden value, 25% at random",
    "squared error per empty cell of filled.csv, as a fraction of the "
    "columns' ranges",
    "fraction of the rows with a label never seen that are above the "
    "threshold of 5 %")


def write(path, names, rows, labels):
    """Writes a table with a column of labels."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([[*names, "label"], *(
            [*row, label] for row, label in zip(rows, labels))])


def read(path):
    """Reads the numbers of such a table, NaN where a cell is empty."""
    with open(path, newline="") as file:
        return np.array([[float(cell or "nan") for cell in line[:-1]]
                         for line in [*csv.reader(file)][1:]])


def run(folder, command):
    """Runs a command in a folder; returns what it measured, if anything."""
    script, *flags = command.split()
    print(f"{folder.name}: {command}", flush=True)
    subprocess.run([sys.executable, ROOT / "mains" / script, *flags],
                   check=True, cwd=folder)
    metrics = folder / script.partition(".")[0] / "metrics.json"
    return json.loads(metrics.read_text()) if "--output" in flags else None


def squared_errors(folder, table, size):
    """Returns PCA's squared errors of rows held out, and of another table."""
    rows = read(folder / table)
    train, test = (rows[np.arange(len(rows)) % 10 != 9], rows[9::10])
    least, span = train.min(0), np.ptp(train, axis=0)
    span[span == 0] = 1
    pca = PCA(size).fit((train - least) / span)

    def errors(rows):
        scaled = (rows - least) / span
        rebuilt = pca.inverse_transform(pca.transform(scaled))
        return ((scaled - rebuilt) ** 2).sum(axis=1)
    return errors(test), errors


def measured(name):
    """Yields the lines of a table."""
    load, size, odd = TABLES[name]
    folder = ROOT / "runs" / "tables" / name
    folder.mkdir(parents=True, exist_ok=True)
    content = load()
    rows = content.data
    labels = np.asarray(content.target_names)[content.target].astype(str)
    write(folder / "all.csv", content.feature_names, rows, labels)
    write(folder / "usual.csv", content.feature_names, rows[labels != odd],
          labels[labels != odd])
    write(folder / "odd.csv", content.feature_names, rows[labels == odd],
          labels[labels == odd])
    holes = np.random.default_rng(0).random(rows.shape) < 0.1
    write(folder / "holes.csv", content.feature_names, [
        ["" if hole else value for value, hole in zip(*line)]
        for line in zip(rows, holes)], labels)

    def line(command, metric, values, module="0-vanilla"):
        baselines = {name: value for name, value in values.items()
                     if name not in (module, "PCA")}
        return {"table": name, "command": f"./mains/{command}",
                "metric": metric, "obtained": f"{values[module]:.4g}",
                "PCA": f"{values['PCA']:.4g}" if "PCA" in values else "",
                "baselines": "; ".join(f"{other} {value:.4g}"
                                       for other, value in baselines.items())}

    sizes = f"--hidden 64 --latent {size} {FLAGS} --overwrite --no-show"
    command = f"0-main.py --dataset all.csv --label label {sizes}"
    metrics = run(folder, f"{command} --output 0-main")
    yield line(command, ERROR, {
        "0-vanilla": metrics["squared_error"],
        "PCA": squared_errors(folder, "all.csv", size)[0].mean()})
    command = f"anomalies.py --dataset all.csv --label label {sizes}"
    metrics = run(folder, f"{command} --output anomalies")
    yield line(command, AREA, metrics[AREA])
    command = (f"impute.py --dataset holes.csv --label label --hidden 256 "
               f"--latent 64 {FLAGS} --overwrite --no-show")
    metrics = run(folder, f"{command} --output impute")
    yield line(command, HIDDEN, metrics[HIDDEN])
    filled, span = read(folder / "impute" / "filled.csv"), np.ptp(rows, axis=0)
    span[span == 0] = 1
    shown = np.where(holes, np.nan, rows)
    if not (filled == shown)[~holes].all():
        raise ValueError("filled.csv has changed known cells")
    yield line(command, EMPTY, {other: (
        ((values - rows) / span)[holes] ** 2).mean() for other, values in (
            ("0-vanilla", filled), ("means", np.nanmean(shown, axis=0)))})
    run(folder, f"0-main.py --dataset usual.csv --label label {sizes} "
        "--output usual")
    command = "apply.py usual odd.csv --what labels"
    (folder / "labels.csv").unlink(missing_ok=True)
    run(folder, command)
    with open(folder / "labels.csv", newline="") as file:
        found = [int(row["label"]) for row in csv.DictReader(file)]
    test, errors = squared_errors(folder, "usual.csv", size)
    odd = errors(read(folder / "odd.csv"))
    yield line(command, FOUND, {
        "0-vanilla": np.mean(found),
        "PCA": (odd > np.quantile(test, 0.95)).mean()})


def names():
    """Returns table and metric of each line."""
    return [(name, metric) for name in TABLES for metric in METRICS]


def main():
    """Runs the tables; writes the lines."""
    pages.save(RESULTS, [line for name in TABLES for line in measured(name)])
    pages.write()


if __name__ == "__main__":
    main()
