#!/usr/bin/env python3
"""Trains the variational autoencoder and draws reconstructions.

Prints the means and standard deviations of the first ten test images' codes.
"""
from lab import command_line


def main():
    """Loads, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "3-variational", binarize=None, samples=None)
    import numpy as np
    from lab import figures, training
    from lab.data import datasets
    from lab.page import report

    data, draw = datasets.binarized(
        datasets.load(**args.data), args.binarize, args.seed)
    for run in training.trained(args, data, draw):
        _, mean, log_var = run.model.encode(run.first(10))
        print(mean)
        print(np.exp(log_var / 2))
        if args.samples:
            likelihood = run.model.negative_log_likelihood(
                run.test, args.samples).mean()
            run.record(negative_log_likelihood=likelihood)
            print(f"Negative log-likelihood, {args.samples} samples: "
                  f"{likelihood:.2f} nats per image")
        figures.reconstructions(run)
        figures.losses(run)
        if args.latent == 2:
            figures.scatter(run, {
                "means of the test images": run.model.code(run.test.all())
            }, "negative_elbo")
            figures.manifold(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
