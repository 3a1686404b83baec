"""The applications: what their functions compute, and what they write."""
import warnings

import keras
import numpy as np
import pytest
from cases import factory
from data_files import archive, dataset, read, rows
from lab import baselines
from lab.applications import (
    anomalies,
    classify,
    codes,
    denoise,
    generate,
    impute,
    sizes,
)
from lab.data import datasets
from lab.errors import InputError
from lab.runs import Run
from scripts import WRITTEN, metrics
from sklearn.covariance import LedoitWolf

pytestmark = pytest.mark.usefixtures("eager")

# What each writes besides what every training writes.
APPLICATIONS = {
    "denoise": {"denoised.png"},
    "impute": {"filled-10-at-random.png", "filled-25-at-random.png",
               "filled-50-at-random.png", "filled-a-block.png"},
    "codes": {"codes.png"},
    "generate": {"samples.png", "interpolations.png"},
    "classify": {"errors.png", "classes.json", "classifier.keras", *(
        f"{start}-{count}-labels" for start in ("4-denoising", "from-scratch")
        for count in (100, 300))},
}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((60, 36))


class Half:
    """A model: codes are halves of images, the rest is lost."""

    def code(self, images):
        """Returns the first half of each image."""
        return images[:, :images.shape[1] // 2]

    def decode(self, codes):
        """Returns images whose second half is 0."""
        return np.concatenate([codes, 0 * codes], axis=1)

    def score(self, images):
        """Returns the squared errors."""
        return ((images - self.decode(self.code(images))) ** 2).sum(axis=1)


def principal_axes(train, count):
    """Returns the mean and the first principal axes of rows."""
    mean = train.mean(axis=0)
    return mean, np.linalg.svd(train - mean, full_matrices=False)[2][:count]


def test_baselines_rebuild_as_pca_does():
    mean, axes = principal_axes(IMAGES, 9)
    pca = baselines.principal_components(IMAGES, 9)
    np.testing.assert_allclose(
        baselines.rebuilt(pca, IMAGES), (IMAGES - mean) @ axes.T @ axes + mean,
        atol=1e-6)
    # No more components than there are images; none where all are alike.
    assert baselines.principal_components(IMAGES[:3], 9).n_components == 3
    alike = np.ones((5, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pca = baselines.principal_components(alike, 2)
    assert (baselines.rebuilt(pca, alike) == alike).all()


def test_noise_is_repaired_by_medians_and_by_pca():
    found = denoise.repaired(IMAGES, IMAGES, (6, 6, 1), 9)
    padded = np.pad(IMAGES.reshape(-1, 6, 6), ((0, 0), (1, 1), (1, 1)),
                    mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (3, 3), axis=(1, 2))
    np.testing.assert_array_equal(
        found["median filter"].reshape(-1, 6, 6),
        np.median(windows, axis=(3, 4)))
    mean, axes = principal_axes(IMAGES, 9)
    np.testing.assert_allclose(
        found["PCA"], (IMAGES - mean) @ axes.T @ axes + mean, atol=1e-6)
    # In a table only values of the same row are near.
    median = denoise.repaired(IMAGES, IMAGES, (36,), 9)["median filter"]
    np.testing.assert_array_equal(
        median[:, 1:-1], np.median([IMAGES[:, :-2], IMAGES[:, 1:-1],
                                    IMAGES[:, 2:]], axis=0))


def test_linear_probe_is_least_squares():
    labels = np.array([0.5, 2, 7])[RANDOM.integers(3, size=60)]
    seen, unseen = IMAGES[:40, :5], IMAGES[40:, :5]
    fit = np.linalg.lstsq(
        np.c_[seen, np.ones(40)],
        labels[:40, None] == np.unique(labels), rcond=None)[0]
    chosen = np.unique(labels)[
        (np.c_[unseen, np.ones(20)] @ fit).argmax(axis=1)]
    near = ((unseen[:, None] - seen) ** 2).sum(axis=2).argsort(axis=1)[:, :5]
    found = codes.accuracies(
        {"own": (seen, unseen)}, labels[:40], labels[40:])
    assert found["linear probe"]["own"] == pytest.approx(
        (chosen == labels[40:]).mean())
    votes = (labels[:40][near][:, :, None] == np.unique(labels)).sum(axis=1)
    assert found["five nearest neighbours"]["own"] == pytest.approx(
        (np.unique(labels)[votes.argmax(axis=1)] == labels[40:]).mean(),
        abs=0.11)  # ties


def test_samples_and_interpolations():
    model = Half()
    drawn = generate.samples(model, 500, 3, np.random.default_rng(1))
    assert drawn.shape == (500, 6) and not drawn[:, 3:].any()
    assert drawn[:, :3].std() == pytest.approx(1, abs=0.1)
    found = generate.interpolations(model, IMAGES[:4], steps=5)
    assert len(found) == 2
    for start, end, images in zip(IMAGES[:2], IMAGES[2:], found):
        for place, image in enumerate(images[:, :18]):
            np.testing.assert_allclose(
                image, (start + place * (end - start) / 4)[:18])


def test_distances_are_to_the_nearest():
    found = generate.distances(np.array([[0.0, 0], [10, 0]]), {
        "one": np.array([[9.0, 0], [0, 3]]), "same": np.array([[10.0, 0]])})
    assert found == {"one": 2, "same": 0}


def test_scores_by_errors_and_by_codes():
    train, images = IMAGES[:40], 2 * IMAGES[40:]
    found = anomalies.model_scores(Half(), "half", train, images)
    errors, usual = ((part[:, 18:] ** 2).sum(axis=1)
                     for part in (images, train))
    inverse = np.linalg.inv(LedoitWolf().fit(train[:, :18]).covariance_)
    away, near = (part[:, :18] - train[:, :18].mean(axis=0)
                  for part in (images, train))
    far, common = (((part @ inverse) * part).sum(axis=1)
                   for part in (away, near))
    np.testing.assert_allclose(found["half"], errors)
    np.testing.assert_allclose(
        found["half, plus its code"],
        errors / usual.mean() + far / common.mean())
    np.testing.assert_allclose(found["half, times its code"], errors * far)


def test_baselines_score_anomalies_higher():
    normal = RANDOM.random((60, 1)) * np.arange(1, 9)  # on a line
    images = np.concatenate([normal[40:], RANDOM.random((5, 8)) * 8])
    for one_class, names in (False, {"PCA", "isolation forest"}), (
            True, {"PCA", "isolation forest", "one-class SVM"}):
        found = anomalies.baseline_scores(normal[:40], images, 1, one_class)
        assert set(found) == names
        for scores in found.values():
            assert scores[20:].mean() > scores[:20].mean()
    assert found["PCA"][:20].max() < 1e-6 < found["PCA"][20:].min()


def test_areas_are_fractions_of_pairs():
    normal, anomalous = RANDOM.random(30), RANDOM.random(20) + 0.3
    assert anomalies.areas({"a": normal}, {"a": anomalous})["a"] == (
        pytest.approx((anomalous[:, None] > normal).mean()))


def test_threshold_is_set_by_one_half_and_tested_by_the_other():
    normal = np.arange(200.0) / 2
    normal[1::2] = [0] * 90 + [200] * 10
    threshold, above, anomalous = anomalies.above_threshold(
        normal, np.array([94, 95, 96, 97]))
    assert threshold == pytest.approx(np.quantile(np.arange(100), 0.95))
    assert (above, anomalous) == (0.1, 0.75)


def test_labels_that_are_left_out_or_trained_on():
    labels = np.array([4, 4, 7, 7, 7, 9])
    data = dataset(IMAGES[:6], IMAGES[:6], labels, labels)
    for only_one, expected in (False, [4, 7, 9]), (True, [4, 7]):
        found = anomalies.parts(data, only_one)
        assert [label for _, label, *_ in found] == expected
        for number, label, kept, normal in found:
            assert [4, 7, 9][number] == label
            assert (kept == ((labels == label) == only_one)).all()
            assert (normal == kept).all()
    with pytest.raises(InputError, match="two labels"):
        anomalies.parts(dataset(IMAGES[:6], IMAGES[:6], labels * 0,
                                labels * 0), False)


@pytest.mark.parametrize("name, expected", [
    ("mnist", "fashion_mnist"), ("fashion_mnist", "mnist"),
    ("mnist.npz", "fashion_mnist"), ("fashion_mnist.npz", "mnist")])
def test_other_images_are_never_the_same(tmp_path, monkeypatch, name,
                                         expected):
    monkeypatch.setenv("AUTOENCODERS_DATA", str(tmp_path))
    for grey, each in enumerate(("mnist", "fashion_mnist")):
        images = np.full((9, 28, 28), grey, "uint8")
        archive(tmp_path, f"{each}.npz", x_train=images, x_test=images)
    monkeypatch.chdir(tmp_path)
    found, other = anomalies.load_other(None, datasets.load(name))
    assert found == expected
    assert (other == (expected == "fashion_mnist")).all()


def test_other_images_fit_and_are_in_the_units_of_the_data(tmp_path):
    other = archive(tmp_path, x_test=np.full((4, 6, 5), 0.5), x_train=np.eye(
        5).repeat(6, axis=0).reshape(5, 6, 5))
    assert (anomalies.load_other(other, dataset())[1] == 127.5).all()
    assert anomalies.load_other(None, dataset()) is None  # not 28 x 28
    with pytest.raises(InputError, match="(6, 5, 1)"):
        anomalies.load_other(other, dataset(IMAGES, IMAGES))


def test_ranks_take_turns():
    names = np.array(["b", "a", "b", "b", "c", "a", "b", "b"])
    data = dataset(IMAGES[:8], IMAGES[:2], names, names[4:6])
    found, ranks, expected = classify.ranks(data)
    assert found.tolist() == ["a", "b", "c"]
    assert (found[ranks] == names).all()
    assert (found[expected] == names[4:6]).all()
    order = classify.taking_turns(ranks, 0)
    assert sorted(order) == [*range(8)]
    assert sorted(ranks[order[:3]]) == [0, 1, 2]
    assert sorted(ranks[order[3:5]]) == [0, 1]
    assert set(ranks[order[5:]]) == {1}
    assert any((classify.taking_turns(ranks, seed) != order).any()
               for seed in range(1, 5))
    with pytest.raises(InputError, match="d"):
        classify.ranks(dataset(IMAGES[:8], IMAGES[:1], names,
                               np.array(["d"])))


def test_few_labelled_images_are_repeated():
    few = np.array([4, 2, 9])
    assert classify.repeated(few, 10).tolist() == [4, 2, 9] * 3
    assert classify.repeated(few, 2).tolist() == [4, 2, 9]


@pytest.mark.parametrize("module", ["0-vanilla", "3-variational"])
def test_classifier_is_the_encoder_and_a_softmax(module):
    encoder, _, _ = factory(module)(36, [9], 4)
    images = IMAGES.astype("float32")
    start, head, classifier = classify.with_softmax(encoder, 3)
    assert [*classifier.layers[1:]] == [start, head]
    parts = encoder.predict(images, verbose=0)
    np.testing.assert_allclose(
        start.predict(images, verbose=0),
        parts if module == "0-vanilla" else parts[1], rtol=1e-5)
    chances = classifier.predict(images, verbose=0)
    np.testing.assert_allclose(chances, 1 / 3, rtol=1e-6)  # at first


def test_baselines_classify_wrongly_where_they_do():
    ranks = RANDOM.integers(3, size=60)
    clear = np.eye(3)[ranks] + 0.1 * RANDOM.random((60, 3))
    views = {"pixels": (clear[:40], clear[40:]),
             "codes": (IMAGES[:40], IMAGES[40:])}
    labelled = np.arange(30)
    found = classify.baseline_errors(views, ranks[:40], ranks[40:], labelled)
    assert found["5 nearest neighbours"] == 0
    assert found["logistic regression on pixels"] == 0
    assert 0.3 < found["logistic regression on codes"] <= 1  # by chance


def test_means_are_those_of_known_values():
    table = np.array([[1, np.nan], [3, 5], [np.nan, 7]])
    data = dataset(table, table[:2], missing=True)
    means = impute.means(data)
    assert means.tolist() == [2, 6]
    whole = impute.without_holes(data, means)
    assert whole.train.tolist() == [[1, 6], [3, 5], [2, 7]]
    assert whole.test.tolist() == [[1, 6], [3, 5]]
    assert np.isnan(data.train).sum() == 2  # as it was
    assert not impute.has_holes(np.array([1, 2]))


def test_chosen_images_are_from_anywhere():
    images = np.arange(100)[:, None] * np.ones((1, 2 ** 21))
    few = impute.chosen(images, 1000, np.random.default_rng(0))[:, 0]
    assert len(few) == 16  # large ones: 2 ** 25 numbers
    assert (np.diff(few) > 0).all() and few.max() > 50
    most = impute.chosen(images[:, :2], 1000, np.random.default_rng(0))
    assert (most == images[:, :2]).all()


def test_hidden_values_are_known_ones():
    test = IMAGES.copy()
    test[0] = np.nan
    found = impute.hidings(test, (6, 6, 1), np.random.default_rng(0))
    assert [*found] == ["10% at random", "25% at random", "50% at random",
                        "a block"]
    for hidden, fraction in zip(found.values(), (0.1, 0.25, 0.5, 0.25)):
        assert not hidden[0].any()
        assert hidden[1:].mean() == pytest.approx(fraction, abs=0.03)
    # At least one, where there are few.
    for hidden in impute.hidings(
            np.array([[np.nan, 3]]), (2,), np.random.default_rng(3)).values():
        assert hidden.tolist() == [[False, True]]


@pytest.mark.parametrize("size, count", [(4096, 3), (4097, 2)])
def test_wide_images_are_filled_in_without_regressions(
        size, count, monkeypatch):
    """Regressions would need a table of all pairs of values."""
    fitted = []
    for kind in ("SimpleImputer", "KNNImputer", "IterativeImputer"):
        monkeypatch.setattr(getattr(impute, kind), "fit", (
            lambda self, train: fitted.append(train.shape)))
    assert len(impute.imputers(np.zeros((3, size)))) == count
    assert fitted == [(3, size)] * count


def test_errors_are_of_hidden_values():
    hidden = np.array([[True, False], [False, True]])
    assert impute.errors(
        {"a": np.array([[1, 9], [9, 3]]), "b": np.zeros((2, 2))},
        np.zeros((2, 2)), hidden) == {"a": 5, "b": 0}


def test_gain_ends_where_the_error_is_a_tenth_above_the_lowest():
    assert sizes.end_of_gain({2: 9, 4: 5.5, 8: 5, 16: 5.2}) == 4
    assert sizes.end_of_gain({2: 9, 4: 5.6, 8: 5}) == 8


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.long)
    if name in ("impute", "classify") else name for name in APPLICATIONS])
