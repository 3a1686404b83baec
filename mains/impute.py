#!/usr/bin/env python3
"""Fills in missing values, beside means, neighbours and regressions.

Trains a model to rebuild images of which a part is hidden, hides parts of the
test images, and prints the squared error per hidden value, as scaled for the
model. What is missing in the data is filled in first, in the units of the
data: values of a .npz file that are NaN in `filled.npz`, empty cells of a
table in `filled.csv`. The other ways learn from 10,000 training images (of
large images from fewer), and all are compared on 1,000 test images.
"""
import functools
import warnings
from pathlib import Path

from lab import command_line


def main():
    """Loads, trains, hides, fills in, compares, draws."""
    args = command_line.parse(
        __doc__, "impute", model="0-vanilla", hidden=[1024], latent=256)
    command_line.need("sklearn")
    import numpy as np
    from lab import (
        building,
        corruption,
        datasets,
        evaluation,
        figures,
        files,
        report,
        tables,
        training,
    )
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    def mended(run, values, guesses):
        """Returns values with what the model makes of those that are NaN."""
        rebuilt = evaluation.fill_in(run, run.test.prepare(values), guesses)
        filled = run.data.scaling.undo(rebuilt.reshape(values.shape))
        return np.where(np.isnan(values), filled, values)

    def some(run, images, most, random):
        """Returns images from anywhere among all, as the model takes them."""
        count = max(1, min(most, 2 ** 25 // data.size))
        rows = np.sort(random.permutation(len(images))[:count])
        return run.test.prepare(images[rows])

    data = datasets.chosen(args, missing=True)
    data.require(train=2, test=1)
    given, holes = data.train, data.test
    # Learn with means for what is missing.
    if "f" in (given.dtype.kind, holes.dtype.kind):
        if np.isnan(given).all(axis=0).any():
            raise command_line.InputError(
                "Nothing to learn from. Expected a known value somewhere for "
                f"each pixel of x_train. Received: {data.name} with pixels "
                "that are always NaN")
        means = np.nanmean(given, axis=0)
        data.train, data.test = (np.where(np.isnan(part), means, part)
                                 for part in (given, holes))
    else:
        means = given.mean(axis=0)
    guesses = data.scaling.apply(means).ravel()
    data.draw = functools.partial(
        corruption.hide, guesses=guesses, shape=data.shape)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        if data.columns:
            table = tables.Table(Path(args.dataset), args.label, args.names,
                                 data.columns, missing=True)
            table.fill(run.folder / "filled.csv", (
                mended(run, values, guesses)
                for values, *_ in table.parts(1024)))
        elif filled := {
                key: mended(run, part, guesses).astype(part.dtype)
                for key, part in (("x_train", given), ("x_test", holes))
                if part.dtype.kind == "f" and np.isnan(part).any()}:
            with files.whole(run.folder / "filled.npz") as temporary:
                np.savez(temporary, **filled)
        # Neighbours take long to find: as many images as take a minute.
        random = np.random.default_rng(args.seed)
        train = some(run, given, 10000, random)
        test = some(run, holes, 1000, random)
        known = ~np.isnan(test)
        ways = {
            "means": SimpleImputer(keep_empty_features=True),
            "5 nearest neighbours": KNNImputer(
                n_neighbors=5, keep_empty_features=True)}
        if data.size <= 4096:  # a regression for each value, from all others
            ways["iterated regressions"] = IterativeImputer(
                n_nearest_features=50, max_iter=5, min_value=0, max_value=1,
                random_state=0, keep_empty_features=True)
        # Five rounds of regressions are meant to be enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for way in ways.values():
            way.fit(train)
        hidings = {f"{share:.0%} at random": random.random(test.shape) < share
                   for share in (0.1, 0.25, 0.5)}
        if len(data.shape) == 3:
            hidings["a block"] = corruption.block(
                data.shape, len(test), random)
        for title, hidden in hidings.items():
            if not (hidden & known).any():  # a few numbers: one at least
                hidden.flat[known.argmax()] = True
            shown = np.where(hidden, np.nan, test)
            filled = {name: way.transform(shown) for name, way in ways.items()}
            filled[args.module] = evaluation.fill_in(run, shown, guesses)
            counted = hidden & known
            run.report(f"Squared error per hidden value, {title}", {
                name: ((images - test)[counted] ** 2).mean()
                for name, images in filled.items()})
            name = title.replace("%", "").replace(" ", "-")
            figures.rows(run, f"filled-{name}.png", {
                "image": test[:10], "known": np.where(hidden, 0, test)[:10],
                **{name: images[:10] for name, images in filled.items()}})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
