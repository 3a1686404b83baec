"""The variational autoencoder: noise, KL divergence and ELBO."""
import keras
import numpy as np
import pytest
from cases import factory
from conversion import by_tflite

pytestmark = pytest.mark.usefixtures("eager")
autoencoder = factory("3-variational")


def negative_elbo(encoder, decoder, x):
    """Recomputes the negative ELBO per image in NumPy, in float64."""
    z, mean, log_var = (np.asarray(part, "float64")
                        for part in encoder.predict(x, verbose=0))
    p = np.clip(decoder.predict(z, verbose=0).astype("float64"),
                1e-7, 1 - 1e-7)
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)
    kl = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    return entropy + kl


def test_encoder_returns_draw_mean_and_log_variance():
    encoder, decoder, _ = autoencoder(20, [16], 3)
    assert [layer.name for layer in encoder.layers[2:]] == [
        "z_mean", "z_log_var", "z"]
    x = np.random.default_rng(0).random((5, 20))
    z, mean, log_var = encoder.predict(x, verbose=0)
    assert z.shape == mean.shape == log_var.shape == (5, 3)
    dense = keras.Model(encoder.input, [
        encoder.get_layer(name).output for name in ("z_mean", "z_log_var")])
    expected = dense.predict(x, verbose=0)
    assert (mean == expected[0]).all() and (log_var == expected[1]).all()
    assert len(encoder.outputs) == 3


def test_draws_have_the_mean_and_variance_that_they_should():
    encoder, _, _ = autoencoder(20, [16], 3)
    x = np.repeat(np.random.default_rng(0).random((1, 20)), 40000, axis=0)
    z, mean, log_var = encoder.predict(x, batch_size=10000, verbose=0)
    deviation = np.exp(log_var[0] / 2)
    # Standard errors of 40,000 draws: 0.005 and 0.0035 deviations; five each.
    assert (abs(z.mean(axis=0) - mean[0]) < 0.025 * deviation).all()
    assert (abs(z.std(axis=0) / deviation - 1) < 0.018).all()
    # A unit's draws are independent of another's, and of the next image's.
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.025
    assert abs(np.corrcoef(z[1:, 0], z[:-1, 0])[0, 1]) < 0.025


def test_each_call_draws_anew():
    encoder, _, _ = autoencoder(20, [16], 3)
    x = np.random.default_rng(0).random((5, 20))
    one, two = encoder.predict(x, verbose=0), encoder.predict(x, verbose=0)
    assert (one[0] != two[0]).all()
    assert (one[1] == two[1]).all() and (one[2] == two[2]).all()


@pytest.mark.skipif(keras.backend.backend() == "torch",
                    reason="PyTorch's cross-entropy refuses inputs above 1")
