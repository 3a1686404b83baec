"""Runs that are killed, stopped, kept apart, or out of disk space."""
import contextlib
import errno
import os
import random
import resource
import signal
import time

import keras
import pytest
import scripts
from cases import MAINS
from lab import files, progress, runs
from lab.errors import InputError
from test_mains import every_main


def appears(path, process, timeout=60):
    """Waits until a file is there, or the process is not."""
    end = time.monotonic() + timeout
    while not path.exists() and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.01)


def same(one, two):
    """Checks that two runs came to the same, to the bit, and no scraps."""
    first, second = scripts.files(one), scripts.files(two)
    assert set(first) == set(second) > {"metrics.json", "history.csv"}
    for module in MAINS.values():
        __import__(module)  # for the classes in what is loaded
    for name in first:
        if name.endswith((".csv", ".png", "metrics.json")):
            assert first[name] == second[name], name
        elif name.endswith(".keras"):
            for a, b in zip(*(keras.saving.load_model(folder / name).weights
                              for folder in (one, two))):
                assert (keras.ops.convert_to_numpy(a)
                        == keras.ops.convert_to_numpy(b)).all(), a.path


def kill_and_resume(name, arguments, times, folder, seed):
    """Kills a run again and again, at random moments, and lets it end.

    The reference is a run that nobody killed; all are fresh processes, so
    this shows as well that a command repeated gives the same bits.
    """
    def start(*output):
        return scripts.start(
            name, *arguments, "--output", *output, folder=folder)

    started = time.monotonic()
    process = start("whole")
    appears(folder / "whole" / "config.json", process)
    until_training = time.monotonic() - started
    scripts.end(process).printed()
    training = time.monotonic() - started - until_training
    moments, killed = random.Random(seed), 0  # noqa: S311
    # From shortly before the training to shortly before its end; all together
    # shorter than the whole, so that it is not over too soon.
    stretch = 0.8 / times * training
    while killed < times:
        process = start("part", "--resume")
        time.sleep(until_training + moments.uniform(-0.05, 1) * stretch)
        if process.poll() is None:
            process.kill()
            killed += 1
        else:
            stretch /= 2
        process.communicate()
    scripts.end(start("part", "--resume")).printed()
    same(folder / "whole", folder / "part")


@pytest.mark.long
@every_main
def test_killed_runs_come_to_the_same_end(
        name, small, tmp_path, record_property):
    times = 4 if name in ("0-main.py", "3-main.py") else 3
    arguments = ("--dataset", small, "--epochs", 25, "--batch-size", 32)
    kill_and_resume(name, arguments, times, tmp_path, seed=list(MAINS).index(
        name))
    record_property("runs killed at a random moment, resumed to the same bits",
                    times)


@pytest.mark.long
def test_a_run_killed_five_times(tmp_path, record_property):
    kill_and_resume(
        "3-main.py", ("--dataset", "glyphs", "--limit", 20000, "--epochs", 30),
        5, tmp_path, seed=6)
    record_property("runs killed at a random moment, resumed to the same bits",
                    5)


def test_interrupted_by_the_user(eager, small, here, tmp_path, request):
    arguments = "--dataset", small, "--epochs", 400, "--batch-size", 150
    folder = tmp_path / "runs" / "0-vanilla"
    process = scripts.start("0-main.py", *arguments, folder=tmp_path)
    request.addfinalizer(process.kill)
    appears(folder / "auto.keras", process)
    # While it runs, its folder is its own.
    error = here("0-main.py", *arguments, "--output", folder, status=1)
    assert str(folder) in error.splitlines()[-1]
    process.send_signal(signal.SIGINT)
    error = scripts.end(process).printed(status=130)
    assert "--resume" in error.strip().splitlines()[-1]
    done = len(scripts.history(folder))
    assert 1 <= done < 400
    printed = here("0-main.py", *arguments, "--epochs", done + 2, "--resume")
    # The model is saved after the history.
    assert any(f"after epoch {epoch}\n" in printed
               for epoch in (done - 1, done))
    assert len(scripts.history(folder)) == done + 2


def test_interrupted_where_the_exception_is_lost():
    """As in JAX, which calls Python from where nothing can be raised."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        watch = progress.Progress(None, None, 0, [])
        watch.on_train_begin()
        watch.on_train_batch_end(0, {"loss": 1.0})
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            watch.on_train_batch_end(1, {"loss": 1.0})
        watch.on_train_end()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_history_that_does_not_fit_the_model(finished, here):
    folder, arguments = finished
    lines = (folder / "history.csv").read_text().splitlines()
    (folder / "history.csv").write_text(lines[0] + "\n")
    before = scripts.files(folder)
    assert "history of 0" in here(
        "0-main.py", *arguments, "--resume", status=1)
    assert scripts.files(folder) == before


def test_a_model_in_the_middle_of_an_epoch_is_refused(finished):
    folder, _ = finished
    assert len(runs.restore(folder, 1, 1)[1]) == 1
    with pytest.raises(InputError, match="0 epochs and 1 steps"):
        runs.restore(folder, 2, 1)


@pytest.mark.parametrize("size, file", [
    pytest.param(0, "config.json", marks=pytest.mark.long),
    (100_000, "auto.keras")])
def test_disk_full(size, file, finished, here, tmp_path):
    folder, arguments = finished
    arguments += "--epochs", 2, "--resume"
    before = scripts.files(folder)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        error = here("0-main.py", *arguments, status=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert f"runs/0-vanilla/{file}: {os.strerror(errno.EFBIG)}" in error
    after = scripts.files(folder)
    assert {name for name in after if after[name] != before.get(name)} <= {
        "config.json", "history.csv"} - {file}
    here("0-main.py", *arguments)  # with space again
    here("0-main.py", *arguments[:-1], "--output", "whole")
    same(tmp_path / "whole", folder)


def test_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "file.txt"
    with files.written(path) as temporary:
        temporary.write_text("one")
    with pytest.raises(ZeroDivisionError), files.written(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_no_longer_finite(eager, small, here, tmp_path):
    """Stops at once, keeps the epochs before."""
    arguments = "--dataset", small, "--batch-size", 32
    here("1-main.py", *arguments, "--lambtha", 1e-5, "--epochs", 1)
    folder = tmp_path / "runs" / "1-sparse"
    with scripts.changed(folder / "config.json") as content:
        content["settings"].update(epochs=3, lambtha=1e38)
    model = keras.saving.load_model(folder / "auto.keras")
    model.layers[1].layers[-1].bias.assign([3e38] * 32)
    model.save(folder / "auto.keras")
    before = (folder / "auto.keras").read_bytes()
    error = here("1-main.py", *arguments, "--epochs", 3, "--lambtha", 1e38,
                 "--resume", status=1)
    assert "epoch 2, step" in error and "runs/1-sparse" in error
    assert (folder / "auto.keras").read_bytes() == before
