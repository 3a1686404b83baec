"""The memory of this machine, and whether a model fits into it."""
import contextlib
import math
import os
from pathlib import Path

from lab.errors import InputError

LIMITS = ("/sys/fs/cgroup/memory.max",
          "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory():
    """Returns the bytes of memory that this machine, or container, has."""
    sizes = [math.inf]
    with contextlib.suppress(AttributeError, ValueError):  # Windows
        sizes.append(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # none, or "max"
            sizes.append(int(Path(path).read_text()))
    return min(sizes)


def check(weights, values, batch_size):
    """Checks that a model can be trained in the memory there is.

    Args:
        weights: Integer. Of the model.
        values: Integer. Numbers that its layers compute for one input.
        batch_size: Integer.

    Raises:
        InputError: If it cannot.
    """
    # Weights, their gradients, and the two moments that Adam keeps of these;
    # what each layer gives for a batch.
    needed = 4 * (4 * weights + batch_size * values)
    if needed > memory():
        raise InputError(
            "Too large a model for this machine. Expected at most "
            f"{memory() / 1e9:.1f} GB to train it. Received: about "
            f"{weights:,} weights, which need {needed / 1e9:.1f} GB. Choose "
            "smaller sizes or a smaller --batch-size.")
