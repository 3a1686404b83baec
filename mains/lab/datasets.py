"""Data sets: the known ones, a user's arrays, a folder of images."""
import dataclasses
import hashlib
import math
import operator
import os
import shutil
import tempfile
import threading
import urllib.request
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from lab import ROOT
from lab.command_line import InputError
from lab.glyphs import glyphs

KNOWN = ("mnist", "fashion_mnist")
ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
ARRAYS = ("x_train", "x_test", "y_train", "y_test")
PATIENCE = 10  # seconds to wait for a network that does not answer


@dataclasses.dataclass
class Dataset:
    """Images to train on and to test on.

    Attributes:
        name: String. What the user calls it.
        train, test: Arrays of shape `(count, height, width, channels)`, or
            `(count, columns)` for a table; integers of 0 to 255, or floats of
            0 to 1. Large ones are mapped from a file.
        labels: Array `(count,)`, of the test images, or None.
        train_labels: The same, of the training images.
        sha256: String. Of all that was read, `--limit` aside.
        draw: Function or None. What `Batches` to train on draw.
    """

    name: str
    train: object
    test: object
    labels: object
    train_labels: object
    sha256: str
    draw: object = None

    @property
    def shape(self):
        """Shape of one image."""
        return tuple(self.train.shape[1:])

    @property
    def size(self):
        """Numbers in one image."""
        return math.prod(self.shape)

    def __str__(self):
        size = " x ".join(map(str, self.shape))
        return (f"{self.name} ({len(self.train)} training and "
                f"{len(self.test)} test images, {size})")


class Batches(keras.utils.PyDataset):
    """Batches of images as input and target, scaled to [0, 1].

    The order depends on `seed` and `epoch` alone, so that a run can be taken
    up at any epoch. Without a seed the images come in their own order.

    Args:
        images: Array.
        batch_size: Integer.
        flat: Boolean. Whether to make each image one row of numbers.
        seed: Integer or None.
        rows: Array of integers, or None for all. The images to use.
        draw: Function or None. Makes of images and a random generator an input
            and a target, anew in each epoch.
        share: Two integers. Which part of each batch to give, of how many, as
            `hosts.join` says; a rest that cannot be shared out is left out.
    """

    def __init__(self, images, batch_size, flat, seed=None, rows=None,
                 draw=None, share=(0, 1)):
        super().__init__()
        self.draw, self.share = draw, share
        self.images, self.batch_size, self.flat = images, batch_size, flat
        self.seed = seed
        self.rows = np.arange(len(images)) if rows is None else rows
        self.start_epoch(0)

    def start_epoch(self, epoch):
        """Shuffles the images as `seed` and `epoch` say."""
        self.epoch, self.order = epoch, self.rows.copy()
        if self.seed is not None:
            np.random.default_rng((self.seed, epoch)).shuffle(self.order)

    def __len__(self):
        whole, rest = divmod(len(self.order), self.batch_size)
        _, count = self.share
        return whole + (rest >= count)

    def __getitem__(self, index):
        start = index * self.batch_size
        rows = self.order[start:start + self.batch_size]
        number, count = self.share
        size = len(rows) // count
        part = slice(number * size, (number + 1) * size)
        if not self.draw:
            inputs = self.prepare(self.images[rows[part]])
            return inputs, inputs
        random = np.random.default_rng((self.seed, self.epoch, index))
        inputs, targets = self.draw(self.prepare(self.images[rows]), random)
        return inputs[part], targets[part]

    def all(self):
        """Returns all images at once, in their own order."""
        return self.prepare(self.images[self.rows])

    def prepare(self, images):
        """Returns images as the model takes them: float32 of 0 to 1."""
        values = images.astype("float32")
        if np.issubdtype(images.dtype, np.integer):
            values /= 255
        return values.reshape(len(values), -1) if self.flat else values


def drawn(images, random):
    """Draws each pixel as 0 or 1, 1 with its value as probability."""
    chances = random.random(images.shape, dtype="float32")
    return (chances < images).astype("float32")


def drawn_alike(images, random):
    """Draws the pixels of input and target, the same ones."""
    pixels = drawn(images, random)
    return pixels, pixels


def decode(paths):
    """Reads image files of one size, into a temporary file that is mapped to
    memory: a folder may be larger than that.

    Args:
        paths: List of paths.

    Returns:
        Array of bytes, `(count, height, width, channels)`.

    Raises:
        InputError: If a file is no image, or differs in size from the first.
    """
    modes = set()
    for path in paths:
        try:
            with Image.open(path) as image:
                size, mode = image.size, image.mode
        except (OSError, Image.DecompressionBombError) as error:
            raise InputError(
                "Not an image that can be read. Received: "
                f"{path} ({error}). Remove or replace it.") from None
        if path == paths[0]:
            width, height = size
        if size != (width, height):
            raise InputError(
                f"Images of different sizes. Expected all to be {width} x "
                f"{height}, as {paths[0]} is. Received: {path} of {size[0]} x "
                f"{size[1]}. Resize them first.")
        modes.add(mode)
    mode, channels = ("L", 1) if modes <= {"1", "L"} else ("RGB", 3)

    def pixels():
        for path in paths:
            try:
                with Image.open(path) as image:
                    content = image.convert(mode).tobytes()
            except OSError as error:
                raise InputError(
                    f"Damaged image. Received: {path} ({error}). Remove or "
                    "replace it.") from None
            yield content

    return mapped(pixels(), "uint8", (len(paths), height, width, channels))


