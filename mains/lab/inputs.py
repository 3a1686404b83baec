"""New data for a trained model: named, checked, read a part at a time."""
import dataclasses
import glob
import math
import os
import zipfile
from pathlib import Path

import numpy as np

from lab import datasets, known, reading
from lab.errors import InputError
from lab.scaling import extremes, scaling_of
from lab.tables import Table, shown

NUMBERS = 2 ** 23  # in a part; 32 MB in single precision
KEYS = ("x", "x_test", "x_train")  # of an archive, the first that is there
EXPECTED = "a .npz file of plain arrays, as numpy.savez writes it."


@dataclasses.dataclass
class Inputs:
    """Images, or the rows of a table.

    Attributes:
        source: String. What the user calls them.
        shape: Tuple. Of one of them, `(height, width, channels)` or
            `(columns,)`.
        dtype: Data type of their numbers.
        count: Integer.
        read: Function of a number of inputs that yields their names and an
            array, so many at a time.
    """

    source: str
    shape: tuple
    dtype: np.dtype
    count: int
    read: object

    def parts(self):
        """Yields names and values, in parts of bounded memory.

        A part is a multiple of 32, as many as Keras predicts at once: so the
        results have the same bits as those of one `predict`.
        """
        size = min(8192, NUMBERS // math.prod(self.shape)) // 32 * 32
        return self.read(max(32, size))

    def scaling(self, dtype, scaling):
        """Returns how they are scaled for a model.

        Args:
            dtype: Data type that the model was trained on.
            scaling: `Scaling` of that. Tables, and images of this type, are
                scaled by it; other images by the rule of their own type.
        """
        kinds = {self.dtype.kind, dtype.kind}
        if len(self.shape) == 1 or self.dtype == dtype or kinds == {"f"}:
            return scaling
        ends = np.array([extremes(values) for _, values in self.parts()])
        ends = ends.astype(self.dtype).reshape(-1, 1, 1, 1)
        return scaling_of(self.source, ends, ends)


def find(source, columns=None, names=None):
    """Finds new data.

    Args:
        source: String. A known data set, of which its test part counts; a
            `.npz` file, of which the first of `KEYS` counts; a `.csv` file;
            a folder of images, an image, or a pattern that finds some.
        columns: List of strings, or None for all. Columns of a table.
        names: String or None. A table's column of names, if it is there.

    Returns:
        `Inputs`.

    Raises:
        InputError: If there are none, or they cannot be read.
    """
    path = Path(source)
    if source in known.KNOWN or source == "glyphs":
        images = datasets.load(source).test
        inputs = of_parts(source, images.shape, images.dtype,
                          lambda size: split(images, size))
    elif datasets.is_csv(source):
        inputs = of_table(source, Table(path, names=names, columns=columns))
    elif path.suffix.lower() == ".npz" and path.is_file():
        inputs = of_archive(source, path)
    else:
        inputs = of_images(source, path)
    if inputs.count < 1:
        raise InputError(
            f"No inputs. Expected at least one. Received: {source}")
    return inputs


def of_parts(source, shape, dtype, read):
    """Makes `Inputs` of arrays that come in parts; numbers are their names."""
    count, *shape = shape
    shape = (*shape, 1) if len(shape) == 2 else tuple(shape)

    def numbered(size):
        start = 0
        for values in read(size):
            yield (range(start, start + len(values)),
                   values.reshape(-1, *shape))
            start += len(values)

    return Inputs(source, shape, dtype, count, numbered)


def split(values, size):
    """Yields the parts of an array."""
    for start in range(0, len(values), size):
        yield values[start:start + size]


def of_table(source, table):
    """Makes `Inputs` of a table, once every cell is found to be sound."""
    shape = len(table.columns),
    count = sum(len(values) for values, *_ in table.parts(1024))
    aside = [name for name in table.header
             if name not in (*table.columns, table.names)]
    if aside:
        print(f"Columns of {source} that are not used: {shown(aside)}")
    if table.names not in table.header:
        return of_parts(
            source, (count, *shape), np.dtype("float64"),
            lambda size: (values for values, *_ in table.parts(size)))
    return Inputs(source, shape, np.dtype("float64"), count, lambda size: (
        (names, values) for values, _, names in table.parts(size)))


def of_archive(source, path):
    """Makes `Inputs` of an array in a `.npz` file."""
    with reading.sound(path, EXPECTED), zipfile.ZipFile(path) as archive:
        held = archive.namelist()
        key = next((key for key in KEYS if f"{key}.npy" in held), None)
        if key is None:
            raise InputError(
                f"No array to apply a model to. Expected {shown(KEYS)}. "
                f"Received: {source} with {shown(held)}")
        with archive.open(f"{key}.npy") as member:
            shape, fortran, dtype = reading.read_header(member)
    if dtype.kind not in "buif" or len(shape) not in (2, 3, 4):
        raise InputError(
            f"Unusable {key} in {source}. Expected numbers of shape (count, "
            "height, width), (count, height, width, channels) or (count, "
            f"columns). Received: {dtype} of shape {shape}")

    def stream(size):
        width = math.prod(shape[1:]) * dtype.itemsize
        with zipfile.ZipFile(path) as archive, archive.open(
                f"{key}.npy") as member:
            reading.read_header(member)
            for start in range(0, shape[0], size):
                length = min(size, shape[0] - start) * width
                content = member.read(length)
                if len(content) < length:
                    raise ValueError(f"bytes are missing in {key}")
                yield np.frombuffer(content, dtype).reshape(-1, *shape[1:])

    def unpacked(size):  # columns first: not to be had in order
        with np.load(path, allow_pickle=False) as archive:
            yield from split(reading.unpack(archive, key), size)

    return of_parts(source, shape, dtype, lambda size: reading.guarded(
        (unpacked if fortran else stream)(size), path, EXPECTED))


def of_images(source, path):
    """Makes `Inputs` of image files; paths in their folder are their names."""
    if path.is_dir():
        root, paths = path, reading.list_images(path)
    else:
        found = [source] if path.is_file() else glob.glob(
            source, recursive=True)
        paths = [Path(os.path.abspath(name)) for name in sorted(found)
                 if name.lower().endswith(reading.ENDINGS)
                 and os.path.isfile(name)]
        root = os.path.commonpath([one.parent for one in paths] or ["."])
    if not paths:
        raise InputError(
            "No inputs. Expected mnist, fashion_mnist, glyphs, a .npz or .csv "
            "file, a folder of images, an image or a pattern of such "
            f"({', '.join(reading.ENDINGS)}). Received: {source}")
    kind, shape = reading.look(paths)

    def read(size):
        for some in split(paths, size):
            pixels = b"".join(
                reading.decode(one, kind, shape) for one in some)
            yield ([one.relative_to(root).as_posix() for one in some],
                   np.frombuffer(pixels, kind).reshape(-1, *shape))

    return Inputs(source, shape, np.dtype(kind), len(paths), read)
