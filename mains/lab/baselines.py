"""Methods that autoencoders are compared with."""
import numpy as np


def principal_components(images, size):
    """Returns scikit-learn's `PCA` of images, of at most `size` numbers."""
    from sklearn.decomposition import PCA
    with np.errstate(invalid="ignore"):  # of no variance, where all are alike
        return PCA(min(size, *images.shape), random_state=0).fit(images)


def rebuilt(pca, images):
    """Returns the reconstructions of images by PCA."""
    return pca.inverse_transform(pca.transform(images))


def variance_rebuilt(train, test, size):
    """Returns the fraction of the variance of test rows that PCA of so many
    numbers, fitted to at most 10,000 training rows, rebuilds."""
    if size >= test.shape[1]:
        return 1.0
    pca = principal_components(train[:10000], size)
    error = ((test - rebuilt(pca, test)) ** 2).sum()
    spread = ((test - test.mean(axis=0)) ** 2).sum()
    return float(1 - error / max(spread, 1e-12))
