#!/usr/bin/env python3
"""Reduces images to codes and looks for the labels in them, beside PCA.

Prints how often the five training codes nearest to a test image's code tell
its label, and draws codes of two numbers in the labels' colours.
"""
from lab import command_line


def main():
    """Loads, trains, encodes, compares, draws."""
    args = command_line.parse(
        __doc__, "codes", model="0-vanilla", hidden=[512, 256], latent=2)
    command_line.need("sklearn")
    from lab import datasets, figures, training
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier

    data = datasets.load(args.dataset, args.limit, labelled=True)
    for run in training.runs(args, data, training.builder(args, data)):
        train, test = run.batches.all(), run.test.all()
        pca = PCA(args.latent, random_state=0).fit(train)
        run.report("Accuracy of the five nearest neighbours", {
            way: KNeighborsClassifier(5).fit(
                encode(train), data.train_labels).score(
                    encode(test), data.labels)
            for way, encode in (("PCA", pca.transform),
                                (args.module, run.code))})
        if args.latent == 2:
            figures.scatter(run, {"PCA": pca.transform(test),
                                  args.module: run.code(test)})
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
