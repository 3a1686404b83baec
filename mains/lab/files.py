"""Files that appear whole or not at all."""
import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def whole(path):
    """Gives a temporary path to write to, and renames it when that is done.

    Args:
        path: Path. The file to make or replace. The temporary one lies beside
            it and has the same ending.
    """
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
