"""The faster way to convolve a single channel, against Keras's own."""
import keras
import numpy as np
import pytest
from cases import factory

if keras.backend.backend() != "tensorflow":
    pytest.skip("a way of TensorFlow's", allow_module_level=True)

import tensorflow as tf
from lab import convolution


@pytest.mark.parametrize("kernel", [(3, 3), (2, 5)], ids=str)
@pytest.mark.parametrize("channels, filters, sides", [
    (1, 6, (9, 7)), (6, 1, (9, 7)), (1, 1, (4, 1))])
def test_values_and_gradients_are_those_of_keras(
        channels, filters, sides, kernel):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((*sides, channels))
    layer = keras.layers.Conv2D(
        filters, kernel, padding="same", activation="relu",
        bias_initializer="normal")
    model = keras.Model(inputs, layer(inputs))
    x = tf.constant(np.random.default_rng(0).random(
        (5, *inputs.shape[1:]), dtype="float32"))

    def computed():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x)
            loss = tf.reduce_sum(y ** 2)
        return y, *tape.gradient(loss, [x, *model.trainable_variables])

    expected = computed()
    convolution.speed_up(model)
    assert "convolution_op" in vars(layer)
    for one, two in zip(expected, computed()):
        # Sums of the same numbers, in another order.
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def test_only_layers_of_one_channel_are_changed(tmp_path):
    encoder, decoder, auto = factory("2-convolutional")(
        (28, 28, 1), [4, 2, 2], (4, 4, 2))
    convolution.speed_up(auto)
    changed = [layer.name for model in (encoder, decoder)
               for layer in model.layers if "convolution_op" in vars(layer)]
    assert changed == [encoder.layers[1].name, decoder.layers[-1].name]
    auto.save(tmp_path / "auto.keras")
    *_, loaded = keras.saving.load_model(tmp_path / "auto.keras").layers
    assert "convolution_op" not in vars(loaded.layers[-1])
    np.testing.assert_array_equal(
        loaded.get_weights()[-2], decoder.get_weights()[-2])


@pytest.mark.parametrize("options", [
    {"padding": "valid"}, {"strides": 2}, {"dilation_rate": 2}], ids=str)
def test_other_convolutions_are_left_alone(options):
    inputs = keras.Input((8, 8, 1))
    layer = keras.layers.Conv2D(3, 3, **{"padding": "same", **options})
    convolution.speed_up(keras.Model(inputs, layer(inputs)))
    assert "convolution_op" not in vars(layer)
