#!/usr/bin/env python3
"""Finds images unlike those it was trained on, beside two other ways.

An image's score is the error of its reconstruction (for the variational
module, the negative ELBO). Prints the area under the ROC curve, 1 if all
anomalies score above all other images: for another data set, and for each
label left out of the training.
"""
from lab import command_line


def main():
    """Trains with all labels, then without each, and looks for the rest."""
    args = command_line.parse(
        __doc__, "anomalies", model="0-vanilla", hidden=[512, 256], latent=32,
        other="fashion_mnist")
    command_line.need("sklearn")
    import dataclasses

    import numpy as np
    from lab import datasets, evaluation, figures, training
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

    def measure(run, title, anomalies):
        """Scores unseen images and anomalies in each way."""
        train, normal = run.batches.all(), run.test.all()
        pca = PCA(args.latent, random_state=0).fit(train)
        forest = IsolationForest(random_state=0).fit(train)
        truth = np.repeat([0, 1], [len(normal), len(anomalies)])
        images = np.concatenate([normal, anomalies])
        scores = {
            "PCA": evaluation.squared_error(
                images, pca.inverse_transform(pca.transform(images))),
            "isolation forest": -forest.score_samples(images),
            args.module: evaluation.anomaly(run, images)}
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

    data = datasets.load(args.dataset, args.limit, labelled=True)
    other = datasets.load(args.other)
    build = training.builder(args, data)
    for run in training.runs(args, data, build):
        anomalies = run.test.prepare(other.test)
        measure(run, other.name, anomalies)
        figures.rows(run, "anomalies.png", {
            "normal": run.first(10), "rebuilt": run.rebuild(run.first(10)),
            "anomaly": anomalies[:10],
            "rebuilt ": run.rebuild(anomalies[:10])}, "loss")
        areas = []
        for label in np.unique(data.labels):
            print(f"Training without the label {label}")
            kept, tested = data.train_labels != label, data.labels != label
            part = dataclasses.replace(data, name=f"{data.name} but {label}")
            one = training.train(
                args, run.folder / f"without-{label}", part, build,
                datasets.Batches(data.train, args.batch_size, True, args.seed,
                                 np.flatnonzero(kept)),
                datasets.Batches(data.test, args.batch_size, True,
                                 rows=np.flatnonzero(tested)))
            areas.append(measure(
                one, f"label {label}", run.test.prepare(data.test[~tested])))
        run.report("Area under the ROC curve, mean of the labels left out", {
            way: np.mean([area[way] for area in areas]) for way in areas[0]})
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
