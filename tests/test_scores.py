"""Scores of a table's rows, thresholds, p-values and false discoveries."""
import numpy as np
import pytest
from lab.data.scaling import distances
from lab.errors import InputError
from lab.scores import Neighbours, Scores, discoveries


class Plane:
    """A model that rebuilds rows by one of their columns: the others are
    twice and half as large."""

    def rebuild(self, rows):
        """Returns the nearest rows, but for a little."""
        return np.stack([rows[:, 0] * factor for factor in (1, 2, 0.5)],
                        axis=1) * 0.999


def drawn(random, count, noise=0.01):
    """Draws rows that such a model knows."""
    rows = random.uniform(0.3, 0.7, (count, 1)) * [1, 2, 0.5]
    return (rows + noise * random.standard_normal((count, 3))).astype(
        "float32")


@pytest.fixture
def scores():
    """Scores of a table of 300 rows and 60 held-out ones."""
    random = np.random.default_rng(0)
    return Scores.of_table(Plane(), drawn(random, 300), drawn(random, 60), 0)


def score(scores, rows):
    """Scores rows as a run does."""
    return scores.neighbours.score(rows, rows - Plane().rebuild(rows))


def test_rows_far_away_and_rows_that_do_not_fit_score_high(scores):
    random = np.random.default_rng(1)
    normal = score(scores, drawn(random, 100))
    far = drawn(random, 100) + np.array([0.5, 1, 0.25], "float32")
    unfit = np.stack([drawn(random, 100)[:, column] for column in range(3)],
                     axis=1)
    unfit[:, 1] += 0.2 * random.choice([-1, 1], 100)
    for odd in far, unfit:
        found = score(scores, odd)
        assert (found[:, None] > normal).mean() > 0.99


def test_distances_are_those_of_all_known_rows(scores):
    known, rows = scores.neighbours, drawn(np.random.default_rng(2), 20)
    errors = rows - Plane().rebuild(rows)
    described = known.describe(rows, errors)
    usual = np.sqrt((known.errors ** 2).mean(axis=0))
    np.testing.assert_allclose(described[:, :3], 8 * rows, rtol=1e-6)
    np.testing.assert_allclose(
        described[:, 3:], distances(errors, 0, np.maximum(usual, 1 / 160)))
    apart = np.sqrt(((described[:, None] - known.describe(
        known.rows, known.errors)[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(
        known.score(rows, errors), np.sort(apart)[:, :5].mean(axis=1))
    # A known row does not count for itself.
    held_out = known.score(known.rows[300:], known.errors[300:], True)
    np.testing.assert_allclose(np.sort(held_out), scores.unseen)
    every = known.describe(known.rows, known.errors)
    apart = np.sqrt(((every[300:, None] - every[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(
        held_out, np.sort(apart)[:, 1:6].mean(axis=1))
    assert held_out.min() > 0


def test_a_few_rows_are_enough():
    rows = np.random.default_rng(0).random((3, 2)).astype("float32")
    known = Neighbours(rows, 0 * rows)
    assert np.isfinite(known.score(rows, 0 * rows, True)).all()


def test_large_tables_keep_some_rows(monkeypatch):
    monkeypatch.setattr("lab.scores.NUMBERS", 600)
    random = np.random.default_rng(0)
    found = Scores.of_table(Plane(), drawn(random, 300), drawn(random, 20), 7)
    assert len(found.neighbours.rows) == 100
    again = Scores.of_table(
        Plane(), *np.split(np.concatenate([found.neighbours.rows]).astype(
            "float32"), [80]), 7)
    np.testing.assert_allclose(again.unseen, found.unseen)


def test_large_errors_count_by_their_logarithm():
    values = np.linspace(-50, 50, 100_001)
    soft = distances(values, 0, 1)
    assert (soft[np.abs(values) <= 2] == values[np.abs(values) <= 2]).all()
    slope = np.diff(soft) / np.diff(values)
    assert (slope > 0).all() and slope.max() < 1 + 1e-6
    assert np.abs(np.diff(slope)).max() < 1e-2  # no corner
    assert soft[-1] == pytest.approx(2 * (1 + np.log(25)))


@pytest.mark.parametrize("fraction", [0.001, 0.03, 0.2, 0.5, 0.9])
def test_any_fraction_of_the_unseen_is_above_its_threshold(fraction, scores):
    above = (scores.unseen > scores.threshold(fraction)).mean()
    assert above == pytest.approx(fraction, abs=1 / 60)


def test_p_values_are_conformal():
    random = np.random.default_rng(0)
    fractions = []
    for _ in range(300):
        scores = Scores(random.standard_normal(99))
        p_values = scores.p_values(random.standard_normal(20))
        fractions.append([(p_values <= level).mean()
                          for level in (0.05, 0.2, 0.5)])
    # Normal inputs have one of 0.05 in 5 % of all cases: 300 x 20 draws,
    # which share 99 held-out scores twenty at a time.
    np.testing.assert_allclose(
        np.mean(fractions, axis=0), (0.05, 0.2, 0.5), atol=0.012)
    scores = Scores(np.arange(9.0))
    assert scores.p_values([-1, 4, 8.5]).tolist() == [1, 0.6, 0.1]


@pytest.mark.parametrize("p_values, rate, expected", [
    ([0.01, 0.02, 0.03, 0.5], 0.05, 0.03), ([0.01, 0.9], 0.01, 0),
    ([0.04, 0.04, 0.04], 0.05, 0.04), ([0.02, 0.05, 0.9, 1], 0.05, 0),
    ([0.3], 0.3, 0.3)])
def test_discoveries_of_benjamini_and_hochberg(p_values, rate, expected):
    shuffled = np.random.default_rng(0).permutation(p_values)
    assert discoveries(shuffled, rate) == expected


def test_false_discoveries_are_as_rare_as_asked():
    random, found = np.random.default_rng(0), []
    for _ in range(200):
        scores = Scores(random.standard_normal(999))
        p_values = scores.p_values(np.concatenate([
            random.standard_normal(100), random.standard_normal(50) + 4]))
        flagged = p_values <= discoveries(p_values, 0.2)
        found.append((flagged[:100].sum() / max(1, flagged.sum()),
                      flagged[100:].mean()))
    false, true = np.mean(found, axis=0)
    # Two thirds of the inputs are normal: 0.2 x 2 / 3 on average.
    assert false == pytest.approx(0.2 * 2 / 3, abs=0.02) and true > 0.9


def test_suspects():
    usual = np.random.default_rng(0).gamma(5, size=200)
    assert Scores(usual).suspects() == 0
    assert Scores([*usual, 100 * usual.max()]).suspects() == 1
    assert Scores(np.zeros(5)).suspects() == 0


def test_saved_and_loaded(scores, tmp_path):
    scores.save(tmp_path)
    again = Scores.load(tmp_path)
    rows = drawn(np.random.default_rng(3), 30)
    np.testing.assert_allclose(score(again, rows), score(scores, rows),
                               rtol=1e-4)
    np.testing.assert_array_equal(again.unseen, scores.unseen)
    Scores([1, 2]).save(tmp_path)
    assert Scores.load(tmp_path).neighbours is None
    (tmp_path / "scores.npz").write_bytes(b"no archive")
    for folder in tmp_path, tmp_path / "absent":
        with pytest.raises(InputError, match="Train anew"):
            Scores.load(folder)
