#!/usr/bin/env python3
"""Measures training beside what a user would pick instead, in one run.

    AUTOENCODERS_DATA=folder ./benchmarks/throughput.py [PART ...]

The parts: `peers` (the table), `layers` (where the convolutional module's time
goes), `quality` (seconds to the tutorial's loss), `files` (200,000 image
files), `hosts` (two processes), `penalty` (the contractive one's), `growth`
(of the cost, with the work). Without a name, the first two, which take 20
minutes; `--all` measures all.
"""
import argparse
import csv
import os
import tempfile
from pathlib import Path

import pages
from contenders import prepare
from layers import layers, penalty
from peers import draw_peers, peers, quality
from scale import draw_growth, files, growth, hosts

PARTS = {"peers": peers, "layers": layers, "quality": quality, "files": files,
         "hosts": hosts, "penalty": penalty, "growth": growth}
QUICK = ["peers", "layers"]
# As in the mains: where layers are measured in this very process.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def measure(parts):
    """Measures parts, and writes a table of each."""
    with tempfile.TemporaryDirectory() as name:
        data, images = prepare(Path(name))
        for part in parts:
            lines = []
            for line in PARTS[part](Path(name), data, images):
                lines.append(line)
                print(line, flush=True)
            path = pages.DOCS / f"bench-{part}.csv"
            with open(path, "w", newline="") as file:
                writer = csv.DictWriter(file, lines[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(lines)


def main():
    """Measures the parts; writes tables and pictures, and fills the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART",
                        choices=[[], *PARTS], help=f"of {', '.join(PARTS)}")
    parser.add_argument("--all", action="store_true",
                        help="measure all parts: an hour")
    parser.add_argument("--pages", action="store_true",
                        help="measure nothing, draw, and fill the pages")
    args = parser.parse_args()
    if not args.pages:
        measure(PARTS if args.all else args.parts or QUICK)
    draw_peers(pages.read(pages.DOCS / "bench-peers.csv"))
    draw_growth(pages.read(pages.DOCS / "bench-growth.csv"))
    pages.write()


if __name__ == "__main__":
    main()
