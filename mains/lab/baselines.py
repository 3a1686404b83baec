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
