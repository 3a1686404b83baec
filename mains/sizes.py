#!/usr/bin/env python3
"""Tries codes of several sizes, beside PCA with as many components.

Trains the module with each size, in a folder of its own. Draws the squared
error per test image against the size as `sizes.png`, and images rebuilt at
each size as `rebuilt.png`; of the variational module also rate, distortion
and active units. Says where the gain ends: at the smallest size whose error
is at most a tenth above the lowest of all. If that is the largest one, it has
not ended: try larger ones.
"""
import argparse
import dataclasses
from pathlib import Path

from lab import command_line

ENOUGH = 1.1  # times the lowest error
ERROR = "Squared error per image"
NATS, UNITS = "Rate and distortion, nats per image", "Active units"


def main():
    """Trains with each size, measures, compares, draws."""
    args = command_line.parse(
        __doc__, "sizes", model="0-vanilla", hidden=[512, 256],
        sizes=[2, 4, 8, 16, 32, 64, 128])
    command_line.need("sklearn")
    from lab import (
        building,
        datasets,
        distribution,
        evaluation,
        figures,
        files,
        report,
        runs,
        training,
    )

    def measure(run, pca):
        """Measures what a model, and as many components, make of images."""
        test, axes = run.test.all(), pca.components_[:run.args.latent]
        rebuilt = {"PCA": (test - pca.mean_) @ axes.T @ axes + pca.mean_,
                   args.module: run.rebuild(test)}
        measured = {ERROR: {
            way: float(evaluation.squared_error(test, images).mean())
            for way, images in rebuilt.items()}}
        if "negative_elbo" in run.metrics:
            measured[NATS] = {"rate": run.metrics["kl_divergence"],
                              "distortion": run.metrics["distortion"]}
            measured[UNITS] = {args.module: run.metrics["active_units"]}
        return measured

    data = datasets.chosen(args)
    data.require(train=2, test=1)
    args.sizes = sorted(set(args.sizes))
    settings = [argparse.Namespace(**vars(args), latent=size)
                for size in args.sizes]
    builds = [building.builder(each, data) for each in settings]
    if distribution.place() != (0, 1):
        raise command_line.InputError(
            "sizes.py trains in one process. Expected no KERAS_DISTRIBUTION_ "
            "variables. Received: some")
    training.check(args, data, (0, 1))
    config = runs.config(args, data)
    with files.claimed(args.output, Path("runs", args.main), args.resume,
                       args.overwrite) as folder:
        runs.check_resumed(folder, args, config)
        files.write_json(folder / "config.json", config)
        print(f"Training {args.module} on {data} with codes of "
              f"{', '.join(map(str, args.sizes))} numbers, for {args.epochs} "
              f"epochs each; files go to {folder}")
        pca, pictures, measured = None, {}, {}
        for each, build in zip(settings, builds):
            run = training.train_all(
                each, folder / f"size-{each.latent}", data, build, True,
                (0, 1))
            report.write(dataclasses.replace(run, args=args))
            if pca is None:
                pca = evaluation.principal_components(
                    run.batches.all(), args.sizes[-1])
                pictures["image"] = run.first(10)
            pictures[f"{each.latent}"] = run.rebuild(run.first(10))
            measured[each.latent] = measure(run, pca)
        errors = {size: titles[ERROR][args.module]
                  for size, titles in measured.items()}
        low = min(errors.values())
        end = next(size for size in errors if errors[size] <= ENOUGH * low)
        run = dataclasses.replace(run, folder=folder, metrics={})
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
              f"of all, {low:.4g}; files are in {folder}")
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
