"""One training on several devices, and in several processes."""
import importlib.util
import shutil
import socket
import time

import pytest
import scripts
from cases import SMALL
from lab import distribution
from lab.errors import InputError
from test_interruption import kill_and_resume

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("jax"), reason="needs JAX")
FOUR = {"KERAS_BACKEND": "jax",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
# Runs a script, of which one process ends as its second epoch begins.
ENDING = """
import os, runpy, signal, sys
from lab import progress
_, number, name, *sys.argv = sys.argv
begin = progress.Progress.on_epoch_begin
def begin_or_end(self, epoch, logs=None):
    begin(self, epoch, logs)
    if epoch == 1 and os.environ["KERAS_DISTRIBUTION_PROCESS_ID"] == number:
        signal.raise_signal(getattr(signal, name))
progress.Progress.on_epoch_begin = begin_or_end
runpy.run_path(sys.argv[0], run_name="__main__")
"""
TRAIN = ("--hidden", "--latent", 2, "--epochs", 3, "--batch-size", 64)


def place(number, port, count=2):
    """Returns the environment of one of several processes."""
    return {"KERAS_BACKEND": "jax",
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(number)}


@pytest.fixture
def launch(small, tmp_path, request):
    """Returns a function that starts a script in several processes: with such
    flags in each of them, or not at all for None."""
    def launch(*each, before=()):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        processes = [scripts.start(
            *before, "0-main.py", *map(str, [
                "--dataset", small, *TRAIN, "--output", "run", *flags]),
            folder=tmp_path, **place(number, port))
            for number, flags in enumerate(each) if flags is not None]
        for process in processes:
            request.addfinalizer(process.kill)
        return processes
    return launch


def ended(processes, timeout=500):
    """Returns how each of several processes ended."""
    return [scripts.end(process, timeout) for process in processes]


def near(one, two):
    """Checks that two runs have the same history but for rounding, and the
    same files."""
    assert set(scripts.files(one)) == set(scripts.files(two))
    assert len(scripts.history(one)) == len(scripts.history(two))
    for row, other in zip(scripts.history(one), scripts.history(two)):
        for name, value in row.items():
            assert float(value) == pytest.approx(float(other[name]), rel=1e-5)


@pytest.fixture(scope="session")
def alone(small, tmp_path_factory):
    """Returns the folder of a run on one device."""
    folder = tmp_path_factory.mktemp("alone")
    scripts.apart("0-main.py", "--dataset", str(small), *map(str, TRAIN),
                  folder=folder, KERAS_BACKEND="jax").printed()
    return folder / "runs" / "0-vanilla"


@pytest.fixture
def four(small, tmp_path, monkeypatch):
    """Returns a function that trains on four devices."""
    for name, value in FOUR.items():
        monkeypatch.setenv(name, value)
    return lambda *flags, status=0, **environment: scripts.apart(
        "0-main.py", "--dataset", str(small), *map(str, [*TRAIN, *flags]),
        folder=tmp_path, **environment).printed(status)


def test_four_devices_find_the_history_of_one(four, alone, tmp_path):
    """The last batches, of 44 and of 36 images, are shared out, too."""
    four()
    near(tmp_path / "runs" / "0-vanilla", alone)


@pytest.mark.long
def test_four_devices_killed_and_resumed(four, small, tmp_path):
    arguments = "--dataset", small, *map(str, TRAIN), "--epochs", "40"
    kill_and_resume("0-main.py", arguments, 2, tmp_path, seed=0)
    resume = "--output", "whole", "--resume", "--epochs", 41
    assert "devices 4" in four(*resume, XLA_FLAGS="", status=1)
    four(*resume, "--other-versions", XLA_FLAGS="")


@pytest.mark.long
@pytest.mark.parametrize("module", SMALL)
def test_every_module_trains_on_four_devices(module, tmp_path):
    script = """
import sys
import keras
import numpy as np
sys.path[:0] = sys.argv[2:]
from cases import SMALL, factory, shape
from lab import distribution
from lab.data.batches import Batches
from lab.data.scaling import scaling_of
module, histories = sys.argv[1], []
x = np.random.default_rng(0).random((41, *shape(module)), "float32")
batches = Batches(x, None, scaling_of("x", x, x), 8, False)  # a rest of 1
def fit():
    keras.utils.set_random_seed(0)
    *_, auto = factory(module)(*SMALL[module])
    distribution.split(auto)
    histories.append(auto.fit(batches, epochs=3, shuffle=False, verbose=0,
                              validation_data=batches).history)
    return auto.weights[0].value.sharding.device_set
assert len(fit()) == 1
with distribution.spread() as several:
    assert several and len(fit()) == 4
for name, losses in histories[0].items():
    np.testing.assert_allclose(losses, histories[1][name], rtol=1e-5)
"""
    scripts.apart("-c", script, module, str(scripts.ROOT), str(
        scripts.ROOT / "tests"), folder=tmp_path, **FOUR).printed()


@pytest.mark.parametrize("number, signal", [("0", "SIGKILL"), *(
    pytest.param(*case, marks=pytest.mark.long) for case in [
        ("1", "SIGKILL"), ("0", "SIGTERM"), ("1", "SIGTERM"),
        ("0", "SIGINT"), ("1", "SIGINT")])])
def test_one_process_ends(number, signal, launch, alone, tmp_path):
    """So does the other one; started again, they find the history of one."""
    processes = launch(*2 * [[]], before=("-c", ENDING, number, signal))
    processes[int(number)].wait()
    # Both within 60 seconds.
    for process in ended(processes, 60):
        assert process.status != 0
    assert len(scripts.history(tmp_path / "run")) == 1
    first, second = ended(launch(*2 * [["--resume"]]))
    assert "Going on after epoch 1\n" in first.printed()
    assert "poch" not in second.printed()
    near(tmp_path / "run", alone)


@pytest.mark.long
@pytest.mark.parametrize("flags", [
    ([], None), (None, []), ([], ["--epochs", "few"]),
    (["--dataset", "none.npz"], []), (["--output", "/dev/null"], [])])
def test_a_process_that_refuses_or_never_starts(flags, launch):
    started = time.monotonic()
    for process in ended(launch(*flags)):
        assert process.status != 0
    # 60 are promised; the machine may be busy.
    assert time.monotonic() - started < 90


def test_processes_that_differ(launch, tmp_path):
    for process in ended(launch([], ["--epochs", 5])):
        assert "epochs" in process.printed(status=1).splitlines()[-1]
    assert not (tmp_path / "run").exists()


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("mpirun"), reason="needs Open MPI")
def test_two_processes_of_open_mpi(small, alone, tmp_path):
    script = """
import os, sys
os.execvp("mpirun", ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n",
                     "2", sys.executable, *sys.argv[1:]])
"""
    scripts.apart("-c", script, "0-main.py", "--dataset", str(small),
                  *map(str, TRAIN), folder=tmp_path,
                  KERAS_BACKEND="jax").printed()
    near(tmp_path / "runs" / "0-vanilla", alone)