def mapped(pieces, dtype, shape, order="C"):
    """Writes pieces of bytes into a temporary file, and maps it to memory.

    Returns:
        Array of that type and shape; the system reads its parts when needed.
    """
    with tempfile.TemporaryFile() as file:
        file.writelines(pieces)
        file.flush()
        return np.asarray(np.memmap(file, dtype, "r+", 0, shape, order))


def load(name, limit=None, missing=False, labelled=False, binarize=None,
         seed=0):
    """Loads a data set.

    Args:
        name: String. `"auto"`, `"mnist"`, `"fashion_mnist"`, `"glyphs"`, the
            path of a `.npz` file or of a folder of images.
        limit: Integer or None. Number of training images to keep.
        missing: Boolean. Whether floats of a `.npz` file may be NaN.
        labelled: Boolean. Whether labels are needed.
        binarize: None, `"fixed"` or `"dynamic"`. Whether to draw pixels as 0
            or 1, and those to train on once or anew in each epoch.
        seed: Integer. For the draws of that.

    Returns:
        `Dataset`.

    Raises:
        InputError: If the data cannot be had or cannot be used.
    """
    if name == "auto":
        try:
            dataset = load("mnist")
        except NotAvailable as error:
            print(f"{error}\nTraining on glyphs instead: digits drawn from "
                  "Matplotlib's fonts.")
            dataset = load("glyphs")
    elif name == "glyphs":
        (train, train_labels), (test, labels) = glyphs()
        dataset = from_arrays(name, train, test, labels, train_labels)
    elif name in KNOWN:
        dataset = find(name)
    elif name and Path(name).is_dir():
        dataset = read_folder(name)
    elif Path(name).suffix == ".npz":
        dataset = read_arrays(name, Path(name), missing)
    else:
        raise InputError(
            "Invalid value for --dataset. Expected auto, mnist, "
            "fashion_mnist, glyphs, a .npz file or an existing folder of "
            f"images. Received: {name}")
    if labelled and (dataset.labels is None or dataset.train_labels is None):
        raise InputError(
            "Labels are needed. Expected y_train and y_test. Received: "
            f"{name} without. Add them, or use another data set.")
    dataset.train = dataset.train[:limit]
    if dataset.train_labels is not None:
        dataset.train_labels = dataset.train_labels[:limit]
    if binarize:
        dataset.name += f", {binarize} binarised"
        dataset.test = binarised(dataset.test, (seed, 1))
        if binarize == "fixed":
            dataset.train = binarised(dataset.train, (seed, 0))
        else:
            dataset.draw = drawn_alike
    return dataset


def binarised(images, seed):
    """Draws each pixel of an array as 0 or 255, once and for all."""
    values = images / np.float32(255) if images.dtype.kind in "ui" else images
    random = np.random.default_rng(seed)
    return (255 * drawn(values, random)).astype("uint8")


class NotAvailable(InputError):
    """A known data set that is neither on this machine nor to be fetched."""


