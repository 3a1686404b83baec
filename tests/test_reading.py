"""Arrays and images from files, good and bad."""
import collections
import tracemalloc

import numpy as np
import pytest
from data_files import IMAGES, archive, folder_of
from lab import machine
from lab.data import datasets, reading
from lab.errors import InputError
from PIL import Image

pytestmark = pytest.mark.usefixtures("eager")


def test_truncated_archive(tmp_path, record_property):
    path = tmp_path / "set.npz"
    archive(tmp_path)
    content = path.read_bytes()
    for size in (0, 10, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:size])
        with pytest.raises(InputError, match="set.npz"):
            datasets.load(str(path))
    with path.open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(InputError, match="set.npz"):
        datasets.load(str(path))
    record_property("bad inputs refused", 5)


def test_folder(tmp_path):
    name = folder_of(tmp_path / "a b é")
    data = datasets.load(name)
    assert data.train.shape == (27, 6, 5, 1)
    assert data.test.shape == (3, 6, 5, 1)
    assert (data.test[..., 0] == IMAGES[[9, 19, 29]]).all()
    assert datasets.load(name, limit=4).train.shape == (4, 6, 5, 1)
    x, _ = data.batches("train", 5, flat=False)[0]
    assert (x[..., 0] == IMAGES[:5].astype("float32") / 255).all()
    assert is_mapped(data.train) and is_mapped(data.test)


