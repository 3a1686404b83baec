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
        other=None)
    command_line.need("sklearn")
    import dataclasses

    import numpy as np
    from lab import building, datasets, evaluation, figures, report, training
    from lab.batches import Batches
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

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
            args.module: run.score(images)}
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
    left_out = [label for label in np.unique(data.labels)
                if (data.train_labels != label).sum() >= 2
                and (data.labels != label).sum() >= 2]
    if not left_out:
        raise command_line.InputError(
            "Nothing to leave out. Expected a label in y_test, beside at "
            "least two images with others in y_train and y_test. Received: "
            f"{data}")
    other = datasets.load_other(args.other, data)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        if other is not None:
            anomalies = run.test.prepare(other)
            measure(run, args.other or "fashion_mnist", anomalies)
            draw(run, anomalies)
        areas = []
        for label in left_out:
            print(f"Training without the label {label}")
            kept, tested = data.train_labels != label, data.labels != label
            part = dataclasses.replace(data, name=f"{data.name} but {label}")
            one = training.train(
                args, run.folder / f"without-{label}", part, build,
                Batches(data.train, args.batch_size, True, args.seed,
                        np.flatnonzero(kept), data.scaling,
                        draw=training.drawing(args, data)),
                Batches(data.test, args.batch_size, True,
                        rows=np.flatnonzero(tested), scaling=data.scaling))
            anomalies = run.test.prepare(data.test[~tested])
            areas.append(measure(one, f"label {label}", anomalies))
            draw(one, anomalies)
        run.report("Area under the ROC curve, mean of the labels left out", {
            way: np.mean([area[way] for area in areas]) for way in areas[0]})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
