#!/usr/bin/env python3
"""Trains the variational autoencoder and draws what it rebuilds.

Prints the means and standard deviations of the first ten test images' codes.
"""
from lab import command_line


def main():
    """Loads, builds, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "3-variational", hidden=[512], latent=2, binarize=None,
        samples=None)
    import numpy as np
    from lab import building, datasets, evaluation, figures, report, training

    data = datasets.chosen(args, binarize=args.binarize, seed=args.seed)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        _, mean, log_var = run.encode(run.first(10))
        print(mean)
        print(np.exp(log_var / 2))
        if args.samples:
            likelihoods = evaluation.negative_log_likelihood(
                run.encoder, run.decoder, run.test, args.samples)
            run.record(negative_log_likelihood=likelihoods.mean())
            print(f"Negative log-likelihood, {args.samples} samples: "
                  f"{likelihoods.mean():.2f} nats per image")
        figures.reconstructions(run)
        figures.losses(run)
        if args.latent == 2:
            means = np.concatenate([run.code(run.test[index][0])
                                    for index in range(len(run.test))])
            figures.scatter(
                run, {"means of the test images": means}, "negative_elbo")
            figures.manifold(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
