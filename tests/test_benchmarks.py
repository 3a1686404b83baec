"""What the benchmarks watch and compute, on contenders made for it."""
import sys

import contenders
import pages
import peers
import pytest
import reproduce
import throughput

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


def test_contenders_that_learn_less_do_not_count():
    runs = {contender: [{
        "starts": [1.0, 3.0, 3.0 + second, 3.0 + 2 * second],
        "loss": loss, "memory": 1e6, "inference": 1.0}]
        for contender, second, loss in zip(
            contenders.contenders_of("0-vanilla"),
            (2.0, 1.0, 0.5, 0.8, 4.0, 1.5),
            (0.1, 0.101, 0.09, 0.1, 0.103, 0.1))}
    lines = [*peers.compare("0-vanilla", runs, 600)]
    assert [line["comparable loss"] for line in lines] == [
        "yes", "yes", "yes", "yes", "no", "yes"]
    assert [line["times the course's speed"] for line in lines] == [
        "1.00", "2.00", "4.00", "2.50", "0.50", "1.33"]
    assert [line["times PyTorch's best speed"] for line in lines] == [
        "0.75", "1.50", "3.00", "1.88", "0.38", "1.00"]
    assert [line["seconds, 50 epochs"] for line in lines] == [
        f"{3 + 49 * second:.0f}" for second in (2.0, 1.0, 0.5, 0.8, 4.0, 1.5)]


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


def test_parts_of_the_bench_are_written_into_their_tables(
        tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["throughput.py", "quality"])
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    monkeypatch.setattr(pages, "write", lambda: None)
    monkeypatch.setattr(pages, "commit", lambda: "fedcba9")
    monkeypatch.setattr(throughput, "draw_peers", lambda lines: None)
    monkeypatch.setattr(throughput, "prepare", lambda folder: (folder, 600))
    monkeypatch.setitem(throughput.PARTS, "quality",
                        lambda folder, data, count: [{"epochs": count}])
    throughput.main()
    assert pages.read(tmp_path / "bench-quality.csv") == [
        {"epochs": "600", "commit": "fedcba9"}]


def test_table_of_lines():
    lines = [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert pages.table(lines, ["b", "a"]) == (
        "| b | a |\n| --- | --- |\n| 2 | 1 |\n| 4 | 3 |\n")


def test_lines_are_written_whole_with_their_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "commit", lambda: "fedcba9+")
    path = tmp_path / "table.csv"
    for lines in ([{"a": "1"}, {"a": "2"}],
                  [{"a": "3"}, {"a": "4", "commit": "0123456"}]):
        pages.save(path, lines)
    new, old = pages.read(path)
    assert new == {"a": "3", "commit": "fedcba9+"}
    assert old == {"a": "4", "commit": "0123456"}


@pytest.mark.parametrize("metric, value, reference, shown", [
    ("test loss, nats per pixel", "0.08", "0.09", "**0.08** ± 0.01"),
    ("test loss, nats per pixel", "0.09", "0.08", "0.09 ± 0.01"),
    ("negative ELBO", "147.9", "147.90", "147.9 ± 0.01"),
    ("accuracy of the linear probe", "0.9", "0.8", "**0.9** ± 0.01"),
    ("area under the ROC curve, mnist", "0.8", "0.9", "0.8 ± 0.01"),
    ("mean of the first ten codes", "11.5", "8.3", "11.5 ± 0.01"),
    ("squared error per image", "5", "", "5 ± 0.01")])
def test_only_what_is_better_is_bold(metric, value, reference, shown):
    line = {"metric": metric, "obtained": value, "spread": "0.01"}
    assert pages.obtained(line, reference) == shown


def test_metrics_of_a_numbered_main():
    metric = ("repaired", "error", ("noisy", "the noisy images"),
              ("3.00", "a paper"))
    runs = [{"repaired": 1.0, "noisy": 9.0}, {"repaired": 2.0, "noisy": 8.0}]
    assert reproduce.measured(metric, runs, [[], []]) == {
        "metric": "error", "obtained": "1.5", "spread": "0.7",
        "reference": "9", "source": "the noisy images"}
    history = [{"val_loss": "0.5"}, {"val_loss": "0.25"}]
    assert reproduce.measured((2, "loss"), [{}], [history]) == {
        "metric": "loss", "epochs": 2, "obtained": "0.25"}


def test_metrics_of_an_application():
    metrics = {"loss": 0.1, "Area under the ROC curve, mnist": {
        "PCA": 0.7, "isolation forest": 0.8, "0-vanilla": 0.75,
        "0-vanilla, plus its code": 0.9}, "Quantiles": {"0.95": 1.0}}
    baselines = {"reference": "0.8", "source": "isolation forest",
                 "baselines": "PCA 0.7; isolation forest 0.8"}
    assert [*reproduce.compared([metrics], "0-vanilla")] == [
        {"metric": "area under the ROC curve, mnist", "obtained": "0.75",
         **baselines},
        {"metric": "area under the ROC curve, mnist, plus its code",
         "obtained": "0.9", **baselines}]


def test_an_unknown_row_leaves_the_results_as_they_are(tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    path.write_text("as it was")
    monkeypatch.setattr(reproduce, "RESULTS", path)
    with pytest.raises(ValueError, match="unknown"):
        reproduce.write([{"row": "unknown"}])
    assert path.read_text() == "as it was"
