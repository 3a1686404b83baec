"""Training: one model, or one for each fold, into the folder of a run."""
import contextlib
import importlib.util
import math
import time
from pathlib import Path

import keras
import numpy as np

from lab import (
    backend,
    baselines,
    distribution,
    files,
    measures,
    modules,
    runs,
    settings,
)
from lab.autoencoders import Autoencoder
from lab.data import corruption
from lab.errors import InputError
from lab.progress import Best, Progress, reseed
from lab.scores import Scores


def check(args, data):
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
    binarize = args.flags.get("binarize")
    if args.distort and (data.is_table or binarize == "fixed"):
        raise InputError(
            "--distort moves the pixels of images, and mixes their values. "
            "Expected images, and no --binarize fixed (dynamic does). "
            f"Received: {data}")
    if args.folds and binarize == "dynamic":
        raise InputError(
            "--folds validates on training images, which --binarize dynamic "
            "draws anew in each epoch. Expected --binarize fixed. Received: "
            f"{data}")
    if distribution.processes() > 1 and (
            args.folds or args.flags.get("sizes")):
        raise InputError(
            "Several processes train one model. Expected one process for "
            f"--folds and --sizes. Received: {distribution.processes()}")
    for name in (args.dataset, args.flags.get("other")):
        if args.overwrite and name and Path(name).exists() and Path(
                name).resolve().is_relative_to(args.folder.resolve()):
            raise InputError(
                "--overwrite would delete the data. Expected data outside "
                f"{args.folder}. Received: {name}. Move it, or choose another "
                "--output.")
    settings.check_repeated(args.config, data)


@contextlib.contextmanager
def session(args, data, more=()):
    """Checks settings, and keeps a folder for the run that has them.

    Args:
        args: `Settings`, which suit the data.
        data: `Dataset`.
        more: Tuple of strings. Files that the run writes after its training.

    Yields:
        Path of the folder, with a `config.json`.

    Raises:
        InputError: If the settings do not fit the data, the output folder or
            what is installed.
    """
    check(args, data)
    # Files may lie elsewhere on each host.
    output = distribution.join({
        **args.flags, **data.to_config(), "resume": args.resume,
        "dataset": None, "name": None}, args.output)
    config = runs.config(args.flags, data, more)
    with files.claimed(output, args.folder, args.resume,
                       args.overwrite) as folder:
        # More epochs, unless something depends on their number.
        settings.check_resumed(
            folder, args, config, args.schedule == "constant" and not more)
        for name in "auto.keras", "history.csv":
            distribution.share(folder / name)
        files.write_json(folder / "config.json", config)
        moved = not args.resume and folder != args.folder
        print(f"Training {args.module} by {keras.backend.backend()} on "
              f"{data}, {plan(args, data)}; files go to {folder}"
              + f", for {args.folder} is taken" * moved)
        yield folder


