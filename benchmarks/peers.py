"""Training beside what a user would pick instead: speed, memory, quality."""
import sys
import time
from statistics import median

import numpy as np
import pages
from contenders import (
    CONTENDERS,
    COURSE,
    HERE,
    ROUNDS,
    command_of,
    contenders_of,
    epochs_of,
    ours,
    watch,
)
from workloads import FASTEST, WORKLOADS

COMPARED = [COURSE, "ours, default", "PyTorch, tuned"]
TUTORIAL = 0.0979  # the tutorial's deep autoencoder after 100 epochs


def peers(folder, data, images):
    """Yields the table's lines: each contender with each workload."""
    peaks, found = [peak()], {}
    for _ in range(ROUNDS):
        for module in WORKLOADS:
            for contender in contenders_of(module):
                if once_is_enough(found, module, contender):
                    continue
                backend, command = command_of(
                    contender, module, data, folder)
                it = watch(command, backend)
                if CONTENDERS[contender][1] is None:
                    it["inference"] = watch([
                        sys.executable, HERE / "inference.py", data,
                        folder / f"{module}-{backend}"],
                        backend or FASTEST[module])["inference"]
                found.setdefault((module, contender), []).append(it)
                print(f"{module}, {contender}: {epochs_of(it)}", flush=True)
        peaks.append(peak())
    for module in WORKLOADS:
        runs = {contender: found[module, contender]
                for contender in contenders_of(module)}
        yield from compare(module, runs, images, median(peaks))


def once_is_enough(found, module, contender):
    """Tells whether a contender was measured, and no ratio is taken of it, or
    it is the course's way and each epoch so long that chance evens out."""
    runs = found.get((module, contender))
    return runs is not None and (
        contender not in COMPARED
        or contender == COURSE and median(epochs_of(runs[0])) > 15)


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
            **spent_around(each, contender),
            "memory, MB": f"{memory / 1e6:.0f}",
            "times PyTorch's memory": f"{memory / least:.2f}",
            "inference, s": f"{median([it['inference'] for it in each]):.3g}",
            "loss": f"{median([it['loss'] for it in each]):.4g}",
            "counts": "yes" if all(
                it["loss"] <= allowed for it in each) else "no"}


def spent_around(runs, contender):
    """Returns the seconds before the first step and after the last epoch."""
    before = after = ""
    if contender.startswith("ours"):  # the others end with an inference
        before = f"{median([it['first'] for it in runs]):.1f}"
        after = f"{median([it['total'] - it['trained'] for it in runs]):.1f}"
    return {"seconds to the first step": before,
            "seconds after the last epoch": after}


def quality(folder, data, images):
    """Yields the seconds until the loss that the tutorial's deep autoencoder
    has after 100 epochs."""
    contenders = {
        "the tutorial's recipe": ("tensorflow", [
            sys.executable, HERE / "course.py", data, "0-vanilla", 100,
            "--tutorial"]),
        **{name: (backend, ours(
            "0-vanilla", folder / f"quality-{backend}", "--dataset", data,
            epochs=20))
           for name, backend in (
               ("ours, default", None), ("ours, TensorFlow", "tensorflow"))}}
    slow = None
    for contender, (backend, command) in contenders.items():
        found = watch(command, backend, until=TUTORIAL)
        reached = found["reached"]
        seconds = reached or found["total"]
        slow = slow or (seconds, reached)
        yield {"workload": "0-vanilla", "contender": contender,
               "seconds to 0.0979":
                   f"{'' if reached else 'more than '}{seconds:.1f}",
               "epochs": len(found["starts"]),
               "times the tutorial's speed":
                   f"{'' if slow[1] else 'more than '}{slow[0] / seconds:.1f}"}


def draw_peers(lines):
    """Draws the speed of each contender as bars."""
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(
        1, len(WORKLOADS), figsize=(12, 3.2), layout="constrained",
        sharey=True)
    for axis, module in zip(axes, WORKLOADS):
        those = [line for line in lines if line["workload"] == module
                 and "alone" not in line["contender"]][::-1]
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
    figure.savefig(pages.PICTURES / "throughput.png", dpi=120)