def test_application_compares_and_draws(name, small, here, tmp_path):
    printed = here(f"{name}.py", "--dataset", small, "--epochs", 1,
                   "--hidden", 16)
    folder = tmp_path / "runs" / name
    assert {path.name for path in folder.iterdir()} == (
        WRITTEN | APPLICATIONS[name])
    comparisons = [values for title, values in metrics(folder).items()
                   if isinstance(values, dict) and title != "score_quantiles"]
    assert comparisons
    for values in comparisons:
        for method, value in values.items():
            assert f"{method}: {value:.4g}\n" in printed


@pytest.mark.parametrize("modules", [["1-sparse"], pytest.param(
    ["3-variational", "5-contractive"], marks=pytest.mark.long)], ids=str)
def test_other_models(modules, small, here, tmp_path):
    for module in modules:
        here("denoise.py", "--dataset", small, "--epochs", 1, "--hidden",
             "--model", module, "--output", module)
        errors = metrics(tmp_path / module)["Squared error per image"]
        assert module in errors
        # Noise of 0.5 in 784 pixels.
        assert errors["noisy"] == pytest.approx(196, rel=0.02)


@pytest.mark.long
def test_anomalies(small, here, tmp_path):
    archive(tmp_path, "other.npz", **{
        name: array if "y" in name else 255 - array
        for name, array in read(small).items()})
    here("anomalies.py", "--dataset", small, "--other", "other.npz",
         "--epochs", 20, "--hidden", 32)
    folder = tmp_path / "runs" / "anomalies"
    found = metrics(folder)
    areas = found["Area under the ROC curve, other.npz"]
    assert set(areas) == {"PCA", "isolation forest", "0-vanilla",
                          "0-vanilla, plus its code",
                          "0-vanilla, times its code"}
    assert areas["0-vanilla"] > 0.99  # white on black against black on white
    left_out = [metrics(folder / f"without-{digit}")[
        f"Area under the ROC curve, label {digit}"] for digit in range(10)]
    means = found["Area under the ROC curve, mean of the labels left out"]
    for method, mean in means.items():
        assert mean == pytest.approx(
            np.mean([areas[method] for areas in left_out]))
    assert (folder / "anomalies.png").exists()


