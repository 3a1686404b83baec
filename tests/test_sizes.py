"""How large a code: metrics that are right, and a run that goes on."""
import numpy as np
import pytest
from data_files import rows
from scripts import metrics

pytestmark = pytest.mark.usefixtures("eager")

FLAGS = ("--epochs", 2, "--batch-size", 150, "--hidden", 16)


@pytest.mark.parametrize("model", [
    pytest.param("0-vanilla", marks=pytest.mark.long), "3-variational"])
def test_sizes(model, small, here, tmp_path):
    flags = "--dataset", small, "--model", model, *FLAGS, "--sizes", 8, 2
    printed = here("sizes.py", *flags)
    folder = tmp_path / "runs" / "sizes"
    assert {path.name for path in folder.iterdir()} >= {
        "config.json", "metrics.json", "size-2", "size-8", "sizes.png",
        "rebuilt.png"}
    train, test = rows(small)
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2]
    found, errors = metrics(folder), {}
    for size in 2, 8:
        values = found[f"Squared error per image, a code of {size}"]
        shown = (test - mean) @ axes[:size].T @ axes[:size] + mean
        assert values["PCA"] == pytest.approx(
            ((test - shown) ** 2).sum(axis=1).mean(), rel=0.01)
        errors[size], one = values[model], metrics(folder / f"size-{size}")
        if model == "0-vanilla":
            assert errors[size] == pytest.approx(one["squared_error"])
        else:
            assert found["Rate and distortion, nats per image, a code of "
                         f"{size}"] == {"rate": one["kl_divergence"],
                                        "distortion": one["distortion"]}
            assert found[f"Active units, a code of {size}"] == {
                model: one["active_units"]}
    end = min(size for size in errors
              if errors[size] <= 1.1 * min(errors.values()))
    assert found["size_where_the_gain_ends"] == end
    assert f"a code of {end}" in printed.splitlines()[-1]


@pytest.mark.long
def test_goes_on_size_by_size(small, here, tmp_path):
    flags = "--dataset", small, *FLAGS, "--sizes", 2, 3
    here("sizes.py", *flags, "--output", "whole")
    here("sizes.py", *flags, "--output", "stopped")
    folder = tmp_path / "stopped"
    # As if it had been killed while it trained with the second size.
    kept = (folder / "size-2" / "auto.keras").stat().st_mtime_ns
    for path in (folder / "size-3").iterdir():
        path.unlink()
    (folder / "metrics.json").unlink()
    here("sizes.py", *flags, "--output", "stopped", status=1)
    here("sizes.py", *flags, "--output", "stopped", "--resume")
    assert (folder / "size-2" / "auto.keras").stat().st_mtime_ns == kept
    assert metrics(folder) == metrics(tmp_path / "whole")
    here("apply.py", folder / "size-3", small, "--what", "codes")
    assert (tmp_path / "codes.csv").read_text().startswith(
        "name,code_1,code_2,code_3\n")


@pytest.mark.parametrize("flags, status", [
    (["--sizes"], 2), (["--sizes", 0], 2), (["--sizes", "two"], 2),
    (["--latent", 4], 2), (["--folds", 2], 2), (["--model", "2"], 2),
    (["--sizes", 10 ** 9], 1), (["--dataset", "nowhere.npz"], 1)])
def test_refused_before_training(flags, status, small, here, tmp_path):
    here("sizes.py", "--dataset", small, *flags, status=status)
    assert [*tmp_path.glob("runs/*")] == []
