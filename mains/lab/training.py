"""Runs: training into a folder that holds all there is to know about it."""
import csv
import dataclasses
import importlib.util
import inspect
import json
import math
import platform
import signal
import time

import keras
import numpy as np

from lab import evaluation, files, hosts
from lab.command_line import NEUTRAL, InputError, read_config
from lab.datasets import Batches, memory


@dataclasses.dataclass
class Run:
    """A trained autoencoder, and where its files are.

    Attributes:
        args: `argparse.Namespace`. The settings.
        data: `Dataset`.
        folder: Path. Where everything of the run is written.
        encoder, decoder, auto: Models.
        batches: `Batches` of the images that were trained on.
        test: `Batches` of images that were not.
        history: List of a dictionary of numbers for each epoch.
        metrics: Dictionary of numbers, of the test images.
    """

    args: object
    data: object
    folder: object
    encoder: keras.Model
    decoder: keras.Model
    auto: keras.Model
    batches: Batches
    test: Batches
    history: list
    metrics: dict

    def first(self, count=10):
        """Returns the first test images as the model takes them."""
        return self.test.prepare(self.test.images[self.test.rows[:count]])

    def encode(self, images):
        """Returns a list of what the encoder gives, an array each."""
        outputs = evaluation.as_list(self.encoder(images))
        return [keras.ops.convert_to_numpy(part) for part in outputs]

    def decode(self, codes):
        """Returns the images that the decoder makes of codes."""
        return keras.ops.convert_to_numpy(self.decoder(codes))

    def rebuild(self, images):
        """Returns the images that the autoencoder makes of images."""
        return self.decode(self.code(images))

    def code(self, images):
        """Returns the codes of many images; of a Gaussian code, the means."""
        outputs = evaluation.as_list(
            self.encoder.predict(images, batch_size=1000, verbose=0))
        return outputs[1 if len(outputs) > 1 else 0]

    def report(self, title, values):
        """Prints a figure of several ways, and adds it to the run's own."""
        print(title)
        for way, value in values.items():
            print(f"  {way}: {value:.4g}")
        self.record(**{title: {
            way: float(value) for way, value in values.items()}})

    def record(self, **metrics):
        """Adds figures to the run's own."""
        self.metrics.update(metrics)
        write_json(self.folder / "metrics.json", self.metrics)

    def title(self, *measures):
        """Names the module, the data set and figures of merit."""
        figures = (f"{name.replace('_', ' ')} {self.metrics[name]:.4g}"
                   for name in measures or ["loss"])
        return (f"{self.args.module} on {self.data.name}, "
                f"{len(self.history)} epochs: {', '.join(figures)}")


class Progress(keras.callbacks.Callback):
    """Saves model and history after each epoch, for `--resume`, and stops a
    training on Ctrl-C, and where its loss is no longer finite.

    The order of the images and the noise are drawn anew for each epoch, from
    the seed and the epoch, so that a resumed run takes the same course. The
    model is saved last: its step count tells which epochs are done, and rows
    of the history beyond them are drawn again, the same.

    Args:
        folder: Path.
        batches: `Batches` to train on.
        seed: Integer.
        history: List of the epochs done before; continued in place.
    """

    async_safe = True  # Keras need not wait for the check of each step

    def __init__(self, folder, batches, seed, history):
        super().__init__()
        self.folder, self.batches = folder, batches
        self.seed, self.history = seed, history

    def on_train_begin(self, logs=None):
        """Listens for Ctrl-C, unless it is to be ignored."""
        self.interrupted = False
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self.interrupt)

    def interrupt(self, *_):
        """Stops now, or after this step: JAX loses some exceptions."""
        self.interrupted = True
        raise KeyboardInterrupt

    def on_train_end(self, logs=None):
        """Hears no more."""
        if signal.getsignal(signal.SIGINT) == self.interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def on_epoch_begin(self, epoch, logs=None):
        """Draws order and noise of this epoch."""
        self.epoch = epoch + 1
        self.batches.start_epoch(epoch)
        reseed(self.model, self.seed, epoch)

    def on_train_batch_end(self, batch, logs=None):
        """Stops at once where the loss is no longer finite."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.check(f"step {batch + 1}", logs)

    def check(self, step, logs):
        """Checks that all of `logs` is finite."""
        if not np.isfinite(list(logs.values())).all():
            figures = ", ".join(f"{name} {value}"
                                for name, value in logs.items())
            raise InputError(
                f"The loss is no longer finite in epoch {self.epoch}, {step}. "
                f"Expected finite numbers. Received: {figures}. Likely causes "
                "are too high a learning rate or too heavy a penalty. "
                f"{self.folder} keeps the epochs before.")

    def on_epoch_end(self, epoch, logs=None):
        """Saves what this epoch came to."""
        self.check("validation", logs)
        self.history.append({"epoch": epoch + 1, **{
            name: float(value) for name, value in logs.items()}})
        if self.batches.share[0] > 0:
            return  # the first process writes the files
        write_history(self.folder / "history.csv", self.history)
        with hosts.alone():
            save(self.model, self.folder / "auto.keras")


def reseed(model, seed, epoch):
    """Sets the noise of a model's random layers by seed and epoch."""
    states = [variable for variable in model.variables
              if variable.name == "seed_generator_state"]
    for number, state in enumerate(states):
        words = np.random.SeedSequence((seed, epoch, number)).generate_state(2)
        state.assign(words.astype(state.dtype))


