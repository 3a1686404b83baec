#!/usr/bin/env python3
"""Classifies images of which few have labels: what pretraining is worth.

Trains a module without labels (pretraining), puts a softmax layer on its
encoder, and trains both on the labelled images (fine-tuning), which are as
many of each label as can be had. The module's noise or penalty stays on for
that; of the variational module the means are taken, without noise.

Prints the fraction of test images classified wrongly, for each number of
labelled images, compared with the same network from scratch, the five nearest
neighbours, and logistic regression on pixels, on PCA and on the codes; draws
them as `errors.png`. The classifier with most labels is kept, for `apply.py
--what labels`.
"""
from lab import command_line


def main():
    """Trains without labels, then with few and with more; compares, draws."""
    args = command_line.parse(
        __doc__, "classify", model="4-denoising", hidden=[512, 512],
        latent=256, labels=[100, 1000, 10000, 100000])
    from lab import baselines, figures, runs, training
    from lab.applications import classify
    from lab.data import datasets
    from lab.page import report

    data = datasets.load(**args.data, labelled=True)
    data.require(train=2, test=1, labels=2)
    names, ranks, expected = classify.ranks(data)
    if min(args.labels) < len(names):
        raise command_line.InputError(
            "Too few labelled images. Expected one of each label, --labels "
            f"{len(names)} or more. Received: --labels {min(args.labels)}")
    order = classify.taking_turns(ranks, args.seed)
    for run in training.trained(
            args, data, more=(runs.CLASSIFIER, runs.CLASSES)):
        train, test = run.batches.all(), run.test.all()
        pca = baselines.principal_components(train, args.latent)
        views = {"pixels": (train, test),
                 "PCA": (pca.transform(train), pca.transform(test)),
                 "codes": (run.model.code(train), run.model.code(test))}
        errors = {}
        for count in sorted({min(n, len(train)) for n in args.labels}):
            labelled = order[:count]
            errors[count] = classify.baseline_errors(
                views, ranks, expected, labelled)
            for method in "from scratch", args.module:
                print(f"Training {method} with {count} labels")
                tuned = classify.fine_tuned(
                    args, run, method, labelled, ranks, expected)
                errors[count][method] = tuned.metrics["error"]
            run.report("Fraction of test images classified wrongly, "
                       f"{count} labels", errors[count])
        run.keep_classifier(tuned.model.auto, names.tolist())
        run.record(error=tuned.metrics["error"])
        figures.against("labelled images", run, {
            "fraction of test images classified wrongly": errors}, "error",
            name="errors.png", base=10, logarithmic=True)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
