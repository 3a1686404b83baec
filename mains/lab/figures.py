"""Pictures of a run: always saved, and shown in windows on demand."""
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from lab import files


def reconstructions(run, count=10):
    """Draws test images over their reconstructions as `reconstructions.png`,
    and between them the codes, where these are rows of numbers."""
    images = run.first(count)
    code, *_ = run.model.encode(images)
    between = {"code": code} if code.ndim == 2 else {}
    rows(run, "reconstructions.png",
         {"original": images, **between, "rebuilt": run.model.decode(code)},
         "squared_error", codes=between)


def rows(run, name, pictures, *metrics, codes=()):
    """Draws images and codes of them, a row for each entry of `pictures`.

    Args:
        run: `Run`.
        name: String. The picture's file.
        pictures: Dictionary of label to array, of equal length.
        *metrics: Strings. Those for the title.
        codes: Labels of the rows that are codes. All share one scale of grey.
    """
    count = min(map(len, pictures.values()))
    figure, axes = plt.subplots(
        len(pictures), squeeze=False, layout="compressed",
        figsize=(count + 0.5, len(pictures) + 0.6))
    ends = [end(pictures[label])
            for label in codes for end in (np.min, np.max)]
    for axis, (label, row) in zip(axes[:, 0], pictures.items()):
        limits = (min(ends), max(ends)) if label in codes else (0, 1)
        row = folded(row) if label in codes else row.reshape(
            -1, *run.data.shape)
        # An axis for each picture would take a second to draw.
        for column, picture in enumerate(row[:count]):
            draw(axis, picture, limits, column)
        for image in axis.images:  # framed, for a code may be white
            left, right, low, high = image.get_extent()
            axis.add_patch(plt.Rectangle(
                (left, low), right - left, high - low, fill=False))
        axis.set(xlim=(-0.5, count - 0.5), ylim=(-0.5, 0.5),
                 ylabel=label.strip().replace(" ", "\n"), aspect="equal")
        axis.spines[:].set_visible(False)
    figure.suptitle(run.title(*metrics))
    save(run, figure, name)


