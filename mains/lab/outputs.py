"""Results of a trained model, written a part at a time."""
import contextlib
import csv
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from lab import files
from lab.errors import InputError


@contextlib.contextmanager
def rows(target, stream, title, header):
    """Gives a function that adds rows to a `.csv` file.

    Args:
        target: Path, or None for `stream`.
        stream: File to write to instead.
        title: String. Names the first column, of the inputs' names.
        header: List of strings. Names the others.
    """
    with contextlib.ExitStack() as stack:
        if target is not None:
            temporary = stack.enter_context(files.written(target))
            stream = stack.enter_context(
                open(temporary, "w", encoding="utf-8", newline=""))
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([title, *header])

        def add(names, arrays):
            flat = [array.reshape(len(names), -1) for array in arrays.values()]
            for name, *parts in zip(names, *flat):
                # The shortest text that reads back as the same number.
                writer.writerow(
                    [name, *(str(number) for part in parts
                             for number in part)])

        yield add
        stream.flush()


@contextlib.contextmanager
def arrays(target, count):
    """Gives a function that adds to the arrays of a `.npz` file, which also
    has the inputs' names, or to the one of a `.npy` file."""
    names, opened = [], {}
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(files.written(target))
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(dir=target.parent, prefix="."))
        opened_files = stack.enter_context(contextlib.ExitStack())

        def begin(key, array):
            file = opened_files.enter_context(
                open(Path(folder, f"{key}.npy"), "wb"))
            np.lib.format.write_array_header_1_0(file, {
                "descr": array.dtype.str, "fortran_order": False,
                "shape": (count, *array.shape[1:])})
            return file

        def add(some, arrays):
            names.extend(some)
            for key, array in arrays.items():
                if key not in opened:
                    opened[key] = begin(key, array)
                opened[key].write(np.ascontiguousarray(array))

        yield add
        opened_files.close()
        if target.suffix.lower() == ".npy":
            os.replace(Path(folder, f"{[*opened][0]}.npy"), temporary)
            return
        np.save(Path(folder, "names.npy"), np.array(names))
        with zipfile.ZipFile(temporary, "w", allowZip64=True) as archive:
            for key in ("names", *opened):
                archive.write(Path(folder, f"{key}.npy"), f"{key}.npy")


@contextlib.contextmanager
def pictures(folder, channels, depth="uint8"):
    """Gives a function that adds images of 0 to 1 to a folder of PNG files.

    Args:
        folder: Path. It appears once all are written.
        channels: Integer. Of the images.
        depth: `"uint8"` or `"uint16"`.

    Raises:
        InputError: If PNG files do not hold such images.
    """
    if channels > (4 if depth == "uint8" else 1):
        raise InputError(
            "PNG files hold up to four channels, of 16 bits one. Received: "
            f"images with {channels} channels, to be written as {depth}. "
            "Choose an --output ending in .npz, and leave --maps out.")
    most = np.iinfo(depth).max
    parent = tempfile.TemporaryDirectory(dir=folder.parent, prefix=".")
    hidden = Path(parent.name, folder.name)

    def add(names, images):
        for name, image in zip(names, images):
            path = hidden / png(name)
            if path.exists():
                raise InputError(
                    "Two images of one name. Expected names that differ "
                    f"before their ending. Received: {name} twice. Rename "
                    "one, or choose an --output ending in .npz.")
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = (image * most).round().astype(depth)
            Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1
                            else pixels).save(path)

    with parent:
        hidden.mkdir()
        yield add
        os.replace(hidden, folder)


def png(name):
    """Returns the name of a PNG file for an input of a name, or a number."""
    return Path(f"{name}.png" if isinstance(name, int) else name).with_suffix(
        ".png")
