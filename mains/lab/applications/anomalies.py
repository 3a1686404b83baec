"""Images unlike those that a model was trained on: scores and thresholds."""
import dataclasses

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.svm import OneClassSVM

from lab import baselines, figures, measures
from lab.data import datasets, known
from lab.errors import InputError


def model_scores(model, name, train, images):
    """Scores images by the error of their reconstruction, and by their codes.

    Args:
        model: `Autoencoder`.
        name: String. What to call it.
        train, images: Arrays, as the model takes them.

    Returns:
        Dictionary of method to scores, `(count,)`: the error; plus the code's
        squared Mahalanobis distance, each divided by its mean over the
        training images; and multiplied by it.
    """
    normal = LedoitWolf().fit(model.code(train))
    (error, distance), (usual, near) = (
        (model.score(part), normal.mahalanobis(model.code(part)))
        for part in (images, train))
    return {name: error,
            f"{name}, plus its code": error / max(usual.mean(), 1e-12)
            + distance / max(near.mean(), 1e-12),
            f"{name}, times its code": error * distance}


def baseline_scores(train, images, size, one_class):
    """Scores images by their error after PCA, and by an isolation forest.

    Args:
        train, images: Arrays, `(count, numbers in an image)`.
        size: Integer. Components of PCA.
        one_class: Boolean. Whether a one-class SVM is fitted, too, which
            takes hours for all of a large data set.

    Returns:
        Dictionary of method to scores, `(count,)`.
    """
    pca = baselines.principal_components(train, size)
    forest = IsolationForest(random_state=0).fit(train)
    scores = {
        "PCA": measures.squared_error(images, baselines.rebuilt(pca, images)),
        "isolation forest": -forest.score_samples(images)}
    if one_class:
        scores["one-class SVM"] = -OneClassSVM(nu=0.1).fit(
            train).score_samples(images)
    return scores


def areas(normal, anomalous):
    """Measures the area under the ROC curve.

    Args:
        normal, anomalous: Dictionaries of method to scores.

    Returns:
        Dictionary of method to number.
    """
    return {method: roc_auc_score(
        np.repeat([0, 1], [len(normal[method]), len(anomalous[method])]),
        np.concatenate([normal[method], anomalous[method]]))
        for method in normal}


def above_threshold(normal, anomalous):
    """Measures which fractions lie above a threshold that 5 % of normal ones
    exceed: one half of these sets it, the other tests it.

    Returns:
        Threshold; fraction of normal scores, fraction of anomalous ones.
    """
    threshold = np.quantile(normal[::2], 0.95)
    return (threshold, (normal[1::2] > threshold).mean(),
            (anomalous > threshold).mean())


def compare(run, title, anomalous, one_class=False):
    """Compares a model's scores of unseen images and of anomalies with those
    of baselines; reports and draws them.

    Args:
        run: `Run`.
        title: String. What the anomalies are.
        anomalous: Array, `(count, numbers in an image)`.
        one_class: Boolean. Whether a one-class SVM is among the baselines.

    Returns:
        Dictionary of method to the area under the ROC curve.
    """
    train, module = run.batches.all(), run.settings["module"]
    normal = run.test.all()
    images = np.concatenate([normal, anomalous])
    scores = {
        **baseline_scores(train, images, run.settings["latent"], one_class),
        **({f"{module}, error alone": run.model.score(images)}
           if run.model.by_column else
           model_scores(run.model, module, train, images))}
    low, high = ({method: score[part] for method, score in scores.items()}
                 for part in (slice(len(normal)), slice(len(normal), None)))
    if run.model.by_column:  # the run's own: its held-out rows are known ones
        low[module] = run.scores.unseen
        high[module], _ = run.score_and_rebuild(anomalous)
    found = areas(low, high)
    run.report(f"Area under the ROC curve, {title}", found)
    threshold, *above = above_threshold(low[module], high[module])
    run.report(f"Fraction above the threshold {threshold:.4g}, {title}",
               dict(zip(("unseen images", "anomalies"), above)))
    figures.rows(run, "anomalies.png", {
        "normal": normal[:10], "rebuilt": run.model.rebuild(normal[:10]),
        "anomaly": anomalous[:10],
        "rebuilt ": run.model.rebuild(anomalous[:10])}, "loss")
    return found


def parts(data, only_one):
    """Finds the labels that can be left out, or trained on alone.

    Args:
        data: `Dataset` with labels.
        only_one: Boolean. Whether a label is trained on alone.

    Returns:
        List of a number and a label, and of two arrays of booleans: which
        training images to train on, which test images are normal.

    Raises:
        InputError: If there are no such labels.
    """
    found = []
    for number, label in enumerate(np.unique(data.test_labels)):
        kept, normal = ((labels == label) == only_one for labels in (
            data.train_labels, data.test_labels))
        if min(kept.sum(), normal.sum()) >= 2 and not normal.all():
            found.append((number, label, kept, normal))
    if not found:
        raise InputError(
            "No anomalies. Expected two labels in y_test, and of those to "
            "train on at least two images in y_train and y_test. Received: "
            f"{data}")
    return found


def apart(data, label):
    """Takes the rows or images of a label out of a data set.

    Args:
        data: `Dataset` with labels.
        label: String. As text, also where labels are numbers.

    Returns:
        `Dataset` without them, and without labels; array of all of them.

    Raises:
        InputError: If there are none, or if there is nothing else.
    """
    odd = {part: getattr(data, f"{part}_labels").astype(str) == label
           for part in ("train", "test")}
    anomalous = np.concatenate(
        [getattr(data, part)[which] for part, which in odd.items()])
    others = {part: getattr(data, part)[~which] for part, which in odd.items()}
    if not len(anomalous) or min(map(len, others.values())) < 2:
        found = np.unique(data.train_labels).astype(str).tolist()
        raise InputError(
            "Unusable --anomaly. Expected a label of some, and others to "
            f"train and to test on. Received: {label!r}, where the labels are "
            f"{', '.join(map(repr, found[:8]))}")
    return dataclasses.replace(
        data, name=f"{data.name} without {label}", train_labels=None,
        test_labels=None, **others), anomalous


def load_other(name, data):
    """Loads another data set's test images, or all rows of another table, as
    anomalies to `data`.

    Args:
        name: String, or None for `"fashion_mnist"`, or `"mnist"` if `data` has
            the same test images, if it can be had and fits.
        data: `Dataset`.

    Returns:
        String, its name, and array in the units of `data`; or None.

    Raises:
        InputError: If it cannot be had or does not fit.
    """
    if not name and data.shape != (28, 28, 1):
        return None  # it would be fetched, and not fit
    chosen = name or "fashion_mnist"
    try:
        other = datasets.load(chosen, columns=data.columns)
        if not name and np.array_equal(other.test, data.test):
            chosen, other = "mnist", datasets.load("mnist")
        if other.shape != data.shape:
            raise known.NotAvailable(
                f"{other.name} does not fit. Expected {data.shape}, as "
                f"{data.name} has it. Received: {other.shape}")
    except known.NotAvailable as error:
        if name:
            raise
        print(f"{error}\nThe only anomalies are other labels.")
        return None
    if data.is_table and data.scaling.by_column:
        # The same columns and units; none of its rows was trained on.
        return chosen, np.concatenate([other.train, other.test])
    return chosen, data.scaling.undo(other.scaling.apply(other.test))
