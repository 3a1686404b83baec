#!/usr/bin/env python3
"""Trains the sparse autoencoder and draws reconstructions.

Prints the mean of the codes of the first ten test images.
"""
from lab import command_line


def main():
    """Loads, trains, reports, draws."""
    args = command_line.parse(__doc__, "1-sparse")
    from lab import figures, training
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data)
    for run in training.trained(args, data):
        print(run.model.code(run.first(10)).mean())
        figures.reconstructions(run)
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
