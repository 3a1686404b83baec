#!/usr/bin/env python3
"""Fills the pages with the tables that were measured, docs/*.csv.

A table stands between comments of its name, `<!-- results -->` and
`<!-- end of results -->`.
"""
import csv
import re
import subprocess
from pathlib import Path

from rows import ELBO, ERROR, PIXEL, REBUILT, ROWS, better

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures"
BEST = ("vanilla", "convolutional", "variational", "denoise")  # the README's


def pages():
    """Returns the paths of all pages."""
    return sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def read(path):
    """Reads a table of comma-separated values, if it is there."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def save(path, lines, columns=None):
    """Writes a table whole; lines that have no commit yet get the present."""
    now = commit()
    columns = [*(columns or lines[0])]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(
            file, [*columns, *["commit"] * ("commit" not in columns)],
            restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({"commit": now, **line} for line in lines)


def commit():
    """Returns the commit that is checked out, with a + if code differs."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, text=True, check=True,
                              capture_output=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".",
                  ":!docs", ":!*.md")
    return git("rev-parse", "--short", "HEAD") + "+" * bool(changed)


def table(lines, columns):
    """Returns columns of lines, dictionaries, as a Markdown table."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (
        columns, ["---"] * len(columns),
        *([line[name] for name in columns] for line in lines)))


def measured_at(lines):
    """Returns the sentence below a table, where its lines come from."""
    found = sorted({f"`{line['commit']}`" for line in lines})
    return f"\nMeasured at commit {', '.join(found)}.\n"


def results(rows=tuple(ROWS)):
    """Returns lines of what `reproduce.py` obtained, one for each reference;
    what is said in the line above is not said again."""
    lines, before = [], None
    for line in read(DOCS / "results.csv"):
        if line["row"] not in rows:
            continue
        command = f"`{line['command']}`" if line["row"] != before else ""
        metric = line["metric"]
        if metric == PIXEL and f"--epochs {line['epochs']}" not in command:
            metric += f", after {line['epochs']} epochs"
        for reference, source in references(line):
            lines.append({
                "row": line["row"] if command else "", "command": command,
                "metric": metric, "obtained": obtained(line, reference),
                "reference": f"{reference} ({source})" if source else "",
                "seconds": line["seconds"] if command else ""})
            command = ""
        before = line["row"]
    return lines


def references(line):
    """Returns what a line of the results is compared with, each with its
    source: what was measured in the same run, and what others report."""
    found = [(line["reference"], line["source"])] if line["reference"] else []
    for name, title, *others in ROWS[line["row"]].metrics:
        if title == line["metric"] and (
                not isinstance(name, int) or name == int(line["epochs"])):
            found += [other for other in others if other[0][0].isdigit()]
    return found or [("", "")]


def obtained(line, reference):
    """Returns the mean of a line of the results, and its spread if any; bold
    if it is better than the reference."""
    best = better(line["metric"])
    value = line["obtained"]
    if best and reference and float(value) != float(reference) and best(
            float(value), float(reference)) == float(value):
        value = f"**{value}**"
    return value + (f" ± {line['spread']}" if line["spread"] else "")


def whole(name, *columns):
    """Returns a function for columns of a table."""
    def made():
        lines = read(DOCS / f"{name}.csv")
        return table(lines, columns) + measured_at(lines)
    return made


TABLES = {
    "results": lambda: table(results(), [
        "row", "command", "metric", "obtained", "reference", "seconds"]
        ) + measured_at(read(DOCS / "results.csv")),
    "best": lambda: table(
        [line for line in results(BEST) if line["command"]],
        ["command", "metric", "obtained", "reference"]),
    "promises": whole("promises", "what the tests did", "how often"),
    "tables": whole("tables", "table", "metric", "obtained", "PCA",
                    "baselines"),
    "one-class": whole(
        "one-class", "table", "0-vanilla", "3-variational", "4-denoising",
        "nearest neighbours", "local outlier factor", "one-class SVM",
        "isolation forest", "PCA"),
    "peers": whole(
        "bench-peers", "workload", "contender", "seconds an epoch", "spread",
        "times the course's speed", "times PyTorch's best speed",
        "seconds, 50 epochs", "memory, MB", "inference, s", "loss",
        "comparable loss"),
    "quality": whole("bench-quality", "contender", "seconds to 0.0979",
                     "epochs", "times the tutorial's speed"),
    "start-up": whole("start-up", "command", "changed", "seconds", "spread"),
    "penalty": whole("bench-penalty", "contender", "seconds an epoch",
                     "times vanilla's"),
}


def lesson(lines, *columns):
    """Returns a function for a table of the lesson.

    Args:
        lines: Dictionary of the first cell of a line to the metrics of its
            others; what is no metric of the lesson's stands as it is.
        *columns: Strings.
    """
    def made():
        known = {line["metric"]: line["value"]
                 for line in read(DOCS / "concepts.csv")}
        return table([dict(zip(columns, [name, *(
            known.get(metric, metric) for metric in metrics)]))
            for name, metrics in lines.items()], columns)
    return made


def line_of(row, metric, epochs=""):
    """Returns the line of the results for a metric that starts like this."""
    return next(line for line in read(DOCS / "results.csv")
                if line["row"] == row and line["metric"].startswith(metric)
                and (not epochs or line["epochs"] == epochs))


# What is done, in which row of the results, and the metric shown.
USES = {
    "dimension reduction": ("codes-8", "accuracy of the five"),
    "removing noise": ("denoise", REBUILT),
    "filling in missing values": (
        "impute", "squared error per hidden value, 25%"),
    "finding anomalies": ("anomalies", "area"),
    "generating data": ("generate", "mean distance")}


def uses():
    """Returns the table of what autoencoders are used for."""
    lines = []
    for use, (row, metric) in USES.items():
        line = line_of(row, metric)
        lines.append({
            "use": use, "command": f"`{line['command'].split(' --')[0]}`",
            "metric": line["metric"], "ours": line["obtained"],
            "compared with": f"{line['reference']} ({line['source']})",
            "row": row})
    return table(lines, [*lines[0]])


# What is tried, and the rows of the results without it and with it.
HELPS = {
    "depth": (PIXEL, ("simple", "100"), ("deep", "20")),
    "small steps, a falling rate": (PIXEL, ("deep", "100"), ("best", "50")),
    "the same, variational": (
        ELBO, ("variational", "50"), ("variational-schedule", "50")),
    "distorted images": (
        ERROR, ("hinton", "150"), ("hinton-distorted", "300"))}


def helps():
    """Returns the table of what makes better models."""
    def cell(metric, row, epochs):
        line = line_of(row, metric, epochs)
        return f"{line['obtained']} (`{row}`, {epochs} epochs)"
    lines = [{"what": what, "metric": metric,
              "without": cell(metric, *without), "with": cell(metric, *added)}
             for what, (metric, without, added) in HELPS.items()]
    return table(lines, [*lines[0]])


def few_labels():
    """Returns the table of what pretraining is worth."""
    lines = [{"labelled images": f"{int(line['metric'].split()[-2]):,}",
              "pretrained": line["obtained"],
              "best baseline": f"{line['reference']} ({line['source']})"}
             for line in read(DOCS / "results.csv")
             if line["row"] == "classify"]
    return table(lines, [*lines[0]])


def one_label():
    """Returns the table of one label against the rest."""
    lines = []
    for name, row in (("MNIST", "one-label"),
                      ("Fashion-MNIST", "one-label-fashion")):
        error, plus, times = [
            line for line in read(DOCS / "results.csv")
            if line["row"] == row and "mean of the labels" in line["metric"]]
        lines.append({
            "data set": name, "error": error["obtained"],
            "error plus distance": plus["obtained"],
            "error times distance": times["obtained"],
            "best baseline": f"{error['reference']} ({error['source']})",
            "Kim et al. 2020": references(error)[-1][0]})
    return table(lines, [*lines[0]])


TABLES |= {
    "copying": lesson({
        "32 numbers, undercomplete": ("simple digits", "simple clothes"),
        "784 numbers, complete": ("complete digits", "complete clothes"),
        "1,568 numbers, overcomplete": (
            "overcomplete digits", "overcomplete clothes")},
        "code", "squared error per digit", "per piece of clothing"),
    "depth": lesson({
        f"{title}, {depth}": (f"{depth} {name} loss",
                              f"{depth} {name} squared_error")
        for name, title in (("mnist", "MNIST"),
                            ("fashion_mnist", "Fashion-MNIST"))
        for depth in ("simple", "deep")},
        "10 epochs", PIXEL, ERROR),
    "losses": lesson({
        **{f"trained with {loss}": (
            f"trained with {loss}: squared error",
            f"trained with {loss}: cross-entropy")
            for loss in ("cross-entropy", "squared error")},
        "the lowest possible": ("0", "floor of the cross-entropy")},
        "the vanilla module, 10 epochs", "squared error per image",
        "cross-entropy, nats per pixel"),
    "uses": uses,
    "helps": helps,
    "few-labels": few_labels,
    "one-label-scores": one_label,
}


def fill(text):
    """Returns a page's text with all of its tables."""
    for name in re.findall(r"<!-- end of ([\w-]+) -->", text):
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        text = before + start + TABLES[name]() + end + rest.split(end)[1]
    return text


def write():
    """Fills all pages."""
    for path in pages():
        path.write_text(fill(path.read_text()))


if __name__ == "__main__":
    write()
