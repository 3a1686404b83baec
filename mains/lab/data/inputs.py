"""New data for a trained model: named, checked, read a part at a time."""
import dataclasses
import glob
import math
import os
from pathlib import Path

import numpy as np

from lab.data import datasets, known, reading
from lab.data.columns import features
from lab.data.scaling import extremes, scaling_of
from lab.data.tables import ENDINGS, Table, is_table, shown
from lab.errors import InputError

NUMBERS = 2 ** 23  # in a part; 32 MB in single precision
KEYS = ("x", "x_test", "x_train")  # of an archive, the first that is there


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
                scaled by it; other images by the rule of their type.
        """
        kinds = {self.dtype.kind, dtype.kind}
        if len(self.shape) == 1 or self.dtype == dtype or kinds == {"f"}:
            return scaling
        ends = np.array([extremes(values) for _, values in self.parts()])
        ends = ends.astype(self.dtype).reshape(-1, 1, 1, 1)
        return scaling_of(self.source, ends, ends)


def find(source, columns=None, names=None, shape=()):
    """Finds new data.

    Args:
        source: String. A known data set, of which its test part counts; a
            `.npz` file, of which the first of `KEYS` counts; a table; a folder
            of images, an image, or a pattern that finds some.
        columns: Dictionary, or None for all. Columns of a table.
        names: String or None. A table's column of names, if it is there.
        shape: Tuple. Of one input of the run that they are for.

    Returns:
        `Inputs`.

    Raises:
        InputError: If there are none, or they cannot be read.
    """
    path = Path(source)
    if source in known.KNOWN or source == "glyphs":
        inputs = of_array(source, datasets.load(source).test)
    elif is_table(source):
        inputs = of_table(source, Table(path, names=names, columns=columns))
    elif path.suffix.lower() == ".npz" and path.is_file():
        inputs = of_archive(source, path, shape)
    else:
        inputs = of_images(source, path)
    if inputs.count < 1:
        raise InputError(
            f"No inputs. Expected at least one. Received: {source}")
    return inputs


def of_array(source, values):
    """Makes `Inputs` of an array; numbers are their names."""
    if values.ndim == 3:
        values = values[..., None]
    return Inputs(
        source, values.shape[1:], values.dtype, len(values), lambda size: (
            (range(start, start + len(part)), part)
            for start, part in split(values, size)))


def split(values, size):
    """Yields the parts of a sequence, and where each starts."""
    for start in range(0, len(values), size):
        yield start, values[start:start + size]


def of_table(source, table):
    """Makes `Inputs` of a table, once every cell is checked."""
    shape = len(features(table.columns)),
    count = sum(len(values) for values, *_ in table.parts(1024))
    for name, (line, cell) in table.unseen.items():
        print(f"A category that the run has not seen in {source}: {cell!r} in "
              f"line {line}, column {name!r}, for one. It counts as none of "
              f"{shown(table.columns[name])}.")
    aside = [name for name in table.header
             if name not in (*table.columns, table.names)]
    if aside:
        print(f"Columns of {source} that are not used: {shown(aside)}")

    def read(size):
        start = 0
        for values, _, names in table.parts(size):
            yield names or range(start, start + len(values)), values
            start += len(values)

    return Inputs(source, shape, np.dtype("float64"), count, read)


def of_archive(source, path, shape):
    """Makes `Inputs` of an array in a `.npz` file, in rows for a table."""
    key, array = next(iter(sorted(
        reading.read_arrays(path, KEYS).items(),
        key=lambda item: KEYS.index(item[0]))))
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3, 4):
        raise InputError(
            f"Unusable {key} in {source}. Expected numbers of shape (count, "
            "height, width), (count, height, width, channels) or (count, "
            f"columns). Received: {array.dtype} of shape {array.shape}")
    if len(shape) == 1 and math.prod(array.shape[1:]) == shape[0]:
        array = array.reshape(len(array), -1)
    return of_array(source, array)


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
            "No inputs. Expected mnist, fashion_mnist, glyphs, a .npz file, a "
            f"table ({', '.join(ENDINGS)}), a folder of images, an image or a "
            f"pattern of such ({', '.join(reading.ENDINGS)}). Received: "
            f"{source}")
    kind, shape = reading.look(paths)

    def read(size):
        for _, part in split(paths, size):
            pixels = b"".join(
                reading.decode(each, kind, shape) for each in part)
            yield ([each.relative_to(root).as_posix() for each in part],
                   np.frombuffer(pixels, kind).reshape(-1, *shape))

    return Inputs(source, shape, np.dtype(kind), len(paths), read)
