#!/usr/bin/env python3
"""Measures training beside what a user would pick instead, in one run.

    AUTOENCODERS_DATA=folder ./benchmarks/throughput.py [PART ...]

The parts: `peers` (the table), `layers` (where the convolutional module's time
goes), `quality` (seconds to the lab's loss), `files` (200,000 image files),
`hosts` (two processes), `penalty` (the contractive one's), `growth` (of the
cost, with the work). Each contender is a process of its own, as a user would
start it, and is watched from outside: an epoch lasts from one `Epoch 2/5` to
the next, with its validation, its callbacks and its saving.
"""
import argparse
import concurrent.futures
import csv
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import readme
from workloads import WORKLOADS

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
EPOCHS, ROUNDS = 5, 2  # of the epochs, the first and the last do not count
LAB = 0.0979  # what the lab's deep autoencoder comes to after 100 epochs
MAINS = {"0-vanilla": "0-main.py", "3-variational": "3-main.py",
         "2-convolutional": "2-main.py", "5-contractive": "5-main.py"}
CONTENDERS = {
    "course, TensorFlow": ("tensorflow", "course.py"),
    "ours, TensorFlow": ("tensorflow", None),
    "ours, JAX": ("jax", None),
    "PyTorch, as its examples": ("torch", "pytorch.py"),
    "PyTorch, tuned": ("torch", "pytorch.py", "--tuned"),
}
COURSE = "course, TensorFlow"


def watch(command, backend="tensorflow", until=None, processor=None, **more):
    """Runs a contender; returns when each of its epochs began, and more.

    Args:
        command: List of strings.
        backend: String. What Keras computes with.
        until: Number or None. The validation loss at which to stop it.
        processor: Integer or None. The only processor core that it may use.
        **more: Variables of its environment.

    Returns:
        Dictionary: `starts`, seconds from the start to each epoch; `first`,
        to the first training step; `reached`, to the loss `until`; `loss`,
        the last validation loss; `inference`, seconds; `memory`, peak, bytes;
        `total`, seconds to the end.
    """
    if processor is not None:
        command = ["taskset", "--cpu-list", str(processor), *command]
    started = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE,
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONUNBUFFERED": "1",
             "TF_CPP_MIN_LOG_LEVEL": "3", **more})
    found = {"starts": [], "first": None, "reached": None, "loss": None,
             "inference": None}
    printed, line, memory = [], "", 0
    while piece := os.read(process.stdout.fileno(), 65536):
        now = time.monotonic() - started
        memory = peak_memory(process.pid) or memory
        printed.append(piece.decode(errors="replace"))
        *lines, line = re.split(r"[\r\n]", line + printed[-1])
        for text in [*lines, line]:
            if found["starts"] and not found["first"] and "/" in text:
                found["first"] = now  # a first line of progress
        for text in lines:
            if re.match(r"Epoch \d+/\d+", text):
                found["starts"].append(now)
            for name, key in (
                    ("val_loss", "loss"), ("Inference", "inference")):
                if number := re.search(rf"{name}: ([\d.]+)", text):
                    found[key] = float(number[1])
        if until and found["loss"] and found["loss"] <= until:
            found["reached"], until = now, None
            process.kill()
    process.stdout.close()
    if process.wait() and not found["reached"]:
        sys.exit(f"{' '.join(map(str, command))} ended with "
                 f"{process.returncode}:\n"
                 + "".join(printed))
    return {**found, "memory": memory,
            "total": time.monotonic() - started}


def peak_memory(pid):
    """Returns the most memory that a process has had so far, in bytes; 0 once
    it has ended. (What the system adds up at its end counts its parent's.)"""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    size = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(size[1]) * 1024 if size else 0


def epochs_of(found):
    """Returns the seconds of the epochs between the first and the last."""
    return np.diff(found["starts"])[1:].tolist()


def ours(module, folder, *flags, epochs=EPOCHS):
    """Returns the command of a main."""
    return [sys.executable, ROOT / "mains" / MAINS[module], "--no-show",
            "--epochs", epochs, "--output", folder, *flags]


def command_of(contender, module, data, folder):
    """Returns the backend and the command of a contender."""
    backend, script, *flags = CONTENDERS[contender]
    if script is None:
        return backend, ours(
            module, folder / f"{module}-{backend}", "--dataset", data)
    return backend, [sys.executable, HERE / script, data, module, EPOCHS,
                     *flags]


def prepare(folder):
    """Writes the images, and initial values for PyTorch; returns the file."""
    sys.path[:0] = [str(ROOT / "mains"), str(ROOT)]
    import keras
    from lab import datasets
    data = datasets.load("auto")
    arrays = {"x_train": data.train, "x_test": data.test}
    for module, sizes in WORKLOADS.items():
        keras.utils.set_random_seed(0)
        *_, auto = __import__(module).autoencoder(*sizes)
        for number, weight in enumerate(auto.trainable_weights):
            arrays[f"{module}-{number}"] = keras.ops.convert_to_numpy(weight)
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz", data


