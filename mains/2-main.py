#!/usr/bin/env python3
"""Trains the convolutional autoencoder and draws reconstructions.

Prints the shapes of the data, and the mean of the codes of the first ten test
images.
"""
from lab import command_line


def main():
    """Loads, trains, reports, draws."""
    args = command_line.parse(__doc__, "2-convolutional")
    from lab import figures, training
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data)
    for run in training.trained(args, data):
        print(data.train.shape)
        print(data.test.shape)
        print(run.model.code(run.first(10)).mean())
        figures.reconstructions(run)
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
