"""New images from a prior, and interpolations between images."""
import numpy as np
from sklearn.neighbors import NearestNeighbors


def samples(model, count, size, random):
    """Returns reconstructions of codes that are drawn from N(0, I)."""
    return model.decode(random.standard_normal((count, size)))


def distances(train, groups):
    """Measures the mean distance of images to the nearest training image.

    Args:
        train: Array, `(count, numbers in an image)`.
        groups: Dictionary of name to array, like `train`.

    Returns:
        Dictionary of name to number.
    """
    near = NearestNeighbors(n_neighbors=1).fit(train)
    return {name: near.kneighbors(images)[0].mean()
            for name, images in groups.items()}


def interpolations(model, images, steps=10):
    """Rebuilds codes on the way from each image of the first half to one of
    the second.

    Returns:
        List of arrays, `(steps, numbers in an image)`.
    """
    codes = model.code(images)
    half = len(codes) // 2
    return [model.decode(np.linspace(start, end, steps))
            for start, end in zip(codes[:half], codes[half:])]