def arithmetic(module, train, test):
    """Returns the operations of an epoch, two for each multiplication: one
    pass to validate, three to train, two where nothing lies before a layer."""
    encoder, decoder, _ = __import__(module).autoencoder(*WORKLOADS[module])
    operations, passes = 0, 2
    for layer in encoder.layers + decoder.layers:
        if hasattr(layer, "kernel"):
            pixels = np.prod(layer.output.shape[1:-1], dtype=int)
            operations += (2 * int(np.prod(layer.kernel.shape)) * int(pixels)
                           * (passes * train + test))
            passes = 3
    return operations


def peak():
    """Returns operations a second of NumPy's product of large matrices."""
    one = np.ones((2048, 2048), "float32")
    seconds = []
    for _ in range(7):
        started = time.monotonic()
        one @ one
        seconds.append(time.monotonic() - started)
    return 2 * 2048 ** 3 / median(seconds)


def peers(folder, data, images):
    """Yields the table's lines: each contender with each workload."""
    peaks, found = [peak()], {}
    for _ in range(ROUNDS):
        for module in WORKLOADS:
            for contender in CONTENDERS:
                backend, command = command_of(
                    contender, module, data, folder)
                it = watch(command, backend)
                if CONTENDERS[contender][1] is None:
                    it["inference"] = watch([
                        sys.executable, HERE / "inference.py", data,
                        folder / f"{module}-{backend}"], backend)["inference"]
                found.setdefault((module, contender), []).append(it)
                print(f"{module}, {contender}: {epochs_of(it)}", flush=True)
        peaks.append(peak())
    for module in WORKLOADS:
        runs = {contender: found[module, contender]
                for contender in CONTENDERS}
        yield from compare(module, runs, images, median(peaks))


def compare(module, runs, images, fastest):
    """Yields a line for each contender, with its ratios to the others."""
    seconds = {contender: [second for it in each for second in epochs_of(it)]
               for contender, each in runs.items()}
    totals = {contender: median([it["starts"][1] for it in each])
              + 49 * median(seconds[contender])
              for contender, each in runs.items()}
    pytorch = [name for name in runs if "PyTorch" in name]
    least = min(median([it["memory"] for it in runs[name]])
                for name in pytorch)
    quickest = min(median(seconds[name]) for name in pytorch)
    # Nobody may win by learning less; a little by chance is no loss.
    allowed = 1.02 * median([it["loss"] for it in runs[COURSE]])
    work = arithmetic(module, len(images.train), len(images.test))
    for contender, each in runs.items():
        epoch, total = median(seconds[contender]), totals[contender]
        memory = median([it["memory"] for it in each])
        yield {
            "workload": module, "contender": contender,
            "seconds an epoch": f"{epoch:.3g}",
            "spread": f"{min(seconds[contender]):.3g} to "
                      f"{max(seconds[contender]):.3g}",
            "images a second": f"{len(images.train) / epoch:.0f}",
            "times the course's speed":
                f"{median(seconds[COURSE]) / epoch:.2f}",
            "times PyTorch's best speed": f"{quickest / epoch:.2f}",
            "share of the peak": f"{work / epoch / fastest:.0%}",
            "seconds, 50 epochs": f"{total:.0f}",
            "seconds to the first step": "".join(
                f"{it['first']:.1f}" for it in each[-1:]
                if "PyTorch" not in contender),
            "memory, MB": f"{memory / 1e6:.0f}",
            "times PyTorch's memory": f"{memory / least:.2f}",
            "inference, s": f"{median([it['inference'] for it in each]):.3g}",
            "loss": f"{median([it['loss'] for it in each]):.4g}",
            "counts": "yes" if all(
                it["loss"] <= allowed for it in each) else "no"}


