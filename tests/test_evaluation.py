"""Measures, against what NumPy makes of the same outputs."""
import keras
import numpy as np
import pytest
from cases import SMALL, factory, first, shape
from lab import evaluation
from lab.batches import Batches

pytestmark = pytest.mark.usefixtures("eager")

IMAGES = np.random.default_rng(0).random((50, 8, 8, 1), dtype="float32")


def test_dead_units_are_those_that_are_0_for_every_image():
    encoder, decoder, auto = factory("0-vanilla")(64, [8], 4)
    batches = Batches(IMAGES, 16, flat=True)
    layer = encoder.layers[-1]
    # Of the four, the first is dead; the second is 0 for half of the images.
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    hidden = keras.Model(encoder.input, encoder.layers[-2].output)
    middle = np.median(hidden.predict(batches.all(), verbose=0) @ kernel[:, 1])
    layer.bias.assign([-1e3, -middle, 3, 3])
    code = keras.ops.convert_to_numpy(encoder(batches.all()))
    assert not code[:, 0].any()
    assert 0.4 < (code[:, 1] == 0).mean() < 0.6
    metrics = evaluation.evaluate(encoder, decoder, auto, batches)
    assert metrics["dead_units"] == 0.25
    assert metrics["zeros"] == (code == 0).mean()


def test_codes_of_a_gaussian_are_its_means():
    encoder, _, _ = factory("3-variational")(64, [8], 4)
    x = IMAGES.reshape(50, -1)
    _, mean, _ = encoder.predict(x, batch_size=1000, verbose=0)
    np.testing.assert_allclose(evaluation.codes(encoder, x), mean, rtol=1e-5)


@pytest.mark.parametrize("parts", [
    [None], [None, np.zeros((3, 2)), np.zeros((3, 2))]], ids=str)
def test_score_grows_beyond_0_and_1(parts):
    rebuilt = np.full((3, 2), 0.9)
    for rows in [[0.9, 1], [1, 1], [3, 1]], [[0.1, 0], [0, 0], [-2, 0]]:
        inside, edge, beyond = evaluation.score(
            np.array(rows), parts, rebuilt if rows[0][1] else 1 - rebuilt)
        assert beyond - edge > 3.9
        assert np.isfinite(inside)


@pytest.mark.parametrize("module", [
    module if module[0] in "023" else pytest.param(
        module, marks=pytest.mark.long) for module in SMALL])
def test_measures(module):
    dims = shape(module)
    images = IMAGES[:, :2, :6] if len(dims) == 1 else IMAGES
    batches = Batches(images, 16, flat=len(dims) == 1)
    keras.utils.set_random_seed(0)
    encoder, decoder, auto = factory(module)(*SMALL[module])
    auto.fit(batches, verbose=0)
    metrics = evaluation.evaluate(encoder, decoder, auto, batches)
    x = images.reshape(50, -1).astype("float64")
    code = first(encoder.predict(batches, verbose=0))
    p = decoder.predict(code, verbose=0).reshape(50, -1).astype("float64")
    # A Gaussian code is drawn anew: the figures agree on average only.
    near = 0.1 if module == "3-variational" else 1e-5
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()
    assert metrics["cross_entropy"] == pytest.approx(entropy, rel=near)
    error = ((x - p) ** 2).sum(axis=1).mean()
    assert metrics["squared_error"] == pytest.approx(error, rel=near)
    floor = -(x * np.log(x) + (1 - x) * np.log(1 - x)).mean()
    assert metrics["excess"] == pytest.approx(entropy - floor, rel=near)
    scores = evaluation.scores(encoder, decoder, batches.all())
    assert metrics["score_quantiles"]["0.9"] == pytest.approx(
        np.quantile(scores, 0.9), rel=1e-4)
    if module != "3-variational":
        np.testing.assert_allclose(scores, ((x - p) ** 2).sum(1), rtol=1e-4)
    else:
        _, mean, log_var = encoder.predict(batches, verbose=0)
        p = decoder.predict(mean, verbose=0).astype("float64")
        np.testing.assert_allclose(
            scores, -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)
            + 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1),
            rtol=1e-4)
    if module == "3-variational":
        kl = 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
        assert metrics["kl_divergence"] == pytest.approx(kl.mean(), rel=1e-5)
        assert metrics["distortion"] == pytest.approx(
            metrics["cross_entropy"] * 12, rel=1e-9)
        assert metrics["negative_elbo"] == pytest.approx(
            metrics["distortion"] + kl.mean(), rel=1e-5)
        assert metrics["active_units"] == (mean.var(axis=0) > 0.01).sum()
        q = x.mean(axis=0)
        assert metrics["collapsed"] == pytest.approx(
            -(x * np.log(q) + (1 - x) * np.log(1 - q)).sum(axis=1).mean())
        assert metrics["negative_elbo"] == pytest.approx(
            metrics["loss"], rel=0.1)
    else:
        assert metrics["zeros"] == (code == 0).mean()
        assert metrics["mean_code"] == pytest.approx(code.mean(), rel=1e-5)
        assert metrics["mean_of_first_ten_codes"] == pytest.approx(
            code[:10].mean(), rel=1e-5)
        penalised = module in ("1-sparse", "5-contractive")
        assert metrics["loss"] == pytest.approx(
            entropy, rel=0.1 if penalised else 1e-5)


