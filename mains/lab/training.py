"""Runs: training into a folder that holds all there is to know about it."""
import csv
import dataclasses
import importlib.util
import inspect
import json
import platform
import time

import keras
import numpy as np

from lab import evaluation, files
from lab.command_line import InputError
from lab.datasets import Batches

# Settings that say where or how to run, and do not change the result.
NEUTRAL = ("output", "resume", "show", "tensorboard")


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
    """Saves model and history after each epoch, for `--resume`.

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

    def __init__(self, folder, batches, seed, history):
        super().__init__()
        self.folder, self.batches = folder, batches
        self.seed, self.history = seed, history

    def on_epoch_begin(self, epoch, logs=None):
        """Draws order and noise of this epoch."""
        self.batches.start_epoch(epoch)
        reseed(self.model, self.seed, epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Saves what this epoch came to."""
        self.history.append({"epoch": epoch + 1, **{
            name: float(value) for name, value in logs.items()}})
        write_history(self.folder / "history.csv", self.history)
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
    """Makes the folder of a run and writes down its settings.

    Raises:
        InputError: If the folder holds a run with other settings.
    """
    neutral = (*NEUTRAL, "epochs") if args.resume else NEUTRAL
    config = {
        "settings": {name: value for name, value in vars(args).items()
                     if name not in NEUTRAL},
        "dataset": {"name": data.name, "sha256": data.sha256,
                    "train": list(data.train.shape),
                    "test": list(data.test.shape)},
        "versions": {"python": platform.python_version(),
                     "keras": keras.__version__,
                     keras.backend.backend(): backend_version(),
                     "numpy": np.__version__}}
    path = folder / "config.json"
    if path.exists():
        before = json.loads(path.read_text())
        for part in ("settings", "dataset"):
            other = [f"{name}={before[part].get(name)!r}"
                     for name, value in config[part].items()
                     if before[part].get(name) != value
                     and name not in neutral]
            if other:
                raise InputError(
                    f"{folder} holds a run with other settings. Expected the "
                    f"same ones. Received: a folder with {', '.join(other)}. "
                    "Choose another --output, or delete that folder.")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, config)


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
    started = time.time()
    try:
        build()
    except ValueError as error:  # of sizes, before anything is written
        raise InputError(error) from error
    print(f"Training {args.module} on {data}, for {args.epochs} epochs; "
          f"files go to {args.output}")
    if args.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise InputError(
            "--tensorboard needs TensorBoard, which is not installed. Run: "
            "pip install tensorboard")
    prepare(args.output, args, data)
    if args.folds is None:
        run = train(
            args, args.output, data, build,
            Batches(data.train, args.batch_size, flat, args.seed),
            Batches(data.test, args.batch_size, flat))
        yield run
        loss = run.metrics["loss"]
    else:
        losses = []
        order = np.random.default_rng(args.seed).permutation(len(data.train))
        for number, fold in enumerate(np.array_split(order, args.folds), 1):
            print(f"Fold {number} of {args.folds}")
            run = train(
                args, args.output / f"fold-{number}", data, build,
                Batches(data.train, args.batch_size, flat, args.seed,
                        np.setdiff1d(order, fold)),
                Batches(data.train, args.batch_size, flat, rows=fold))
            yield run
            losses.append(run.metrics["loss"])
        loss = np.mean(losses)
        spread = np.std(losses, ddof=1)
        write_json(args.output / "metrics.json", {
            "folds": losses, "mean": loss, "standard_deviation": spread})
        print(f"Validation loss over {args.folds} folds: mean {loss:.4f}, "
              f"standard deviation {spread:.4f}")
    print(f"Trained {args.module} on {data} in {time.time() - started:.0f} s: "
          f"loss {loss:.4f}; files are in {args.output}")


def train(args, folder, data, build, batches, test):
    """Trains one model, or goes on with it, and measures it."""
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(args.seed)
    encoder, decoder, auto = build()
    done, history = 0, []
    if args.resume and (folder / "auto.keras").exists():
        auto = keras.saving.load_model(folder / "auto.keras")
        _, encoder, decoder = auto.layers
        done = int(auto.optimizer.iterations) // len(batches)
        history = read_history(folder / "history.csv")[:done]
        print(f"Going on after epoch {done}")
    callbacks = [Progress(folder, batches, args.seed, history)]
    if args.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(folder / "tensorboard"))
    if done < args.epochs:
        auto.fit(batches, epochs=args.epochs, initial_epoch=done,
                 shuffle=False,  # the batches shuffle themselves
                 validation_data=test, callbacks=callbacks)
    reseed(auto, args.seed, args.epochs)
    metrics = evaluation.evaluate(encoder, decoder, auto, test)
    save(encoder, folder / "encoder.keras")
    save(decoder, folder / "decoder.keras")
    write_json(folder / "metrics.json", metrics)
    return Run(args, data, folder, encoder, decoder, auto, batches, test,
               history, metrics)
