"""Files that appear complete or not at all; folders of one run at a time."""
import contextlib
import itertools
import json
import os
import shutil
from pathlib import Path

from lab.errors import InputError
from lab.settings import is_run

try:
    import fcntl
except ImportError:  # Windows, where runs are not kept apart
    fcntl = None


class Busy(InputError):
    """A folder that another run is using."""


@contextlib.contextmanager
def written(path):
    """Gives a temporary path to write to, and renames it when that is done.

    Args:
        path: Path. The file to make or replace. The temporary one lies in the
            same folder, hidden, and has the same ending.

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


def write_json(path, content):
    """Writes a dictionary, indented for people."""
    with written(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def is_taken(folder):
    """Determines whether a folder holds anything but hidden files."""
    return folder.exists() and not folder.is_dir() or any(
        not path.name.startswith(".") for path in folder.glob("*"))


def choices(folder):
    """Yields a folder, and then those whose names are numbered after it."""
    yield folder
    for number in itertools.count(2):
        yield folder.with_name(f"{folder.name}-{number}")


@contextlib.contextmanager
def claimed(output, default, resume=False, overwrite=False):
    """Makes the folder of a run, and keeps other runs out of it.

    Args:
        output: Path that the user asks for, or None.
        default: Path to use without. Where it is taken, the next that is
            free: with `-2`, `-3`, ... after its name.
        resume: Boolean. Whether the run in the folder goes on; of the default
            folders, that in the last one.
        overwrite: Boolean. Whether the run in `output`, or in `default`
            without, is to be deleted.

    Yields:
        Path.

    Raises:
        InputError: If the folder cannot be made or used.
    """
    folder = output or default
    with contextlib.ExitStack() as stack:
        if output is None and resume:
            folder = last_run(default)
        if output is None and not (resume or overwrite):
            folder = first_free(default, stack)
        else:
            stack.enter_context(locked(folder))
        if is_taken(folder) and not is_run(folder):
            raise InputError(
                f"{folder} holds files that are not a run's. Expected a new "
                "or an empty folder, or one with a run. Choose another "
                "--output.")
        if is_run(folder) and not (resume or overwrite):
            raise InputError(
                f"{folder} holds a run. Expected a new or an empty folder. "
                "Add --resume to go on with that run or --overwrite to delete "
                "it and start afresh, or choose another --output.")
        if overwrite:
            empty(folder)
        try:
            yield folder
        finally:
            with contextlib.suppress(OSError):  # not if anything is in it
                folder.rmdir()


def first_free(default, stack):
    """Locks and returns the first empty folder."""
    for folder in choices(default):
        if not is_taken(folder):
            with contextlib.suppress(Busy):
                stack.enter_context(locked(folder))
                return folder


def last_run(default):
    """Returns the run with the highest number, or the default folder."""
    found = {1: default}
    for path in default.parent.glob(f"{default.name}-*"):
        number = path.name.removeprefix(f"{default.name}-")
        if number.isdecimal() and is_run(path):
            found[int(number)] = path
    return found[max(found)]


def empty(folder):
    """Deletes what is in a folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextlib.contextmanager
def locked(folder):
    """Makes a folder, if need be, and keeps other runs out of it.

    The lock goes with the process, however that ends.

    Raises:
        Busy: If another run is using the folder.
        InputError: If it cannot be made.
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
                raise Busy(
                    f"Another run is using {folder}. Expected a folder of its "
                    "own for each. Wait for its end, or choose another "
                    "--output.") from None
        yield
    finally:
        os.close(lock)
