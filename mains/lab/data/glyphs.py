"""Glyphs: digits drawn from Matplotlib's own fonts and bent as a hand would.

A stand-in for MNIST that needs no network: the same shapes, the same split and
the same layout, made in a few seconds and always the same from the same seed.
"""
import matplotlib
import matplotlib.backends.backend_agg
import matplotlib.figure
import matplotlib.font_manager
import numpy as np

FONTS = (
    "DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono",
    "DejaVuSansMono-Oblique", "DejaVuSerif", "DejaVuSerif-Italic",
    "STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "cmr10", "cmss10",
    "cmtt10", "cmb10")
CELL = 64  # pixels; a digit is about 40 of them tall, twice its final size
ZOOM = 4  # times a distance map is enlarged, so that none is interpolated


def distance_maps():
    """Measures how far each point lies inside each digit of each font.

    Returns:
        Float array, `(fonts, 10, CELL * ZOOM, CELL * ZOOM)`, in pixels of a
        cell: positive inside the strokes, negative outside.
    """
    figure = matplotlib.figure.Figure(
        figsize=(10 * CELL / 100, len(FONTS) * CELL / 100), dpi=100)
    folder = matplotlib.get_data_path() + "/fonts/ttf/"
    for row, font in enumerate(FONTS):
        properties = matplotlib.font_manager.FontProperties(
            fname=f"{folder}{font}.ttf", size=40)
        for digit in range(10):
            figure.text(
                (digit + 0.5) / 10, 1 - (row + 0.5) / len(FONTS), str(digit),
                fontproperties=properties, ha="center", va="center")
    canvas = matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    canvas.draw()
    sheet = np.asarray(canvas.buffer_rgba())[..., 0] < 128
    cells = sheet.reshape(len(FONTS), CELL, 10, CELL).swapaxes(1, 2)

    grid = np.stack(np.indices((CELL, CELL)), axis=-1).astype("float32")
    points = (np.arange(CELL * ZOOM) + 0.5) / ZOOM - 0.5
    enlarge = np.maximum(
        0, 1 - abs(points[:, None] - np.arange(CELL))).astype("float32")
    maps = np.empty((len(FONTS), 10) + (CELL * ZOOM,) * 2, "float32")
    for row, digit in np.ndindex(cells.shape[:2]):
        ink = cells[row, digit]
        middle = (grid[ink].min(axis=0) + grid[ink].max(axis=0) + 1) / 2
        ink = np.roll(ink, (CELL / 2 - middle).astype(int), axis=(0, 1))
        inner = ink & np.roll(ink, 1, 0) & np.roll(ink, -1, 0)
        inner &= np.roll(ink, 1, 1) & np.roll(ink, -1, 1)
        edge = grid[ink & ~inner]
        # |a - b|^2 = |a|^2 - 2 a b + |b|^2, exact in such whole numbers.
        nearest = ((edge ** 2).sum(axis=1)
                   - 2 * grid.reshape(-1, 2) @ edge.T).min(axis=1)
        distance = np.sqrt((grid ** 2).sum(axis=2)
                           + nearest.reshape(CELL, CELL))
        signed = np.where(ink, distance + 0.5, 0.5 - distance)
        maps[row, digit] = enlarge @ signed @ enlarge.T
    return maps


def draw(count, generator, maps, size=28):
    """Draws random digits, each with its own font, slant, bends and pen.

    Args:
        count: Integer. Number of images.
        generator: `numpy.random.Generator`.
        maps: What `distance_maps` returns.
        size: Integer. Height and width of an image.

    Returns:
        images: Array of uint8, `(count, size, size)`, 0 the background.
        labels: Array of uint8, `(count,)`.
    """
    def uniform(low, high):
        return generator.uniform(low, high, (count, 1)).astype("float32")

    fonts = generator.integers(len(maps), size=count)
    labels = generator.integers(10, size=count)
    axis = np.arange(size, dtype="float32") - (size - 1) / 2
    y, x = (part.reshape(1, -1) for part in np.meshgrid(
        axis, axis, indexing="ij"))

    # Affine: from a pixel of the image to a point of the font's cell.
    angle, slant = uniform(-0.25, 0.25), uniform(-0.3, 0.3)
    x, y = x - uniform(-1, 1), y - uniform(-1, 1)
    height, width = uniform(1.9, 2.3), uniform(1.6, 2.6)
    across = width * (np.cos(angle) * x + (np.sin(angle) + slant) * y)
    down = height * (np.cos(angle) * y - np.sin(angle) * x)

    # Elastic: a few slow waves, the slower the larger.
    waves = [(i, j) for i in range(4) for j in range(4) if i + j]
    position = (np.arange(size) + 0.5) * np.pi / size
    basis = np.stack([
        np.outer(np.cos(i * position), np.cos(j * position)).ravel()
        / (i * i + j * j) for i, j in waves]).astype("float32")
    bends = generator.standard_normal(
        (2, count, len(waves)), dtype="float32") * 2.4
    across += bends[0] @ basis
    down += bends[1] @ basis

    # Pen: where its edge lies, and how soft it is.
    limit = CELL * ZOOM - 1
    across, down = (
        np.clip((part + CELL / 2) * ZOOM, 0, limit).astype("int32")
        for part in (across, down))
    start = ((fonts * 10 + labels) * (limit + 1) ** 2)[:, None]
    depth = maps.reshape(-1)[start + down * (limit + 1) + across]
    ink = 0.5 + (depth + uniform(-0.5, 1)) / uniform(1.5, 3)
    images = (np.clip(ink, 0, 1) * 255).astype("uint8")
    return images.reshape(count, size, size), labels.astype("uint8")


def glyphs(train=60000, test=10000, seed=0):
    """Makes the data set: `(x_train, y_train), (x_test, y_test)`."""
    generator = np.random.default_rng(seed)
    maps = distance_maps()
    parts = [draw(min(2000, train + test - start), generator, maps)
             for start in range(0, train + test, 2000)]
    images, labels = (np.concatenate(part) for part in zip(*parts))
    return (images[:train], labels[:train]), (images[train:], labels[train:])
