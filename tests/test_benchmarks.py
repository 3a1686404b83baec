"""What the benchmarks watch and compute, on contenders made for it."""
import sys
from types import SimpleNamespace

import contenders
import numpy as np
import pages
import peers
import pytest
import reproduce

CONTENDER = """
import time
kept = bytearray(10 ** 8)
for epoch in range(4):
    print(f"Epoch {epoch + 1}/4")
    for step in range(5):
        print(f"\\r{step}/5", end="")
        time.sleep(0.02 if epoch else 0.2)
    print(f" - val_loss: {0.4 - epoch / 10:.4f}")
print("Inference: 1.25")
"""


def test_contender_is_watched():
    found = contenders.watch([sys.executable, "-c", CONTENDER])
    assert len(found["starts"]) == 4
    assert found["starts"][0] < found["first"] < found["starts"][1]
    # The first epoch, which lasts ten times as long, is not among these.
    assert len(contenders.epochs_of(found)) == 2
    assert max(contenders.epochs_of(found)) < found["starts"][1]
    assert found["loss"] == pytest.approx(0.1)
    assert found["inference"] == 1.25
    assert 1e8 < found["memory"] < 1e9


def test_contender_is_stopped_at_a_loss():
    found = contenders.watch([sys.executable, "-c", CONTENDER], until=0.3)
    assert found["loss"] == 0.3 and found["inference"] is None
    assert found["starts"][1] < found["reached"]


def test_contender_that_fails():
    with pytest.raises(SystemExit, match="ended with"):
        contenders.watch([sys.executable, "-c", "print(1 / 0)"])


def test_arithmetic_of_an_epoch():
    first, others = 784 * 128, 784 * 128 + 2 * (128 * 64 + 64 * 32)
    assert peers.arithmetic("0-vanilla", 100, 10) == 2 * (
        210 * first + 310 * others)
    first = 9 * 28 * 28 * 16
    others = 9 * (14 * 14 * 16 * 8 + 7 * 7 * 8 * 8 + 4 * 4 * 8 * 8
                  + 8 * 8 * 8 * 8 + 14 * 14 * 8 * 16 + 28 * 28 * 16)
    assert peers.arithmetic("2-convolutional", 1, 0) == 2 * (
        2 * first + 3 * others)


def test_contenders_that_learn_less_do_not_count():
    images = SimpleNamespace(train=np.zeros(600), test=np.zeros(100))
    runs = {contender: [{
        "starts": [1.0, 3.0, 3.0 + second, 3.0 + 2 * second], "first": 1.5,
        "trained": 9.0, "total": 9.5, "loss": loss, "memory": 1e6,
        "inference": 1.0}]
        for contender, second, loss in zip(
            contenders.contenders_of("0-vanilla"),
            (2.0, 1.0, 0.5, 0.8, 4.0, 1.5),
            (0.1, 0.101, 0.09, 0.1, 0.103, 0.1))}
    lines = [*peers.compare("0-vanilla", runs, images, 1e9)]
    assert [line["counts"] for line in lines] == [
        "yes", "yes", "yes", "yes", "no", "yes"]
    assert [line["times the course's speed"] for line in lines] == [
        "1.00", "2.00", "4.00", "2.50", "0.50", "1.33"]
    assert [line["times PyTorch's best speed"] for line in lines] == [
        "0.75", "1.50", "3.00", "1.88", "0.38", "1.00"]
    assert [line["seconds, 50 epochs"] for line in lines] == [
        f"{3 + 49 * second:.0f}" for second in (2.0, 1.0, 0.5, 0.8, 4.0, 1.5)]
    assert [line["seconds after the last epoch"] for line in lines] == [
        "", "0.5", "0.5", "", "", ""]


def test_contenders_that_ratios_are_taken_of_run_in_every_round():
    def again(epoch):
        found = {("0-vanilla", contender): [{"starts": [0, 1, 1 + epoch]}]
                 for contender in contenders.CONTENDERS}
        return [contender for contender in contenders.CONTENDERS
                if not peers.once_is_enough(found, "0-vanilla", contender)]

    assert not peers.once_is_enough({}, "0-vanilla", "ours, TensorFlow")
    assert again(2.0) == [
        "course, TensorFlow", "ours, default", "PyTorch, tuned"]
    assert again(20.0) == ["ours, default", "PyTorch, tuned"]


def test_table_of_lines():
    lines = [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert pages.table(lines, ["b", "a"]) == (
        "| b | a |\n| --- | --- |\n| 2 | 1 |\n| 4 | 3 |\n")


def test_an_unknown_row_leaves_the_results_as_they_are(tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    path.write_text("as it was")
    monkeypatch.setattr(reproduce, "RESULTS", path)
    with pytest.raises(ValueError, match="unknown"):
        reproduce.write([{"row": "unknown"}])
    assert path.read_text() == "as it was"
