#!/usr/bin/env python3
"""Fills the pages with what was measured: tables, and figures in the text.

A table stands between comments of its name, `<!-- results -->` and
`<!-- end of results -->`. A figure stands behind a comment that says where it
is found: a table in `docs/`, cells of its line, and the column, as in
`<!-- results: row=simple; epochs=20; obtained -->0.09207<!-- -->`.
"""
import csv
import math
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures"
FIGURE = re.compile(r"<!-- ([\w-]+): ([^>]+) -->(.*?)<!-- -->", re.DOTALL)

# What the README shows of the results: rows, and the figure if there are more.
BEST = [("vanilla", ""), ("convolutional", ""), ("variational", ""),
        ("hinton-distorted", ""), ("burda", ""), ("denoise", ""),
        ("impute", "25%"), ("codes-8", "neighbours")]


def pages():
    """Returns the paths of all pages."""
    return sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def read(path):
    """Reads a table of comma-separated values, if it is there."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def table(lines, columns=None):
    """Returns lines as a Markdown table.

    Args:
        lines: List of dictionaries of strings.
        columns: List of strings, the columns to show, or None for all.
    """
    columns = columns or [*lines[0]]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (
        columns, ["---"] * len(columns),
        *([line[name] for name in columns] for line in lines)))


def results():
    """Returns the table of what `reproduce.py` obtained."""
    lines, before = read(DOCS / "results.csv"), None
    for line in lines:
        line["obtained"] = obtained(line)
        if line["command"] == before:  # stands above
            line["row"] = line["command"] = line["seconds"] = ""
        else:
            before = line["command"]
            line["command"] = f"`{before}`"
    return table(lines, ["row", "command", "epochs", "figure", "obtained",
                         "reference", "source", "seconds"])


def best():
    """Returns the README's few lines of the results."""
    lines = []
    for row, figure in BEST:
        line = next(line for line in read(DOCS / "results.csv")
                    if line["row"] == row and figure in line["figure"])
        lines.append({**line, "obtained": obtained(line),
                      "command": f"`{line['command']}`"})
    return table(lines, ["command", "figure", "obtained", "reference",
                         "source"])


def obtained(line):
    """Returns the mean of a line of the results, and its spread if any."""
    return f"**{line['obtained']}**" + (
        f" ± {line['spread']}" if line["spread"] else "")


def promises():
    """Returns the table of what the tests counted."""
    return table([{"what the tests did": line["what"],
                   "how often": line["count"]}
                  for line in read(DOCS / "promises.csv")])


def measured(part, *columns):
    """Returns a function for the table of a part of `throughput.py`."""
    return lambda: table(read(DOCS / f"bench-{part}.csv"), [*columns])


def hosts_on_paper(weights=222_384, batch=2048, gigabits=10, latency=50e-6):
    """Returns what many hosts would gain, by arithmetic.

    A step on n hosts lasts 1 / n of the measured one, and the exchange of the
    gradients: their bytes out and in again, and 2 log2(n) latencies.
    """
    alone, *_ = read(DOCS / "bench-hosts.csv")
    steps = -(-60_000 // batch)
    step = float(alone["seconds an epoch"]) / steps
    lines = []
    for hosts in (1, 8, 64, 512):
        exchange = 0 if hosts == 1 else (
            2 * weights * 4 * (hosts - 1) / hosts / (gigabits * 1e9 / 8)
            + 2 * math.log2(hosts) * latency)
        lines.append({
            "hosts": str(hosts),
            "computing, ms a step": f"{1000 * step / hosts:.2f}",
            "exchanging gradients, ms a step": f"{1000 * exchange:.2f}",
            "speed-up, batch 2,048 in all":
                f"{step / (step / hosts + exchange):.1f}",
            "speed-up, 2,048 on each host":
                f"{hosts * step / (step + exchange):.1f}"})
    return table(lines)


TABLES = {
    "results": results,
    "best": best,
    "promises": promises,
    "tables": lambda: table(read(DOCS / "tables.csv")),
    "peers": measured(
        "peers", "workload", "contender", "seconds an epoch", "spread",
        "times the course's speed", "times PyTorch's best speed",
        "seconds, 50 epochs", "seconds to the first step",
        "seconds after the last epoch", "memory, MB",
        "times PyTorch's memory", "inference, s", "loss"),
    "files": measured("files", "contender", "seconds an epoch",
                      "share of the archive's speed",
                      "seconds to the first epoch", "memory, MB"),
    "hosts": measured("hosts", "workload", "contender", "seconds an epoch",
                      "speed-up", "loss"),
    "penalty": measured("penalty", "contender", "seconds an epoch",
                        "times vanilla's"),
    "paper": hosts_on_paper,
    "quality": measured("quality", "contender", "seconds to 0.0979", "epochs",
                        "times the tutorial's speed"),
    "layers": measured("layers", "contender", "shape", "milliseconds a step",
                       "seconds an epoch"),
}


def modules():
    """Returns figures of the numbered modules themselves, as strings."""
    lines = [len(path.read_text().splitlines())
             for path in sorted(ROOT.glob("[0-9]-*.py"))]
    return {"lines of the longest": str(max(lines)),
            "lines of the shortest": str(min(lines))}


def look_up(name, where):
    """Finds a figure in a table of `docs/`.

    Args:
        name: String. The table's, without `.csv`.
        where: String, such as `row=simple; epochs=20; obtained`.

    Returns:
        String.

    Raises:
        KeyError: If no line, or no column of it, is like that.
    """
    *cells, column = where.split("; ")
    if name == "modules":
        return modules()[column]
    for line in read(DOCS / f"{name}.csv"):
        if all(line[key] == value for key, value in (
                cell.split("=", 1) for cell in cells)):
            if column not in line and "also" in line:
                line |= dict(entry.rsplit(" ", 1)
                             for entry in line["also"].split("; "))
            return line[column]
    raise KeyError(f"{name}.csv has no line with {'; '.join(cells)}")


def fill(text):
    """Returns a page's text with all of that in it."""
    text = FIGURE.sub(lambda match: (
        f"<!-- {match[1]}: {match[2]} -->{look_up(*match.groups()[:2])}"
        "<!-- -->"), text)
    for name, made in TABLES.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        if start in text:
            before, rest = text.split(start)
            text = before + start + made() + end + rest.split(end)[1]
    return text


def write():
    """Fills all pages."""
    for path in pages():
        path.write_text(fill(path.read_text()))


if __name__ == "__main__":
    write()
