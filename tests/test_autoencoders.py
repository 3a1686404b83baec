"""What a trained autoencoder computes, against NumPy on the same outputs."""
import keras
import numpy as np
import pytest
from cases import SMALL, factory, first, shape
from data_files import dataset
from lab import measures
from lab.autoencoders import Autoencoder

pytestmark = pytest.mark.usefixtures("eager")

IMAGES = np.random.default_rng(0).random((50, 8, 8, 1), dtype="float32")


def batches(images=IMAGES, size=16, flat=True):
    """Returns batches of images, in their own order."""
    return dataset(images, images).batches("test", size, flat)


@pytest.fixture(params=[
    module if module[0] in "023" else pytest.param(
        module, marks=pytest.mark.long) for module in SMALL])
def trained(request):
    """Returns a module's name, its models after an epoch, and batches."""
    dims = shape(request.param)
    data = batches(IMAGES[:, :2, :6] if len(dims) == 1 else IMAGES,
                   flat=len(dims) == 1)
    keras.utils.set_random_seed(0)
    models = factory(request.param)(*SMALL[request.param])
    models[2].fit(data, verbose=0)
    return request.param, Autoencoder(*models), data


def test_codes_reconstructions_and_scores(trained, tmp_path):
    name, model, data = trained
    images = data.all()
    parts = model.encoder.predict(images, verbose=0)
    model.save(tmp_path)
    loaded = Autoencoder.load(tmp_path)
    assert loaded.is_gaussian == model.is_gaussian == isinstance(parts, list)
    code, divergence = parts, 0
    if model.is_gaussian:  # without noise: the means
        _, code, log_var = parts
        divergence = measures.kl_divergence(code, log_var)
    rebuilt = model.decoder.predict(code, verbose=0)
    error = measures.cross_entropy if model.is_gaussian else (
        measures.squared_error)
    scores = error(images.astype("float64"), rebuilt) + divergence
    for each in model, loaded:
        np.testing.assert_allclose(each.code(images), code, rtol=1e-5)
        np.testing.assert_allclose(each.rebuild(images), rebuilt, rtol=1e-5)
        np.testing.assert_allclose(each.score(images), scores, rtol=1e-4)


def test_measures_of_any_autoencoder(trained):
    name, model, data = trained
    metrics = model.evaluate(data)
    x = data.all().reshape(50, -1).astype("float64")
    code = first(model.encoder.predict(data, verbose=0))
    p = model.decoder.predict(code, verbose=0).reshape(50, -1).astype(
        "float64")
    # A Gaussian code is drawn anew: the metrics agree on average only.
    near = 0.1 if model.is_gaussian else 1e-5
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()
    floor = -(x * np.log(x) + (1 - x) * np.log(1 - x)).mean()
    assert metrics["cross_entropy"] == pytest.approx(entropy, rel=near)
    assert metrics["excess"] == pytest.approx(entropy - floor, rel=near)
    assert metrics["squared_error"] == pytest.approx(
        ((x - p) ** 2).sum(axis=1).mean(), rel=near)
    assert metrics["score_quantiles"]["0.9"] == pytest.approx(
        np.quantile(model.score(data.all()), 0.9), rel=1e-4)
    assert "training_squared_error" not in metrics
    assert model.evaluate(data, data)["training_squared_error"] == (
        pytest.approx(metrics["squared_error"], rel=near))
    if not model.is_gaussian:
        assert metrics["zeros"] == (code == 0).mean()
        assert metrics["mean_code"] == pytest.approx(code.mean(), rel=1e-5)
        assert metrics["mean_of_first_ten_codes"] == pytest.approx(
            code[:10].mean(), rel=1e-5)
        # Some modules add a penalty.
        assert metrics["loss"] == pytest.approx(
            entropy, rel=0.1 if model.auto.losses else 1e-5)


def test_measures_of_a_gaussian_code():
    keras.utils.set_random_seed(0)
    model = Autoencoder(*factory("3-variational")(64, [8], 4))
    metrics = model.evaluate(batches())
    x = IMAGES.reshape(50, -1).astype("float64")
    _, mean, log_var = model.encoder.predict(batches(), verbose=0)
    kl = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    assert metrics["kl_divergence"] == pytest.approx(kl.mean(), rel=1e-5)
    assert metrics["distortion"] == pytest.approx(
        metrics["cross_entropy"] * 64, rel=1e-9)
    assert metrics["negative_elbo"] == pytest.approx(
        metrics["distortion"] + kl.mean(), rel=1e-5)
    assert metrics["active_units"] == (mean.var(axis=0) > 0.01).sum()
    q = x.mean(axis=0)
    assert metrics["collapsed"] == pytest.approx(
        -(x * np.log(q) + (1 - x) * np.log(1 - q)).sum(axis=1).mean())
    assert metrics["negative_elbo"] == pytest.approx(metrics["loss"], rel=0.1)


