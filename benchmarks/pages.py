#!/usr/bin/env python3
"""Fills the pages with the tables that were measured, docs/*.csv.

A table stands between comments of its name, `<!-- results -->` and
`<!-- end of results -->`.
"""
import csv
import re
import subprocess
from pathlib import Path

from rows import ROWS, better

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
        for reference, source in references(line):
            lines.append({
                **line, "row": line["row"] if command else "",
                "command": command, "reference": reference, "source": source,
                "seconds": line["seconds"] if command else "",
                "obtained": obtained(line, reference)})
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
        "row", "command", "epochs", "metric", "obtained", "reference",
        "source", "seconds", "commit"]),
    "best": lambda: table(
        [line for line in results(BEST) if line["command"]],
        ["command", "metric", "obtained", "reference", "source"]),
    "promises": whole("promises", "what the tests did", "how often"),
    "tables": whole("tables", "table", "command", "metric", "obtained", "PCA",
                    "baselines"),
    "peers": whole(
        "bench-peers", "workload", "contender", "seconds an epoch", "spread",
        "times the course's speed", "times PyTorch's best speed",
        "seconds, 50 epochs", "seconds to the first step",
        "seconds after the last epoch", "memory, MB",
        "times PyTorch's memory", "inference, s", "loss", "comparable loss"),
    "quality": whole("bench-quality", "contender", "seconds to 0.0979",
                     "epochs", "times the tutorial's speed"),
    "penalty": whole("bench-penalty", "contender", "seconds an epoch",
                     "times vanilla's"),
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
