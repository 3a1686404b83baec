"""What codes keep of images: their labels, and the images themselves."""
import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

CLASSIFIERS = {
    "five nearest neighbours": KNeighborsClassifier(5),
    "linear probe": RidgeClassifier(alpha=1e-6)}


def accuracies(codes, train_labels, test_labels):
    """Measures how often classifiers find the label of a code.

    Args:
        codes: Dictionary of method to two arrays, `(count, size)`: training
            and test codes.
        train_labels, test_labels: Arrays `(count,)`.

    Returns:
        Dictionary of classifier to a dictionary of method to accuracy.
    """
    # Ranks, for scikit-learn takes no fractions as labels.
    names = np.unique([*train_labels, *test_labels])
    labels, expected = (np.searchsorted(names, part)
                        for part in (train_labels, test_labels))
    return {title: {
        method: classifier.fit(seen, labels).score(unseen, expected)
        for method, (seen, unseen) in codes.items()}
        for title, classifier in CLASSIFIERS.items()}
