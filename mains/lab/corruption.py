"""What is done to images before a model sees them: noise, masks, blocks."""
import numpy as np


def drawn(images, random):
    """Draws each pixel as 0 or 1, 1 with its value as probability."""
    chances = random.random(images.shape, dtype="float32")
    return (chances < images).astype("float32")


def drawn_alike(images, random):
    """Draws input and target of each training batch, the same pixels."""
    pixels = drawn(images, random)
    return pixels, pixels


def corrupted(images, noise, masking=False, seed=0):
    """Adds noise of a standard deviation to images, or blanks a share."""
    random = np.random.default_rng(seed)
    if masking:
        return images * (random.random(images.shape) >= noise)
    noises = random.standard_normal(images.shape, dtype="float32")
    return images + noise * noises


def block(shape, count, random):
    """Marks a block of half the height and width in each of many images.

    Returns:
        Array of booleans, `(count, numbers in an image)`.
    """
    *sides, channels = shape
    inside = []
    for side in sides:
        start = random.integers(side - side // 2 + 1, size=(count, 1))
        place = np.arange(side)
        inside.append((place >= start) & (place < start + side // 2))
    down, across = inside
    hidden = (down[:, :, None] & across[:, None]).reshape(count, -1)
    return hidden.repeat(channels, axis=1)


def hide(images, random, guesses, shape):
    """Hides numbers behind guesses, for a model to learn to fill them in.

    A block of every other image, if they are images of a `shape` of three;
    and of the others a random share, up to nine tenths.

    Returns:
        Inputs; and the images, as targets.
    """
    hidden = random.random(images.shape) < random.uniform(
        0, 0.9, (len(images), 1))
    if len(shape) == 3:
        hidden[::2] = block(shape, len(hidden[::2]), random)
    return np.where(hidden, guesses, images), images
