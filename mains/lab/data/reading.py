"""Arrays and images from files, read safely."""
import contextlib
import tempfile
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageOps

from lab.errors import InputError

ARRAYS = ("x_train", "x_test", "y_train", "y_test")
PHOTOS = ("JPEG", "MPO")  # formats of cameras, which may lie on their side
ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


@contextlib.contextmanager
def readable(path, expected):
    """Turns any error while a file is read into an `InputError` of one line.

    Parsers that meet a damaged or hostile file raise nearly every kind of
    error there is, from `tokenize.TokenError` to `NotImplementedError`.

    Args:
        path: Path. The file.
        expected: String. What it should be, and what to do.
    """
    try:
        with warnings.catch_warnings():
            # Pictures between Pillow's two limits of size, too.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (InputError, MemoryError):
        raise
    except FileNotFoundError:
        raise InputError(f"No such file. Received: {path}") from None
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"Unreadable file. Expected {expected} Received: {path} "
            f"({reason[:200]})") from None


def guarded(pieces, path, expected):
    """Yields what an iterator gives; its errors become one line, as in
    `readable`."""
    while True:
        with readable(path, expected):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def read_arrays(path, names):
    """Reads arrays from a `.npz` file.

    Args:
        path: Path.
        names: Tuple of strings.

    Returns:
        Dictionary with those of `names` that are there.

    Raises:
        InputError: If the file cannot be read, or has none of them.
    """
    with readable(
            path, "a .npz file of plain arrays, as numpy.savez writes it."):
        with open(path, "rb") as file, np.load(
                file, allow_pickle=False) as archive:
            held = archive.files
            arrays = {name: archive[name] for name in held if name in names}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):
                raise ValueError(
                    f"{name} is no array: is it named {name}.npy?")
            if array.dtype.kind == "S":
                arrays[name] = np.char.decode(array, "utf-8")
    if not arrays:
        raise InputError(
            f"No array to use. Expected {', '.join(names)}. Received: {path} "
            f"with {', '.join(held[:8]) or 'none'}")
    return arrays


def mapped(pieces, dtype, shape):
    """Writes pieces of bytes into a temporary file, and maps it to memory.

    Returns:
        Array of that type and shape; the system reads its parts when needed.
    """
    with tempfile.TemporaryFile() as file:
        file.writelines(pieces)
        file.flush()
        return np.asarray(np.memmap(file, dtype, "r+", 0, shape))


def list_images(folder, within=None):
    """Lists the image files of a folder, in the order of their names.

    Links that lead out of it, or the folder `within`, are not followed.
    """
    real = (within or folder).resolve()
    return [path for path in sorted(folder.rglob("*"))
            if path.suffix.lower() in ENDINGS and path.is_file()
            and path.resolve().is_relative_to(real)]


def find_images(folder):
    """Finds the images of a data set in a folder.

    Returns:
        Paths to train on; paths to test on. With subfolders `train` and
        `test` these are the two parts, otherwise every tenth image is held
        out for testing.
    """
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        return tuple(list_images(folder / part, folder)
                     for part in ("train", "test"))
    every = list_images(folder)
    return ([path for i, path in enumerate(every) if i % 10 != 9],
            every[9::10])


def read_images(paths):
    """Reads image files of one size.

    Args:
        paths: List of paths.

    Returns:
        Array `(count, height, width, channels)`, mapped to memory from a
        temporary file: of uint16 for grey images of 16 bits, else of uint8.

    Raises:
        InputError: If a file is no image, or differs in size from the first.
    """
    kind, shape = look(paths)
    return mapped((decode(path, kind, shape) for path in paths), kind,
                  (len(paths), *shape))


def look(paths):
    """Returns type and shape `(height, width, channels)` of image files.

    Raises:
        InputError: If a file is no image, or differs in size from the first.
    """
    depths = set()
    for path in paths:
        with readable(path, "an image. Remove or replace it."), \
                Image.open(path) as image:
            size, mode = image.size, image.mode
            if is_turned(image):
                size = size[::-1]
        if path == paths[0]:
            width, height = size
        if size != (width, height):
            raise InputError(
                f"Images of different sizes. Expected all to be {width} x "
                f"{height}, as {paths[0]} is. Received: {path} of {size[0]} x "
                f"{size[1]}. Resize them first.")
        depths.add("deep" if mode.startswith("I") else
                   "grey" if mode in ("1", "L") else "colour")
        if depths >= {"deep", "colour"}:
            raise InputError(
                "Grey images of 16 bits and images in colour. Expected one "
                f"kind. Received: both, {path} for one. Convert them first.")
    kind, channels = (("uint16", 1) if "deep" in depths else
                      ("uint8", 3) if "colour" in depths else ("uint8", 1))
    return kind, (height, width, channels)


def decode(path, kind, shape):
    """Returns the bytes of an image file's pixels."""
    with readable(path, "a whole image. Remove or replace it."), \
            Image.open(path) as image:
        if image.format in PHOTOS:
            image = ImageOps.exif_transpose(image)  # upright, as it is seen
        if image.size != shape[1::-1]:
            raise ValueError("it has changed meanwhile")
        if (image.mode.endswith("A") or "transparency" in image.info) and (
                image.convert("RGBA").getextrema()[3][0] < 255):
            raise InputError(
                "Transparent pixels. Expected opaque images. Received: "
                f"{path}. Put it on a background first.")
        return content(image, kind, shape[2])


def is_turned(image):
    """Determines whether a photo's width is stored as its height."""
    return image.format in PHOTOS and image.getexif().get(
        ExifTags.Base.Orientation, 1) > 4


def content(image, kind, channels):
    """Returns the bytes of an image's pixels."""
    if kind == "uint8":
        return image.convert("L" if channels == 1 else "RGB").tobytes()
    if not image.mode.startswith("I"):  # 255 becomes 65,535
        return (np.asarray(image.convert("L"), "uint16") * 257).tobytes()
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f"pixels of {values.min()} to {values.max()}, "
                         "which 16 bits do not hold")
    return values.astype("uint16").tobytes()


def read_folder(folder):
    """Reads the images of a folder: those to train on, those to test on."""
    train, test = find_images(folder)
    if not train or not test:
        raise InputError(
            "Too few images. Expected at least ten, or some in both train/ "
            f"and test/, with names in {', '.join(ENDINGS)}. "
            f"Received: {folder} with {len(train) + len(test)}")
    images = read_images(train + test)
    return images[:len(train)], images[len(train):]


def read_archive(path):
    """Reads `x_train`, `x_test` and, if there, labels from a `.npz` file."""
    arrays = read_arrays(path, ARRAYS)
    absent = {"x_train", "x_test"} - set(arrays)
    if absent:
        raise InputError(
            "Missing arrays. Expected x_train and x_test in the archive. "
            f"Received: {path} without {' and '.join(sorted(absent))}")
    return (arrays["x_train"], arrays["x_test"], arrays.get("y_test"),
            arrays.get("y_train"))
