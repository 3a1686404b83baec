"""Larger work: many files, several processes, more images, units, pixels."""
import concurrent.futures
import socket
from statistics import median

import numpy as np
import pages
from contenders import epochs_of, ours, watch


def files(folder, data, images):
    """Yields how 200,000 image files train, beside the same in an archive."""
    from PIL import Image
    pixels = np.concatenate([
        np.roll(images.train[..., 0], shift, axis=2)
        for shift in range(4)])[:200_000]
    (folder / "files").mkdir()
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(
            folder / "files" / f"{number:06}.png", compress_level=1)
    np.savez(folder / "files.npz", x_train=pixels[np.arange(200_000) % 10 < 9],
             x_test=pixels[9::10])
    inside = None
    for name in ("files.npz", "files"):
        found = watch(ours("0-vanilla", folder / name.replace(".", "-"),
                           "--dataset", folder / name))
        epoch = median(epochs_of(found))
        inside = inside or epoch
        yield {"workload": "0-vanilla", "contender": {
                   "files.npz": "an archive", "files": "image files"}[name],
               "seconds an epoch": f"{epoch:.3g}",
               "share of the archive's speed": f"{inside / epoch:.0%}",
               "seconds to the first epoch": f"{found['starts'][0]:.1f}",
               "memory, MB": f"{found['memory'] / 1e6:.0f}"}


def hosts(folder, data, images):
    """Yields what two processes gain, each with a processor core of its own,
    over one, with batches of 2,048, for a small model and a large one."""
    for sizes in (128, 64), (1000, 500, 250):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]

        def share(number, count, sizes=sizes, port=port):
            more = {} if count == 1 else {
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
                "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
                "KERAS_DISTRIBUTION_PROCESS_ID": str(number)}
            return watch(
                ours("0-vanilla", folder / f"{count}-{len(sizes)}",
                     "--dataset", data, "--batch-size", 2048, "--hidden",
                     *sizes), "jax", processor=number, **more)

        alone = share(0, 1)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            first, _ = pool.map(lambda number: share(number, 2), range(2))
        for name, found in ("1 process", alone), ("2 processes", first):
            epoch = median(epochs_of(found))
            yield {"workload": "0-vanilla " + " ".join(map(str, sizes)),
                   "contender": name, "seconds an epoch": f"{epoch:.3g}",
                   "speed-up": f"{median(epochs_of(alone)) / epoch:.2f}",
                   "loss": f"{found['loss']:.4f}"}


def growth(folder, data, images):
    """Yields the seconds of an epoch for more and more work, and its slope."""
    def sized(size, count=4000):
        pixels = images.train[:count, ..., 0].repeat(4, 1).repeat(4, 2)
        pixels = pixels[:, ::112 // size, ::112 // size]
        np.savez(folder / f"{size}.npz", x_train=pixels, x_test=pixels[:100])
        return folder / f"{size}.npz"

    series = {
        "images": ("0-vanilla", (7500, 15000, 30000, 60000), lambda count: (
            "--dataset", data, "--limit", count)),
        "units": ("0-vanilla", (256, 512, 1024, 2048), lambda units: (
            "--dataset", data, "--limit", 15000, "--hidden", units)),
        "pixels": ("2-convolutional", (14, 28, 56, 112), lambda size: (
            "--dataset", sized(size)))}
    for name, (module, amounts, flags) in series.items():
        seconds = [median(epochs_of(watch(ours(
            module, folder / f"{name}-{amount}", *flags(amount)))))
            for amount in amounts]
        work = [n * n if name == "pixels" else n for n in amounts]
        slope, _ = np.polyfit(np.log(work), np.log(seconds), 1)
        for amount, epoch in zip(work, seconds):
            yield {"workload": name, "contender": str(amount),
                   "seconds an epoch": f"{epoch:.3g}",
                   "slope": f"{slope:.2f}"}


def draw_growth(lines):
    """Draws how the cost of an epoch grows with the work."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter, StrMethodFormatter
    titles = {"images": "training images", "units": "units of a hidden layer",
              "pixels": "pixels of an image"}
    figure, axes = plt.subplots(
        1, 3, figsize=(12, 3.6), layout="constrained", sharey=True)
    for axis, (name, title) in zip(axes, titles.items()):
        those = [line for line in lines if line["workload"] == name]
        axis.loglog([int(line["contender"]) for line in those],
                    [float(line["seconds an epoch"]) for line in those], "o-")
        axis.set(xlabel=title, title=f"slope {those[0]['slope']}")
        axis.set_xticks([int(line["contender"]) for line in those])
        for each in axis.xaxis, axis.yaxis:
            each.set_major_formatter(StrMethodFormatter("{x:,g}"))
            each.set_minor_formatter(NullFormatter())
        axis.grid(alpha=0.3)
    axes[0].set_yticks([0.3, 0.5, 1, 2, 5])
    axes[0].set_ylabel("seconds an epoch")
    figure.savefig(pages.PICTURES / "growth.png", dpi=120)
