#!/usr/bin/env python3
"""Trains the denoising autoencoder and draws what it repairs.

Prints the squared error of noisy test images, before and after.
"""
from lab import command_line


def main():
    """Loads, builds, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "4-denoising", hidden=[128, 64], latent=32, noise=0.5,
        masking=False)
    from lab import (
        building,
        corruption,
        datasets,
        evaluation,
        figures,
        report,
        training,
    )

    data = datasets.chosen(args)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        before, after = evaluation.repair(run, args.noise, args.masking)
        print(f"Squared error per image: noisy {before:.2f}, "
              f"repaired {after:.2f}")
        run.record(noisy_squared_error=before, repaired_squared_error=after)
        images = run.first(10)
        noisy = corruption.corrupted(images, args.noise, args.masking)
        figures.rows(
            run, "reconstructions.png", {
                "clean": images, "noisy": noisy, "rebuilt": run.rebuild(noisy)
            }, "noisy_squared_error", "repaired_squared_error")
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
