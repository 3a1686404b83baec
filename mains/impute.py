#!/usr/bin/env python3
"""Fills in missing values, beside means, neighbours and regressions.

Trains a model to rebuild images of which a part is hidden, hides parts of the
test images, and prints the squared error per hidden pixel. Values that are NaN
in the data's x_test are filled in and written to `filled.npz`.
"""
import functools

from lab import command_line


def main():
    """Loads, trains, hides, fills in, compares, draws."""
    args = command_line.parse(
        __doc__, "impute", model="0-vanilla", hidden=[1024], latent=256)
    command_line.need("sklearn")
    import numpy as np
    from lab import datasets, evaluation, figures, files, training
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    data = datasets.load(args.dataset, args.limit, missing=True)
    original = data.test
    table = isinstance(original, np.ndarray) and original.dtype.kind == "f"
    if table:  # train and validate with means for what is missing
        if np.isnan(data.train).all(axis=0).any():
            raise command_line.InputError(
                "Nothing to learn from. Expected known values in each column "
                f"of x_train. Received: {data.name} with columns of NaN")
        means = np.nanmean(data.train, axis=0)
        data.train, data.test = (np.where(np.isnan(part), means, part)
                                 for part in (data.train, original))
    guesses = datasets.Batches(data.train, 1, flat=True).all().mean(axis=0)
    data.draw = functools.partial(
        evaluation.hide, guesses=guesses, shape=data.shape)
    build = training.builder(args, data)
    for run in training.runs(args, data, build):
        train, random = run.batches.all(), np.random.default_rng(args.seed)
        # Neighbours take long to find: as many images as take a minute.
        images = original if args.folds is None else data.train
        test = run.test.prepare(images[run.test.rows[:1000]])
        ways = {
            "means": SimpleImputer(),
            "5 nearest neighbours": KNNImputer(n_neighbors=5),
            "iterated regressions": IterativeImputer(
                n_nearest_features=50, max_iter=5, min_value=0, max_value=1,
                random_state=0)}
        for way in ways.values():
            way.fit(train[:10000])
        known = ~np.isnan(test)
        hidings = {f"{share:.0%} at random": random.random(test.shape) < share
                   for share in (0.1, 0.25, 0.5)}
        if len(data.shape) == 3:
            hidings["a block"] = evaluation.block(
                data.shape, len(test), random)
        for title, hidden in hidings.items():
            holes = np.where(hidden, np.nan, test)
            filled = {name: way.transform(holes) for name, way in ways.items()}
            filled[args.module] = evaluation.fill_in(run, holes, guesses)
            counted = hidden & known
            run.report(f"Squared error per hidden value, {title}", {
                name: ((images - test)[counted] ** 2).mean()
                for name, images in filled.items()})
            name = title.replace("%", "").replace(" ", "-")
            figures.rows(run, f"filled-{name}.png", {
                "image": test[:10], "known": np.where(hidden, 0, test)[:10],
                **{name: images[:10] for name, images in filled.items()}})
        if table and np.isnan(original).any():
            with files.whole(run.folder / "filled.npz") as temporary:
                np.savez(temporary, x_test=evaluation.fill_in(
                    run, run.test.prepare(original), guesses))
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
