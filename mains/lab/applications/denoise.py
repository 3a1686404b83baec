"""Noise taken out of images, by methods to compare with."""
from scipy.ndimage import median_filter

from lab import baselines


def repaired(train, noisy, shape, size):
    """Repairs noisy images with a median filter and with PCA.

    Args:
        train, noisy: Arrays, `(count, numbers in an image)`.
        shape: Tuple. Of one image, or of a table's row.
        size: Integer. Components of PCA.

    Returns:
        Dictionary of method to array, like `noisy`.
    """
    window = (1, 3, 3, 1) if len(shape) == 3 else (1, 3)
    pca = baselines.principal_components(train, size)
    return {
        "median filter": median_filter(
            noisy.reshape(-1, *shape), window).reshape(noisy.shape),
        "PCA": baselines.rebuilt(pca, noisy)}
