"""Pictures of a run: always saved, and shown in windows where one asks."""
import matplotlib.pyplot as plt
import numpy as np

from lab import files


def reconstructions(run, count=10):
    """Draws test images over their reconstructions as `reconstructions.png`,
    and between them the codes, where these are rows of numbers."""
    images = run.first(count)
    code, *_ = run.encode(images)
    between = {"code": code} if code.ndim == 2 else {}
    rows(run, "reconstructions.png",
         {"original": images, **between, "rebuilt": run.decode(code)},
         "squared_error")


def rows(run, name, rows, *measures):
    """Draws images and codes of them, a row for each entry of `rows`.

    Args:
        run: `Run`.
        name: String. The picture's file.
        rows: Dictionary of label to array, of equal length. Codes are told by
            their label, which has "code" in it.
        *measures: Strings. Figures of merit for the title.
    """
    count = min(map(len, rows.values()))
    figure, axes = plt.subplots(
        len(rows), count, squeeze=False, layout="constrained",
        figsize=(count + 0.5, len(rows) + 0.6))
    for line, (label, row) in zip(axes, rows.items()):
        line[0].set_ylabel(label.strip().replace(" ", "\n"))
        is_code = "code" in label
        limits = (row.min(), row.max()) if is_code else (0, 1)
        pictures = folded(row) if is_code else row.reshape(
            -1, *run.data.shape)
        for axis, picture in zip(line, pictures):
            draw(axis, picture, limits)
    figure.suptitle(run.title(*measures))
    save(run, figure, name)


def folded(codes):
    """Folds each row of numbers into the squarest upright picture."""
    size = codes.shape[1]
    width = max(n for n in range(1, int(size ** 0.5) + 1) if size % n == 0)
    return codes.reshape(-1, size // width, width, 1)


def draw(axis, image, limits=(0, 1)):
    """Draws an image, black and white at `limits`; a table's row as a line."""
    axis.set(xticks=[], yticks=[])
    if image.ndim == 1:
        axis.plot(image)
    elif image.shape[-1] == 3:
        axis.imshow(image)
    else:
        axis.imshow(image.mean(axis=-1), cmap="gray", vmin=limits[0],
                    vmax=limits[1])


def losses(run):
    """Draws the loss after each epoch as `losses.png`."""
    figure, axis = plt.subplots(layout="constrained")
    epochs = [row["epoch"] for row in run.history]
    for name, label in (("loss", "training"), ("val_loss", "test")):
        axis.plot(epochs, [row[name] for row in run.history], ".-",
                  label=label)
    unit = "image" if "negative_elbo" in run.metrics else "pixel"
    axis.set(xlabel="epoch", ylabel=f"loss, nats per {unit}",
             title=run.title("loss"))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()
    save(run, figure, "losses.png")


def manifold(run, steps=25, limit=3):
    """Draws what a decoder of two numbers makes of a grid of codes, as
    `manifold.png`."""
    ticks = np.linspace(-limit, limit, steps)
    across, up = np.meshgrid(ticks, ticks[::-1])
    codes = np.stack([across.ravel(), up.ravel()], axis=1)
    height, width, channels = run.data.shape
    sheet = run.decoder.predict(codes, batch_size=steps ** 2, verbose=0)
    sheet = sheet.reshape(steps, steps, height, width, channels)
    sheet = sheet.swapaxes(1, 2).reshape(
        steps * height, steps * width, channels)
    figure, axis = plt.subplots(layout="constrained", figsize=(8, 8.3))
    draw(axis, sheet)
    half = limit * steps / (steps - 1)  # the codes lie in the cells' middles
    axis.images[0].set_extent((-half, half, -half, half))
    axis.set(xticks=range(-limit, limit + 1), yticks=range(-limit, limit + 1),
             xlabel="first number of the code",
             ylabel="second number of the code",
             title=run.title("negative_elbo"))
    save(run, figure, "manifold.png")


def scatter(run, codes, *measures):
    """Draws codes of two numbers, in the colours of the test images' labels
    if there are any, as `codes.png`.

    Args:
        run: `Run`.
        codes: Dictionary of the title of a part to an array `(count, 2)`.
        *measures: Strings. Figures of merit for the title.
    """
    figure, axes = plt.subplots(
        1, len(codes), squeeze=False, layout="constrained",
        figsize=(7 * len(codes) + 1, 7))
    for axis, (title, points) in zip(axes[0], codes.items()):
        drawn = axis.scatter(*points.T, c=run.data.labels, s=4, cmap="tab10")
        axis.set(xlabel="first number of the code",
                 ylabel="second number of the code", title=title)
    if run.data.labels is not None:
        figure.legend(*drawn.legend_elements(num=None), title="label",
                      loc="outside right")
    figure.suptitle(run.title(*measures))
    save(run, figure, "codes.png")


def save(run, figure, name):
    """Saves a picture into the run's folder."""
    with files.whole(run.folder / name) as temporary:
        figure.savefig(temporary, dpi=120)
    if not run.args.show:
        plt.close(figure)


def show():
    """Opens the windows, if pictures were kept for them."""
    if plt.get_fignums():
        plt.show()
