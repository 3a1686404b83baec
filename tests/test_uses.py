"""The uses, on small data: what they write, and that it is what they say."""
import json

import keras
import numpy as np
import pytest
from lab import datasets
from sklearn.covariance import LedoitWolf

pytestmark = pytest.mark.usefixtures("eager")

USES = {
    "denoise": ("4-denoising", {"denoised.png"}),
    "impute": ("0-vanilla", {"filled-10-at-random.png",
                             "filled-25-at-random.png",
                             "filled-50-at-random.png",
                             "filled-a-block.png"}),
    "codes": ("0-vanilla", {"codes.png"}),
    "generate": ("3-variational", {"samples.png", "interpolations.png"}),
    "classify": ("4-denoising", {"errors.png", "classes.json", *(
        f"{way}-{count}-labels" for way in ("4-denoising", "from-scratch")
        for count in (100, 300)), "classifier.keras"}),
}
MODELS = {"config.json", "history.csv", "metrics.json", "encoder.keras",
          "decoder.keras", "auto.keras", "report.html"}


QUANTILES = ("0.5", "0.9", "0.95", "0.99", "0.999")


def metrics(folder):
    """Reads what a use has measured."""
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.long)
    if name in ("impute", "classify") else name for name in USES])
def test_use_compares_and_draws(name, small, here, tmp_path):
    module, pictures = USES[name]
    printed = here(f"{name}.py", "--dataset", small, "--epochs", 1,
                   "--hidden", 16)
    folder = tmp_path / "runs" / name
    assert {path.name for path in folder.iterdir()} == MODELS | pictures
    comparisons = [value for value in metrics(folder).values()
                   if isinstance(value, dict)]
    assert len(comparisons) > 1
    for values in comparisons:
        for way, value in values.items():
            if way not in QUANTILES:
                assert f"  {way}: {value:.4g}\n" in printed


@pytest.mark.parametrize("modules", [["1-sparse"], pytest.param(
    ["3-variational", "5-contractive"], marks=pytest.mark.long)], ids=str)
def test_uses_take_other_models(modules, small, here, tmp_path):
    for module in modules:
        here("denoise.py", "--dataset", small, "--epochs", 1, "--hidden",
             "--model", module, "--output", module)
        errors = metrics(tmp_path / module)["Squared error per image"]
        assert module in errors
        # Noise of 0.5 in 784 pixels.
        assert errors["noisy"] == pytest.approx(196, rel=0.02)


def test_median_filter_and_pca_are_what_they_say(small, here, tmp_path):
    here("denoise.py", "--dataset", small, "--epochs", 1, "--noise", 0,
         "--latent", 90, "--hidden", 8)
    errors = metrics(tmp_path / "runs/denoise")["Squared error per image"]
    with np.load(small) as arrays:
        train, test = (arrays[name].reshape(-1, 784) / 255
                       for name in ("x_train", "x_test"))
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:90]
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
    assert set(found["Squared error per image"]) == {"PCA", "0-vanilla"}
    with np.load(small) as arrays:
        train, test = (arrays[name].reshape(-1, 784) / 255
                       for name in ("x_train", "x_test"))
        classes, truth = np.eye(10)[arrays["y_train"]], arrays["y_test"]
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:8]
    seen, unseen = ((part - mean) @ axes.T for part in (train, test))
    fit = np.linalg.lstsq(np.c_[seen, np.ones(300)], classes, rcond=None)[0]
    right = (np.c_[unseen, np.ones(100)] @ fit).argmax(axis=1) == truth
    # The randomised decomposition turns a digit or two.
    assert found["Accuracy of the linear probe"]["PCA"] == pytest.approx(
        right.mean(), abs=0.04)


@pytest.mark.long
def test_anomalies(small, here, tmp_path):
    with np.load(small) as arrays:
        inverted = {name: array if "y" in name else 255 - array
                    for name, array in arrays.items()}
    np.savez(tmp_path / "other.npz", **inverted)
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


