#!/usr/bin/env python3
"""Trains the denoising autoencoder and draws noisy images repaired.

Prints the squared error of noisy test images, before and after.
"""
from lab import command_line


def main():
    """Loads, trains, reports, draws."""
    args = command_line.parse(__doc__, "4-denoising")
    from lab import figures, training
    from lab.data import corruption, datasets
    from lab.page import report

    data = datasets.load(**args.data)
    for run in training.trained(args, data):
        before, after = run.model.repair(run.test, args.noise, args.masking)
        print(f"Squared error per image: noisy {before:.2f}, "
              f"repaired {after:.2f}")
        run.record(noisy_squared_error=before, repaired_squared_error=after)
        images = run.first(10)
        noisy = corruption.corrupted(images, args.noise, args.masking)
        figures.rows(
            run, "reconstructions.png", {
                "clean": images, "noisy": noisy,
                "rebuilt": run.model.rebuild(noisy)
            }, "noisy_squared_error", "repaired_squared_error")
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
