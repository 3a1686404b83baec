"""The applications, on small data: what they write, and that it is true."""
import keras
import numpy as np
import pytest
from data_files import archive, read, rows
from lab import datasets
from scripts import WRITTEN, history, metrics
from sklearn.covariance import LedoitWolf

pytestmark = pytest.mark.usefixtures("eager")

# What each writes beside what every training writes.
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


def principal_axes(train, count):
    """Returns the mean and the first principal axes of rows."""
    mean = train.mean(axis=0)
    return mean, np.linalg.svd(train - mean, full_matrices=False)[2][:count]


def test_median_filter_and_pca_are_what_they_say(small, here, tmp_path):
    here("denoise.py", "--dataset", small, "--epochs", 1, "--noise", 0,
         "--latent", 90, "--hidden", 8)
    errors = metrics(tmp_path / "runs/denoise")["Squared error per image"]
    train, test = rows(small)
    mean, axes = principal_axes(train, 90)
    residual = test - mean - (test - mean) @ axes.T @ axes
    assert errors["noisy"] == 0
    # The randomised decomposition is near the exact one.
    assert errors["PCA"] == pytest.approx((residual ** 2).sum(1).mean(), 0.05)
    padded = np.pad(test.reshape(-1, 28, 28), ((0, 0), (1, 1), (1, 1)),
                    mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (3, 3), axis=(1, 2))
    medians = np.median(windows, axis=(3, 4)).reshape(-1, 784)
    assert errors["median filter"] == pytest.approx(
        ((medians - test) ** 2).sum(axis=1).mean(), rel=1e-4)


def test_linear_probe_is_least_squares(small, here, tmp_path):
    here("codes.py", "--dataset", small, "--epochs", 1, "--latent", 8)
    found = metrics(tmp_path / "runs" / "codes")
    arrays, (train, test) = read(small), rows(small)
    mean, axes = principal_axes(train, 8)
    seen, unseen = ((part - mean) @ axes.T for part in (train, test))
    fit = np.linalg.lstsq(np.c_[seen, np.ones(300)],
                          np.eye(10)[arrays["y_train"]], rcond=None)[0]
    found_labels = (np.c_[unseen, np.ones(100)] @ fit).argmax(axis=1)
    # The randomised decomposition turns a digit or two.
    assert found["Accuracy of the linear probe"]["PCA"] == pytest.approx(
        (found_labels == arrays["y_test"]).mean(), abs=0.04)


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
    for way, mean in means.items():
        assert mean == pytest.approx(
            np.mean([areas[way] for areas in left_out]))
    assert (folder / "anomalies.png").exists()


def with_labels(path, *labels):
    """Reads the images that have such labels."""
    arrays = read(path)
    return {name: array[np.isin(arrays[f"y_{name[2:]}"], labels)]
            for name, array in arrays.items()}


