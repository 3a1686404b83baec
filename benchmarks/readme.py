"""Puts what was measured into the README: its tables, figures in its text."""
import csv
import math
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA, README = ROOT / "data", ROOT / "README.md"


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
    lines, before = read(DATA / "results.csv"), None
    for line in lines:
        line["obtained"] = f"**{line['obtained']}**" + (
            f" ± {line['spread']}" if line["spread"] else "")
        if line["command"] == before:  # stands above
            line["command"] = line["seconds"] = ""
        else:
            before = line["command"]
            line["command"] = f"`{before}`"
    return table(lines, ["command", "epochs", "figure", "obtained",
                         "reference", "source", "seconds"])


def promises():
    """Returns the table of what the tests counted."""
    return table([{"what the tests did": line["what"],
                   "how often": line["count"]}
                  for line in read(DATA / "promises.csv")])


def measured(part, *columns):
    """Returns a function for the table of a part of `throughput.py`."""
    return lambda: table(read(DATA / f"bench-{part}.csv"), [*columns])


def hosts_on_paper(weights=222_384, batch=2048, gigabits=10, latency=50e-6):
    """Returns what many hosts would gain, by arithmetic.

    A step on n hosts lasts 1 / n of the measured one, and the exchange of the
    gradients: their bytes out and in again, and 2 log2(n) latencies.
    """
    alone, *_ = read(DATA / "bench-hosts.csv")
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
    "promises": promises,
    "peers": measured(
        "peers", "workload", "contender", "seconds an epoch", "spread",
        "times the course's speed", "times PyTorch's best speed",
        "share of the peak", "seconds, 50 epochs", "seconds to the first step",
        "memory, MB", "times PyTorch's memory", "inference, s", "loss"),
    "files": measured("files", "contender", "seconds an epoch",
                      "share of the archive's speed",
                      "seconds to the first epoch", "memory, MB"),
    "hosts": measured("hosts", "workload", "contender", "seconds an epoch",
                      "speed-up", "loss"),
    "penalty": measured("penalty", "contender", "seconds an epoch",
                        "times vanilla's"),
    "paper": hosts_on_paper,
    "quality": measured("quality", "contender", "seconds to 0.0979", "epochs",
                        "times the lab's speed"),
    "layers": measured("layers", "contender", "shape", "milliseconds a step",
                       "times the course's speed"),
}


def fill(text):
    """Returns the README's text with all of that in it.

    Tables stand between comments of their names, figures like this:
    `<!-- row: name -->4.829<!-- -->`.
    """
    lines = read(DATA / "results.csv")

    def figure(match):
        row, name = match["row"], match["name"]
        line = next(line for line in lines if line["row"] == row)
        values = {**line, **dict(entry.rsplit(" ", 1)
                                 for entry in line["also"].split("; "))}
        return f"<!-- {row}: {name} -->{values[name]}<!-- -->"

    text = re.sub(r"<!-- (?P<row>[\w-]+): (?P<name>[\w ]+) -->.*?<!-- -->",
                  figure, text)
    for name, made in TABLES.items():
        if f"<!-- {name} -->" in text:
            start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
            before, rest = text.split(start)
            text = before + start + made() + end + rest.split(end)[1]
    return text


def write():
    """Fills the README."""
    README.write_text(fill(README.read_text()))
