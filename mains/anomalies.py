#!/usr/bin/env python3
"""Finds images unlike those it was trained on, beside other ways.

An image's score is the error of its reconstruction (for the variational
module, the negative ELBO); "plus its code" adds the squared Mahalanobis
distance of the code, each as a multiple of its mean over the training images;
"times its code" multiplies the two.
Prints the area under the ROC curve, 1 if all anomalies score above all other
images: for another data set, and for each label left out of the training. With
`--protocol only-one` the training is on one label at a time instead, and all
others are anomalies, as in the literature on one-class classification.
"""
from lab import command_line


def main():
    """Trains with all labels, then by the protocol; looks for the rest."""
    args = command_line.parse(
        __doc__, "anomalies", model="0-vanilla", hidden=[512, 256], latent=32,
        other=None, protocol="all-but-one")
    command_line.need("sklearn")
    import dataclasses

    import numpy as np
    from lab import building, datasets, evaluation, figures, report, training
    from lab.batches import Batches
    from sklearn.covariance import LedoitWolf
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score
    from sklearn.svm import OneClassSVM

    def own_scores(run, train, images):
        """Scores images by what they are rebuilt to, and by their codes."""
        normal = LedoitWolf().fit(run.code(train))
        (error, distance), (usual, near) = (
            (run.score(some), normal.mahalanobis(run.code(some)))
            for some in (images, train))
        return {args.module: error,
                f"{args.module}, plus its code":
                    error / max(usual.mean(), 1e-12)
                    + distance / max(near.mean(), 1e-12),
                f"{args.module}, times its code": error * distance}

    def measure(run, title, anomalies):
        """Scores unseen images and anomalies in each way."""
        train, normal = run.batches.all(), run.test.all()
        pca = evaluation.principal_components(train, args.latent)
        forest = IsolationForest(random_state=0).fit(train)
        truth = np.repeat([0, 1], [len(normal), len(anomalies)])
        images = np.concatenate([normal, anomalies])
        scores = {
            "PCA": evaluation.squared_error(
                images, pca.inverse_transform(pca.transform(images))),
            "isolation forest": -forest.score_samples(images),
            **own_scores(run, train, images)}
        if one and len(train) < len(data.train):  # of all it takes hours
            scores["one-class SVM"] = -OneClassSVM(nu=0.1).fit(
                train).score_samples(images)
        run.report(f"Area under the ROC curve, {title}", {
            way: roc_auc_score(truth, score) for way, score in scores.items()})
        score = scores[args.module]
        # One half of the unseen images sets the threshold, the other tests it.
        half, rest = score[:len(normal):2], score[1:len(normal):2]
        threshold = np.quantile(half, 0.95)
        run.report(f"Share above the threshold {threshold:.4g}, {title}", {
            "unseen images": (rest > threshold).mean(),
            "anomalies": (score[truth == 1] > threshold).mean()})
        return run.metrics[f"Area under the ROC curve, {title}"]

    def draw(run, anomalies):
        """Draws what the model makes of unseen images and of anomalies."""
        normal, anomalies = run.first(10), anomalies[:10]
        figures.rows(run, "anomalies.png", {
            "normal": normal, "rebuilt": run.rebuild(normal),
            "anomaly": anomalies, "rebuilt ": run.rebuild(anomalies)}, "loss")

    data = datasets.chosen(args, labelled=True)
    data.require(train=2, test=2, labels=2)
    one = args.protocol == "only-one"
    chosen = [(number, label)
              for number, label in enumerate(np.unique(data.labels))
              if min(((part == label) == one).sum()
                     for part in (data.train_labels, data.labels)) >= 2
              and ((data.labels == label) != one).any()]
    if not chosen:
        raise command_line.InputError(
            "No anomalies. Expected two labels in y_test, and of those to "
            "train on at least two images in y_train and y_test. Received: "
            f"{data}")
    other = datasets.load_other(args.other, data)
    build = building.builder(args, data)
    words = ("only", "trained on") if one else ("without", "left out")
    for run in training.trained(args, data, build):
        if other is not None:
            name, images = other
            anomalies = run.test.prepare(images)
            measure(run, name, anomalies)
            draw(run, anomalies)
        areas = []
        for number, label in chosen:
            print(f"Training {words[0]} the label {label}")
            kept, tested = ((part == label) == one for part in (
                data.train_labels, data.labels))
            part = dataclasses.replace(
                data, name=f"{data.name} {words[0]} {label}")
            each = training.train(
                args, run.folder / f"{words[0]}-{number}", part, build,
                Batches(data.train, args.batch_size, True, args.seed,
                        np.flatnonzero(kept), data.scaling,
                        draw=training.drawing(args, data)),
                Batches(data.test, args.batch_size, True,
                        rows=np.flatnonzero(tested), scaling=data.scaling))
            anomalies = run.test.prepare(data.test[~tested])
            areas.append(measure(each, f"label {label}", anomalies))
            draw(each, anomalies)
        run.report(f"Area under the ROC curve, mean of the labels {words[1]}",
                   {way: np.mean([area[way] for area in areas])
                    for way in areas[0]})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