def save(model, path):
    """Saves a model whole or not at all."""
    with files.whole(path) as temporary:
        model.save(temporary)


def write_history(path, history):
    """Writes a list of dictionaries, one row each, for spreadsheets."""
    with files.whole(path) as temporary, open(
            temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, history[0])
        writer.writeheader()
        writer.writerows(history)


def read_history(path):
    """Reads what `write_history` wrote."""
    with open(path, newline="") as file:
        return [{name: float(value) if name != "epoch" else int(value)
                 for name, value in row.items()}
                for row in csv.DictReader(file)]


def write_json(path, content):
    """Writes a dictionary, indented for people."""
    with files.whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def prepare(folder, args, data):
    """Writes down the settings of a run.

    Raises:
        InputError: If the folder holds a run with other settings, or
            `args.config` is of other data.
    """
    neutral = set(NEUTRAL)
    if args.resume and args.schedule == "constant":
        neutral.add("epochs")
    settings = {name: value for name, value in vars(args).items()
                if name not in NEUTRAL}
    dataset = {"name": data.name, "sha256": data.sha256,
               "train": list(data.train.shape), "test": list(data.test.shape)}
    versions = {"python": platform.python_version(),
                "keras": keras.__version__,
                keras.backend.backend(): backend_version(),
                "numpy": np.__version__}
    path = folder / "config.json"
    if path.exists():
        other = [f"{name}={old.get(name)!r}"
                 for old, new in zip(read_config(path), (settings, dataset))
                 for name, value in new.items()
                 if old.get(name) != value and name not in neutral]
        if other:
            raise InputError(
                f"{folder} holds a run with other settings. Expected the "
                f"same ones. Received: a folder with {', '.join(other)}. "
                "Choose another --output, or delete that folder.")
    if args.config:
        _, before = read_config(args.config)
        digest = before.get("sha256")
        if digest != data.sha256:
            raise InputError(
                f"{data.name} is not what it was in the run to repeat. "
                f"Expected data with the SHA-256 {digest}, as {args.config} "
                f"has it. Received: {data.sha256}")
    write_json(path, {"settings": settings, "dataset": dataset,
                      "versions": versions})


def backend_version():
    """Returns the version of the library that Keras computes with."""
    return __import__(keras.backend.backend()).__version__


def builder(args, data):
    """Returns a function that builds `args.module` as the flags say."""
    factory = __import__(args.module).autoencoder
    more = list(inspect.signature(factory).parameters)[3:]

    def build():
        return factory(data.size, args.hidden, args.latent,
                       *(getattr(args, name) for name in more))
    return build


def runs(args, data, build, flat=True):
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
    started, share = time.time(), hosts.join()
    try:
        _, _, auto = build()
    except ValueError as error:  # of sizes, before anything is written
        raise InputError(error) from error
    # Weights, their gradients, and the two moments that Adam keeps of these.
    needed = 4 * 4 * auto.count_params()
    if needed > memory():
        raise InputError(
            f"Too large a model for this machine. Expected at most "
            f"{memory() / 1e9:.1f} GB to train it. Received: "
            f"{auto.count_params():,} weights, which need {needed / 1e9:.1f} "
            "GB. Choose smaller sizes.")
    del auto
    if share[0] == 0:
        print(f"Training {args.module} on {data}, for {args.epochs} epochs; "
              f"files go to {args.output}")
    if args.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise InputError(
            "--tensorboard needs TensorBoard, which is not installed. Run: "
            "pip install tensorboard")
    if args.folds is not None and args.folds > len(data.train):
        raise InputError(
            "Too few images for --folds. Expected an image for each fold. "
            f"Received: {len(data.train)} images for {args.folds} folds")
    if share != (0, 1) and (args.folds or args.batch_size < share[1]):
        raise InputError(
            "Several processes train one model, each on a part of every "
            f"batch. Expected no --folds, and --batch-size {share[1]} or "
            f"more. Received: {args.folds=}, {args.batch_size=}")
    if share[0] > 0:
        train_all(args, data, build, flat, share)
        return
    with files.locked(args.output):
        prepare(args.output, args, data)
        if args.folds:
            loss = yield from train_folds(args, data, build, flat)
        else:
            run = train_all(args, data, build, flat, share)
            yield run
            loss = run.metrics["loss"]
    print(f"Trained {args.module} on {data} in {time.time() - started:.0f} s: "
          f"loss {loss:.4f}; files are in {args.output}")


