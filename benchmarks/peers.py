"""Training compared with what a user would pick instead: speed, memory,
quality; and what the contractive penalty costs."""
import sys
from statistics import median

import pages
from contenders import (
    CONTENDERS,
    COURSE,
    HERE,
    ROUNDS,
    WORKLOADS,
    command_of,
    contenders_of,
    epochs_of,
    fastest,
    ours,
    watch,
)

COMPARED = [COURSE, "ours, default", "PyTorch, tuned"]
TUTORIAL = 0.0979  # the tutorial's deep autoencoder after 100 epochs
RECIPE = "the tutorial's recipe"
# Who is measured until that loss, and on which backend; None: the default.
QUALITY = {RECIPE: "tensorflow", "ours, default": None,
           "ours, TensorFlow": "tensorflow"}
PENALTY = ("tensorflow", "jax")


def peers(folder, data, count):
    """Yields the table's lines: each contender with each workload."""
    found = {}
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
                        backend or fastest(module))["inference"]
                found.setdefault((module, contender), []).append(it)
                print(f"{module}, {contender}: {epochs_of(it)}", flush=True)
    for module in WORKLOADS:
        yield from compare(module, {
            contender: found[module, contender]
            for contender in contenders_of(module)}, count)


def once_is_enough(found, module, contender):
    """Returns whether a contender was measured, and no ratio is taken of it,
    or it is the course's and each epoch so long that chance evens out."""
    runs = found.get((module, contender))
    return runs is not None and (
        contender not in COMPARED
        or contender == COURSE and median(epochs_of(runs[0])) > 15)


def compare(module, runs, count):
    """Yields a line for each contender, with its ratios to the others.

    Args:
        module: String.
        runs: Dictionary of a contender to a list of what `watch` returns.
        count: Integer. How many training images there are.
    """
    seconds = {contender: [second for it in each for second in epochs_of(it)]
               for contender, each in runs.items()}
    quickest = min(median(seconds[name]) for name in runs if "PyTorch" in name)
    # Nobody may win by learning less; a little by chance is no loss.
    allowed = 1.02 * median([it["loss"] for it in runs[COURSE]])
    for contender, each in runs.items():
        epoch = median(seconds[contender])
        total = median([it["starts"][1] for it in each]) + 49 * epoch
        yield {
            "workload": module, "contender": contender,
            "seconds an epoch": f"{epoch:.3g}",
            "spread": f"{min(seconds[contender]):.3g} to "
                      f"{max(seconds[contender]):.3g}",
            "images a second": f"{count / epoch:.0f}",
            "times the course's speed":
                f"{median(seconds[COURSE]) / epoch:.2f}",
            "times PyTorch's best speed": f"{quickest / epoch:.2f}",
            "seconds, 50 epochs": f"{total:.0f}",
            "memory, MB":
                f"{median([it['memory'] for it in each]) / 1e6:.0f}",
            "inference, s": f"{median([it['inference'] for it in each]):.3g}",
            "loss": f"{median([it['loss'] for it in each]):.4g}",
            "comparable loss": "yes" if all(
                it["loss"] <= allowed for it in each) else "no"}


def quality(folder, data, count):
    """Yields the seconds until the loss that the tutorial's deep autoencoder
    has after 100 epochs."""
    slow = None
    for contender, backend in QUALITY.items():
        command = ours("0-vanilla", folder / f"quality-{backend}",
                       "--dataset", data, epochs=20)
        if contender == RECIPE:
            command = [sys.executable, HERE / "course.py", data, "0-vanilla",
                       100, "--tutorial"]
        found = watch(command, backend, until=TUTORIAL)
        reached = found["reached"]
        seconds = reached or found["total"]
        slow = slow or (seconds, reached)
        yield {"workload": "0-vanilla", "contender": contender,
               f"seconds to {TUTORIAL}":
                   f"{'' if reached else 'more than '}{seconds:.1f}",
               "epochs": len(found["starts"]),
               "times the tutorial's speed":
                   f"{'' if slow[1] else 'more than '}{slow[0] / seconds:.1f}"}


def penalty(folder, data, count):
    """Yields what the contractive penalty costs, against `0-vanilla`."""
    for backend in PENALTY:
        vanilla, contractive = (
            median(epochs_of(watch(
                ours(module, folder / f"penalty-{module}-{backend}",
                     "--dataset", data), backend)))
            for module in ("0-vanilla", "5-contractive"))
        yield {"workload": "5-contractive", "contender": backend,
               "seconds an epoch": f"{contractive:.3g}",
               "times vanilla's": f"{contractive / vanilla:.2f}"}


PARTS = {"peers": peers, "quality": quality, "penalty": penalty}


def names():
    """Returns workload and contender of each line that each part makes."""
    return {"peers": [(module, contender) for module in WORKLOADS
                      for contender in contenders_of(module)],
            "quality": [("0-vanilla", contender) for contender in QUALITY],
            "penalty": [("5-contractive", backend) for backend in PENALTY]}


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