def test_training_on_one_label(small, here, tmp_path):
    """Its scores are those that the saved models give."""
    arrays = read(small)
    train, normal = (arrays[f"x_{part}"][arrays[f"y_{part}"] == 0]
                     for part in ("train", "test"))
    other = arrays["x_train"][:30]
    # Names that no folder should have; of the other, too few to train on.
    names, counts = ["../a/b", "c:"], ([len(train), 1], [len(normal), 30])
    archive(tmp_path, x_train=np.append(train, other[:1], axis=0),
            y_train=np.repeat(names, counts[0]),
            x_test=np.append(normal, other, axis=0),
            y_test=np.repeat(names, counts[1]))
    here("anomalies.py", "--dataset", "set.npz", "--epochs", 1, "--hidden",
         "--latent", 4, "--batch-size", 5, "--protocol", "only-one", "--other",
         "set.npz")
    folder = tmp_path / "runs" / "anomalies"
    steps = keras.saving.load_model(
        folder / "only-0" / "auto.keras").optimizer.iterations
    assert int(steps) == -(-len(train) // 5)
    train, normal, other = (images.reshape(-1, 784) / np.float32(255)
                            for images in (train, normal, other))
    model = Run.load(folder / "only-0").model
    expected = anomalies.areas(*(
        anomalies.model_scores(model, "0-vanilla", train, images)
        for images in (normal, other)))
    found = metrics(folder)[
        "Area under the ROC curve, mean of the labels trained on"]
    assert found.keys() - expected.keys() == {
        "PCA", "isolation forest", "one-class SVM"}
    for method, area in expected.items():
        assert found[method] == pytest.approx(area, abs=2e-3)


@pytest.mark.parametrize("noise", [
    pytest.param(0, marks=pytest.mark.long), 0.5])
def test_masked_images_are_what_is_repaired(noise, small, here, tmp_path):
    here("denoise.py", "--dataset", small, "--epochs", 1, "--masking",
         "--noise", noise, "--hidden", 8)
    errors = metrics(tmp_path / "runs/denoise")["Squared error per image"]
    energy = (rows(small)[1] ** 2).sum(axis=1).mean()
    # Each pixel is lost with the probability `noise`.
    assert errors["noisy"] == pytest.approx(noise * energy, rel=0.05)


@pytest.mark.parametrize("scales", [
    [1000], pytest.param([1, 1000], marks=pytest.mark.long)], ids=str)
def test_missing_values_of_a_table_are_filled_in(
        scales, compiled, here, tmp_path):
    random = np.random.default_rng(0)
    # Of rank 3, with values of 1 to 5, a fifth missing.
    table = random.random((600, 3)) @ random.random((3, 12))
    table = 1 + 4 * (table - table.min()) / np.ptp(table)
    missing, filled = random.random(table.shape) < 0.2, []
    for times in scales:
        holes = np.where(missing, np.nan, times * table)
        archive(tmp_path, x_train=holes[:500], x_test=holes[500:])
        here("impute.py", "--dataset", "set.npz", "--epochs", 12, "--hidden",
             64, "--latent", 8, "--batch-size", 50, "--output", times)
        arrays = read(tmp_path / str(times) / "filled.npz")
        filled.append(arrays["x_test"])
        found = np.concatenate([arrays["x_train"], arrays["x_test"]])
        assert (found[~missing] == holes[~missing]).all()  # to the bit
        assert np.isfinite(found).all()
    one = filled[0] / scales[0]
    assert one.min() >= 1 and one.max() <= 5
    np.testing.assert_allclose(scales[-1] * one, filled[-1], rtol=1e-3)
    lost, truth = missing[500:], table[500:]
    means = np.nanmean(np.where(missing, np.nan, table)[:500], axis=0)
    error = ((one - truth)[lost] ** 2).mean()
    assert error < ((means - truth)[lost] ** 2).mean() / 2


def test_only_a_variational_model_has_a_prior(small, here, tmp_path):
    error = here("generate.py", "--dataset", small, "--model", "0-vanilla",
                 status=1)
    assert "--model 3-variational" in error and not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", [
    name if name == "codes" else pytest.param(name, marks=pytest.mark.long)
    for name in [*APPLICATIONS, "anomalies", "sizes"]])
