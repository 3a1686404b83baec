"""Several processes that train one model."""
import os
import signal
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from lab import datasets, hosts, training
from lab.errors import InputError
from test_mains import ROOT


def free_port():
    """Returns a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def launch(name, count, folder, *arguments):
    """Runs a main in `count` processes; returns what each printed."""
    variables = [{} if count == 1 else {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
        "KERAS_DISTRIBUTION_PROCESS_ID": str(number)}
        for port in [free_port()] for number in range(count)]
    processes = [subprocess.Popen(
        [sys.executable, ROOT / "mains" / name, *map(str, arguments)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "DISPLAY": "", **more}) for more in variables]
    try:
        printed = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
    for process, (_, error) in zip(processes, printed):
        assert process.returncode == 0, error
    return [output for output, _ in printed]


@pytest.mark.skipif(keras.backend.backend() != "jax",
                    reason="several processes need JAX")
@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux has it")
def test_processes_are_batch_jobs():
    done = subprocess.run(
        [sys.executable, "-c", "import os; from lab import hosts; "
         "hosts.join(); assert os.sched_getscheduler(0) == os.SCHED_BATCH"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "mains"),
             "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{free_port()}",
             "KERAS_DISTRIBUTION_NUM_PROCESSES": "1",
             "KERAS_DISTRIBUTION_PROCESS_ID": "0"})
    assert done.returncode == 0


@pytest.mark.skipif(keras.backend.backend() != "jax",
                    reason="several processes need JAX")
@pytest.mark.parametrize("name", ["0-main.py", "3-main.py"])
def test_two_processes_find_the_history_of_one(name, small, tmp_path):
    arguments = "--dataset", small, "--epochs", 3, "--batch-size", 64
    launch(name, 1, tmp_path, *arguments, "--output", "one")
    first, second = launch(name, 2, tmp_path, *arguments, "--output", "two")
    assert "Trained" in first and "Epoch" not in second
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(
        path.name for path in (tmp_path / "two").iterdir())
    one, two = (training.read_history(tmp_path / folder / "history.csv")
                for folder in ("one", "two"))
    assert len(one) == len(two) == 3
    for row, other in zip(one, two):
        assert row == pytest.approx(other, rel=1e-5)


def test_shares_make_up_the_batch():
    images = np.random.default_rng(0).integers(
        0, 256, (23, 4), dtype="uint8")
    whole = datasets.Batches(images, 10, True, seed=1)
    shares = [datasets.Batches(images, 10, True, seed=1, share=(number, 3))
              for number in range(3)]
    assert [len(part) for part in (whole, *shares)] == [3] * 4
    for index, count in enumerate([9, 9, 3]):
        together = np.concatenate([part[index][0] for part in shares])
        assert (together == whole[index][0][:count]).all()
    # Two images left for three processes: left out.
    assert len(datasets.Batches(images[:22], 10, True, share=(0, 3))) == 2


@pytest.mark.parametrize("addresses, count, process", [
    ("127.0.0.1:1", "2", None), ("127.0.0.1:1", "2", "2"),
    ("127.0.0.1:1", "two", "0"), (None, "2", "0")])
def test_incomplete_environment(addresses, count, process, monkeypatch,
                                record_property):
    for name, value in (("JOB_ADDRESSES", addresses),
                        ("NUM_PROCESSES", count), ("PROCESS_ID", process)):
        if value is not None:
            monkeypatch.setenv(f"KERAS_DISTRIBUTION_{name}", value)
    with pytest.raises(InputError, match="Unusable KERAS_DISTRIBUTION_ var"):
        hosts.join()
    record_property("bad inputs refused", 1)


@pytest.mark.skipif(keras.backend.backend() == "jax",
                    reason="JAX can do it")
def test_several_processes_without_jax(monkeypatch, small, here,
                                       record_property):
    for name, value in (("JOB_ADDRESSES", "127.0.0.1:1"),
                        ("NUM_PROCESSES", "2"), ("PROCESS_ID", "0")):
        monkeypatch.setenv(f"KERAS_DISTRIBUTION_{name}", value)
    error = here("0-main.py", "--dataset", small, status=1)
    assert "Several processes need JAX. Expected KERAS_BACKEND=jax" in error
    record_property("bad inputs refused", 1)
