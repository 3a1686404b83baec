"""The sparse autoencoder: the penalty, and its effect on the code."""
import keras
import numpy as np
import pytest
from cases import factory

pytestmark = pytest.mark.usefixtures("eager")


@pytest.mark.parametrize("batch_size", [1, 7, 64])
@pytest.mark.parametrize("lambtha", [0, 1e-5, 0.3])
def test_penalty_is_the_batch_mean_of_the_summed_code(batch_size, lambtha):
    encoder, _, auto = factory("1-sparse")(20, [16], 8, lambtha)
    x = np.random.default_rng(0).random((batch_size, 20)).astype("float32")
    auto(x)
    penalty = sum(float(loss) for loss in auto.losses)
    codes = encoder.predict(x, verbose=0).astype("float64")
    # Float32 sums of at most 8 terms: a relative error of 1e-6.
    assert penalty == pytest.approx(
        lambtha * abs(codes).sum(axis=1).mean(), rel=1e-5)


def test_loss_is_cross_entropy_plus_penalty(compiled):
    encoder, decoder, auto = factory("1-sparse")(20, [16], 8, 0.01)
    x = np.random.default_rng(0).random((100, 20)).astype("float32")
    auto.fit(x, x, epochs=3, verbose=0)
    codes = encoder.predict(x, verbose=0)
    p = decoder.predict(codes, verbose=0).astype("float64")
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()
    expected = entropy + 0.01 * abs(codes).sum(axis=1).mean()
    # Also where the last batch is smaller than the others.
    for batch_size in (100, 32, 30):
        assert auto.evaluate(
            x, x, batch_size=batch_size, verbose=0) == pytest.approx(
                expected, rel=1e-5)


def test_penalty_shrinks_the_code(compiled):
    x = np.random.default_rng(0).random((200, 20)).astype("float32")
    means = []
    for lambtha in (0, 1e-1):
        keras.utils.set_random_seed(0)
        encoder, _, auto = factory("1-sparse")(20, [16], 8, lambtha)
        auto.optimizer.learning_rate = 0.01
        auto.fit(x, x, epochs=10, batch_size=20, verbose=0)
        means.append(encoder.predict(x, verbose=0).mean())
    assert means[1] < means[0] / 2


@pytest.mark.parametrize("with_penalty", [True, False])
def test_a_classifier_does_without_the_penalty(with_penalty):
    keras.utils.set_random_seed(0)
    encoder, _, _ = factory("1-sparse")(20, [16], 8, 0.3)
    if not with_penalty:
        encoder.layers[-1].activity_regularizer.l1 = 0.0
    inputs = keras.Input((20,))
    classifier = keras.Model(inputs, keras.layers.Dense(
        3, activation="softmax")(encoder(inputs)))
    classifier.compile(loss="sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((10, 20)).astype("float32")
    labels = np.arange(10) % 3
    p = classifier.predict_on_batch(x)
    entropy = -np.log(p[np.arange(10), labels]).mean()
    penalty = 0.3 * encoder.predict_on_batch(x).sum(axis=1).mean()
    assert classifier.test_on_batch(x, labels) == pytest.approx(
        entropy + with_penalty * penalty, rel=1e-5)
