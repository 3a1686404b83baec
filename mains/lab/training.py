"""Training: one model, or one for each fold, into the folder of a run."""
import importlib.util
import math
import sys
import time
from pathlib import Path

import keras
import numpy as np

from lab import (
    backend,
    building,
    corruption,
    distribution,
    evaluation,
    files,
    runs,
)
from lab.batches import Batches
from lab.errors import InputError
from lab.progress import Progress, reseed


def check(args, data, share):
    """Checks the settings that need nothing built.

    Raises:
        InputError: If they do not fit the data, or what is installed.
    """
    for package in ("tensorboard", "tensorflow") * args.tensorboard:
        if not importlib.util.find_spec(package):
            raise InputError(
                f"--tensorboard needs {package}, which is not installed. Run: "
                f"pip install {package}")
    if args.folds is not None and args.folds > len(data.train):
        raise InputError(
            "Too few images for --folds. Expected an image for each fold. "
            f"Received: {len(data.train)} images for {args.folds} folds")
    if args.distort and (len(data.shape) < 3 or (
            getattr(args, "binarize", None) == "fixed")):
        raise InputError(
            "--distort moves the pixels of images, and mixes their values. "
            "Expected images, and no --binarize fixed (dynamic does). "
            f"Received: {data}")
    if share != (0, 1) and (args.folds or args.batch_size < share[1]):
        raise InputError(
            "Several processes train one model, each on a part of every "
            f"batch. Expected no --folds, and --batch-size {share[1]} or "
            f"more. Received: {args.folds=}, {args.batch_size=}")
    if args.folds and getattr(args, "binarize", None) == "dynamic":
        raise InputError(
            "--folds validates on training images, which --binarize dynamic "
            "draws anew in each epoch. Expected --binarize fixed. Received: "
            f"{data}")
    folder = args.output or Path("runs", args.main)
    for name in (args.dataset, getattr(args, "other", None)):
        if args.overwrite and name and Path(name).exists() and Path(
                name).resolve().is_relative_to(folder.resolve()):
            raise InputError(
                "--overwrite would delete the data. Expected data outside "
                f"{folder}. Received: {name}. Move it, or choose another "
                "--output.")
    runs.check_repeated(args, data)


def trained(args, data, build, flat=True):
    """Trains once, or once for each fold, and yields what came of it.

    Args:
        args: `argparse.Namespace` of `command_line.parse`.
        data: `Dataset`.
        build: Function without arguments that returns encoder, decoder and
            auto.
        flat: Boolean. Whether the model takes each image as one row.

    Yields:
        `Run`, trained, measured and saved.

    Raises:
        InputError: If the settings do not fit the data, the output folder or
            what is installed.
    """
    started, share = time.time(), distribution.place()
    check(args, data, share)
    config = runs.config(args, data)
    # Must be the same in all processes; files may lie elsewhere on each host.
    common = {**config["settings"], **config["dataset"], **config["versions"],
              "resume": args.resume, "dataset": None, "name": None}
    if share[0] > 0:
        told = distribution.join(common)
        folder = Path(told["folder"])
        if args.resume and runs.digest(folder) != told["model"]:
            raise InputError(
                f"Another {folder}/auto.keras than process 0 goes on from. "
                "Expected the same output folder in every process.")
        train_all(args, folder, data, build, flat, share)
        sys.exit()  # what else there is to do, the first one does
    default = Path("runs", args.main)
    with files.claimed(
            args.output, default, args.resume, args.overwrite) as folder:
        runs.check_resumed(folder, args, config)
        distribution.join(
            common, folder=str(folder), model=runs.digest(folder))
        files.write_json(folder / "config.json", config)
        moved = not args.output and not args.resume and folder != default
        print(f"Training {args.module} by {keras.backend.backend()} on "
              f"{data}, for {args.epochs} epochs; files go to {folder}"
              + f", for {default} is taken" * moved)
        if args.folds:
            loss = yield from train_folds(args, folder, data, build, flat)
        else:
            run = train_all(args, folder, data, build, flat, share)
            yield run
            loss = run.metrics["loss"]
    print(f"Trained {args.module} on {data} in {time.time() - started:.0f} s: "
          f"loss {loss:.4f}; files are in {folder}")


def drawing(args, data):
    """Returns what makes input and target of each training batch, or None."""
    if not args.distort:
        return data.draw

    def draw(images, random):
        images = corruption.distorted(
            images, random, args.distort, data.shape)
        return data.draw(images, random) if data.draw else (images, images)
    return draw


def train_all(args, folder, data, build, flat, share):
    """Trains on all training images; returns the `Run`."""
    return train(args, folder, data, build,
                 Batches(data.train, args.batch_size, flat, args.seed,
                         scaling=data.scaling, labels=data.train_labels,
                         draw=drawing(args, data), share=share),
                 Batches(data.test, args.batch_size, flat,
                         scaling=data.scaling, labels=data.labels,
                         share=share), described=True)


