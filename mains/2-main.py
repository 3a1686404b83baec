#!/usr/bin/env python3
"""Trains the convolutional autoencoder and draws what it rebuilds.

Prints the shapes of the training and test images, and the mean of the codes
of the first ten test images.
"""
from lab import command_line


def main():
    """Loads, builds, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "2-convolutional", filters=[16, 8, 8], latent_shape=None)
    from lab import building, datasets, figures, report, training

    data = datasets.chosen(args)
    build = building.builder(args, data)
    for run in training.trained(args, data, build, flat=False):
        code, = run.encode(run.first(10))
        print(data.train.shape)
        print(data.test.shape)
        print(code.mean())
        figures.reconstructions(run)
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