def layers(folder, data, images):
    """Yields how long a step of the convolutional module lasts, and each of
    its layers alone, forwards and backwards, on TensorFlow: what is left if
    all around the step cost nothing."""
    import tensorflow as tf
    module = "2-convolutional"
    epochs = epochs_of(watch(command_of(COURSE, module, data, folder)[1]))
    course = 1000 * median(epochs) / -(-len(images.train) // 256)
    yield {"workload": module, "contender": "the course's way, all in all",
           "shape": "", "milliseconds a step": f"{course:.2f}",
           "times the course's speed": "1.00"}
    encoder, decoder, auto = __import__(module).autoencoder(*WORKLOADS[module])
    parts = [("a whole step", auto), *(
        (type(layer).__name__, layer)
        for layer in encoder.layers[1:] + decoder.layers[1:])]
    for name, layer in parts:
        x = tf.random.uniform((256, *layer.input.shape[1:]))
        first = layer is encoder.layers[1]  # nothing is before it

        @tf.function
        def step(x, layer=layer, first=first):
            if layer is auto:
                return auto.train_step((x, x))
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
            inputs = [] if first else [x]
            return tape.gradient(
                y, [*layer.trainable_weights, *inputs], output_gradients=y)

        seconds = []
        for _ in range(60):
            started = time.monotonic()
            step(x)
            seconds.append(time.monotonic() - started)
        alone = 1000 * median(seconds)
        yield {"workload": module, "contender": name,
               "shape": str(tuple(layer.output.shape[1:])),
               "milliseconds a step": f"{alone:.2f}",
               "times the course's speed":
                   f"{course / alone:.2f}" if layer is auto else ""}


def quality(folder, data, images):
    """Yields the seconds until the loss that the lab had after 100 epochs."""
    contenders = {
        "the lab's recipe": ("tensorflow", [
            sys.executable, HERE / "course.py", data, "0-vanilla", 100,
            "--lab"]),
        **{f"ours, {backend}": (backend, ours(
            "0-vanilla", folder / f"quality-{backend}", "--dataset", data,
            epochs=20))
           for backend in ("tensorflow", "jax")}}
    lab = None
    for contender, (backend, command) in contenders.items():
        found = watch(command, backend, until=LAB)
        reached = found["reached"]
        seconds = reached or found["total"]
        lab = lab or (seconds, reached)
        yield {"workload": "0-vanilla", "contender": contender,
               "seconds to 0.0979":
                   f"{'' if reached else 'more than '}{seconds:.1f}",
               "epochs": len(found["starts"]),
               "times the lab's speed":
                   f"{'' if lab[1] else 'more than '}{lab[0] / seconds:.1f}"}


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


def penalty(folder, data, images):
    """Yields what the contractive penalty costs, against `0-vanilla`."""
    for backend in "tensorflow", "jax":
        vanilla, contractive = (
            watch(ours(module, folder / f"penalty-{module}-{backend}",
                       "--dataset", data), backend)
            for module in ("0-vanilla", "5-contractive"))
        seconds = [median(epochs_of(found)[:EPOCHS - 2])
                   for found in (vanilla, contractive)]
        yield {"workload": "5-contractive", "contender": backend,
               "seconds an epoch": f"{seconds[1]:.3g}",
               "times vanilla's": f"{seconds[1] / seconds[0]:.2f}"}


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


def draw_peers(lines):
    """Draws the speed of each contender as bars."""
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(
        1, len(WORKLOADS), figsize=(12, 3.2), layout="constrained",
        sharey=True)
    for axis, module in zip(axes, WORKLOADS):
        those = [line for line in lines if line["workload"] == module][::-1]
        bars = axis.barh(
            [line["contender"] for line in those],
            [int(line["images a second"]) for line in those],
            color=["C1" if line["contender"].startswith("ours") else "C0"
                   for line in those])
        axis.bar_label(bars, padding=3, fontsize=8)
        axis.set(title=module, xlabel="images a second")
        axis.margins(x=0.25)
        axis.locator_params(axis="x", nbins=4)
    figure.suptitle("Training on two processor cores: more is better")
    figure.savefig(ROOT / "data" / "throughput.png", dpi=120)


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
    figure.savefig(ROOT / "data" / "growth.png", dpi=120)


PARTS = {"peers": peers, "layers": layers, "quality": quality, "files": files,
         "hosts": hosts, "penalty": penalty, "growth": growth}


def measure(parts):
    """Measures parts, and writes a table of each."""
    with tempfile.TemporaryDirectory() as name:
        data, images = prepare(Path(name))
        for part in parts:
            lines = []
            for line in PARTS[part](Path(name), data, images):
                lines.append(line)
                print(line, flush=True)
            with open(ROOT / "data" / f"bench-{part}.csv", "w",
                      newline="") as file:
                writer = csv.DictWriter(file, lines[0])
                writer.writeheader()
                writer.writerows(lines)


def main():
    """Measures the parts; writes their figures, pictures and the README."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART",
                        choices=[[], *PARTS], help=f"of {', '.join(PARTS)}")
    parser.add_argument("--readme", action="store_true",
                        help="measure nothing, draw and fill the README only")
    args = parser.parse_args()
    if not args.readme:
        measure(args.parts or PARTS)
    draw_peers(readme.read(readme.DATA / "bench-peers.csv"))
    draw_growth(readme.read(readme.DATA / "bench-growth.csv"))
    readme.write()


if __name__ == "__main__":
    main()
