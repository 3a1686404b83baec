"""Distortion, noise and masks for images, before a model sees them."""
import numpy as np


def distorted(images, random, strength, shape):
    """Turns, scales, shears and shifts each image a little, at random.

    At a strength of 1 the angles of turn and shear have a standard deviation
    of 1.8 degrees, the scale of either side 2.4 %, the shift 1 % of the side.
    Pixels are interpolated linearly; beyond the border is what is on it.

    Args:
        images: Array of floats, an image each row or of `shape`.
        random: `numpy.random.Generator`.
        strength: Float.
        shape: Tuple `(height, width, channels)`.

    Returns:
        Array like `images`.
    """
    *sides, channels = shape

    def draw(deviation):
        return random.normal(0, strength * deviation, (len(images), 1)).astype(
            "float32")

    middles = [(side - 1) / 2 for side in sides]
    y, x = (axis.reshape(1, -1) - np.float32(middle) for axis, middle in zip(
        np.indices(sides, "float32"), middles))
    turn, shear = draw(np.radians(1.8)), np.tan(draw(np.radians(1.8)))
    x, y = x * np.exp(draw(0.024)) + shear * y, y * np.exp(draw(0.024))
    places = (np.cos(turn) * y + np.sin(turn) * x,
              np.cos(turn) * x - np.sin(turn) * y)
    pixels = images.reshape(-1, channels)
    index = np.arange(len(images))[:, None]
    shares = []
    for place, middle, side in zip(places, middles, sides):
        place = np.clip(place + draw(0.01) * side + np.float32(middle), 0,
                        side - 1)
        before = np.minimum(np.floor(place), max(side - 2, 0))
        index = index * side + before.astype("int32")
        shares.append((place - before)[..., None])
    height, width = sides
    down, right = width * (height > 1), int(width > 1)
    above, below = (
        (1 - shares[1]) * pixels[row] + shares[1] * pixels[row + right]
        for row in (index, index + down))
    return ((1 - shares[0]) * above + shares[0] * below).reshape(images.shape)


def drawn(images, random):
    """Draws each pixel as 0 or 1, 1 with its value as probability."""
    chances = random.random(images.shape, dtype="float32")
    return (chances < images).astype("float32")


def drawn_alike(images, random):
    """Draws pixels as 0 or 1, the same for input and target."""
    pixels = drawn(images, random)
    return pixels, pixels


def corrupted(images, noise, masking=False, seed=0):
    """Adds noise of a standard deviation to images, or blanks a fraction."""
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
    and of the others a random fraction, up to nine tenths.

    Returns:
        Inputs; and the images, as targets.
    """
    hidden = random.random(images.shape) < random.uniform(
        0, 0.9, (len(images), 1))
    if len(shape) == 3:
        hidden[::2] = block(shape, len(hidden[::2]), random)
    return np.where(hidden, guesses, images), images
