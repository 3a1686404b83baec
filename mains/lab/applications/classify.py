"""Labels learned from few images, by a model and by methods to compare."""
import warnings

import keras
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lab import training
from lab.autoencoders import Autoencoder
from lab.errors import InputError


def ranks(data):
    """Returns the labels of a data set as ranks among their names.

    Returns:
        Array of names; ranks of the training and of the test labels.

    Raises:
        InputError: If a label is to be tested that cannot be learned.
    """
    names, train = np.unique(data.train_labels, return_inverse=True)
    unknown = np.setdiff1d(data.test_labels, names)
    if len(unknown):
        raise InputError(
            "Labels to test that cannot be learned. Expected labels of "
            f"y_train in y_test. Received: {data.name} with {unknown[0]} in "
            "y_test alone")
    return names, train, np.searchsorted(names, data.test_labels)


def taking_turns(ranks, seed):
    """Returns all places in a random order in which the ranks take turns."""
    order = np.random.default_rng(seed).permutation(len(ranks))
    turn = np.empty(len(ranks), int)
    for rank in range(ranks.max() + 1):
        own = order[ranks[order] == rank]
        turn[own] = np.arange(len(own))
    return order[np.argsort(turn[order], kind="stable")]


def repeated(labelled, length):
    """Repeats places, so that an epoch has about `length` of them."""
    return np.tile(labelled, max(1, length // len(labelled)))


def with_softmax(encoder, count):
    """Puts a softmax layer on an encoder.

    Args:
        encoder: Model. Of a Gaussian code, the means are taken.
        count: Integer. Number of labels.

    Returns:
        The encoder, the layer as a model, and both, compiled.
    """
    if Autoencoder(encoder, None).is_gaussian:
        encoder = keras.Model(
            encoder.inputs, encoder.outputs[1], name="encoder")
    inputs = keras.Input(encoder.output_shape[1:])
    head = keras.Model(inputs, keras.layers.Dense(
        count, activation="softmax", kernel_initializer="zeros")(inputs),
        name="head")
    inputs = keras.Input(encoder.input_shape[1:])
    classifier = keras.Model(inputs, head(encoder(inputs)), name="classifier")
    classifier.compile("adam", "sparse_categorical_crossentropy",
                       metrics=["accuracy"])
    return encoder, head, classifier


def fine_tuned(args, run, method, labelled, ranks, expected):
    """Trains a classifier on labelled images.

    Args:
        args: `Settings`.
        run: `Run` of the training without labels.
        method: `"from scratch"`, or any other name to start from its encoder.
        labelled: Array of integers. The training images with labels.
        ranks, expected: Arrays `(count,)`. Ranks of the labels of all training
            images, and of the test images.

    Returns:
        `Run`.
    """
    def build():
        encoder = args.builder(run.data.shape)()[0] if (
            method == "from scratch") else keras.saving.load_model(
                run.folder / "encoder.keras")
        return with_softmax(encoder, int(ranks.max()) + 1)

    folder = f"{method}-{len(labelled)}-labels".replace(" ", "-")
    # Few images are repeated, so that an epoch has up to 10,000.
    return training.train(
        args, run.folder / folder, run.data, build,
        repeated(labelled, min(10000, len(ranks))),
        targets=(ranks.astype("float32"), expected.astype("float32")),
        measure=measure)


def measure(model, batches, _):
    """Measures a classifier on images that it has not seen."""
    loss, accuracy = model.auto.evaluate(batches, verbose=0)
    return {"loss": loss, "error": 1 - accuracy}


def baseline_errors(views, train, test, labelled):
    """Measures which fraction of test images baselines classify wrongly.

    Args:
        views: Dictionary of name to two arrays, `(count, numbers)`: training
            and test images, as pixels and as codes. Neighbours are looked for
            in the first.
        train, test: Arrays `(count,)`. The ranks of the labels.
        labelled: Array of integers. The training images with labels.

    Returns:
        Dictionary of method to number.
    """
    seen, unseen = next(iter(views.values()))
    neighbours = KNeighborsClassifier(min(5, len(labelled)))
    found = {"5 nearest neighbours": 1 - neighbours.fit(
        seen[labelled], train[labelled]).score(unseen, test)}
    for view, (seen, unseen) in views.items():
        regression = make_pipeline(StandardScaler(), LogisticRegression())
        with warnings.catch_warnings():
            # A hundred rounds are enough for what is compared here.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(seen[labelled], train[labelled])
        found[f"logistic regression on {view}"] = 1 - regression.score(
            unseen, test)
    return found