def test_training_on_one_label(small, here, tmp_path):
    """Its scores, by the codes and errors that the saved models give."""
    few = with_labels(small, 0)
    train, test = (few[name].reshape(-1, 784) / 255
                   for name in ("x_train", "x_test"))
    others = read(small)["x_train"][:30]
    # Names that no folder should have; of the other, too few to train on.
    archive(tmp_path, "few.npz",
            x_train=np.append(few["x_train"], others[:1], axis=0),
            y_train=np.repeat(["../a/b", "c:"], [len(train), 1]),
            x_test=np.append(few["x_test"], others, axis=0),
            y_test=np.repeat(["../a/b", "c:"], [len(test), 30]))
    here("anomalies.py", "--dataset", "few.npz", "--epochs", 1, "--hidden",
         "--latent", 4, "--batch-size", 5, "--protocol", "only-one", "--other",
         "few.npz")
    folder = tmp_path / "runs" / "anomalies"
    auto = keras.saving.load_model(folder / "only-0" / "auto.keras")
    assert int(auto.optimizer.iterations) == -(-len(train) // 5)
    _, encoder, decoder = auto.layers
    errors, codes = {}, {}
    for name, images in (("train", train), ("normal", test), (
            "anomalies", others.reshape(-1, 784) / 255)):
        codes[name] = encoder.predict(images, verbose=0)
        rebuilt = decoder.predict(codes[name], verbose=0)
        errors[name] = ((rebuilt - images) ** 2).sum(axis=1)
    inverse = np.linalg.inv(LedoitWolf().fit(codes["train"]).covariance_)
    away = {name: each - codes["train"].mean(axis=0)
            for name, each in codes.items()}
    distances = {name: ((each @ inverse) * each).sum(axis=1)
                 for name, each in away.items()}
    areas = metrics(folder)[
        "Area under the ROC curve, mean of the labels trained on"]
    for method, score in {
            "0-vanilla": lambda name: errors[name],
            "0-vanilla, plus its code": lambda name: (
                errors[name] / errors["train"].mean()
                + distances[name] / distances["train"].mean()),
            "0-vanilla, times its code": lambda name: (
                errors[name] * distances[name])}.items():
        # The fraction of pairs in which the anomaly scores higher.
        higher = score("anomalies")[:, None] > score("normal")
        assert areas.pop(method) == pytest.approx(higher.mean(), abs=2e-3)
    assert set(areas) == {"PCA", "isolation forest", "one-class SVM"}


@pytest.mark.long
def test_trainings_without_a_label_are_distorted_too(small, here, tmp_path):
    archive(tmp_path, "two.npz", **with_labels(small, 0, 1))
    for strength in "0", "5":
        here("anomalies.py", "--dataset", "two.npz", "--other", "two.npz",
             "--epochs", 1, "--hidden", "--distort", strength, "--output",
             strength)
    for part in ".", "without-0", "without-1":
        assert history(tmp_path / "0" / part) != history(tmp_path / "5" / part)


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
        filled.append(read(tmp_path / str(times) / "filled.npz")["x_test"])
        known = ~missing[500:]
        assert (filled[-1][known] == holes[500:][known]).all()  # to the bit
    one = filled[0] / scales[0]
    assert one.min() >= 1 and one.max() <= 5
    np.testing.assert_allclose(scales[-1] * one, filled[-1], rtol=1e-3)
    lost, truth = missing[500:], table[500:]
    means = np.nanmean(np.where(missing, np.nan, table)[:500], axis=0)
    error = ((one - truth)[lost] ** 2).mean()
    assert error < ((means - truth)[lost] ** 2).mean() / 2


def test_wide_data_are_filled_in_without_regressions(here, tmp_path):
    """Regressions would need a table of all pairs of values."""
    images = np.random.default_rng(0).random((12, 4097))
    images[2, 3] = images[11, 5] = np.nan
    archive(tmp_path, x_train=images[:10], x_test=images[10:])
    here("impute.py", "--dataset", "set.npz", "--epochs", 1, "--hidden",
         "--latent", 2)
    folder = tmp_path / "runs" / "impute"
    arrays = read(folder / "filled.npz")
    filled = np.concatenate([arrays["x_train"], arrays["x_test"]])
    missing = np.isnan(images)
    assert np.isfinite(filled).all()
    assert (filled[~missing] == images[~missing]).all()
    assert set(metrics(folder)[
        "Squared error per hidden value, 25% at random"]) == {
            "means", "5 nearest neighbours", "0-vanilla"}


def test_only_a_variational_model_has_a_prior(small, here, tmp_path):
    error = here("generate.py", "--dataset", small, "--model", "0-vanilla",
                 status=1)
    assert "--model 3-variational" in error and not [*tmp_path.iterdir()]


def test_column_without_any_value(here, tmp_path):
    table = np.random.default_rng(0).random((20, 3))
    table[:, 1] = np.nan
    archive(tmp_path, x_train=table, x_test=table)
    assert "column 2" in here("impute.py", "--dataset", "set.npz", status=1)


@pytest.mark.parametrize("name", ["0-main.py", "denoise.py", "impute.py"])
def test_missing_values_are_refused_elsewhere(name, here, tmp_path):
    table = np.full((5, 3), np.nan)
    archive(tmp_path, x_train=table, x_test=table)
    assert "nan to nan" in here(name, "--dataset", "set.npz", status=1)


@pytest.mark.parametrize("given", ["", "y_train", "y_test"])
@pytest.mark.parametrize("name", ["codes.py", "anomalies.py"])
def test_codes_want_labels(name, given, here, tmp_path):
    archive(tmp_path, **{given: np.arange(20) % 2} if given else {},
            x_train=np.random.rand(20, 6), x_test=np.random.rand(20, 6))
    error = here(name, "--dataset", "set.npz", status=1)
    assert "y_train and y_test" in error


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
    found, other = datasets.load_other(None, datasets.load(name))
    assert found == expected
    assert (other == (expected == "fashion_mnist")).all()


def test_other_images_that_do_not_fit(small, here, tmp_path):
    error = here("anomalies.py", "--dataset", small, "--other",
                 archive(tmp_path), status=1)
    assert "(28, 28, 1)" in error and "(6, 5, 1)" in error
