"""The denoising autoencoder: how it corrupts its inputs, and when."""
import keras
import numpy as np
import pytest
from cases import factory, kinds

pytestmark = pytest.mark.usefixtures("eager")
autoencoder = factory("4-denoising")
ONES = np.full((1000, 20), 0.7, "float32")


def corrupted(noise, masking, training=True):
    """Returns the noise layer's output for inputs that are all the same."""
    encoder, _, _ = autoencoder(20, [16], 4, noise, masking)
    return np.asarray(encoder.layers[1](ONES, training=training))


@pytest.mark.parametrize("noise", [0.1, 0.5, 1])
def test_gaussian_noise_has_the_standard_deviation_it_should(noise):
    values = corrupted(noise, masking=False) - ONES
    # 20,000 draws: five standard errors.
    assert abs(values.mean()) < 5 * noise / 20000 ** 0.5
    assert values.std() == pytest.approx(noise, rel=5 / 40000 ** 0.5)


@pytest.mark.parametrize("noise", [0.1, 0.5, 0.9])
def test_masking_leaves_the_rest_as_it_is(noise):
    values = corrupted(noise, masking=True)
    assert ((values == 0) | (values == ONES)).all()
    error = 5 * (noise * (1 - noise) / values.size) ** 0.5
    assert (values == 0).mean() == pytest.approx(noise, abs=error)
    # Not the same inputs in every row.
    assert len({row.tobytes() for row in values}) > 100


@pytest.mark.parametrize("masking", [False, True])
def test_inputs_pass_untouched_at_inference(masking):
    assert (corrupted(0.5, masking, training=False) == ONES).all()
    encoder, _, _ = autoencoder(20, [16], 4, 0.5, masking)
    assert kinds(encoder)[1] == (
        "MaskingNoise" if masking else "GaussianNoise")
    clean = keras.Model(encoder.layers[2].input, encoder.output)
    x = np.random.default_rng(0).random((50, 20)).astype("float32")
    assert (encoder.predict(x, verbose=0) == clean.predict(x, verbose=0)).all()


@pytest.mark.parametrize("masking", [
    True, pytest.param(False, marks=pytest.mark.long)])
def test_it_repairs_what_it_was_trained_to(masking, compiled):
    """With inputs of 20 values that two numbers determine."""
    random = np.random.default_rng(0)
    pitch, phase = random.random((2, 1000, 1))
    x = (0.5 + 0.4 * np.sin((2 + 4 * pitch) * np.linspace(0, 1, 20)
                            + 6 * phase)).astype("float32")

    def trained(*noise):
        keras.utils.set_random_seed(0)
        _, _, auto = autoencoder(20, [64, 32], 4, *noise)
        auto.optimizer.learning_rate = 0.005
        auto.fit(x, x, epochs=8, batch_size=50, verbose=0)
        return auto

    noisy = (x * (random.random(x.shape) > 0.3) if masking else
             x + random.normal(scale=0.3, size=x.shape))
    before, without, error = (
        ((rebuilt - x) ** 2).sum(axis=1).mean() for rebuilt in (
            noisy, trained(0).predict_on_batch(noisy),
            trained(0.3, masking).predict_on_batch(noisy)))
    assert error < without
    assert error < before / 3


def test_masking_survives_saving(tmp_path):
    _, _, auto = autoencoder(20, [16], 4, 0.3, masking=True)
    auto.save(tmp_path / "auto.keras")
    encoder = keras.models.load_model(tmp_path / "auto.keras").layers[1]
    layer = encoder.layers[1]
    assert type(layer).__name__ == "MaskingNoise"
    assert layer.rate == 0.3


def test_masking_leaves_something():
    with pytest.raises(ValueError, match="noise=1.*masking=True"):
        autoencoder(20, [16], 4, 1, masking=True)
