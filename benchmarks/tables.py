#!/usr/bin/env python3
"""Trains on tables; writes docs/tables.csv and pages, or compares detectors.

Without arguments tables of scikit-learn's own go as .csv files through
0-main.py, anomalies.py, impute.py and apply.py.

With a folder, tables of one class each: NAME-train.csv has its rows,
NAME-test.csv others and a last column, 1 for an anomaly. Each is trained on by
mains without other flags, and scored by apply.py; detectors of scikit-learn's
are trained in the same run. Prints the areas under the ROC curve and their
means, and writes them to docs/one-class.csv.
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
ONE_CLASS = pages.DOCS / "one-class.csv"
MODULES = ["0-vanilla", "3-variational", "4-denoising"]
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
    if "--output" not in flags:
        return None
    output = folder / flags[flags.index("--output") + 1]
    return json.loads((output / "metrics.json").read_text())


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
        "PCA": metrics["variance_rebuilt_by_PCA"]})
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


def principal_components(train, test):
    """Scores rows by their error after PCA with half as many numbers."""
    pca = PCA(min(len(train), -(-train.shape[1] // 2))).fit(train)
    rebuilt = pca.inverse_transform(pca.transform(test))
    return ((test - rebuilt) ** 2).sum(axis=1)


# Scikit-learn's, with the settings that PyOD gives them, on columns
# standardised by the training rows: functions of these and of other rows.
DETECTORS = {
    "nearest neighbours": lambda train, test: NearestNeighbors(
        n_neighbors=5).fit(train).kneighbors(test)[0][:, -1],
    "local outlier factor": lambda train, test: -LocalOutlierFactor(
        min(20, len(train) - 1), novelty=True).fit(train).score_samples(test),
    "one-class SVM": lambda train, test: -OneClassSVM().fit(
        train).score_samples(test),
    "isolation forest": lambda train, test: -IsolationForest(
        random_state=0).fit(train).score_samples(test),
    "PCA": principal_components}


def compared(source, name, modules):
    """Returns the areas under the ROC curve of modules and of detectors."""
    folder = ROOT / "runs" / "one-class" / name
    folder.mkdir(parents=True, exist_ok=True)
    train, test = (np.loadtxt(source / f"{name}-{part}.csv", delimiter=",",
                              skiprows=1) for part in ("train", "test"))
    scores = {}
    for module in modules:
        run(folder, f"{module[0]}-main.py --dataset {source / name}-train.csv "
            f"--overwrite --no-show --output {module}")
        (folder / "scores.csv").unlink(missing_ok=True)
        run(folder, f"apply.py {module} {source / name}-test.csv "
            "--what scores")
        with open(folder / "scores.csv", newline="") as file:
            scores[module] = [
                float(row["score"]) for row in csv.DictReader(file)]
    scaler = StandardScaler().fit(train)
    scaled = scaler.transform(train), scaler.transform(test[:, :-1])
    scores |= {detector: score(*scaled)
               for detector, score in DETECTORS.items()}
    return {contender: roc_auc_score(test[:, -1], score)
            for contender, score in scores.items()}


def compare(folder, modules):
    """Compares on each table of a folder; prints and writes the areas."""
    found = {}
    for path in sorted(folder.glob("*-test.csv")):
        name = path.name.removesuffix("-test.csv")
        found[name] = compared(folder, name, modules)
    found["mean"] = {contender: np.mean([
        areas[contender] for areas in found.values()])
        for contender in [*modules, *DETECTORS]}
    lines = [{"table": name, **{
        contender: f"{area:.3f}" for contender, area in areas.items()}}
        for name, areas in found.items()]
    for line in lines:
        print(*(f"{title} {cell}" for title, cell in line.items()), sep=", ")
    pages.save(ONE_CLASS, lines)


def main():
    """Runs the tables; writes the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--modules", nargs="+", default=MODULES)
    args = parser.parse_args()
    if args.folder:
        compare(args.folder.resolve(), args.modules)
    else:
        pages.save(RESULTS, [
            line for name in TABLES for line in measured(name)])
    pages.write()


if __name__ == "__main__":
    main()
