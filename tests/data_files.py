"""Small data sets, written for tests."""
import numpy as np
from PIL import Image

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 6, 5), dtype="uint8")


def archive(folder, name="set.npz", **arrays):
    """Writes a `.npz` file of two parts, with some arrays replaced."""
    arrays = {"x_train": IMAGES[:20], "x_test": IMAGES[20:], **arrays}
    np.savez(folder / name, **{
        key: array for key, array in arrays.items() if array is not None})
    return str(folder / name)


def folder_of(folder, images=IMAGES):
    """Writes images as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return str(folder)