def plan(args, data):
    """Says for how long a run trains, and on a table how."""
    if not data.scaling.by_column:
        return f"for {args.epochs} epochs"
    steps = -(-len(data.train) * args.passes // args.batch_size)
    sizes = [data.size, *args.hidden, args.flags.get("latent", "its code")]
    noise = args.flags.get("noise")
    return (f"as {'-'.join(map(str, sizes))}, by squared error"
            + f", with noise of {noise}" * bool(noise)
            + f", for {args.epochs} epochs of {steps} steps of "
            f"{args.batch_size} rows, of which the {args.keep} is kept")


def trained(args, data, draw=None, more=()):
    """Trains once, or once for each fold, and yields what came of it.

    Args:
        args: `Settings`.
        data: `Dataset`.
        draw: Function or None. Makes input and target of training batches.
        more: Tuple of strings. Files that the caller adds to the folder.

    Yields:
        `Run`, trained, measured and saved.

    Raises:
        InputError: If the settings do not fit the data, the output folder or
            what is installed.
    """
    started = time.time()
    args.suit(data)
    build = args.builder(data.shape)
    with session(args, data, more) as folder:
        if args.folds:
            loss = yield from train_folds(args, folder, data, build, draw)
        else:
            run = train(args, folder, data, build, draw=draw, described=True)
            yield run
            loss = run.metrics["loss"]
    print(f"Trained {args.module} on {data} in {time.time() - started:.0f} s: "
          f"loss {loss:.4f}; files are in {folder}")


def train_folds(args, folder, data, build, draw):
    """Trains once for each fold; yields each `Run`, returns the mean loss."""
    losses = []
    order = np.random.default_rng(args.seed).permutation(len(data.train))
    for number, fold in enumerate(np.array_split(order, args.folds), 1):
        print(f"Fold {number} of {args.folds}")
        run = train(args, folder / f"fold-{number}", data, build,
                    np.setdiff1d(order, fold), ("train", fold), draw=draw,
                    described=number == 1)
        yield run
        losses.append(run.metrics["loss"])
    mean, spread = np.mean(losses), np.std(losses, ddof=1)
    files.write_json(folder / "metrics.json", {
        "folds": losses, "mean": mean, "standard_deviation": spread})
    print(f"Validation loss over {args.folds} folds: mean {mean:.4f}, "
          f"standard deviation {spread:.4f}")
    return mean


def train(args, folder, data, build, rows=None, unseen=("test", None),
          targets=(None, None), draw=None, measure=Autoencoder.evaluate,
          described=False):
    """Trains one model, or goes on with it, and measures it.

    Args:
        args: `Settings`.
        folder: Path.
        data: `Dataset`.
        build: Function without arguments that returns encoder, decoder and
            auto.
        rows: Array of integers, or None for all. The training images.
        unseen: `"train"` or `"test"`, and the rows of images to measure on.
        targets: Two arrays or None. What to learn instead of training images,
            and to expect instead of unseen ones.
        draw: Function or None. Makes input and target of training batches.
        measure: Function of an `Autoencoder`, batches that it has not seen and
            some that it has, which returns metrics.
        described: Boolean. Whether to print the layers.

    Returns:
        `Run`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    flat = not modules.get(args.module).takes_images
    batches = data.batches(
        "train", args.batch_size, flat, seed=args.seed, rows=rows,
        draw=drawing(args.distort, data, draw), targets=targets[0],
        passes=args.passes)
    test = data.batches(unseen[0], args.batch_size, flat, rows=unseen[1],
                        targets=targets[1])
    keras.utils.clear_session()
    with backend.without_tensorflow():
        keras.utils.set_random_seed(args.seed)
    with distribution.spread() as several:
        model, history = fit(
            args, folder, data, build, batches, test, described)
    distribution.leave()
    if several:  # one of them is enough from here on
        models, _ = runs.restore(folder, len(batches), args.epochs)
        model = Autoencoder(*models, data.scaling.by_column)
    best = Best(folder, history, args.epochs) if args.keep == "best" else None
    if best:
        best.restore(model.auto)
    reseed(model.auto, args.seed, args.epochs)
    # Training images as they are: neither distorted nor shuffled.
    seen = None if draw else data.batches(
        "train", args.batch_size, flat, rows=np.sort(batches.rows)[:10000])
    metrics = measure(model, test, seen)
    if best:
        metrics["best_epoch"] = best.epoch()
    scores = judge(model, batches, test, metrics, args)
    if scores:
        scores.save(folder)
    for alarm in measures.alarms(metrics):
        print(alarm)
    model.save(folder)
    files.write_json(folder / "metrics.json", metrics)
    return runs.Run(args.flags, folder, data, model, batches, test, history,
                    metrics, runs.versions(), args.show)


def fit(args, folder, data, build, batches, test, described):
    """Fits a model, or goes on with it.

    Args:
        args, folder, data, build, described: As of `train`.
        batches, test: `Batches` to train and to validate on.

    Returns:
        `Autoencoder`; history, a list of a row for each epoch.
    """
    models, history = build(), []
    if batches.targets is None:  # it learns to rebuild
        Autoencoder(*models, data.scaling.by_column).choose_loss()
    choose_optimizer(models[-1], args.optimizer, args.learning_rate)
    peak = float(models[-1].optimizer.learning_rate)
    if args.resume and (folder / "auto.keras").exists():
        models, history = runs.restore(folder, len(batches), args.epochs)
        print(f"Going on after epoch {len(history)}")
    model = Autoencoder(*models, data.scaling.by_column)
    # Written last: a folder that has it holds a trained model.
    (folder / "metrics.json").unlink(missing_ok=True)
    if described:
        model.describe(args.summary)
    if keras.backend.backend() == "tensorflow":
        speed_up(model.auto, batches, data)
    callbacks = [Progress(folder, batches, args.seed, history)]
    if args.schedule == "cosine":
        callbacks.insert(0, keras.callbacks.LearningRateScheduler(
            lambda epoch: peak * (
                1 + math.cos(math.pi * epoch / args.epochs)) / 2))
    if args.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(folder / "tensorboard"))
    best = Best(folder, history, args.epochs) if args.keep == "best" else None
    if best:
        callbacks.insert(0, best)
    distribution.split(model.auto)
    if len(history) < args.epochs and not (
            best and history and best.is_over(best.losses())):
        model.auto.fit(
            batches.for_fit(), epochs=args.epochs, initial_epoch=len(history),
            shuffle=False,  # the batches shuffle themselves
            validation_data=test.for_fit(), callbacks=callbacks)
    return model, history


def judge(model, batches, test, metrics, args):
    """Scores what a model has not seen, and compares it with PCA on a table.

    Args:
        model: `Autoencoder`.
        batches, test: `Batches` that it has seen, and has not.
        metrics: Dictionary, to which more are added.
        args: `Settings`.

    Returns:
        `Scores`, or None where nothing was rebuilt.
    """
    if model.unseen is None:
        return None
    if not model.by_column:
        return Scores(model.unseen)
    train, unseen = batches.all(), test.all()
    scores = Scores.of_table(model, train, unseen, args.seed)
    metrics["score_quantiles"] = measures.score_quantiles(scores.unseen)
    size = model.decoder.input_shape[-1]
    metrics["variance_rebuilt_by_PCA"] = baselines.variance_rebuilt(
        train, unseen, size)
    print(measures.compared_with_pca(metrics, size))
    if scores.suspects():
        print(f"Warning: {scores.suspects()} of {len(unseen)} held-out rows "
              "score far above the others. If they are anomalies, thresholds "
              "are too high: leave them out.")
    return scores


def drawing(strength, data, draw):
    """Returns what makes input and target of a training batch, or None.

    Args:
        strength: Number. Of the distortion.
        data: `Dataset`.
        draw: Function or None. What to do after that.
    """
    if not strength:
        return draw

    def distort_and_draw(images, random):
        images = corruption.distorted(images, random, strength, data.shape)
        return draw(images, random) if draw else (images, images)
    return distort_and_draw


def choose_optimizer(model, name, learning_rate):
    """Has a compiled model use an optimizer and a learning rate.

    Keras's Adadelta has a learning rate of 0.001; that of its paper is 1.
    """
    if name == "adadelta":
        model.compile_from_config({
            **model.get_compile_config(),
            "optimizer": keras.optimizers.serialize(
                keras.optimizers.Adadelta(1.0))})
    if learning_rate is not None:
        model.optimizer.learning_rate = learning_rate


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
