"""Several processes that train one model, and how they end."""
import itertools
import os
import re
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from lab import batches, distribution, runs
from test_mains import ROOT

with_jax = pytest.mark.skipif(keras.backend.backend() != "jax",
                              reason="several processes need JAX")

# Runs a main that ends in some way: in `distribution.join`, before it has
# joined the others, or as its second epoch begins.
ENDING = """
import os, runpy, signal, sys, time
main, how, when, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = main
sys.path.insert(0, os.path.dirname(main))
os.environ["KERAS_BACKEND"] = "jax"
from lab import distribution, errors, progress
def end():
    with open(os.environ["ENDED"], "w") as file:
        file.write(str(time.time()))
    if how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, how))
        time.sleep(60)
    if how == "exit":
        os._exit(0)
    raise {"refusal": errors.InputError, "fault": ZeroDivisionError}[how](
        "The reason.\\nAnd more.")
if when == "before":
    distribution.join = lambda *_, **__: end()
else:
    begin = progress.Progress.on_epoch_begin
    def begin_or_end(self, epoch, logs=None):
        begin(self, epoch, logs)
        if epoch == 1:
            end()
    progress.Progress.on_epoch_begin = begin_or_end
runpy.run_path(main, run_name="__main__")
"""


def free_port():
    """Returns a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def place(number, count, port):
    """Returns the environment of one of several processes."""
    return {"KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(number)}


def launch(folder, *commands, **environment):
    """Runs processes of one training, and waits for their ends.

    Returns:
        A list for each process: status, what it printed, what it printed as
        errors, and when it ended.
    """
    port, processes, ended = free_port(), [], {}
    try:
        for number, command in enumerate(commands):
            with open(folder / f"out-{number}", "w") as out, open(
                    folder / f"error-{number}", "w") as error:
                processes.append(subprocess.Popen(
                    [sys.executable, *map(str, command)], cwd=folder,
                    stdout=out, stderr=error, env={
                        **os.environ, "DISPLAY": "", **environment,
                        **place(number, len(commands), port)}))
        late = time.time() + 600
        while len(ended) < len(commands) and time.time() < late:
            time.sleep(0.05)
            for number, process in enumerate(processes):
                if process.poll() is not None:
                    ended.setdefault(number, time.time())
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [[process.returncode, (folder / f"out-{number}").read_text(),
             (folder / f"error-{number}").read_text(), ended.get(number)]
            for number, process in enumerate(processes)]


def check_ends(results, number, message, since=None):
    """Checks that all but one process end by the message of that one."""
    for other, (status, _, error, ended) in enumerate(results):
        assert status not in (0, None), (other, error)
        if other != number:
            assert status == 1, (other, error)
            assert error.splitlines()[-1].startswith("0-main.py: error: ")
            assert message in error.splitlines()[-1]
            assert not re.search("Traceback|stack trace|Terminating", error)
            # Ten seconds are promised; the machine may be busy.
            assert since is None or ended < since + 20


def train(small, *flags):
    """Returns the arguments of a short training."""
    return ("--dataset", small, "--limit", 200, "--hidden", "--latent", 2,
            "--epochs", 3, "--batch-size", 64, "--output", "run", *flags)


def ends(small, folder, number, count, how, when):
    """Trains in several processes of which one ends, and so do the others."""
    main = ROOT / "mains" / "0-main.py"
    commands = [[main, *train(small)] for _ in range(count)]
    commands[number] = ["-c", ENDING, main, how, when, *train(small)]
    results = launch(folder, *commands, ENDED=str(folder / "ended"))
    message = {"SIGKILL": f"Process {number} is gone.", "SIGINT": (
        f"Process {number} has ended: Interrupted."), "fault": (
        f"Process {number} has ended: ZeroDivisionError: The reason. And "
        "more.")}
    message["SIGTERM"] = message["exit"] = message["SIGKILL"]
    check_ends(results, number, message.get(
        how, f"Process {number} has ended: The reason. And more."),
        float((folder / "ended").read_text()))
    # What was not begun can begin anew; what was begun can go on.
    assert (folder / "run" / "auto.keras").exists() == (when == "after")
    assert (folder / "run" / "config.json").exists() == (when == "after")


def check_history(small, folder, here, name="0-main.py", *flags):
    """Compares what several processes came to with what one comes to."""
    here(name, *train(small, *flags, "--output", "alone"))
    assert sorted(path.name for path in (folder / "run").iterdir()) == sorted(
        path.name for path in (folder / "alone").iterdir())
    rows, alone = (runs.read_history(folder / output / "history.csv")
                   for output in ("run", "alone"))
    assert len(rows) == len(alone) == 3
    for row, other in zip(rows, alone):
        assert row == pytest.approx(other, rel=1e-5)


@with_jax
def test_one_process_is_killed(small, here, tmp_path):
    """The first, by which JAX connects the others; then they go on."""
    ends(small, tmp_path, 0, 2, "SIGKILL", "after")
    main = ROOT / "mains" / "0-main.py"
    results = launch(tmp_path, *2 * [[main, *train(small, "--resume")]])
    assert [status for status, *_ in results] == [0, 0], results
    assert "Going on after epoch 1\n" in results[0][1]
    check_history(small, tmp_path, here)


@pytest.mark.long
@with_jax
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number, count, how", [
    *itertools.product([0, 1], [2], [
        "SIGKILL", "SIGTERM", "SIGINT", "refusal", "fault"]),
    (1, 2, "exit"), (0, 3, "SIGKILL"), (1, 3, "SIGKILL"), (1, 3, "refusal")])
def test_one_process_ends(number, count, how, when, small, tmp_path,
                          record_property):
    ends(small, tmp_path, number, count, how, when)
    record_property("ends of one process that end the others", 1)


@with_jax
@pytest.mark.parametrize("number, flags, message", [
    (1, ("--epochs", "few"), "Received: few"),
    *(pytest.param(*case, marks=pytest.mark.long) for case in [
        (0, ("--epochs", "few"), "Received: few"),
        (1, ("--dataset", "none.npz"), "Received: none.npz"),
        (0, ("--output", "taken"), "taken holds files that are not a run's"),
        (1, ("--help",), "Nothing was trained.")])])
def test_one_process_refuses(number, flags, message, small, tmp_path,
                             record_property):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    commands = [[ROOT / "mains" / "0-main.py", *train(small)]
                for _ in range(3)]
    commands[number] += flags
    results = launch(tmp_path, *commands)
    if flags == ("--help",):
        assert results[number][0] == 0
        results[number][0] = 1
    check_ends(results, number, message)
    assert not (tmp_path / "run" / "config.json").exists()
    record_property("bad inputs refused", 1)


@pytest.mark.long
@with_jax
@pytest.mark.parametrize("flags", [
    ("--epochs", 5), ("--resume",), ("--limit", 100)])
def test_processes_that_differ(flags, small, tmp_path, record_property):
    main = ROOT / "mains" / "0-main.py"
    check_ends(launch(tmp_path, [main, *train(small)],
                      [main, *train(small, *flags)]),
               0, "The processes do not train the same.")
    record_property("bad inputs refused", 1)


@pytest.mark.long
@with_jax
def test_a_loss_that_is_not_finite(small, tmp_path):
    """All processes find out by themselves."""
    results = launch(tmp_path, *2 * [
        [ROOT / "mains" / "0-main.py",
         *train(small, "--learning-rate", 1e38)]])
    check_ends(results, None, "The loss is no longer finite in epoch ")


@pytest.mark.long
@with_jax
def test_port_in_use(small, tmp_path):
    with socket.create_server(("", 0)) as server:
        done = subprocess.run(
            [sys.executable, ROOT / "mains" / "0-main.py", *map(
                str, train(small))], cwd=tmp_path, text=True,
            capture_output=True, env={**os.environ, **place(
                0, 2, server.getsockname()[1])})
    assert done.returncode == 1
    assert "Expected a free port" in done.stderr.splitlines()[-1]


@pytest.mark.long
def test_a_host_that_vanishes(tmp_path):
    """A network that falls silent, between processes that wait."""
    script = """
