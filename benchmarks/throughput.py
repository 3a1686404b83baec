#!/usr/bin/env python3
"""Measures training compared with what a user would pick instead.

    AUTOENCODERS_DATA=folder ./benchmarks/throughput.py [PART ...]

The parts, each a table `docs/bench-PART.csv`: `peers` (speed and memory, 20
minutes), `quality` (seconds to the tutorial's loss, 5 minutes), `penalty`
(what the contractive one costs, 2 minutes). Without a name, all are measured.
"""
import argparse
import tempfile
from pathlib import Path

import pages
from contenders import prepare
from peers import PARTS, draw_peers


def main():
    """Measures the parts; writes their tables, and fills the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART",
                        choices=[[], *PARTS], help=f"of {', '.join(PARTS)}")
    parts = parser.parse_args().parts or PARTS
    with tempfile.TemporaryDirectory() as name:
        data, count = prepare(Path(name))
        for part in parts:
            lines = []
            for line in PARTS[part](Path(name), data, count):
                lines.append(line)
                print(line, flush=True)
            pages.save(pages.DOCS / f"bench-{part}.csv", lines)
    draw_peers(pages.read(pages.DOCS / "bench-peers.csv"))
    pages.write()


if __name__ == "__main__":
    main()