def test_dead_units_are_those_that_are_0_for_every_image():
    model = Autoencoder(*factory("0-vanilla")(64, [8], 4))
    layer = model.encoder.layers[-1]
    # Of the four, the first is dead; the second is 0 for half of the images.
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    hidden = keras.Model(
        model.encoder.input, model.encoder.layers[-2].output)
    middle = np.median(
        hidden.predict(batches().all(), verbose=0) @ kernel[:, 1])
    layer.bias.assign([-1e3, -middle, 3, 3])
    code = model.code(batches().all())
    assert not code[:, 0].any()
    assert 0.4 < (code[:, 1] == 0).mean() < 0.6
    metrics = model.evaluate(batches())
    assert metrics["dead_units"] == 0.25
    assert metrics["zeros"] == (code == 0).mean()


def test_layers_are_described(capsys):
    Autoencoder(*factory("0-vanilla")(64, [8], 4)).describe()
    encoder, decoder, factor = capsys.readouterr().out.splitlines()
    for text in "Dense 8", "Dense 4", f"{64 * 8 + 8 + 8 * 4 + 4} weights":
        assert text in encoder
    assert "Dense 64" in decoder and "64 / 4 = 16" in factor


class Signs(Autoencoder):
    """A variational autoencoder of one number, whose likelihood is known.

    Its decoder gives one of two images, by the sign of z: p(x) is the mean of
    the two likelihoods. Its encoder is any Gaussian.
    """

    images = np.array([[0.9, 0.2], [0.3, 0.6]], "float32")
    is_gaussian, by_column = True, False

    def __init__(self):
        """Has no models."""

    def encoder(self, x):
        """Returns a draw, its mean and its log variance."""
        return x[:, :1], x[:, :1] - 0.4, x[:, 1:2] * 0.2 + 0.5

    def decoder(self, z):
        """Returns one of two images."""
        return self.images[(np.asarray(z)[:, 0] > 0).astype(int)]


def test_negative_log_likelihood_is_what_it_should_be():
    x = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.2]], "float32")
    p = Signs.images[:, None].astype("float64")
    both = np.exp((x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=-1))
    truth = -np.log(both.mean(axis=0))
    np.testing.assert_allclose(Signs().negative_log_likelihood(
        batches(x, 3), 20001), truth, atol=0.02)
    # With one sample it is the negative ELBO, which is above it on average.
    one = [Signs().negative_log_likelihood(batches(x, 5), 1, seed)
           for seed in range(200)]
    assert (np.mean(one, axis=0) > truth).all()


@pytest.mark.parametrize("pixels, count, samples, most", [
    (2, 50, 5000, 10000), (2 ** 16, 5, 50, 2 ** 7)])
def test_negative_log_likelihood_takes_bounded_memory(
        pixels, count, samples, most):
    """However many samples, no more than about 10,000 images at a time, and
    of large images fewer."""
    seen = []

    class Grey(Signs):
        def decoder(self, z):
            seen.append(len(z))
            return np.full((len(z), pixels), 0.5, "float32")

    Grey().negative_log_likelihood(
        batches(np.ones((count, pixels), "float32"), 20), samples)
    assert max(seen) <= most and sum(seen) == count * samples


class Dimmed(Autoencoder):
    """Codes are the images; reconstructions are a fraction of them."""

    is_gaussian = False

    def __init__(self, fraction=1):
        self.fraction = fraction

    def encode(self, images):
        return [images]

    def decode(self, codes):
        return codes * self.fraction


def test_repair_and_movement_of_a_model_that_does_nothing():
    before, after = Dimmed().repair(batches(), 0.5)
    # 64 pixels of variance 0.25, over 50 images.
    assert before == after == pytest.approx(16, rel=0.1)
    before, after = Dimmed(0).repair(batches(), 1, masking=True)
    assert before == after == pytest.approx(
        (IMAGES ** 2).sum() / 50, rel=1e-6)  # nothing is left
    moved = Dimmed().movement(batches(), 0.5)
    spread = IMAGES.reshape(50, -1).var(axis=0).sum()
    assert moved == pytest.approx((16 / spread) ** 0.5, rel=0.05)


def test_filling_in_keeps_what_is_known():
    images = IMAGES.reshape(50, -1)
    known = np.random.default_rng(1).random(images.shape) < 0.5
    holes, guesses = np.where(known, images, np.nan), images.mean(axis=0)
    for fraction in 1, 0.5:
        filled = Dimmed(fraction).fill_in(holes, guesses)
        assert (filled == np.where(known, images, fraction * guesses)).all()
