"""Every main on every kind of data: it ends well, or refuses in one line."""
import collections
import json

import numpy as np
import pytest
import scripts
from cases import MAINS
from data_files import archive
from test_applications import APPLICATIONS

pytestmark = pytest.mark.usefixtures("eager")

EVERY = [*MAINS, *(f"{name}.py" for name in APPLICATIONS), "anomalies.py",
         "sizes.py"]
RANDOM = np.random.default_rng(0)


def images(count, *channels):
    """Makes small images of bytes."""
    return RANDOM.integers(0, 256, (count, 8, 9, *channels), dtype="uint8")


def labels(count, kinds=3):
    """Makes labels, each as often as the others."""
    return np.arange(count) % kinds


def split(train, test, **more):
    """Returns the arrays of a data set."""
    return {"x_train": train, "x_test": test, "y_train": labels(len(train)),
            "y_test": labels(len(test)), **more}


WORDS = np.array(["a", "b", "<b>"])
TABLE = RANDOM.uniform(1, 5, (60, 12))
KINDS = {
    "grey images": (split(images(40), images(12)), ()),
    "colour images": (split(images(40, 3), images(12, 3)), ()),
    "table": (split(TABLE[:40], TABLE[40:]), ()),
    "table of 3 columns": (split(TABLE[:40, :3], TABLE[40:, :3]), ()),
    "one training image per label": (split(
        images(3), images(12)), ()),
    "string labels": (split(
        images(40), images(12), y_train=WORDS[labels(40)],
        y_test=WORDS[labels(12)]), ()),
    "no labels": (split(
        images(40), images(12), y_train=None, y_test=None), ()),
    "7 test images": (split(images(40), images(7)), ()),
    "--folds 2": (split(images(40), images(12)), ("--folds", 2)),
    "--limit 1": (split(images(40), images(12)), ("--limit", 1)),
    "1 test image": (split(images(40), images(1)), ()),
    "one label": (split(
        images(40), images(12), y_train=labels(40, 1), y_test=labels(12, 1)),
        ()),
    "other labels": (split(
        images(40), images(12), y_test=labels(12) + 100), ()),
    "30 labels": (split(images(60), images(40), y_train=labels(60, 30) / 7,
                        y_test=labels(40, 30) / 7), ()),
    "all alike": (split(np.ones((40, 5)) * 7, np.ones((12, 5)) * 7), ()),
    "one column": (split(TABLE[:40, :1], TABLE[40:, :1]), ()),
    "bits": (split(images(40) // 128, images(12) // 128), ()),
    "missing values": (split(
        np.where(TABLE < 1.5, np.nan, TABLE)[:40],
        np.where(TABLE > 4.5, np.nan, TABLE)[40:]), ()),
    "pixels of 1 x 1": (split(
        images(40)[:, :1, :1], images(12)[:, :1, :1]), ()),
}


def attempt(name, kind, folder):
    """Runs a script on a kind of data; returns whether it ran, or refused."""
    arrays, flags = KINDS[kind]
    folder.mkdir()
    archive(folder, **arrays)
    small = {"2-main.py": ("--filters", 2, 2),
             "sizes.py": ("--hidden", 9, "--sizes", 2, 3)}.get(
                 name, ("--hidden", 9))
    done = scripts.here(
        name, "--dataset", "set.npz", "--epochs", 1, "--batch-size", 16,
        "--output", "out", *small, *flags, folder=folder)
    assert "Traceback" not in done.err
    out = folder / "out"
    if done.status:
        assert done.status in (1, 2), done.err
        assert done.err.strip().splitlines()[-1].startswith(f"{name}: error: ")
        assert not out.exists(), "refused after the training"
        return "refused"
    names = {path.name for path in out.rglob("*")}
    assert names >= scripts.WRITTEN
    assert any(name.endswith(".png") for name in names)
    for path in out.rglob("metrics.json"):  # without NaN
        json.loads(path.read_text(), parse_constant=pytest.fail)
    return "ran"


def try_all(name, kinds, folder, record_property):
    """Tries kinds of data, and counts."""
    seen, problems = collections.Counter(), []
    for kind in kinds:
        try:
            seen[attempt(name, kind, folder / kind.replace(" ", "-"))] += 1
        except Exception as error:
            problems.append(f"{kind}: {type(error).__name__}: {error}")
    print(name, dict(seen))
    assert not problems, "\n\n".join(problems)
    for what, count in seen.items():
        record_property(f"combinations of a main and data that {what}", count)


@pytest.mark.long
@pytest.mark.parametrize("name", EVERY)
def test_every_kind_of_data(name, tmp_path, record_property):
    try_all(name, KINDS, tmp_path, record_property)


@pytest.mark.parametrize("name", ["0-main.py", "3-main.py", "codes.py"])
def test_one_kind_of_data(name, tmp_path, record_property):
    try_all(name, [[*KINDS][EVERY.index(name)]], tmp_path, record_property)
