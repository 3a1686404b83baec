#!/usr/bin/env python3
"""Finds images unlike those it was trained on, compared with baselines.

A table's row is scored by the rows nearest to it, as apply.py does. An image's
score is the error of its reconstruction (for the variational module, the
negative ELBO); "plus its code" adds the squared Mahalanobis
distance of the code, each divided by its mean over the training images;
"times its code" multiplies the two.
Prints the area under the ROC curve, 1 if all anomalies score above all other
images: for another data set (--other, which needs no labels), for the label
that --anomaly names, or for each label left out of the training. With
`--protocol only-one` the training is on one label at a time instead, and all
others are anomalies, as in the literature on one-class classification.
"""
from lab import command_line


def main():
    """Trains with all labels, then by the protocol; looks for the rest."""
    args = command_line.parse(
        __doc__, "anomalies", model="0-vanilla", hidden=[512, 256], latent=32,
        other=None, anomaly=None, protocol="all-but-one")
    import dataclasses

    import numpy as np
    from lab import figures, training
    from lab.applications import anomalies
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(
        **args.data, labelled=args.anomaly is not None or not args.other)
    data.require(train=2, test=2)
    only, parts, named = args.protocol == "only-one", [], None
    if args.anomaly is not None:
        data, named = anomalies.apart(data, args.anomaly)
    elif data.train_labels is not None:
        data.require(labels=2)
        parts = anomalies.parts(data, only)
    other = anomalies.load_other(args.other, data) if (
        args.other or named is None) else None
    word, words = ("only", "trained on") if only else ("without", "left out")
    for run in training.trained(args, data):
        if other is not None:
            name, images = other
            anomalies.compare(run, name, run.test.prepare(images))
        if named is not None:
            anomalies.compare(
                run, f"label {args.anomaly}", run.test.prepare(named))
        areas = []
        for number, label, kept, normal in parts:
            print(f"Training {word} the label {label}")
            part = training.train(
                args, run.folder / f"{word}-{number}", dataclasses.replace(
                    data, name=f"{data.name} {word} {label}"),
                args.builder(data.shape), np.flatnonzero(kept),
                ("test", np.flatnonzero(normal)))
            areas.append(anomalies.compare(
                part, f"label {label}", run.test.prepare(data.test[~normal]),
                only))
        if areas:
            run.report(
                f"Area under the ROC curve, mean of the labels {words}",
                {method: np.mean([area[method] for area in areas])
                 for method in areas[0]})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