def find(name):
    """Finds a known data set on this machine, or has Keras download it."""
    home = Path(os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras")))
    folders = [os.environ.get("AUTOENCODERS_DATA"), ROOT / "data",
               home / "datasets"]
    for folder in filter(None, folders):
        path = Path(folder, f"{name}.npz")
        if path.exists():
            return read_arrays(name, path)
    cached = home / "datasets" / name.replace("_", "-")
    if not cached.is_dir() and not reachable(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"):
        raise NotAvailable(
            f"{name} is not on this machine, and its server does not answer. "
            f"Put {name}.npz into data/, or into a folder that "
            "AUTOENCODERS_DATA names.")
    try:
        (train, train_labels), (test, labels) = getattr(
            keras.datasets, name).load_data()
    except Exception as error:  # Keras raises bare ones for a failed download.
        raise NotAvailable(
            f"Keras could not load {name} ({error}). Put {name}.npz into "
            "data/, or into a folder that AUTOENCODERS_DATA names.") from error
    return from_arrays(name, train, test, labels, train_labels)


def reachable(address):
    """Tells within `PATIENCE` seconds whether a server answers."""
    answered = threading.Event()

    def ask():
        try:
            urllib.request.urlopen(address, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            pass
        except OSError:
            return
        answered.set()

    # In a thread of its own, for looking up a name knows no time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answered.is_set()


def read_arrays(name, path, missing=False):
    """Reads `x_train`, `x_test` and, if there, labels from a `.npz` file."""
    try:
        with open(path, "rb") as file:
            read = unpack if is_large(path, file) else operator.getitem
            with np.load(file, allow_pickle=False) as archive:
                arrays = {key: read(archive, key) for key in archive.files
                          if key in ARRAYS}
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(
            f"No such file. Expected a .npz file. Received: {path}") from None
    except (OSError, ValueError, TypeError, AttributeError, EOFError,
            zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            "Unreadable archive. Expected a .npz file of plain arrays, as "
            f"numpy.savez writes it. Received: {path} ({error})") from None
    absent = {"x_train", "x_test"} - set(arrays)
    if absent:
        raise InputError(
            "Missing arrays. Expected x_train and x_test in the archive. "
            f"Received: {path} without {' and '.join(sorted(absent))}")
    return from_arrays(name, arrays["x_train"], arrays["x_test"],
                       arrays.get("y_test"), arrays.get("y_train"), missing)


def is_large(path, file):
    """Tells whether the arrays of an archive leave little of the memory.

    Raises:
        InputError: If they do not fit on the disk either.
    """
    size = 0
    with zipfile.ZipFile(file) as archive:
        for key in ARRAYS:
            if f"{key}.npy" in archive.namelist():
                with archive.open(f"{key}.npy") as member:
                    shape, _, dtype = read_header(member)
                size += math.prod(shape) * dtype.itemsize
    file.seek(0)
    if size <= memory() / 4:
        return False
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"Too large for this machine. Expected arrays of at most "
            f"{free / 1e9:.1f} GB, which are free in {folder}. Received: "
            f"{path} with {size / 1e9:.1f} GB, unpacked. Make room, or name "
            "another folder by TMPDIR.")
    return True


def unpack(archive, key):
    """Returns an array of an archive, mapped to memory."""
    with archive.zip.open(f"{key}.npy") as member:
        shape, fortran, dtype = read_header(member)
        if dtype.hasobject:
            raise ValueError("Object arrays need allow_pickle, which is off.")
        rest = math.prod(shape) * dtype.itemsize

        def pieces():
            nonlocal rest
            while rest and (piece := member.read(min(rest, 2 ** 20))):
                rest -= len(piece)
                yield piece
            if rest:
                raise ValueError(f"{rest} bytes are missing in {key}")

        return mapped(pieces(), dtype, shape, "F" if fortran else "C")


def read_header(file):
    """Reads shape, order and type at the start of an array's file."""
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"format {version} of an array")
    return read(file)


def memory():
    """Returns the bytes of memory that this machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # not known on this system
        return math.inf


def from_arrays(name, train, test, labels=None, train_labels=None,
                missing=False):
    """Makes a `Dataset` of arrays, once they are found to be sound."""
    for key, array in (("x_train", train), ("x_test", test)):
        if (array.dtype.kind not in "uif" or array.ndim not in (2, 3, 4)
                or 0 in array.shape):
            raise InputError(
                f"Unusable {key} in {name}. Expected numbers of shape (count, "
                "height, width), (count, height, width, channels) or (count, "
                f"columns). Received: {array.dtype} of shape {array.shape}")
        if missing and not np.isnan(array).all():
            least, most = np.nanmin(array), np.nanmax(array)
        else:
            least, most = array.min(), array.max()
        if not (least >= 0 and most <= 255):
            raise InputError(
                f"Unusable {key} in {name}. Expected integers of 0 to 255, or "
                "finite floats of 0 to 1 or of 0 to 255. Received: "
                f"{least} to {most}. Scale or clean it first.")
    if train.shape[1:] != test.shape[1:]:
        raise InputError(
            f"x_train and x_test in {name} differ in shape. Expected images "
            f"of one size. Received: {train.shape[1:]} and {test.shape[1:]}")
    for key, array, images in (
            ("y_train", train_labels, train), ("y_test", labels, test)):
        if array is not None and array.shape != images.shape[:1]:
            raise InputError(
                f"Unusable {key} in {name}. Expected one label for each of "
                f"{len(images)} images. Received: shape {array.shape}")
    train, test = (
        array[..., None] if array.ndim == 3 else array
        for array in (train, test))
    floats = [array for array in (train, test) if array.dtype.kind == "f"]
    if any(np.nanmax(array) > 1 for array in floats):
        for array in floats:
            np.divide(array, 255, out=array)
    digest = hashlib.sha256()
    for array in (train, test):
        digest.update(np.ascontiguousarray(array))
    return Dataset(
        name, train, test, labels, train_labels, digest.hexdigest())


def read_folder(name):
    """Reads the images of a folder.

    With subfolders `train` and `test` these are the two parts; otherwise every
    tenth image, in the order of the names, is held out for testing. Links that
    lead out of the folder are not followed.
    """
    def search(part):
        return [path for path in sorted(part.rglob("*"))
                if path.suffix.lower() in ENDINGS and path.is_file()
                and path.resolve().is_relative_to(real)]

    folder, real = Path(name), Path(name).resolve()
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        train, test = search(folder / "train"), search(folder / "test")
    else:
        every = search(folder)
        test = every[9::10]
        train = [path for i, path in enumerate(every) if i % 10 != 9]
    if not train or not test:
        raise InputError(
            "Too few images. Expected at least ten, or some in both train/ "
            f"and test/, with names in {', '.join(ENDINGS)}. Received: {name} "
            f"with {len(train) + len(test)}")
    images = decode(train + test)
    return from_arrays(name, images[:len(train)], images[len(train):])
