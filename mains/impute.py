#!/usr/bin/env python3
"""Fills in missing values, compared with means, neighbours and regressions.

Trains a model to rebuild images of which a part is hidden, hides parts of the
test images, and prints the squared error per hidden value, as scaled for the
model. What is missing in the data is filled in first, in the units of the
data: values of a .npz file that are NaN in `filled.npz`, empty cells of a
table in `filled.csv`. The baselines learn from 10,000 training images (of
large images from fewer), and all are compared on 1,000 test images.
"""
from pathlib import Path

from lab import command_line


def main():
    """Loads, trains, hides, fills in, compares, draws."""
    args = command_line.parse(
        __doc__, "impute", model="0-vanilla", hidden=[1024], latent=256)
    import numpy as np
    from lab import figures, training
    from lab.applications import impute
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data, missing=True)
    data.require(train=2, test=1)
    guesses = impute.means(data)
    whole = impute.without_holes(data, guesses)
    shown = data.scaling.apply(guesses).ravel()
    for run in training.trained(args, whole, impute.hiding(data, shown)):
        impute.write(run, data, shown, Path(args.dataset), args.label,
                     args.names)
        random = np.random.default_rng(args.seed)
        train, test = (
            run.test.prepare(impute.chosen(images, most, random))
            for images, most in ((data.train, 10000), (data.test, 1000)))
        imputers = impute.imputers(train)
        for title, hidden in impute.hidings(test, data.shape, random).items():
            holed = np.where(hidden, np.nan, test)
            methods = {**{name: imputer.transform(holed)
                          for name, imputer in imputers.items()},
                       args.module: run.model.fill_in(holed, shown)}
            run.report(f"Squared error per hidden value, {title}",
                       impute.errors(methods, test, hidden))
            name = title.replace("%", "").replace(" ", "-")
            figures.rows(run, f"filled-{name}.png", {
                "image": test[:10], "known": np.where(hidden, 0, test)[:10],
                **{name: images[:10] for name, images in methods.items()}})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
