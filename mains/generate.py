#!/usr/bin/env python3
"""Draws new images from a variational autoencoder's prior, and
interpolations between test images.

Writes `samples.png` and `interpolations.png`, and prints how far samples, and
test images, are from the nearest training image.
"""
from lab import command_line


def main():
    """Loads, trains, samples, interpolates, draws."""
    args = command_line.parse(
        __doc__, "generate", model="3-variational", hidden=[512, 256],
        latent=16)
    if args.module != "3-variational":
        raise command_line.InputError(
            "Only the variational module has a prior to draw from. Expected "
            f"--model 3-variational. Received: --model {args.module}")
    import numpy as np
    from lab import figures, training
    from lab.applications import generate
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data)
    data.require(train=1, test=2)
    for run in training.trained(args, data):
        random = np.random.default_rng(args.seed)
        samples = generate.samples(run.model, 100, args.latent, random)
        run.report("Mean distance to the nearest training image",
                   generate.distances(run.batches.all(), {
                       args.module: samples, "test images": run.first(100),
                       "noise": random.random(samples.shape)}))
        figures.rows(run, "samples.png", {
            " " * row: samples[10 * row:10 * row + 10] for row in range(10)})
        figures.rows(run, "interpolations.png", {
            " " * row: images for row, images in enumerate(
                generate.interpolations(run.model, run.first(10)))})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