def folded(codes):
    """Folds each row of numbers into the squarest upright picture."""
    size = codes.shape[1]
    width = max(n for n in range(1, int(size ** 0.5) + 1) if size % n == 0)
    return codes.reshape(-1, size // width, width, 1)


def draw(axis, image, limits=(0, 1), column=0):
    """Draws an image, black and white at `limits`, or a table's row as a
    line, into a square of 0.9 around a column of the axis."""
    axis.set(xticks=[], yticks=[])
    if image.ndim == 1:
        least, most = min(0, image.min()), max(1, image.max())
        axis.plot(column + places(image.size),
                  0.9 * (image - least) / (most - least) - 0.45, "C0-",
                  marker="." * (image.size == 1))
        return
    height, width = image.shape[:2]
    half, down = (0.45 * side / max(height, width) for side in (width, height))
    axis.imshow(image if image.shape[-1] == 3 else image.mean(axis=-1),
                cmap="gray", vmin=limits[0], vmax=limits[1],
                extent=(column - half, column + half, -down, down))


def places(count):
    """Returns places for numbers, spread over 0.9 around 0."""
    return np.linspace(-0.45, 0.45, 2 * count + 1)[1::2]


def losses(run):
    """Draws the loss after each epoch as `losses.png`."""
    figure, axis = plt.subplots(layout="constrained")
    epochs = [row["epoch"] for row in run.history]
    for name, label in (("loss", "training"), ("val_loss", "test")):
        axis.plot(epochs, [row[name] for row in run.history], ".-",
                  label=label)
    unit = ("nats per image" if run.model.is_gaussian else
            "squares of the columns' spreads" if run.model.by_column else
            "nats per pixel")
    axis.set(xlabel="epoch", ylabel=f"loss, {unit}",
             title=run.title("loss"))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    save(run, figure, "losses.png")


def against(sizes, run, panels, *metrics, name="sizes.png", base=2,
            logarithmic=False):
    """Draws metrics against sizes, in a logarithmic scale.

    Args:
        sizes: String. What they are.
        run: `Run`.
        panels: Dictionary of a unit to a dictionary for each size, of methods'
            values in that unit.
        *metrics: Strings. Those for the title.
        name: String. The picture's file.
        base: Integer. Of the logarithms.
        logarithmic: Boolean. Whether the units are drawn so too, unless
            something measured is 0.
    """
    figure, axes = plt.subplots(
        1, len(panels), squeeze=False, layout="constrained",
        figsize=(5.5 * len(panels) + 1, 4.8))
    for axis, (unit, table) in zip(axes[0], panels.items()):
        for title in next(iter(table.values())):
            axis.plot([*table], [line[title] for line in table.values()],
                      ".-", label=title)
        axis.set_xscale("log", base=base)
        axis.set_xticks([*table], map(str, table))
        axis.minorticks_off()
        axis.set(xlabel=sizes, ylabel=unit)
        if logarithmic and all(
                value for line in table.values() for value in line.values()):
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter("{x:g}")
        else:
            axis.set_ylim(bottom=0)
        axis.legend()
    figure.suptitle(run.title(*metrics))
    save(run, figure, name)


def manifold(run, steps=25, limit=3):
    """Draws the reconstructions of a grid of codes of two numbers, as
    `manifold.png`."""
    ticks = np.linspace(-limit, limit, steps)
    across, up = np.meshgrid(ticks, ticks[::-1])
    codes = np.stack([across.ravel(), up.ravel()], axis=1)
    cells = run.model.decode(codes).reshape(steps, steps, *run.data.shape)
    half = limit * steps / (steps - 1)  # the codes lie in the cells' middles
    figure, axis = plt.subplots(layout="constrained", figsize=(8, 8.3))
    if len(run.data.shape) == 3:
        height, width, channels = run.data.shape
        draw(axis, cells.swapaxes(1, 2).reshape(
            steps * height, steps * width, channels))
        axis.images[0].set_extent((-half, half, -half, half))
    else:  # rows of a table, each as a curve in its cell
        step = ticks[1] - ticks[0]
        place = places(run.data.size) * step
        curves = (cells.reshape(len(codes), -1) - 0.5) * 0.8 * step
        axis.plot(place[:, None] + codes[:, 0],
                  curves.T + codes[:, 1], "C0-", linewidth=0.8,
                  marker="." * (run.data.size == 1))
        axis.set(xlim=(-half, half), ylim=(-half, half))
    axis.set(xticks=range(-limit, limit + 1), yticks=range(-limit, limit + 1),
             xlabel="first number of the code",
             ylabel="second number of the code",
             title=run.title("negative_elbo"))
    save(run, figure, "manifold.png")


def scatter(run, codes, *metrics):
    """Draws codes of up to two numbers, in the colours of the test images'
    labels if there are any, as `codes.png`.

    Args:
        run: `Run`.
        codes: Dictionary of the title of a part to an array `(count, 2)`, or
            `(count, 1)`, of all test images.
        *metrics: Strings. Those for the title.
    """
    figure, axes = plt.subplots(
        1, len(codes), squeeze=False, layout="constrained",
        figsize=(7 * len(codes) + 1, 7))
    labels = run.test.labels
    names, colours, style = [], None, {}
    if labels is not None:
        names, ranks = np.unique(labels, return_inverse=True)
        colours = plt.get_cmap("tab10" if len(names) <= 10 else
                               "tab20" if len(names) <= 20 else "viridis")
        most = len(names) if len(names) > 20 else colours.N
        style = {"c": ranks, "cmap": colours, "vmin": 0, "vmax": most - 1}
    for axis, (title, points) in zip(axes[0], codes.items()):
        axis.scatter(points[:, 0], points[:, 1:].sum(axis=1), s=4, **style)
        axis.set(xlabel="first number of the code",
                 ylabel="second number of the code", title=title)
    if 0 < len(names) <= 20:
        figure.legend(title="label", loc="outside right", handles=[
            plt.Line2D([], [], linestyle="", marker="o", label=str(name),
                       color=colours(rank))
            for rank, name in enumerate(names)])
    figure.suptitle(run.title(*metrics))
    save(run, figure, "codes.png")


def save(run, figure, name):
    """Saves a picture into the run's folder."""
    with files.written(run.folder / name) as temporary:
        figure.savefig(temporary, dpi=120)
    if not run.show:
        plt.close(figure)


def show():
    """Opens the windows, if pictures were kept for them."""
    if plt.get_fignums():
        plt.show()
