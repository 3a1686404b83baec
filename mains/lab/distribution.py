"""One training on several processes or hosts, by `keras.distribution`."""
import contextlib
import os
import socket

import keras

from lab import links, peers
from lab.errors import InputError


def place():
    """Finds this process among those that train together.

    Returns:
        Number of this process, from 0; number of all: `(0, 1)` if alone.

    Raises:
        InputError: If Keras computes with anything but JAX.
    """
    if not peers.team or peers.team.left:
        return 0, 1
    if keras.backend.backend() != "jax":
        raise InputError(
            "Several processes need JAX. Expected KERAS_BACKEND=jax. "
            f"Received: {keras.backend.backend()}")
    return peers.team.number, peers.team.count


def join(settings, **sign):
    """Joins the other processes, if there are any, once all are ready.

    Args:
        settings: Dictionary, of what must be the same in all of them.
        **sign: What the others must know of the first one.

    Returns:
        What the first process gave as `sign`.
    """
    team = peers.team
    if place() == (0, 1):
        return sign
    with socket.create_server(("", 0)) as free:
        sign["port"] = free.getsockname()[1]
    sign = team.agree(settings, sign)
    if hasattr(os, "SCHED_BATCH"):
        # Threads that do not interrupt each other: the one that receives would
        # spin, waiting for a lock of the sending one that it interrupted.
        with contextlib.suppress(OSError):  # not allowed here: only slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    port = sign["port"]
    if team.number > 0:
        port = links.relay(team.host, port)
    if any(name.lower().endswith("_proxy") for name in os.environ):
        # Nor for what JAX connects to: gRPC knows only this spelling.
        os.environ["no_grpc_proxy"] = "127.0.0.1"  # noqa: SIM112
    keras.distribution.initialize(
        f"127.0.0.1:{port}", team.count, team.number)
    return sign


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
    peers.team.leave()
