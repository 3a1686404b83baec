#!/usr/bin/env python3
"""Trains on tables; writes docs/tables.csv and pages, or compares detectors.

Without arguments tables of scikit-learn's own go as .csv files through
0-main.py, anomalies.py, impute.py and apply.py.

With a folder, tables of one class each: NAME-train.csv has its rows,
NAME-test.csv others and a last column, 1 for an anomaly. Each is trained on by
a main without other flags, and scored by apply.py; detectors of scikit-learn's
are trained in the same run, on standardised columns. Prints the areas under
the ROC curve and their means, and writes them to runs/one-class.csv.
"""
import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

ROOT = Path(__file__).resolve().parents[1]
RESULTS = pages.DOCS / "tables.csv"
# What is loaded, and the label to leave out.
TABLES = {"breast_cancer": (datasets.load_breast_cancer, "malignant"),
          "wine": (datasets.load_wine, "class_1"),
          "digits": (datasets.load_digits, "8")}
METRICS = REBUILT, AREA, HIDDEN, EMPTY, FOUND = (
    "variance of the rows held out that is rebuilt",
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


def measured(name):
    """Yields the lines of a table."""
    load, odd = TABLES[name]
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

    flags = "--label label --overwrite --no-show"
    command = f"0-main.py --dataset all.csv {flags}"
    metrics = run(folder, f"{command} --output 0-main")
    yield line(command, REBUILT, {
        "0-vanilla": metrics["variance_rebuilt"],
        "PCA": metrics["pca_variance_rebuilt"]})
    command = f"anomalies.py --dataset all.csv {flags}"
    metrics = run(folder, f"{command} --output anomalies")
    yield line(command, AREA, metrics[AREA])
    command = f"impute.py --dataset holes.csv {flags}"
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
    run(folder, f"0-main.py --dataset usual.csv {flags} --output usual")
    command = "apply.py usual odd.csv --what labels"
    (folder / "labels.csv").unlink(missing_ok=True)
    run(folder, command)
    with open(folder / "labels.csv", newline="") as file:
        found = [int(row["label"]) for row in csv.DictReader(file)]
    yield line(command, FOUND, {"0-vanilla": np.mean(found)})


def names():
    """Returns table and metric of each line."""
    return [(name, metric) for name in TABLES for metric in METRICS]


def detectors(train, test):
    """Returns scores of rows by scikit-learn's detectors, with the settings
    that PyOD gives them."""
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    pca = PCA(min(len(train), -(-train.shape[1] // 2))).fit(train)
    return {
        "nearest neighbours": NearestNeighbors(n_neighbors=5).fit(
            train).kneighbors(test)[0][:, -1],
        "local outlier factor": -LocalOutlierFactor(
            min(20, len(train) - 1), novelty=True).fit(
                train).score_samples(test),
        "one-class SVM": -OneClassSVM().fit(train).score_samples(test),
        "isolation forest": -IsolationForest(random_state=0).fit(
            train).score_samples(test),
        "PCA": ((test - pca.inverse_transform(pca.transform(test))) ** 2
                ).sum(axis=1)}


def compared(source, name, module):
    """Returns the areas under the ROC curve of ours and of detectors."""
    folder = ROOT / "runs" / "one-class" / name
    folder.mkdir(parents=True, exist_ok=True)
    script = f"{module[0]}-main.py"
    run(folder, f"{script} --dataset {source / name}-train.csv --overwrite "
        f"--no-show --output {module}")
    (folder / "scores.csv").unlink(missing_ok=True)
    run(folder, f"apply.py {module} {source / name}-test.csv --what scores")
    with open(folder / "scores.csv", newline="") as file:
        ours = [float(row["score"]) for row in csv.DictReader(file)]
    train, test = (np.loadtxt(f"{source / name}-{part}.csv", delimiter=",",
                              skiprows=1) for part in ("train", "test"))
    scores = {module: ours, **detectors(train, test[:, :-1])}
    return {detector: roc_auc_score(test[:, -1], score)
            for detector, score in scores.items()}


def main():
    """Runs the tables; writes the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--module", default="0-vanilla")
    args = parser.parse_args()
    if args.folder is None:
        pages.save(RESULTS, [
            line for name in TABLES for line in measured(name)])
        pages.write()
        return
    found = {path.name.removesuffix("-test.csv"): None
             for path in sorted(args.folder.resolve().glob("*-test.csv"))}
    for name in found:
        found[name] = compared(args.folder.resolve(), name, args.module)
        print(name, *(f"{detector} {area:.3f}"
                      for detector, area in found[name].items()), sep=", ")
    means = {detector: np.mean([areas[detector] for areas in found.values()])
             for detector in found[name]}
    print("mean", *(f"{detector} {area:.4f}"
                    for detector, area in means.items()), sep=", ")
    pages.save(ROOT / "runs" / "one-class.csv", [
        {"table": name, **{detector: f"{area:.4f}"
                           for detector, area in areas.items()}}
        for name, areas in {**found, "mean": means}.items()])


if __name__ == "__main__":
    main()
