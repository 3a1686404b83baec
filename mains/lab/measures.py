"""Measures of reconstructions and codes: functions of NumPy arrays."""
import numpy as np

EPSILON = 1e-7  # Keras keeps probabilities this far from 0 and 1
# Of a table's columns: how many spreads 0.5 stands for, or more with a heavy
# tail; the squares of spreads in 1; and of the Gaussian likelihood of a
# variational code, whose deviation is 0.3 of a spread, what squares count.
REACH = 4
SPREADS = (2.0 * REACH) ** 2
PRECISION = SPREADS / (2 * 0.3 ** 2)
QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)  # of scores, for thresholds


def rows(array):
    """Returns one row of numbers for each image."""
    return array.reshape(len(array), -1)


def cross_entropy(target, output):
    """Binary cross-entropy per image, summed over pixels, in nats."""
    output = np.clip(output, EPSILON, 1 - EPSILON)
    return -rows(target * np.log(output)
                 + (1 - target) * np.log(1 - output)).sum(axis=1)


def squared_error(target, output):
    """Squared error per image, summed over pixels."""
    return rows((target - output) ** 2).sum(axis=1)


def kl_divergence(mean, log_var):
    """KL(N(mean, exp(log_var)) || N(0, I)) per image, in nats."""
    return 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)


def negative_elbo(target, output, mean, log_var):
    """Negative ELBO per image, in nats.

    Beyond 0 and 1, as a table's values may lie, cross-entropy would fall; the
    squared distance from there counts instead.
    """
    inside = np.clip(target, 0, 1)
    return (cross_entropy(inside, output) + squared_error(target, inside)
            + kl_divergence(mean, log_var))


def score_quantiles(scores):
    """Quantiles of scores, by their probability as text, for thresholds."""
    return {str(part): float(score) for part, score in zip(
        QUANTILES, np.quantile(scores, QUANTILES))}


def movement(codes, moved):
    """Measures how far codes move, compared with how far they lie apart.

    Returns:
        Float: root of the mean squared distance from a code to where it moved,
        divided by that from a code to the mean of all; 0 where all codes are
        the same.
    """
    spread = codes.var(axis=0).sum()
    distance = ((moved - codes) ** 2).sum(axis=1).mean()
    return float((distance / spread) ** 0.5) if spread else 0.0


def compared_with_pca(metrics, size):
    """Says how much of a table's variance a model rebuilds, and whether PCA of
    as many numbers does as well."""
    ours, others = (metrics[name] for name in (
        "variance_rebuilt", "variance_rebuilt_by_PCA"))
    line = (f"Variance of the held-out rows that is rebuilt: {ours:.1%}, by "
            f"PCA with as many numbers {others:.1%}.")
    if others < ours:
        return line
    return (f"{line}\nPCA with {size} numbers rebuilds these rows as well; a "
            "nonlinear code gains nothing here.")


def alarms(metrics):
    """Returns a sentence for each thing that is wrong with a model.

    Args:
        metrics: Dictionary, of `Autoencoder.evaluate`.
    """
    found = []
    if metrics.get("dead_units", 0) > 0.25:
        found.append(
            f"Alarm: {metrics['dead_units']:.0%} of the code's units are dead "
            "(0 for every image). Try another seed, a lower learning rate or "
            "a lighter penalty.")
    if metrics.get("negative_elbo", 0) > 0.995 * metrics.get("collapsed", 1):
        found.append(
            "Alarm: the variational autoencoder has collapsed. Its negative "
            f"ELBO of {metrics['negative_elbo']:.1f} nats is no better than "
            f"that of a decoder which ignores the code, "
            f"{metrics['collapsed']:.1f}. Try more steps (--epochs, or a "
            "smaller --batch-size) or a higher --learning-rate. Where the "
            "numbers of an input have nothing in common, no code helps.")
    return found