def test_training_on_one_label(small, here, tmp_path):
    with np.load(small) as arrays:
        few = {name: array[arrays[f"y_{name[2:]}"] == 0]
               for name, array in arrays.items()}
        # Too few to train on, but anomalies.
        few["x_train"] = np.append(few["x_train"], arrays["x_test"][:1], 0)
        few["y_train"] = np.append(few["y_train"], 1)
        few["x_test"] = np.append(few["x_test"], arrays["x_train"][:30], 0)
        few["y_test"] = np.append(few["y_test"], [1] * 30)
    names = np.array(["../a/b", "c:"])  # that no folder should have
    np.savez(tmp_path / "few.npz", **{
        **few, "y_train": names[few["y_train"]], "y_test": names[
            few["y_test"]]})
    here("anomalies.py", "--dataset", "few.npz", "--epochs", 1, "--hidden",
         "--latent", 4, "--batch-size", 5, "--protocol", "only-one", "--other",
         "few.npz")
    folder = tmp_path / "runs" / "anomalies"
    train, test, other = (few[name][few[f"y{name[1:]}"] == label].reshape(
        -1, 784) / 255 for name, label in (
            ("x_train", 0), ("x_test", 0), ("x_test", 1)))
    auto = keras.saving.load_model(folder / "only-0" / "auto.keras")
    assert int(auto.optimizer.iterations) == -(-len(train) // 5)
    _, encoder, decoder = auto.layers

    def measured(images):
        codes = encoder.predict(images, verbose=0)
        rebuilt = decoder.predict(codes, verbose=0)
        return codes, ((rebuilt - images) ** 2).sum(axis=1)

    codes, errors = measured(train)
    inverse = np.linalg.inv(LedoitWolf().fit(codes).covariance_)

    def distances(some):
        away = some - codes.mean(axis=0)
        return ((away @ inverse) * away).sum(axis=1)

    scores = {"0-vanilla": [], "0-vanilla, plus its code": [],
              "0-vanilla, times its code": []}
    for images in test, other:
        some, lost = measured(images)
        scores["0-vanilla"].append(lost)
        scores["0-vanilla, plus its code"].append(
            lost / errors.mean() + distances(some) / distances(codes).mean())
        scores["0-vanilla, times its code"].append(lost * distances(some))
    areas = metrics(folder)[
        "Area under the ROC curve, mean of the labels trained on"]
    assert set(areas) == {*scores, "PCA", "isolation forest", "one-class SVM"}
    for way, (low, high) in scores.items():
        # The share of pairs in which the anomaly scores higher.
        assert areas[way] == pytest.approx(
            (high[:, None] > low).mean(), abs=2e-3)


@pytest.mark.long
def test_trainings_without_a_label_are_distorted_too(small, here, tmp_path):
    with np.load(small) as arrays:
        few = {name: array[arrays[f"y_{name[2:]}"] < 2]
               for name, array in arrays.items()}
    np.savez(tmp_path / "two.npz", **few)
    for strength in 0, 5:
        here("anomalies.py", "--dataset", "two.npz", "--other", "two.npz",
             "--epochs", 1, "--hidden", "--distort", strength, "--output",
             strength)
    for folder in ".", "without-0", "without-1":
        one, other = ((tmp_path / strength / folder / "history.csv")
                      .read_text() for strength in ("0", "5"))
        assert one != other


@pytest.mark.parametrize("noise", [
    pytest.param(0, marks=pytest.mark.long), 0.5])
def test_masked_images_are_what_is_repaired(noise, small, here, tmp_path):
    here("denoise.py", "--dataset", small, "--epochs", 1, "--masking",
         "--noise", noise, "--hidden", 8)
    errors = metrics(tmp_path / "runs/denoise")["Squared error per image"]
    with np.load(small) as arrays:
        energy = ((arrays["x_test"] / 255) ** 2).sum(axis=(1, 2)).mean()
    # Each pixel is lost with the probability `noise`.
    assert errors["noisy"] == pytest.approx(noise * energy, rel=0.05)


def ratings(count=600, columns=12):
    """Makes a table of rank 3 with values of 1 to 5, a fifth missing."""
    random = np.random.default_rng(0)
    table = random.random((count, 3)) @ random.random((3, columns))
    table = 1 + 4 * (table - table.min()) / np.ptp(table)
    return table, random.random(table.shape) < 0.2


@pytest.mark.parametrize("scales", [
    [1000], pytest.param([1, 1000], marks=pytest.mark.long)], ids=str)
def test_missing_values_of_a_table_are_filled_in(
        scales, compiled, here, tmp_path):
    table, missing = ratings()
    filled = []
    for times in scales:
        holes = np.where(missing, np.nan, times * table)
        np.savez(tmp_path / "table.npz", x_train=holes[:500],
                 x_test=holes[500:])
        here("impute.py", "--dataset", "table.npz", "--epochs", 12, "--hidden",
             64, "--latent", 8, "--batch-size", 50, "--output", times)
        with np.load(tmp_path / str(times) / "filled.npz") as archive:
            filled.append(archive["x_test"])
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
    np.savez(tmp_path / "wide.npz", x_train=images[:10], x_test=images[10:])
    here("impute.py", "--dataset", "wide.npz", "--epochs", 1, "--hidden",
         "--latent", 2)
    with np.load(tmp_path / "runs" / "impute" / "filled.npz") as archive:
        filled = np.concatenate([archive["x_train"], archive["x_test"]])
    missing = np.isnan(images)
    assert np.isfinite(filled).all()
    assert (filled[~missing] == images[~missing]).all()
    found = metrics(tmp_path / "runs" / "impute")
    assert set(found["Squared error per hidden value, 25% at random"]) == {
        "means", "5 nearest neighbours", "0-vanilla"}


def test_only_a_variational_model_has_a_prior(small, here, tmp_path):
    error = here("generate.py", "--dataset", small, "--model", "0-vanilla",
                 status=1)
    assert "--model 3-variational" in error and not [*tmp_path.iterdir()]


def test_column_without_any_value(here, tmp_path):
    table = np.random.default_rng(0).random((20, 3))
    table[:, 1] = np.nan
    np.savez(tmp_path / "table.npz", x_train=table, x_test=table)
    error = here("impute.py", "--dataset", "table.npz", status=1)
    assert "column 2" in error


def test_missing_values_are_refused_elsewhere(here, tmp_path):
    table = np.full((5, 3), np.nan)
    np.savez(tmp_path / "table.npz", x_train=table, x_test=table)
    for name in ("0-main.py", "denoise.py", "impute.py"):
        error = here(name, "--dataset", "table.npz", status=1)
        assert "nan to nan" in error


@pytest.mark.parametrize("given", ["", "y_train", "y_test"])
def test_codes_want_labels(given, here, tmp_path):
    images = np.random.rand(20, 6)
    labels = {given: np.arange(20) % 2} if given else {}
    np.savez(tmp_path / "table.npz", x_train=images, x_test=images, **labels)
    for name in ("codes.py", "anomalies.py"):
        error = here(name, "--dataset", "table.npz", status=1)
        assert "y_train and y_test" in error


@pytest.mark.parametrize("name", [
    name if name == "codes" else pytest.param(name, marks=pytest.mark.long)
    for name in [*USES, "anomalies", "sizes"]])
def test_config_repeats_a_use(name, small, here, tmp_path):
    here(f"{name}.py", "--dataset", small, "--epochs", 1, "--limit", 60,
         "--hidden", 8, "--model", {"generate": "3-variational"}.get(
             name, "4-denoising"), "--output", "one")
    here(f"{name}.py", "--config", "one/config.json", "--output", "two")
    assert metrics(tmp_path / "one") == metrics(tmp_path / "two")


def test_whole_numbers_to_train_on_and_missing_ones_to_fill_in(here, tmp_path):
    table = np.arange(60).reshape(20, 3) % 7
    holes = table.astype("float64")
    holes[3, 1] = np.nan
    np.savez(tmp_path / "table.npz", x_train=table, x_test=holes)
    here("impute.py", "--dataset", "table.npz", "--epochs", 1, "--hidden")
    with np.load(tmp_path / "runs" / "impute" / "filled.npz") as archive:
        filled = archive["x_test"]
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
        labels = np.arange(9, dtype="uint8")
        np.savez(tmp_path / f"{each}.npz", x_train=images, x_test=images,
                 y_train=labels, y_test=labels)
    monkeypatch.chdir(tmp_path)
    found, other = datasets.load_other(None, datasets.load(name))
    assert found == expected
    assert (other == (expected == "fashion_mnist")).all()


def test_other_images_that_do_not_fit(small, here, tmp_path):
    np.savez(tmp_path / "other.npz", x_train=np.zeros((9, 5, 5), "uint8"),
             x_test=np.zeros((9, 5, 5), "uint8"))
    error = here("anomalies.py", "--dataset", small, "--other", "other.npz",
                 status=1)
    assert "(28, 28, 1)" in error and "(5, 5, 1)" in error
