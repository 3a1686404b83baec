"""What is done to images before a model sees them."""
import numpy as np
import pytest
from lab.data import corruption


def blobs(count, down, across, sides=(28, 28)):
    """Returns images of a soft spot so far from their middle."""
    y, x = (axis - (side - 1) / 2 for axis, side in zip(
        np.indices(sides), sides))
    spot = np.exp(-((y - down) ** 2 + (x - across) ** 2) / 8)
    return np.repeat(spot[None, ..., None].astype("float32"), count, axis=0)


def moved(images, strength=1.0):
    """Returns how far distortion moves spots, down and across."""
    random = np.random.default_rng(0)
    shape, places = images.shape[1:], []
    for each in images, corruption.distorted(images, random, strength, shape):
        ink = each[..., 0] / each[..., 0].sum(axis=(1, 2), keepdims=True)
        places.append([(ink * axis).sum(axis=(1, 2))
                       for axis in np.indices(shape[:2])])
    return np.subtract(*places[::-1])


@pytest.mark.parametrize("down, across", [(0, 0), (0, 8), (8, 0)])
def test_distortions_are_as_large_as_they_should_be(down, across):
    by_down, by_across = moved(blobs(4000, down, across))
    angle = np.radians(1.8)
    # Shift, scale and turn; what is off the middle also shears.
    assert by_down.std() == pytest.approx(np.sqrt(
        0.28 ** 2 + (0.024 * down) ** 2 + (angle * across) ** 2), rel=0.06)
    assert by_across.std() == pytest.approx(np.sqrt(
        0.28 ** 2 + (0.024 * across) ** 2 + 2 * (angle * down) ** 2), rel=0.06)
    assert abs(by_down.mean()) < 0.03 and abs(by_across.mean()) < 0.03


def test_distortions_grow_with_their_strength():
    images = blobs(4000, 0, 0)
    assert moved(images, 2.0).std() == pytest.approx(
        2 * moved(images).std(), rel=0.02)


def test_each_image_is_distorted_in_its_own_way():
    images = corruption.distorted(
        blobs(20, 0, 0), np.random.default_rng(0), 1.0, (28, 28, 1))
    assert len({image.tobytes() for image in images}) == 20


@pytest.mark.parametrize("shape", [
    (7, 5, 3), (1, 6, 1), (6, 1, 2), (1, 1, 1)])
def test_images_of_any_shape_are_distorted(shape):
    random = np.random.default_rng(0)
    images = random.random((30, *shape), "float32")
    flat = images.reshape(30, -1)
    np.testing.assert_allclose(  # rounding aside, in what is interpolated
        corruption.distorted(flat, random, 0.0, shape), flat, atol=1e-5)
    bent = corruption.distorted(images, random, 5.0, shape)
    assert bent.shape == images.shape and bent.dtype == "float32"
    assert (bent.max(axis=(1, 2)) <= images.max(axis=(1, 2)) + 1e-6).all()
    assert (bent.min(axis=(1, 2)) >= images.min(axis=(1, 2)) - 1e-6).all()


def test_corruption_is_what_it_says():
    images = np.random.default_rng(0).random((50, 64), dtype="float32")
    noisy = corruption.corrupted(images, 0.5)
    assert noisy.dtype == "float32"
    assert (noisy - images).std() == pytest.approx(0.5, rel=0.1)
    masked = corruption.corrupted(images, 0.25, masking=True)
    assert (masked == 0).mean() == pytest.approx(0.25, abs=0.05)
    assert ((masked == 0) | (masked == images)).all()


def test_hidden_are_blocks_and_random_fractions():
    images = np.random.default_rng(1).random((4000, 64), "float32")
    guesses = np.full(64, 2, "float32")
    inputs, targets = corruption.hide(
        images, np.random.default_rng(2), guesses, (8, 8, 1))
    assert targets is images and inputs.dtype == "float32"
    hidden = inputs != images
    assert (inputs[hidden] == 2).all()
    fractions = hidden.mean(axis=1)
    assert (fractions[::2] == 0.25).all()  # blocks of 4 x 4
    # Of 2,000 fractions of 0 to 0.9: within five deviations.
    assert fractions[1::2].mean() == pytest.approx(0.45, abs=0.03)
    assert fractions[1::2].min() < 0.05 and fractions[1::2].max() > 0.85
    inputs, _ = corruption.hide(
        images, np.random.default_rng(2), guesses, (64,))
    assert (inputs != images).mean() == pytest.approx(0.45, abs=0.03)


def test_block_is_a_quarter_of_each_image():
    hidden = corruption.block((28, 30, 2), 500, np.random.default_rng(1))
    assert hidden.shape == (500, 28 * 30 * 2)
    assert len({row.tobytes() for row in hidden}) > 1
    for image in hidden.reshape(500, 28, 30, 2):
        down, across, channels = np.nonzero(image)
        assert np.ptp(down) == 13 and np.ptp(across) == 14
        assert image.sum() == 14 * 15 * 2
    # Every pixel is hidden in some of the images.
    assert hidden.any(axis=0).all()
