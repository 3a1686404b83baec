"""Files that appear whole or not at all, in a folder of one run at a time."""
import contextlib
import os
from pathlib import Path

from lab.command_line import InputError

try:
    import fcntl
except ImportError:  # Windows, where runs are not kept apart
    fcntl = None


@contextlib.contextmanager
def whole(path):
    """Gives a temporary path to write to, and renames it when that is done.

    Args:
        path: Path. The file to make or replace. The temporary one lies beside
            it, hidden, and has the same ending.

    Raises:
        InputError: If it cannot be written; what was there before stays.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # on disk before it bears the name
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"Could not write {path}: {error.strerror or error}. Expected a "
            "disk with space and a folder that may be written to. Mend that, "
            "or choose another --output.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def locked(folder):
    """Makes a folder, if need be, and keeps other runs out of it.

    The lock goes with the process, however that ends.

    Raises:
        InputError: If another run is using the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Could not make the folder {folder}: {error.strerror}. Expected "
            "a path where one may be made. Choose another --output."
        ) from error
    if fcntl is None:
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"Another run is using {folder}. Expected a folder of its "
                    "own for each. Wait for its end, or choose another "
                    "--output.") from None
        yield
    finally:
        os.close(lock)