import threading
from lab import command_line, peers
def main():
    peers.meet()
    peers.team.agree({}, {})
    open(str(peers.team.number), "w")
    threading.Event().wait()
command_line.start(main)
"""
    (tmp_path / "0-main.py").write_text(script)
    both = f"""
ip link set lo up || exit 77
{sys.executable} 0-main.py 2> error-0 &
KERAS_DISTRIBUTION_PROCESS_ID=1 {sys.executable} 0-main.py 2> error-1 &
until [ -e 0 -a -e 1 ]; do sleep 0.1; done
ip link set lo down
wait
"""
    done = subprocess.run(
        ["sh", "-c", 'unshare -rn sh -c "$0" || exit 77', both], cwd=tmp_path,
        timeout=300, env={
            **os.environ, **place(0, 2, 1234),
            "PYTHONPATH": str(ROOT / "mains")})
    if done.returncode == 77:
        pytest.skip("may not make a network of its own")
    for number in 0, 1:
        assert (tmp_path / f"error-{number}").read_text() == (
            f"0-main.py: error: Process {1 - number} is gone.\n")


@with_jax
@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux has it")
def test_processes_are_batch_jobs(tmp_path):
    script = """
import os
from lab import distribution, peers
peers.meet()
assert distribution.join({}, word=str(peers.team.number))["word"] == "0"
assert os.sched_getscheduler(0) == os.SCHED_BATCH
distribution.leave()
"""
    results = launch(tmp_path, ["-c", script], ["-c", script],
                     PYTHONPATH=str(ROOT / "mains"))
    assert [status for status, *_ in results] == [0, 0], results


@with_jax
@pytest.mark.parametrize("name", [
    "0-main.py", pytest.param("3-main.py", marks=pytest.mark.long)])
def test_two_processes_find_the_history_of_one(name, small, here, tmp_path):
    sizes = "--limit", 300, "--hidden", 128, 64, "--latent", 32
    first, second = launch(
        tmp_path, *2 * [[ROOT / "mains" / name, *train(small, *sizes)]])
    assert first[0] == second[0] == 0, first + second
    assert "Trained" in first[1] and "Epoch" not in second[1]
    check_history(small, tmp_path, here, name, *sizes)


def test_shares_make_up_the_batch():
    images = np.random.default_rng(0).integers(
        0, 256, (23, 4), dtype="uint8")
    whole = batches.Batches(images, 10, True, seed=1)
    shares = [batches.Batches(images, 10, True, seed=1, share=(number, 3))
              for number in range(3)]
    assert [len(part) for part in (whole, *shares)] == [3] * 4
    for index, count in enumerate([9, 9, 3]):
        together = np.concatenate([part[index][0] for part in shares])
        assert (together == whole[index][0][:count]).all()
    # Two images left for three processes: left out.
    assert len(batches.Batches(images[:22], 10, True, share=(0, 3))) == 2


@with_jax
def test_alone_restores_what_it_suspended(request):
    """Also when the saving, for which it did so, fails."""
    request.addfinalizer(lambda: keras.distribution.set_distribution(None))
    distribution.spread()
    together = keras.distribution.distribution()
    assert together
    with pytest.raises(OSError), distribution.alone():
        assert keras.distribution.distribution() is None
        raise OSError("disk full")
    assert keras.distribution.distribution() is together


@pytest.mark.parametrize("addresses, count, process", [
    ("127.0.0.1:1", "2", None), ("127.0.0.1:1", "2", "2"),
    ("127.0.0.1:1", "two", "0"), (None, "2", "0"), ("127.0.0.1", "2", "0"),
    ("127.0.0.1:port", "2", "0"), ("127.0.0.1:65536", "2", "0")])
def test_incomplete_environment(addresses, count, process, monkeypatch, here,
                                record_property):
    for name, value in (("JOB_ADDRESSES", addresses),
                        ("NUM_PROCESSES", count), ("PROCESS_ID", process)):
        if value is not None:
            monkeypatch.setenv(f"KERAS_DISTRIBUTION_{name}", value)
    assert "Unusable KERAS_DISTRIBUTION_ var" in here("0-main.py", status=1)
    record_property("bad inputs refused", 1)


@pytest.mark.skipif(keras.backend.backend() == "jax",
                    reason="JAX can do it")
@pytest.mark.long
def test_several_processes_without_jax(small, tmp_path, record_property):
    command = [ROOT / "mains" / "0-main.py", *train(small)]
    check_ends(launch(tmp_path, command, command,
                      KERAS_BACKEND=keras.backend.backend()),
               None, "Several processes need JAX. Expected KERAS_BACKEND=jax")
    record_property("bad inputs refused", 1)