class Linear:
    """A variational autoencoder of one number, whose likelihood is known.

    Its decoder gives one of two images, by the sign of z: p(x) is the mean of
    the two likelihoods. Its encoder is any Gaussian.
    """

    images = np.array([[0.9, 0.2], [0.3, 0.6]], "float32")

    def encode(self, x):
        return x[:, :1], x[:, :1] - 0.4, x[:, 1:] * 0.2 + 0.5

    def decode(self, z):
        return self.images[(np.asarray(z)[:, 0] > 0).astype(int)]


def test_negative_log_likelihood_is_what_it_should_be():
    model = Linear()
    x = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.2]], "float32")
    p = model.images[:, None].astype("float64")
    both = np.exp((x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=-1))
    estimates = evaluation.negative_log_likelihood(
        model.encode, model.decode, Batches(x, 3, flat=True), 20001)
    np.testing.assert_allclose(
        estimates, -np.log(both.mean(axis=0)), atol=0.02)
    # With one sample it is the negative ELBO, which is above it on average.
    one = [evaluation.negative_log_likelihood(
        model.encode, model.decode, Batches(x, 5, flat=True), 1, seed)
        for seed in range(200)]
    assert (np.mean(one, axis=0) > -np.log(both.mean(axis=0))).all()


def test_negative_log_likelihood_takes_bounded_memory():
    """However many samples, no more than about 10,000 images at a time, and
    of large images fewer."""
    seen = []

    def decode(z):
        seen.append(len(z))
        return np.full((len(z), 2), 0.5, "float32")

    evaluation.negative_log_likelihood(
        Linear().encode, decode, Batches(IMAGES[:, 0, :2, 0], 20, True), 5000)
    assert max(seen) <= 10000 and sum(seen) == 50 * 5000
    seen.clear()

    def decode_large(z):
        seen.append(len(z))
        return np.full((len(z), 2 ** 16), 0.5, "float32")

    evaluation.negative_log_likelihood(
        lambda images: Linear().encode(images[:, :2]), decode_large,
        Batches(np.ones((5, 2 ** 16), "float32"), 5, True), 50)
    assert max(seen) <= 2 ** 7 and sum(seen) == 5 * 50


def test_error_of_pca_is_the_papers(mnist):
    """13.87 at 30 dimensions: Hinton & Salakhutdinov 2006 print the same."""
    from sklearn.decomposition import PCA
    train, test = mnist
    pca = PCA(30, svd_solver="covariance_eigh").fit(train)
    rebuilt = pca.inverse_transform(pca.transform(test))
    assert evaluation.squared_error(test, rebuilt).mean() == pytest.approx(
        13.866, abs=0.002)


def test_mean_image_is_where_a_collapsed_decoder_ends(mnist):
    train, test = (part.astype("float64") for part in mnist)
    mean = train.mean(axis=0)[None]
    assert evaluation.cross_entropy(test, mean).mean() == pytest.approx(
        205.805, abs=0.001)
    floor = evaluation.cross_entropy(test, test).mean()
    assert floor == pytest.approx(45.534, abs=0.001)


def test_alarms():
    assert evaluation.alarms({"dead_units": 0.25, "loss": 1}) == []
    assert evaluation.alarms(
        {"negative_elbo": 150.0, "collapsed": 205.8}) == []
    dead, = evaluation.alarms({"dead_units": 0.5})
    assert "50%" in dead
    # A table of a few columns has few nats in all.
    assert evaluation.alarms({"negative_elbo": 2.5, "collapsed": 3.2}) == []
    collapsed, = evaluation.alarms(
        {"negative_elbo": 205.0, "collapsed": 205.8})
    assert "205.0" in collapsed


class Identity:
    """A run whose model changes nothing: repairs nothing, moves all."""

    test = Batches(IMAGES, 20, flat=True)

    def code(self, images):
        return images

    def rebuild(self, images):
        return images


def test_repair_and_movement_of_a_model_that_does_nothing():
    before, after = evaluation.repair(Identity(), 0.5)
    # 64 pixels of variance 0.25, over 50 images.
    assert before == after == pytest.approx(16, rel=0.1)
    moved = evaluation.movement(Identity(), 0.5)
    spread = IMAGES.reshape(50, -1).var(axis=0).sum()
    assert moved == pytest.approx((16 / spread) ** 0.5, rel=0.05)


def test_filling_in_keeps_what_is_known():
    images = IMAGES.reshape(50, -1)
    known = np.random.default_rng(1).random(images.shape) < 0.5
    holes, guesses = np.where(known, images, np.nan), images.mean(axis=0)
    filled = evaluation.fill_in(Identity(), holes, guesses)
    assert (filled == np.where(known, images, guesses)).all()

    class Half(Identity):
        def rebuild(self, images):
            return images / 2

    filled = evaluation.fill_in(Half(), holes, guesses)
    assert (filled == np.where(known, images, guesses / 2)).all()