def train_all(args, data, build, flat, share):
    """Trains on all training images; returns the `Run`."""
    return train(args, args.output, data, build,
                 Batches(data.train, args.batch_size, flat, args.seed,
                         draw=data.draw, share=share),
                 Batches(data.test, args.batch_size, flat, share=share))


def train_folds(args, data, build, flat):
    """Trains once for each fold; yields each `Run`, returns the mean loss."""
    losses = []
    order = np.random.default_rng(args.seed).permutation(len(data.train))
    for number, fold in enumerate(np.array_split(order, args.folds), 1):
        print(f"Fold {number} of {args.folds}")
        run = train(args, args.output / f"fold-{number}", data, build,
                    Batches(data.train, args.batch_size, flat, args.seed,
                            np.setdiff1d(order, fold), data.draw),
                    Batches(data.train, args.batch_size, flat, rows=fold))
        yield run
        losses.append(run.metrics["loss"])
    mean, spread = np.mean(losses), np.std(losses, ddof=1)
    write_json(args.output / "metrics.json", {
        "folds": losses, "mean": mean, "standard_deviation": spread})
    print(f"Validation loss over {args.folds} folds: mean {mean:.4f}, "
          f"standard deviation {spread:.4f}")
    return mean


def train(args, folder, data, build, batches, test):
    """Trains one model, or goes on with it, and measures it.

    Of several processes that train it together, only the first writes files,
    and returns a `Run`.
    """
    first = batches.share[0] == 0
    if first:
        folder.mkdir(parents=True, exist_ok=True)
    forget()
    if batches.share != (0, 1):
        hosts.spread()
    keras.utils.set_random_seed(args.seed)
    models = build()
    if args.optimizer != "adam":
        models[-1].compile_from_config({
            **models[-1].get_compile_config(), "optimizer": args.optimizer})
    optimizer = models[-1].optimizer
    if args.learning_rate is not None:
        optimizer.learning_rate = args.learning_rate
    peak, history = float(optimizer.learning_rate), []
    if args.resume and (folder / "auto.keras").exists():
        models, history = restore(
            models, folder, len(batches), args.epochs)
        if first:
            print(f"Going on after epoch {len(history)}")
    encoder, decoder, auto = models
    # At most so many multiplications in a forward pass.
    work = auto.count_params() * args.batch_size * (
        1 if batches.flat else math.prod(data.shape[:2]))
    if keras.backend.backend() == "tensorflow" and work < 2 ** 30:
        # Short steps, several at a time: the same results.
        auto.steps_per_execution = 8
    callbacks = [Progress(folder, batches, args.seed, history)]
    if args.schedule == "cosine":
        callbacks.insert(0, keras.callbacks.LearningRateScheduler(
            lambda epoch: peak * (
                1 + math.cos(math.pi * epoch / args.epochs)) / 2))
    if args.tensorboard and first:
        callbacks.append(keras.callbacks.TensorBoard(folder / "tensorboard"))
    if len(history) < args.epochs:
        auto.fit(batches, epochs=args.epochs, initial_epoch=len(history),
                 shuffle=False,  # the batches shuffle themselves
                 validation_data=test, callbacks=callbacks,
                 verbose="auto" if first else 0)
    if batches.share != (0, 1):
        hosts.leave()
        if not first:
            return None
        batches.share = test.share = (0, 1)
        auto = keras.saving.load_model(folder / "auto.keras")
        _, encoder, decoder = auto.layers
    reseed(auto, args.seed, args.epochs)
    metrics = evaluation.evaluate(encoder, decoder, auto, test)
    for alarm in evaluation.alarms(metrics):
        print(alarm)
    save(encoder, folder / "encoder.keras")
    save(decoder, folder / "decoder.keras")
    write_json(folder / "metrics.json", metrics)
    return Run(args, data, folder, encoder, decoder, auto, batches, test,
               history, metrics)


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


def restore(models, folder, steps, epochs):
    """Loads what the epochs of an interrupted run came to.

    Args:
        models: Encoder, decoder and auto, to start from if there is nothing.
        folder: Path.
        steps: Integer. Steps of an epoch.
        epochs: Integer. Epochs wanted in all.

    Returns:
        Encoder, decoder and auto; history, a row for each of their epochs.

    Raises:
        InputError: If these are not the files of such a run.
    """
    try:
        auto = keras.saving.load_model(folder / "auto.keras")
        _, encoder, decoder = auto.layers
        done, rest = divmod(int(auto.optimizer.iterations), steps)
        history = read_history(folder / "history.csv")[:done]
        if rest or done > epochs:
            raise ValueError(f"a model of {done} epochs and {rest} steps, "
                             f"for {epochs} epochs")
    except Exception as error:  # Keras raises many kinds for a bad file.
        raise InputError(
            f"Nothing to go on from in {folder}. Expected auto.keras and "
            "history.csv as an interrupted run of these settings leaves them. "
            f"Received: {str(error).splitlines()[0]}. Choose another "
            "--output, or leave out --resume to start afresh.") from error
    if len(history) < done:  # one begun afresh, in the folder of an older one
        return models, []
    return (encoder, decoder, auto), history
