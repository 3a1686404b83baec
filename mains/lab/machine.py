"""What this machine has."""
import contextlib
import math
import os
from pathlib import Path

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
