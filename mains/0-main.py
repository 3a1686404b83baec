#!/usr/bin/env python3
"""Trains the vanilla autoencoder and draws what it rebuilds.

Prints the mean of the codes of the first ten test images.
"""
from lab import command_line


def main():
    """Loads, builds, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "0-vanilla", hidden=[128, 64], latent=32)
    from lab import building, datasets, figures, report, training

    data = datasets.chosen(args)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        code, = run.encode(run.first(10))
        print(code.mean())
        figures.reconstructions(run)
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
