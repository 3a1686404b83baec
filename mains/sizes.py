#!/usr/bin/env python3
"""Tries codes of several sizes, compared with PCA of as many components.

Trains the module with each size, in a separate folder. Draws the squared
error per test image against the size as `sizes.png`, and images rebuilt at
each size as `rebuilt.png`; of the variational module also rate, distortion
and active units. Says where the gain ends: at the smallest size whose error
is at most a tenth above the lowest of all. If that is the largest one, it has
not ended: try larger ones.
"""
from lab import command_line


def main():
    """Trains with each size, measures, compares, draws."""
    args = command_line.parse(
        __doc__, "sizes", model="0-vanilla", hidden=[512, 256],
        sizes=[2, 4, 8, 16, 32, 64, 128])
    from lab import baselines, figures, training
    from lab.applications import sizes
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data)
    data.require(train=2, test=1)
    args.suit(data)
    args.sizes = sorted(set(args.sizes))
    each = {size: args.changed(latent=size) for size in args.sizes}
    builds = {size: each[size].builder(data.shape) for size in args.sizes}
    with training.session(args, data) as folder:
        print(f"Codes of {', '.join(map(str, args.sizes))} numbers")
        pca, pictures, measured = None, {}, {}
        for size in args.sizes:
            run = training.train(each[size], folder / f"size-{size}", data,
                                 builds[size], described=True)
            report.write(run)
            if pca is None:
                pca = baselines.principal_components(
                    run.batches.all(), args.sizes[-1])
                pictures["image"] = run.first(10)
            pictures[f"{size}"] = run.model.rebuild(run.first(10))
            measured[size] = sizes.measured(run, pca, size)
        errors = {size: titles[sizes.ERROR][args.module]
                  for size, titles in measured.items()}
        end = sizes.end_of_gain(errors)
        run.folder, run.metrics = folder, {}
        run.record(size_where_the_gain_ends=end)
        for size, titles in measured.items():
            for title, values in titles.items():
                run.report(f"{title}, a code of {size}", values)
        figures.against("size of the code", run, {
            title: {size: titles[title] for size, titles in measured.items()}
            for title in measured[end]}, "size_where_the_gain_ends")
        figures.rows(run, "rebuilt.png", pictures, "size_where_the_gain_ends")
        print(f"The gain ends at a code of {end}, the smallest whose squared "
              f"error, {errors[end]:.4g}, is at most a tenth above the lowest "
              f"of all, {min(errors.values()):.4g}; files are in {folder}")
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