def is_mapped(array):
    """Determines whether an array is a part of a file, and not in memory."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def test_folder_with_parts_and_colours(tmp_path):
    colours = np.random.default_rng(0).integers(
        0, 256, (4, 6, 5, 3), dtype="uint8")
    folder_of(tmp_path / "train", colours[:3])
    folder_of(tmp_path / "test" / "cats", colours[3:])
    folder_of(tmp_path / "test" / "grey", IMAGES[:1])
    data = datasets.load(str(tmp_path))
    assert (data.train == colours[:3]).all()
    assert (data.test[0] == colours[3]).all()
    assert (data.test[1] == IMAGES[0, ..., None]).all()


def test_bad_folders(tmp_path, record_property):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty with 0"):
        datasets.load(str(tmp_path / "empty"))
    name = folder_of(tmp_path / "text")
    (tmp_path / "text" / "b.png").write_text("no image")
    with pytest.raises(InputError, match="b.png"):
        datasets.load(name)
    name = folder_of(tmp_path / "sizes")
    Image.fromarray(IMAGES[0, :5]).save(tmp_path / "sizes" / "c.png")
    with pytest.raises(InputError, match="5 x 6.*c.png of 5 x 5"):
        datasets.load(name)
    with pytest.raises(InputError, match="one with 1"):
        datasets.load(folder_of(tmp_path / "one", IMAGES[:1]))
    name = folder_of(tmp_path / "kinds")
    Image.fromarray(IMAGES[0] * np.uint16(257)).save(
        tmp_path / "kinds" / "deep.png")
    Image.fromarray(np.zeros((6, 5, 3), "uint8")).save(
        tmp_path / "kinds" / "colour.png")
    with pytest.raises(InputError, match="16 bits"):
        datasets.load(name)
    record_property("bad inputs refused", 5)


def test_images_of_16_bits_keep_them(tmp_path):
    deep = np.random.default_rng(0).integers(
        0, 65536, (30, 6, 5), dtype="uint16")
    data = datasets.load(folder_of(tmp_path / "deep", deep))
    assert data.train.dtype == "uint16"
    assert (data.test[..., 0] == deep[9::10]).all()
    assert data.scaling.apply(data.train).max() <= 1
    # Beside some of 8 bits, whose white is as white.
    Image.fromarray(IMAGES[0]).save(tmp_path / "deep" / "000.png")
    data = datasets.load(str(tmp_path / "deep"))
    np.testing.assert_allclose(
        data.scaling.apply(data.train)[0, ..., 0], IMAGES[0] / 255, 1e-6)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_images_are_refused(mode, tmp_path, record_property):
    (tmp_path / "icons").mkdir()
    for number in range(10):
        image = Image.new("RGBA", (5, 6), (0, 0, 0, 255))
        image.save(tmp_path / "icons" / f"{number}.png")
    assert not datasets.load(str(tmp_path / "icons")).train.any()
    image.putpixel((2, 3), (0, 0, 0, 0))
    if mode == "P":
        image = image.quantize()
    image.convert(mode).save(tmp_path / "icons" / "3.png")
    with pytest.raises(InputError, match="3.png"):
        datasets.load(str(tmp_path / "icons"))
    record_property("bad inputs refused", 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_upright(orientation, tmp_path):
    upright = np.zeros((60, 50, 3), "uint8")
    upright[:20, :10] = 255
    # How a camera stores it that was turned or mirrored (Exif 2.32, 4.6.4).
    stored = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1],
              4: upright[::-1], 5: upright.transpose(1, 0, 2),
              6: np.rot90(upright, 1), 7: np.rot90(upright, 2).transpose(
                  1, 0, 2), 8: np.rot90(upright, 3)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for number in range(10):
        Image.fromarray(upright).save(tmp_path / f"{number}.jpg", quality=95)
    Image.fromarray(stored).save(tmp_path / "3.jpg", exif=exif, quality=95)
    images = datasets.load(str(tmp_path)).train
    assert images.shape == (9, 60, 50, 3)
    assert abs(images[3].astype(int) - upright).mean() < 3


def test_damaged_image_is_named(tmp_path):
    name = folder_of(tmp_path)
    path = tmp_path / "000.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="000.png"):
        datasets.load(name)


def test_memory_is_that_of_the_container(tmp_path, monkeypatch):
    whole = machine.memory()
    limits = [tmp_path / "memory.max", tmp_path / "limit_in_bytes"]
    monkeypatch.setattr(machine, "LIMITS", limits)
    assert machine.memory() >= whole > 0  # none of the two is there
    limits[0].write_text("max\n")
    limits[1].write_text("9223372036854771712\n")
    assert machine.memory() >= whole
    limits[1].write_text("1048576\n")
    assert machine.memory() == 2 ** 20
    limits[0].write_text("524288\n")
    assert machine.memory() == 2 ** 19


def good_files(folder):
    """Writes a small data set in each format that is read."""
    archive(folder, "set.npz")
    np.savez_compressed(folder / "small.npz", x_train=IMAGES[:20],
                        x_test=IMAGES[20:], y_test=np.arange(10))
    for ending in "png", "jpg", "gif", "bmp":
        Image.fromarray(IMAGES[0]).save(folder / f"image.{ending}")
    Image.fromarray(IMAGES[0]).convert("P").save(folder / "palette.bmp")
    Image.fromarray(IMAGES[0] * np.uint16(257)).save(folder / "deep.png")
    return sorted(folder.iterdir())


def mutated(content, random):
    """Flips, cuts out, doubles or overwrites bytes of a file."""
    content = bytearray(content)
    start, size = random.integers(len(content)), random.integers(1, 20)
    part = slice(start, start + size)
    kind = random.integers(4)
    if kind == 0:
        content[start] ^= 1 << random.integers(8)
    elif kind == 1:
        del content[part]
    elif kind == 2:
        content[part] = content[part] * 2
    else:
        content[part] = random.bytes(size)
    return bytes(content)


def test_damaged_files_are_read_right_or_refused(tmp_path, record_property):
    """Of 300 seeded mutations; nothing else happens, and nothing hangs."""
    random, seen = np.random.default_rng(0), collections.Counter()
    files = good_files(tmp_path)
    contents = {path: path.read_bytes() for path in files}
    (tmp_path / "damaged").mkdir()
    tracemalloc.start()
    for number in range(300):
        path = files[number % len(files)]
        damaged = tmp_path / "damaged" / path.name
        damaged.write_bytes(mutated(contents[path], random))
        try:
            if path.suffix == ".npz":
                data = datasets.load(str(damaged))
                assert (data.train.shape[1:], data.test.shape[1:]) == (
                    (6, 5, 1),) * 2
            else:
                image = reading.read_images([damaged])
                assert image.dtype in ("uint8", "uint16") and image.ndim == 4
            seen["read"] += 1
        except InputError as error:
            assert "\n" not in str(error) and len(str(error)) < 500
            assert path.suffix == ".npz" or damaged.name in str(error)
            seen["refused"] += 1
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    assert min(seen["read"], seen["refused"]) > 30
    for what, count in seen.items():
        record_property(f"damaged files {what}", count)
