"""Codes of several sizes: what each costs, and where the gain ends."""
from lab import measures

ENOUGH = 1.1  # times the lowest error
ERROR = "Squared error per image"
NATS, UNITS = "Rate and distortion, nats per image", "Active units"


def measured(run, pca, size):
    """Measures the reconstructions of a model, and of as many components.

    Args:
        run: `Run`.
        pca: scikit-learn's `PCA`, of `size` components or more.
        size: Integer.

    Returns:
        Dictionary of title to a dictionary of method to number.
    """
    test, axes = run.test.all(), pca.components_[:size]
    module = run.settings["module"]
    rebuilt = {"PCA": (test - pca.mean_) @ axes.T @ axes + pca.mean_,
               module: run.model.rebuild(test)}
    found = {ERROR: {
        method: float(measures.squared_error(test, images).mean())
        for method, images in rebuilt.items()}}
    if run.model.is_gaussian:
        found[NATS] = {"rate": run.metrics["kl_divergence"],
                       "distortion": run.metrics["distortion"]}
        found[UNITS] = {module: run.metrics["active_units"]}
    return found


def end_of_gain(errors):
    """Returns the smallest size whose error is at most a tenth above the
    lowest of all.

    Args:
        errors: Dictionary of size to error, from the smallest size.
    """
    return next(size for size, error in errors.items()
                if error <= ENOUGH * min(errors.values()))
