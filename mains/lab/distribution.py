"""One training on several devices, or in several processes or hosts, by JAX.

Each device takes its part of the rows of every batch. Each process runs the
same command and makes the same batches. All but the first print nothing, keep
their files in a temporary folder, and end when the model is trained.
"""
import contextlib
import json
import os
import socket
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from lab.errors import InputError

PREFIX = "KERAS_DISTRIBUTION_"

# Seconds: in which all processes must start, after which one that is silent
# counts as dead, and for which one that ends waits for the others.
START, SILENCE, END = 35, 20, 20


def processes():
    """Returns how many processes train one model: as the user tells Keras, or
    Open MPI or Slurm tell the processes that they start.

    Raises:
        InputError: If that is not a number.
    """
    given = [os.environ[name] for name in (
        f"{PREFIX}NUM_PROCESSES", f"{PREFIX}JOB_ADDRESSES",
        "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS") if name in os.environ]
    if given and not given[0].isdecimal():
        raise InputError(
            "Unusable number of processes. Expected an integer in "
            f"{PREFIX}NUM_PROCESSES. Received: {given[0]}")
    return int(given[0]) if given else 1


def join(settings, output):
    """Joins the other processes, if there are any.

    Args:
        settings: Dictionary. What must be the same in all of them.
        output: Path or None. Where the user wants the files.

    Returns:
        Where this process writes files: `output` in the first, a temporary
        folder in the others.

    Raises:
        InputError: If settings differ, or the others cannot be joined.
    """
    if processes() < 2:
        return output
    if keras.backend.backend() != "jax":
        raise InputError(
            "Several processes need JAX. Expected KERAS_BACKEND=jax. "
            f"Received: {keras.backend.backend()}")
    import jax
    connect()
    compare({**settings, "keras": keras.__version__, "jax": jax.__version__})
    if jax.process_index() == 0:
        return output
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    join.folder = tempfile.TemporaryDirectory()  # until this process ends
    return Path(join.folder.name)


def connect():
    """Connects to the other processes, once all have started."""
    import jax
    # Else SIGTERM would be a hint to save, and not end the process.
    jax.config.update("jax_enable_preemption_service", False)
    # What the user does not say, JAX asks the launcher for.
    first, number = (os.environ.get(PREFIX + name, "").split(",")[0] or None
                     for name in ("JOB_ADDRESSES", "PROCESS_ID"))
    try:
        if first and number == "0":  # where JAX would crash without a word
            socket.create_server(("", int(first.split(":")[-1]))).close()
        jax.distributed.initialize(
            first, processes(), number and int(number),
            initialization_timeout=START, heartbeat_timeout_seconds=SILENCE,
            shutdown_timeout_seconds=END)
    except (LookupError, OSError, OverflowError, RuntimeError,
            ValueError) as error:
        raise InputError(
            f"Could not join {processes()} processes. Expected {PREFIX}"
            "JOB_ADDRESSES, HOST:PORT of the first one with a free port, and "
            "PROCESS_ID, from 0; or mpirun or srun. Received: "
            f"{first}, {number} ({str(error).splitlines()[0]})") from error


def compare(settings):
    """Checks that all processes have the same settings."""
    everyone = [json.loads(each)
                for each in gather(json.dumps(settings).encode())]
    for name in {**everyone[0], **everyone[-1]}:
        values = [each.get(name) for each in everyone]
        if values.count(values[0]) < len(values):
            raise InputError(
                "The processes do not train the same model. Expected the "
                f"same {name}. Received: {', '.join(map(str, values))}")


def gather(content):
    """Returns a list of the bytes that each process gives."""
    from jax.experimental.multihost_utils import process_allgather
    sizes = process_allgather(np.array([len(content)]))[:, 0]
    padded = np.frombuffer(content.ljust(max(sizes), b"\0"), "uint8")
    return [row[:size].tobytes()
            for row, size in zip(process_allgather(padded), sizes)]


def share(path):
    """Gives each process a copy of the first one's file, if that exists."""
    if processes() > 1:
        first, *_ = gather(path.read_bytes() if path.exists() else b"")
        if first:
            path.write_bytes(first)


class Devices(keras.distribution.DataParallel):
    """Data parallelism for batches of any size.

    Keras lays out all batches of an epoch as the first, and fails at a rest
    that does not divide. Here each device is given whole batches, of which
    `split` has it take its part; JAX pads these, and what it pads it masks.
    """

    def get_data_layout(self, data_shape):
        """Returns the layout of an array that each device has whole."""
        return keras.distribution.TensorLayout(
            [None] * len(data_shape), self.device_mesh)


def split(model):
    """Has each device, of several, compute with its part of the rows."""
    devices = keras.distribution.distribution()
    if devices is None:
        return
    rows = keras.distribution.TensorLayout(
        [devices.batch_dim_name], devices.device_mesh)

    def divided(step):
        return lambda state, data: step(state, keras.tree.map_structure(
            lambda array: keras.distribution.distribute_tensor(array, rows),
            data))

    model.train_step = divided(model.train_step)
    model.test_step = divided(model.test_step)


@contextlib.contextmanager
def spread():
    """Has all devices train what is built within, if there are several.

    Yields:
        Boolean. Whether there are several, which only JAX knows how to use.

    Raises:
        InputError: If another process has ended.
    """
    if keras.backend.backend() != "jax":
        yield False
        return
    import jax
    joined = jax.distributed.is_initialized()
    if jax.device_count() == 1 or joined != (processes() > 1):
        yield False  # alone, or left alone
        return
    try:
        with Devices(auto_shard_dataset=False).scope():
            yield True
    except InputError:
        raise
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        if not joined:
            raise
        raise InputError(
            "The training has ended, probably as another process has. Add "
            "--resume to start all again. Received: "
            f"{str(error).splitlines()[0]}") from error


def devices():
    """Returns how many devices there are, if several, for `config.json`."""
    if keras.backend.backend() == "jax":
        import jax
        if jax.device_count() > 1:
            return {"devices": jax.device_count()}
    return {}


def leave():
    """Ends the processes that were joined, all but the first."""
    if processes() > 1:
        import jax
        jax.distributed.shutdown()
        if jax.process_index() > 0:
            sys.exit()
