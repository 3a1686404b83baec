"""Classes from few labels: what is trained on what, measured, and applied."""
import csv
import shutil

import keras
import numpy as np
import pytest
import scripts
from conftest import eagerly
from data_files import archive, read, rows
from scripts import metrics

pytestmark = pytest.mark.usefixtures("eager")

TITLE = "Fraction of test images classified wrongly, 300 labels"


@pytest.fixture(scope="module")
def once(small, tmp_path_factory):
    """Returns the folder of a run with all 300 labels."""
    folder = tmp_path_factory.mktemp("run") / "classify"
    with eagerly():
        scripts.here("classify.py", *flags(small), "--output", folder,
                     "--no-show").printed()
    return folder


@pytest.fixture
def classified(once, tmp_path):
    """Returns a copy of that folder."""
    return shutil.copytree(once, tmp_path / "runs" / "classify")


def flags(path, labels=(999,)):
    """Returns the flags of a short run."""
    return ("--dataset", path, "--epochs", 1, "--hidden", 16, "--latent", 8,
            "--labels", *labels)


def test_errors_are_those_of_what_was_saved(classified, small):
    arrays, (train, test) = read(small), rows(small)
    labels, truth = arrays["y_train"], arrays["y_test"]
    found = metrics(classified)
    for start in "4-denoising", "from scratch":
        folder = f"{start}-300-labels".replace(" ", "-")
        model = keras.saving.load_model(classified / folder / "auto.keras")
        wrong = model.predict(test, verbose=0).argmax(axis=1) != truth
        assert found[TITLE][start] == pytest.approx(wrong.mean(), abs=1e-6)
    assert (classified / "errors.png").stat().st_size > 10_000
    assert found["error"] == found[TITLE]["4-denoising"]
    distances = ((test[:, None] - train) ** 2).sum(axis=2)
    near = labels[distances.argsort(axis=1)[:, :5]]
    votes = (near[:, :, None] == np.arange(10)).sum(axis=1)
    assert found[TITLE]["5 nearest neighbours"] == pytest.approx(
        (votes.argmax(axis=1) != truth).mean(), abs=0.011)  # a tie


def test_pretrained_network_starts_where_pretraining_ended(
        small, here, tmp_path):
    """At a learning rate that changes nothing, and from weights of ours."""
    common = (*flags(small, [40]), "--limit", 100, "--learning-rate", 1e-9)
    here("classify.py", *common)
    folder = tmp_path / "runs" / "classify"
    auto = keras.saving.load_model(folder / "auto.keras")
    first = auto.layers[1].get_weights()
    auto.layers[1].set_weights([array + 1 for array in first])
    auto.save(folder / "auto.keras")
    starts = {"4-denoising": 1, "from-scratch": 0}
    for start in starts:
        shutil.rmtree(folder / f"{start}-40-labels")
    here("classify.py", *common, "--resume", "--output", folder)
    for start, more in starts.items():
        encoder = keras.saving.load_model(
            folder / f"{start}-40-labels" / "auto.keras").layers[1]
        for old, new in zip(first, encoder.get_weights()):
            np.testing.assert_allclose(new, old + more, atol=1e-5)


def test_run_goes_on_in_the_middle_of_fine_tuning(
        classified, small, here, tmp_path):
    before = metrics(classified)
    weights = keras.saving.load_model(
        classified / "classifier.keras").get_weights()
    for name in "classifier.keras", "classes.json", "errors.png":
        (classified / name).unlink()
    shutil.rmtree(classified / "4-denoising-300-labels")
    (classified / "from-scratch-300-labels" / "metrics.json").unlink()
    here("classify.py", *flags(small), "--resume", "--output", classified)
    assert metrics(classified) == before
    again = keras.saving.load_model(
        classified / "classifier.keras").get_weights()
    assert all((a == b).all() for a, b in zip(weights, again))


@pytest.mark.parametrize("kind", [
    pytest.param("int", marks=pytest.mark.long), "U",
    pytest.param("S", marks=pytest.mark.long)])
def test_apply_gives_the_classes(kind, small, here, tmp_path):
    data = {name: array[:100] if name[0] == "x" else (
        10 * array[:100].astype("int") + 7).astype(kind)
            for name, array in read(small).items()}
    archive(tmp_path, **data)
    if kind == "S":
        data["y_test"] = data["y_test"].astype("U")
    here("classify.py", *flags("set.npz", [100]), "--model", "3-variational")
    here("apply.py", "runs/classify", "set.npz", "--what", "labels")
    with open("labels.csv", newline="") as file:
        found = [line["label"] for line in csv.DictReader(file)]
    error = np.mean(np.array(found) != data["y_test"].astype(str))
    assert error == pytest.approx(metrics(
        tmp_path / "runs" / "classify")["error"], abs=1e-6)
    here("apply.py", "runs/classify", "set.npz", "--what", "labels",
         "--output", "labels.npz")
    written = read("labels.npz")["labels"]
    assert written.dtype.kind == data["y_test"].dtype.kind
    assert written.astype(str).tolist() == found
    refused = here("apply.py", "runs/classify", "set.npz", "--what", "labels",
                   "--contamination", 0.05, "--output", "no.csv", status=1)
    assert "10 labels" in refused


def test_without_its_classes_a_run_is_not_finished(classified, small, here):
    """It would give the labels of anomalies, 0 and 1, instead."""
    (classified / "classes.json").unlink()
    refused = here("apply.py", classified, small, "--what", "labels", status=1)
    assert "classes.json" in refused and "--resume" in refused


def test_longer_pretraining_is_another_run(classified, small, here):
    """Or classifiers of the shorter one would count as those of the longer."""
    refused = here("classify.py", *flags(small), "--epochs", 2, "--resume",
                   "--output", classified, status=1)
    assert "epochs=1" in refused


def test_classes_that_do_not_fit_the_model(classified, small, here):
    path = classified / "classes.json"
    for text in "[1, 2]", "7", "{":
        path.write_text(text)
        refused = here("apply.py", classified, small, "--what", "labels",
                       status=1)
        assert str(classified) in refused.splitlines()[-1]


def test_labels_that_cannot_be_learned(small, here, tmp_path):
    data = read(small)
    refused = here("classify.py", "--dataset", small, "--labels", 9, status=1)
    assert "--labels 10 or more" in refused
    data["y_test"][0] = 77
    archive(tmp_path, **data)
    refused = here("classify.py", "--dataset", "set.npz", status=1)
    assert "77" in refused and "y_train" in refused
    assert not (tmp_path / "runs").exists()