@pytest.mark.parametrize("flags", [
    ("0-main.py", "--folds", 2), ("sizes.py", "--sizes", 2, 4)])
def test_one_process_for_several_models(flags, small, here, monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "2")
    error = here(*flags, "--dataset", small, status=1)
    assert "Expected one process" in error.splitlines()[-1]


def test_environments_that_cannot_be_used(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "127.0.0.1:1")
    for count in None, "two":
        if count:
            monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", count)
        with pytest.raises(InputError, match="number of processes"):
            distribution.processes()
    script = """
import os, sys
from lab import distribution, errors
for number, address in zip("000012", sys.argv[1:]):
    os.environ.update(KERAS_DISTRIBUTION_JOB_ADDRESSES=address,
                      KERAS_DISTRIBUTION_PROCESS_ID=number)
    try:
        sys.exit(f"joined {distribution.join({}, None)}")
    except errors.InputError as error:
        print(error)
"""
    with socket.create_server(("", 0)) as taken:
        printed = scripts.apart(
            "-c", script, f"127.0.0.1:{taken.getsockname()[1]}", "127.0.0.1",
            "127.0.0.1:port", "127.0.0.1:65536", "127.0.0.1", "127.0.0.1:1",
            folder=tmp_path, **place(0, 0)).printed()
    assert printed.count("Could not join 2 processes.") == 6