def train_folds(args, folder, data, build, flat):
    """Trains once for each fold; yields each `Run`, returns the mean loss."""
    losses = []
    order = np.random.default_rng(args.seed).permutation(len(data.train))
    parts = dict(scaling=data.scaling, labels=data.train_labels)
    for number, fold in enumerate(np.array_split(order, args.folds), 1):
        print(f"Fold {number} of {args.folds}")
        run = train(args, folder / f"fold-{number}", data, build,
                    Batches(data.train, args.batch_size, flat, args.seed,
                            np.setdiff1d(order, fold),
                            draw=drawing(args, data), **parts),
                    Batches(data.train, args.batch_size, flat, rows=fold,
                            **parts), described=number == 1)
        yield run
        losses.append(run.metrics["loss"])
    mean, spread = np.mean(losses), np.std(losses, ddof=1)
    files.write_json(folder / "metrics.json", {
        "folds": losses, "mean": mean, "standard_deviation": spread})
    print(f"Validation loss over {args.folds} folds: mean {mean:.4f}, "
          f"standard deviation {spread:.4f}")
    return mean


def train(args, folder, data, build, batches, test, described=False,
          measure=evaluation.evaluate):
    """Trains one model, or goes on with it, and measures it.

    Of several processes that train it together, only the first writes files,
    and returns a `Run`.
    """
    first = batches.share[0] == 0
    if first:
        folder.mkdir(parents=True, exist_ok=True)
    forget()
    if batches.share != (0, 1):
        distribution.spread()
    with backend.without_tensorflow():
        keras.utils.set_random_seed(args.seed)
    models = build()
    if args.optimizer == "adadelta":
        models[-1].compile_from_config({
            **models[-1].get_compile_config(),
            "optimizer": keras.optimizers.serialize(
                keras.optimizers.Adadelta(1.0))})
    optimizer = models[-1].optimizer
    if args.learning_rate is not None:
        optimizer.learning_rate = args.learning_rate
    peak, history = float(optimizer.learning_rate), []
    if args.resume and (folder / "auto.keras").exists():
        models, history = runs.restore(folder, len(batches), args.epochs)
        if first:
            print(f"Going on after epoch {len(history)}")
    encoder, decoder, auto = models
    if first:  # written last: a folder that has it holds a trained model
        (folder / "metrics.json").unlink(missing_ok=True)
    if first and described:
        building.describe(args, encoder, decoder)
    if keras.backend.backend() == "tensorflow":
        speed_up(auto, batches, data)
    callbacks = [Progress(folder, batches, args.seed, history)]
    if args.schedule == "cosine":
        callbacks.insert(0, keras.callbacks.LearningRateScheduler(
            lambda epoch: peak * (
                1 + math.cos(math.pi * epoch / args.epochs)) / 2))
    if args.tensorboard and first:
        callbacks.append(keras.callbacks.TensorBoard(folder / "tensorboard"))
    if len(history) < args.epochs:
        auto.fit(batches.for_fit(), epochs=args.epochs,
                 initial_epoch=len(history),
                 shuffle=False,  # the batches shuffle themselves
                 validation_data=test.for_fit(), callbacks=callbacks,
                 verbose="auto" if first else 0)
    if batches.share != (0, 1):
        distribution.leave()
        if not first:
            return None
        batches.share = test.share = (0, 1)
        auto = keras.saving.load_model(folder / "auto.keras")
        _, encoder, decoder = auto.layers
    reseed(auto, args.seed, args.epochs)
    # Training images as they are: neither distorted nor shuffled.
    seen = None if data.draw else Batches(
        batches.images, args.batch_size, batches.flat, scaling=data.scaling,
        rows=np.sort(batches.rows)[:10000])
    metrics = measure(encoder, decoder, auto, test, seen)
    for alarm in evaluation.alarms(metrics):
        print(alarm)
    for model in encoder, decoder:
        runs.save(model, folder / f"{model.name}.keras")
    files.write_json(folder / "metrics.json", metrics)
    return runs.Run(args, data, folder, encoder, decoder, auto, batches,
                    test, history, metrics)


def speed_up(auto, batches, data):
    """Has TensorFlow run several short steps at a time, and compile the dense
    models by XLA, which takes seconds, where an epoch has many steps."""
    steps, most = len(batches), 8
    if batches.flat:
        most, auto.jit_compile = 47, steps >= 100
    # At most so many multiplications in a forward pass.
    work = auto.count_params() * batches.batch_size * (
        1 if batches.flat else math.prod(data.shape[:2]))
    if work < 2 ** 30:
        auto.steps_per_execution = math.ceil(steps / math.ceil(steps / most))


def forget():
    """Frees what is kept of earlier trainings, some megabytes of each.

    TensorFlow enters a gradient for each training into a registry, and with it
    the training's graph: https://github.com/tensorflow/tensorflow/issues/80753
    """
    keras.utils.clear_session()
    if keras.backend.backend() == "tensorflow":
        from tensorflow.python.framework.ops import gradient_registry
        entries = gradient_registry._registry
        for name in [*entries]:
            if name.startswith("CustomGradient-"):
                del entries[name]
