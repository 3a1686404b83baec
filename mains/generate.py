#!/usr/bin/env python3
"""Draws new images from a variational autoencoder's prior, and
interpolations between test images.

Writes `samples.png` and `interpolations.png`, and prints how far samples are
from the nearest training image, beside test images.
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
    command_line.need("sklearn")
    import numpy as np
    from lab import building, datasets, figures, report, training
    from sklearn.neighbors import NearestNeighbors

    data = datasets.chosen(args)
    data.require(train=1, test=2)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        random = np.random.default_rng(args.seed)
        samples = run.decode(random.standard_normal((100, args.latent)))
        near = NearestNeighbors(n_neighbors=1).fit(run.batches.all())
        run.report("Mean distance to the nearest training image", {
            name: near.kneighbors(images)[0].mean()
            for name, images in ((args.module, samples),
                                 ("test images", run.first(100)),
                                 ("noise", random.random(samples.shape)))})
        figures.rows(run, "samples.png", {
            " " * row: samples[10 * row:10 * row + 10] for row in range(10)})
        codes = run.code(run.first(10))
        pairs = len(codes) // 2
        figures.rows(run, "interpolations.png", {
            " " * row: run.decode(np.linspace(start, end, 10))
            for row, (start, end) in enumerate(zip(codes, codes[pairs:]))
            if row < pairs})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