def test_stays_finite_where_exp_would_overflow():
    """With inputs and a learning rate that are a thousand times too large."""
    x = 1000 * np.random.default_rng(0).random((400, 50), dtype="float32")
    encoder, _, auto = autoencoder(50, [64], 2)
    auto.optimizer.learning_rate = 1.0
    losses = auto.fit(
        x, x, epochs=3, batch_size=100, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert all(np.isfinite(part).all()
               for part in encoder.predict(x, verbose=0))
    # A log variance of 1,000, as after a step that is much too large.
    *_, weights, biases = encoder.get_weights()
    encoder.set_weights(
        [*encoder.get_weights()[:-2], weights * 0, biases * 0 + 1000])
    assert np.isfinite(auto.evaluate(x, x, verbose=0))
    assert np.isfinite(encoder.predict(x, verbose=0)[0]).all()


def test_kl_divergence_is_its_closed_form():
    encoder, _, auto = autoencoder(20, [16], 3)
    random = np.random.default_rng(0)
    encoder.set_weights([random.normal(scale=0.5, size=weights.shape)
                         for weights in encoder.get_weights()])
    x = random.random((50, 20)).astype("float32")
    auto(x)
    kl, = (float(loss) for loss in auto.losses)
    _, mean, log_var = (part.astype("float64")
                        for part in encoder.predict(x, verbose=0))
    expected = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    assert kl == pytest.approx(expected.mean(), rel=1e-5)


def test_evaluate_is_the_negative_elbo(compiled):
    keras.utils.set_random_seed(0)
    encoder, decoder, auto = autoencoder(20, [16], 3)
    x = np.random.default_rng(0).random((1000, 20)).astype("float32")
    auto.fit(x, x, epochs=5, verbose=0)
    expected = negative_elbo(encoder, decoder, x)
    # Both are means over one draw for each image: five standard errors.
    error = 5 * expected.std() / len(x) ** 0.5
    for batch_size in 1000, 300, 7:
        assert auto.evaluate(x, x, batch_size=batch_size, verbose=0) == (
            pytest.approx(expected.mean(), abs=error))


def test_fresh_model_has_the_loss_of_guessing(mnist, compiled):
    _, test = mnist
    encoder, decoder, auto = autoencoder(784, [512, 256], 2)
    # ln 2 nats for each of 784 pixels, and a KL divergence of a few tenths.
    loss = auto.evaluate(test, test, batch_size=1000, verbose=0)
    assert loss == pytest.approx(784 * np.log(2), abs=1)
    assert loss == pytest.approx(
        negative_elbo(encoder, decoder, test).mean(), abs=1e-2)


@pytest.mark.long
def test_training_on_mnist_does_not_collapse(mnist, compiled):
    keras.utils.set_random_seed(0)
    train, test = mnist
    encoder, _, auto = autoencoder(784, [512], 2)
    loss = auto.fit(train, train, epochs=3, batch_size=256, verbose=0,
                    validation_data=(test, test)).history["val_loss"][-1]
    # The mean image for every code has 205.805 nats.
    assert loss < 180
    _, mean, _ = encoder.predict(test, batch_size=1000, verbose=0)
    assert (mean.std(axis=0) > 0.5).all()


def loss_of(auto, x, *weights):
    """Returns the loss of one batch."""
    return float(auto.test_on_batch(x, x, *weights))


@pytest.mark.parametrize("shape", [(12,), (12, 1)])
def test_sample_weights_weigh_the_reconstruction_only(shape):
    encoder, decoder, auto = autoencoder(20, [16], 3)
    random = np.random.default_rng(0)
    decoder.set_weights([random.normal(size=weights.shape)
                         for weights in decoder.get_weights()])
    x = random.random((12, 20)).astype("float32")
    auto(x)
    kl, = (float(loss) for loss in auto.losses)
    nothing = loss_of(auto, x, np.zeros(shape, "float32"))
    assert nothing == pytest.approx(kl, rel=1e-5)
    weights = np.zeros(12, "float32")
    weights[:3] = 4  # a fourth of the images, four times
    decoder.set_weights([0 * weights for weights in decoder.get_weights()])
    assert loss_of(auto, x, weights.reshape(shape)) == pytest.approx(
        20 * np.log(2) + kl, rel=1e-5)


@pytest.mark.parametrize("count", [12, 20])
def test_masks_of_pixels_are_refused(count):
    """Also where the batch is as large as a row, which would let it pass."""
    _, _, auto = autoencoder(20, [16], 3)
    x = np.random.default_rng(0).random((count, 20)).astype("float32")
    with pytest.raises(ValueError, match="one weight for each input"):
        loss_of(auto, x, np.ones_like(x))


def parts(encoder, *names):
    """Returns a model of the outputs of some of the encoder's layers."""
    return keras.Model(
        encoder.input, [encoder.get_layer(name).output for name in names])


def test_a_model_of_the_mean_alone_serves_a_classifier():
    encoder, _, _ = autoencoder(20, [16], 3)
    x = np.random.default_rng(0).random((10, 20)).astype("float32")
    encoder(x)
    assert len(encoder.losses) == 1
    inputs = keras.Input((20,))
    mean = keras.Model(encoder.input, encoder.get_layer("z_mean").output)
    outputs = keras.layers.Dense(3, activation="softmax")(mean(inputs))
    classifier = keras.Model(inputs, outputs)
    classifier(x)
    assert not classifier.losses
    assert (mean.predict(x, verbose=0) == encoder.predict(x, verbose=0)[1]
            ).all()


@pytest.mark.skipif(
    keras.__version__ < "3" or keras.backend.backend() != "tensorflow",
    reason="JAX needs jax2tf to convert, Keras 2 converts the draw as well")
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_mean_and_log_variance_convert_to_tflite(tmp_path, compiled):
    encoder, _, _ = autoencoder(20, [16], 3)
    x = np.random.default_rng(0).random((5, 20)).astype("float32")
    expected = encoder.predict(x, verbose=0)
    for name, array in zip(("z_mean", "z_log_var"), expected[1:]):
        values = by_tflite(parts(encoder, name), x, tmp_path / name)
        np.testing.assert_allclose(values, array, rtol=1e-4, atol=1e-6)


@pytest.mark.long
def test_initial_values_of_the_decoder_gain_nats(mnist, compiled):
    """Compared with those of the encoder, and no biases."""
    train, test = mnist
    losses = []
    for plain in False, True:
        keras.utils.set_random_seed(0)
        _, decoder, auto = factory("3-variational")(784, [512], 2)
        if plain:
            kernel, bias = decoder.layers[1].get_weights()
            decoder.layers[1].set_weights([keras.ops.convert_to_numpy(
                keras.initializers.Orthogonal(2 ** 0.5, seed=0)(kernel.shape)),
                0 * bias])
        auto.fit(train, train, epochs=10, batch_size=256, verbose=0)
        losses.append(auto.evaluate(test, test, verbose=0))
    print("negative ELBO, nats:", losses)
    assert losses[0] < losses[1] - 4
