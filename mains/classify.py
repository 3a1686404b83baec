#!/usr/bin/env python3
"""Classifies images of which few have labels: what pretraining is worth.

Trains a module without labels (pretraining), puts a softmax layer on its
encoder, and trains both on the labelled images (fine-tuning), which are as
many of each label as can be had. The module's noise or penalty stays on for
that; of the variational module the means are taken, without noise.

Prints the share of test images classified wrongly, for each number of labelled
images, beside the same network from scratch, the five nearest neighbours, and
logistic regression on pixels, on PCA and on the codes; draws them as
`errors.png`. The classifier with most labels is kept, for `apply.py --what
labels`.
"""
from lab import command_line


def main():
    """Trains without labels, then with few and with more; compares, draws."""
    args = command_line.parse(
        __doc__, "classify", model="4-denoising", hidden=[512, 512],
        latent=256, labels=[100, 1000, 10000, 100000])
    command_line.need("sklearn")
    import warnings

    import keras
    import numpy as np
    from lab import (
        building,
        datasets,
        evaluation,
        figures,
        files,
        report,
        runs,
        training,
    )
    from lab.batches import Batches
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def with_softmax(encoder):
        """Returns an encoder, a softmax layer as a model, and both."""
        if len(encoder.outputs) == 3:  # a Gaussian code: its means
            encoder = keras.Model(
                encoder.inputs, encoder.outputs[1], name="encoder")
        inputs = keras.Input(encoder.output_shape[1:])
        head = keras.Model(inputs, keras.layers.Dense(
            len(names), activation="softmax",
            kernel_initializer="zeros")(inputs), name="head")
        inputs = keras.Input(encoder.input_shape[1:])
        classifier = keras.Model(
            inputs, head(encoder(inputs)), name="classifier")
        classifier.compile("adam", "sparse_categorical_crossentropy",
                           metrics=["accuracy"])
        return encoder, head, classifier

    def measure(encoder, head, classifier, batches, seen):
        """Measures a classifier on images it has not seen."""
        loss, accuracy = classifier.evaluate(batches, verbose=0)
        return {"loss": loss, "error": 1 - accuracy}

    def fine_tuned(run, way, labelled):
        """Trains a classifier on labelled images. Few are repeated, so that an
        epoch has up to 10,000, or as many as there are training images."""
        length = min(10000, len(data.train))
        rows = np.tile(labelled, max(1, length // len(labelled)))
        return training.train(
            args, run.folder / f"{way}-{len(labelled)}-labels".replace(
                " ", "-"), data, lambda: with_softmax(starts[way](run)),
            Batches(data.train, args.batch_size, True, args.seed, rows,
                    data.scaling, draw=training.drawing(args, data),
                    targets=ranks.astype("float32")),
            Batches(data.test, args.batch_size, True, scaling=data.scaling,
                    targets=expected.astype("float32")), measure=measure)

    data = datasets.chosen(args, labelled=True)
    data.require(train=2, test=1, labels=2)
    names, ranks = np.unique(data.train_labels, return_inverse=True)
    unknown = np.setdiff1d(data.labels, names)
    if len(unknown):
        raise command_line.InputError(
            "Labels to test that cannot be learned. Expected labels of "
            f"y_train in y_test. Received: {data.name} with "
            f"{unknown[0]} in y_test alone")
    if min(args.labels) < len(names):
        raise command_line.InputError(
            "Too few labelled images. Expected one of each label, --labels "
            f"{len(names)} or more. Received: --labels {min(args.labels)}")
    expected = np.searchsorted(names, data.labels)
    # In a random order in which the labels take turns.
    order = np.random.default_rng(args.seed).permutation(len(ranks))
    turn = np.empty(len(ranks), int)
    for rank in range(len(names)):
        own = order[ranks[order] == rank]
        turn[own] = np.arange(len(own))
    order = order[np.argsort(turn[order], kind="stable")]
    build = building.builder(args, data)
    starts = {"from scratch": lambda run: build()[0],
              args.module: lambda run: keras.saving.load_model(
                  run.folder / "encoder.keras")}
    for run in training.trained(args, data, build):
        train, test = run.batches.all(), run.test.all()
        pca = evaluation.principal_components(train, args.latent)
        views = {"pixels": (train, test),
                 "PCA": (pca.transform(train), pca.transform(test)),
                 "codes": (run.code(train), run.code(test))}
        # A hundred rounds are enough for what is compared here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        errors = {}
        for count in sorted({min(n, len(train)) for n in args.labels}):
            labelled = order[:count]
            errors[count] = {"5 nearest neighbours": 1 - KNeighborsClassifier(
                min(5, count)).fit(train[labelled], ranks[labelled]).score(
                    test, expected)}
            for view, (seen, unseen) in views.items():
                regression = make_pipeline(
                    StandardScaler(), LogisticRegression())
                regression.fit(seen[labelled], ranks[labelled])
                errors[count][f"logistic regression on {view}"] = (
                    1 - regression.score(unseen, expected))
            for way in starts:
                print(f"Training {way} with {count} labels")
                one = fine_tuned(run, way, labelled)
                errors[count][way] = one.metrics["error"]
            run.report("Share of test images classified wrongly, "
                       f"{count} labels", errors[count])
        runs.save(one.auto, run.folder / "classifier.keras")
        files.write_json(run.folder / "classes.json", names.tolist())
        run.record(error=one.metrics["error"])
        figures.against("labelled images", run, {
            "share of test images classified wrongly": errors}, "error",
            name="errors.png", base=10, logarithmic=True)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
