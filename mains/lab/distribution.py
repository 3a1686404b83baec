"""One training on several processes or hosts, by `keras.distribution`."""
import contextlib
import os

import keras

from lab.errors import InputError

PREFIX = "KERAS_DISTRIBUTION_"


def place():
    """Finds this process among those that the launcher's environment names.

    Returns:
        Number of this process, from 0; number of all: `(0, 1)` if alone.

    Raises:
        InputError: If the environment is incomplete, or Keras computes with
            anything but JAX.
    """
    said = {name: os.environ.get(PREFIX + name) for name in (
        "JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")}
    if not any(said.values()):
        return 0, 1
    try:
        process, count = int(said["PROCESS_ID"]), int(said["NUM_PROCESSES"])
        if not (said["JOB_ADDRESSES"] and 0 <= process < count):
            raise ValueError
    except (TypeError, ValueError):
        raise InputError(
            f"Unusable {PREFIX} variables. Expected JOB_ADDRESSES, the first "
            "process's HOST:PORT, NUM_PROCESSES, and PROCESS_ID, of 0 to one "
            f"less. Received: {said}") from None
    if keras.backend.backend() != "jax":
        raise InputError(
            "Several processes need JAX. Expected KERAS_BACKEND=jax. "
            f"Received: {keras.backend.backend()}")
    return process, count


def join():
    """Joins the other processes, if there are any."""
    if place() == (0, 1):
        return
    if hasattr(os, "SCHED_BATCH"):
        # Threads that do not interrupt each other: the one that receives would
        # spin, waiting for a lock of the sending one that it interrupted.
        with contextlib.suppress(OSError):  # not allowed here: only slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    keras.distribution.initialize()


def spread():
    """Builds models from here on for training by all processes."""
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(auto_shard_dataset=False))


@contextlib.contextmanager
def alone():
    """Suspends data parallelism, while one process saves a model."""
    together = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(together)


def leave():
    """Ends what `join` and `spread` began; each process goes on alone."""
    import jax
    keras.distribution.set_distribution(None)
    jax.distributed.shutdown()
