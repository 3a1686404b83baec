"""Measures of arrays, against published numbers and by hand."""
import numpy as np
import pytest
from lab import measures


def test_errors_are_sums_over_pixels():
    target, output = np.array([[[0.0], [1]], [[1], [1]]]), np.full(
        (2, 2, 1), 0.75)
    np.testing.assert_allclose(
        measures.squared_error(target, output), [0.625, 0.125])
    np.testing.assert_allclose(
        measures.cross_entropy(target, output),
        [np.log(4) + np.log(4 / 3), 2 * np.log(4 / 3)])
    # Where the output is certain and wrong, it is bounded, as in Keras.
    assert measures.cross_entropy(target, 1 - target)[0] == pytest.approx(
        -2 * np.log(1e-7), rel=1e-6)


def test_divergence_is_that_of_gaussians():
    mean, log_var = np.array([[0, 0], [1, 2]]), np.array([[0, 0], [0, 1]])
    np.testing.assert_allclose(
        measures.kl_divergence(mean, log_var), [0, 2.5 + (np.e - 2) / 2])


def test_negative_elbo_grows_beyond_0_and_1():
    still = np.zeros((3, 2))
    for rows, output in (([[0.9, 1], [1, 1], [3, 1]], 0.9),
                         ([[0.1, 0], [0, 0], [-2, 0]], 0.1)):
        inside, edge, beyond = measures.negative_elbo(
            np.array(rows), np.full((3, 2), output), still, still)
        assert beyond - edge == pytest.approx(4)
        assert edge < inside < np.inf


def test_score_quantiles():
    found = measures.score_quantiles(np.arange(1001))
    assert found == {"0.5": 500, "0.9": 900, "0.95": 950, "0.99": 990,
                     "0.999": 999}


def test_movement_is_relative_to_the_spread():
    codes = np.array([[0.0, 0], [4, 0]])  # two from their mean
    assert measures.movement(codes, codes + [0, 1]) == pytest.approx(0.5)
    assert measures.movement(codes, codes) == 0
    assert measures.movement(codes[:1], codes[:1] + 1) == 0  # no spread


def test_error_of_pca_is_the_papers(mnist):
    """13.87 at 30 dimensions: Hinton & Salakhutdinov 2006 print the same."""
    from sklearn.decomposition import PCA
    train, test = mnist
    pca = PCA(30, svd_solver="covariance_eigh").fit(train)
    rebuilt = pca.inverse_transform(pca.transform(test))
    assert measures.squared_error(test, rebuilt).mean() == pytest.approx(
        13.866, abs=0.002)


def test_mean_image_is_where_a_collapsed_decoder_ends(mnist):
    train, test = (part.astype("float64") for part in mnist)
    mean = train.mean(axis=0)[None]
    assert measures.cross_entropy(test, mean).mean() == pytest.approx(
        205.805, abs=0.001)
    floor = measures.cross_entropy(test, test).mean()
    assert floor == pytest.approx(45.534, abs=0.001)


def test_alarms():
    assert measures.alarms({"dead_units": 0.25, "loss": 1}) == []
    assert measures.alarms(
        {"negative_elbo": 150.0, "collapsed": 205.8}) == []
    dead, = measures.alarms({"dead_units": 0.5})
    assert "50%" in dead
    # A table of a few columns has few nats in all.
    assert measures.alarms({"negative_elbo": 2.5, "collapsed": 3.2}) == []
    collapsed, = measures.alarms(
        {"negative_elbo": 205.0, "collapsed": 205.8})
    assert "205.0" in collapsed
