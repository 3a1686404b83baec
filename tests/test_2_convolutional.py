"""The convolutional autoencoder: its layers, and every size of image."""
import keras
import numpy as np
import pytest
from cases import activations, factory, kinds
from conversion import by_tflite
from hypothesis import given, settings
from hypothesis import strategies as st

autoencoder = factory("2-convolutional")


def latent(input_dims, filters):
    """Halves height and width, rounding up, once for each pooling."""
    height, width, _ = input_dims
    for _ in filters:
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width, filters[-1]


def test_layers_are_those_of_the_course():
    encoder, decoder, auto = autoencoder((28, 28, 1), [16, 8, 8], (4, 4, 8))
    assert kinds(encoder) == ["InputLayer"] + ["Conv2D", "MaxPooling2D"] * 3
    assert kinds(decoder) == [
        "InputLayer"] + ["Conv2D", "UpSampling2D"] * 3 + ["Conv2D"]
    assert activations(encoder) == ["relu"] * 3
    assert activations(decoder) == ["relu"] * 3 + ["sigmoid"]
    for model, filters, paddings in (
            (encoder, [16, 8, 8], ["same"] * 3),
            (decoder, [8, 8, 16, 1], ["same", "same", "valid", "same"])):
        convolutions = [layer for layer in model.layers
                        if type(layer).__name__ == "Conv2D"]
        assert [layer.filters for layer in convolutions] == filters
        assert [layer.padding for layer in convolutions] == paddings
        assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    pooling = encoder.layers[2]
    assert (pooling.pool_size, pooling.padding) == ((2, 2), "same")
    assert decoder.layers[2].size == (2, 2)
    # 3 x 3 weights for each pair of channels, and a bias for each filter.
    pairs = 1 * 16 + 16 * 8 + 8 * 8 + 8 * 8 + 8 * 8 + 8 * 16 + 16 * 1
    assert auto.count_params() == 9 * pairs + 16 + 8 + 8 + 8 + 8 + 16 + 1


@settings(max_examples=40, deadline=None, database=None)
@given(st.integers(6, 64), st.integers(6, 64), st.integers(1, 4),
       st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_output_has_the_shape_of_the_input(height, width, channels, filters):
    dims = height, width, channels
    encoder, decoder, auto = autoencoder(dims, filters, latent(dims, filters))
    assert encoder.output_shape == (None, *latent(dims, filters))
    assert auto.output_shape == auto.input_shape == (None, *dims)
    assert kinds(decoder)[-1] == "Conv2D"
    assert activations(decoder)[-1] == "sigmoid"
    added = set(kinds(decoder)) - {"InputLayer", "Conv2D", "UpSampling2D"}
    assert added <= {"ZeroPadding2D", "Cropping2D"}


@pytest.mark.parametrize("dims, filters", [((28, 28, 1), [16, 8]), *(
    pytest.param(*sizes, marks=pytest.mark.long) for sizes in [
        ((32, 32, 3), [32, 16, 8]), ((45, 60, 3), [8, 8]),
        ((28, 28, 1), [16, 8, 8]), ((7, 6, 2), [8, 8, 8, 8])])], ids=str)
def test_borders_are_rebuilt_as_well_as_centres(dims, filters):
    height, width, channels = dims
    keras.utils.set_random_seed(0)
    # Straight edges through the whole image: as hard to guess at its border
    # as in its middle.
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / max(height, width) - 0.5
    angle, shift = random.uniform(-1, 1, (2, 200, 1, 1, channels)) * [
        [[[[np.pi]]]], [[[[0.5]]]]]
    images = (np.cos(angle) * x[..., None] + np.sin(angle) * y[..., None]
              > shift).astype("float32")
    _, _, auto = autoencoder(dims, filters, latent(dims, filters))
    auto.fit(images, images, epochs=12, batch_size=10, verbose=0)
    error = ((auto.predict(images, verbose=0) - images) ** 2).mean((0, 3))
    baseline = ((images - images.mean(0)) ** 2).mean((0, 3))
    left = error / baseline
    edge = np.ones_like(left, dtype=bool)
    edge[2:-2, 2:-2] = False
    print(dims, filters, "left of the variance: border",
          left[edge].mean().round(3), "centre", left[~edge].mean().round(3))
    # Same padding has less to go on at a border: twice the error is usual.
    # Padding after the valid convolution, not before it, gives 9 to 60 times.
    assert left[edge].mean() < 4 * left[~edge].mean()


@pytest.mark.parametrize("dims, filters, given, expected", [
    ((28, 28, 1), [16, 8, 8], (3, 3, 8), r"\(4, 4, 8\)"),
    ((28, 28, 1), [16, 8, 4], (4, 4, 8), r"\(4, 4, 4\)"),
    ((45, 60, 3), [8, 8], (11, 15, 8), r"\(12, 15, 8\)"),
    ((28, 28, 1), [16, 8], (14, 8), r"\(7, 7, 8\)")])
def test_wrong_latent_dims_are_put_right(dims, filters, given, expected):
    with pytest.raises(ValueError, match=expected):
        autoencoder(dims, filters, given)


def test_sample_weights_are_maps():
    """One for each image, or for each pixel: with a batch as large as a row,
    and with another."""
    _, _, auto = autoencoder((8, 6, 2), [4, 2], (2, 2, 2))
    random = np.random.default_rng(0)
    auto.set_weights([random.normal(scale=0.2, size=weights.shape)
                      for weights in auto.get_weights()])
    for count in 6, 8, 5:
        x = random.random((count, 8, 6, 2)).astype("float32")
        p = auto.predict_on_batch(x).astype("float64")
        entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean(axis=-1)
        for shape in (count, 1, 1), (count, 8, 6):
            weights = random.random(shape).astype("float32")
            assert auto.test_on_batch(x, x, weights) == pytest.approx(
                (weights * entropy).mean(), rel=1e-4)


@pytest.mark.skipif(
    keras.__version__ < "3" or keras.backend.backend() != "tensorflow",
    reason="JAX needs jax2tf to convert, Keras 2 converts any batch")
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_decoder_converts_to_tflite_with_a_fixed_batch(tmp_path):
    _, decoder, _ = autoencoder((8, 8, 1), [4, 2], (2, 2, 2))
    codes = np.random.default_rng(0).random((3, 2, 2, 2)).astype("float32")
    expected = decoder.predict(codes, verbose=0)
    np.testing.assert_allclose(
        by_tflite(decoder, codes, tmp_path), expected, rtol=1e-5)
