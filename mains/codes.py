#!/usr/bin/env python3
"""Reduces images to codes and looks for the labels in them, beside PCA.

Prints how often the five training codes nearest to a test image's code tell
its label, how often a linear function of the code does (a probe, fitted by
least squares), and what error is left when the image is rebuilt. Draws codes
of two numbers in the labels' colours.
"""
from lab import command_line


def main():
    """Loads, trains, encodes, compares, draws."""
    args = command_line.parse(
        __doc__, "codes", model="0-vanilla", hidden=[512, 256], latent=2)
    command_line.need("sklearn")
    import numpy as np
    from lab import building, datasets, evaluation, figures, report, training
    from sklearn.linear_model import RidgeClassifier
    from sklearn.neighbors import KNeighborsClassifier

    data = datasets.chosen(args, labelled=True)
    data.require(train=5, test=1, labels=2)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        train, test = run.batches.all(), run.test.all()
        pca = evaluation.principal_components(train, args.latent)
        codes = {"PCA": (pca.transform(train), pca.transform(test)),
                 args.module: (run.code(train), run.code(test))}
        # Ranks, for scikit-learn takes no fractions as labels.
        names = np.unique([*run.batches.labels, *run.test.labels])
        labels, expected = (np.searchsorted(names, part.labels)
                            for part in (run.batches, run.test))
        for title, classifier in (
                ("five nearest neighbours", KNeighborsClassifier(5)),
                ("linear probe", RidgeClassifier(alpha=1e-6))):
            run.report(f"Accuracy of the {title}", {
                way: classifier.fit(seen, labels).score(unseen, expected)
                for way, (seen, unseen) in codes.items()})
        rebuilt = {"PCA": pca.inverse_transform(codes["PCA"][1]),
                   args.module: run.decode(codes[args.module][1])}
        run.report("Squared error per image", {
            way: evaluation.squared_error(test, images).mean()
            for way, images in rebuilt.items()})
        if args.latent == 2:
            figures.scatter(
                run, {way: unseen for way, (_, unseen) in codes.items()})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
