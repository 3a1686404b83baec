#!/usr/bin/env python3
"""Reduces images to codes and looks for the labels in them, as PCA does.

Prints how often the five training codes nearest to a test image's code give
its label, how often a linear function of the code does (a probe, fitted by
least squares), and the error of the reconstructions. Draws codes of two
numbers in the labels' colours.
"""
from lab import command_line


def main():
    """Loads, trains, encodes, compares, draws."""
    args = command_line.parse(
        __doc__, "codes", model="0-vanilla", hidden=[512, 256], latent=2)
    from lab import baselines, figures, measures, training
    from lab.applications import codes
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data, labelled=True)
    data.require(train=5, test=1, labels=2)
    for run in training.trained(args, data):
        train, test = run.batches.all(), run.test.all()
        pca = baselines.principal_components(train, args.latent)
        encoded = {
            "PCA": (pca.transform(train), pca.transform(test)),
            args.module: (run.model.code(train), run.model.code(test))}
        for title, accuracy in codes.accuracies(
                encoded, data.train_labels, data.test_labels).items():
            run.report(f"Accuracy of the {title}", accuracy)
        run.report("Squared error per image", {
            method: measures.squared_error(test, images).mean()
            for method, images in (
                ("PCA", baselines.rebuilt(pca, test)),
                (args.module, run.model.rebuild(test)))})
        if args.latent <= 2:
            figures.scatter(run, {
                method: unseen for method, (_, unseen) in encoded.items()})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