def test_config_repeats_an_application(name, small, here, tmp_path):
    here(f"{name}.py", "--dataset", small, "--epochs", 1, "--limit", 60,
         "--hidden", 8, "--model", {"generate": "3-variational"}.get(
             name, "4-denoising"), "--output", "one")
    here(f"{name}.py", "--config", "one/config.json", "--output", "two")
    assert metrics(tmp_path / "one") == metrics(tmp_path / "two")


def test_whole_numbers_to_train_on_and_missing_ones_to_fill_in(here, tmp_path):
    table = np.arange(60).reshape(20, 3) % 7
    holes = table.astype("float64")
    holes[3, 1] = np.nan
    archive(tmp_path, x_train=table, x_test=holes)
    here("impute.py", "--dataset", "set.npz", "--epochs", 1, "--hidden")
    filled = read(tmp_path / "runs" / "impute" / "filled.npz")["x_test"]
    assert np.isfinite(filled).all()
    assert (filled == holes).sum() == holes.size - 1


def test_anomalies_of_one_label_are_taken_apart():
    labels = np.array([0, 1, 2] * 10)
    data = datasets.Dataset(
        "t", np.arange(30.0)[:, None], np.arange(9.0)[:, None],
        labels, labels[:9], "", None)
    rest, odd = anomalies.apart(data, "1")
    assert odd[:, 0].tolist() == [*range(1, 30, 3), 1, 4, 7]
    assert len(rest.train) == 20 and len(rest.test) == 6
    assert rest.train_labels is rest.test_labels is None
    with pytest.raises(InputError, match="'0', '1', '2'"):
        anomalies.apart(data, "3")
