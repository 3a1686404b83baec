"""A run: its folder, settings, history and metrics; written and read back."""
import contextlib
import csv
import dataclasses
import hashlib
import platform

import keras
import numpy as np

from lab import evaluation, files
from lab.batches import Batches
from lab.command_line import NEUTRAL, read_config
from lab.errors import InputError


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
        return evaluation.outputs(self.encoder, images)

    def code(self, images):
        """Returns the codes of images; of a Gaussian code, the means."""
        return evaluation.codes(self.encoder, images)

    def decode(self, codes):
        """Returns the images that the decoder makes of codes."""
        return evaluation.outputs(self.decoder, codes)[0]

    def rebuild(self, images):
        """Returns the images that the autoencoder makes of images."""
        return self.decode(self.code(images))

    def score(self, images):
        """Returns how badly each image is rebuilt."""
        return evaluation.scores(self.encoder, self.decoder, images)

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
        files.write_json(self.folder / "metrics.json", self.metrics)

    def title(self, *measures):
        """Names the module, the data set and figures of merit."""
        figures = (f"{name.replace('_', ' ')} {self.metrics[name]:.4g}"
                   for name in measures or ["loss"])
        return (f"{self.args.module} on {self.data.name}, "
                f"{len(self.history)} epochs: {', '.join(figures)}")


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


def versions():
    """Returns the versions on which a run's exact numbers depend."""
    name = keras.backend.backend()
    return {"backend": name, "keras": keras.__version__,
            name: __import__(name).__version__,
            "numpy": np.__version__}


def config(args, data):
    """Returns the settings of a run, for its `config.json`."""
    return {
        "settings": {name: value for name, value in vars(args).items()
                     if name not in NEUTRAL},
        "dataset": {
            "name": data.name, "sha256": data.sha256,
            "train": list(data.train.shape), "test": list(data.test.shape),
            "dtype": str(data.train.dtype),
            "scaling": data.scaling.to_config(), "columns": data.columns},
        "versions": versions(), "python": platform.python_version()}


def digest(folder):
    """Returns the SHA-256 of the model that a run goes on from, or None."""
    with contextlib.suppress(FileNotFoundError), open(
            folder / "auto.keras", "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_resumed(folder, args, config):
    """Checks that a run, if any, may go on with such settings and versions.

    Raises:
        InputError: If the folder holds a run with other ones.
    """
    if not files.is_run(folder):
        return
    old = read_config(folder / "config.json")
    # A longer training, if neither the schedule depends on its length, nor
    # what is fine-tuned after it.
    neutral = {"epochs"} if (
        args.schedule == "constant" and args.main != "classify") else set()
    other = [f"{name}={old[part].get(name)!r}"
             for part in ("settings", "dataset")
             for name, value in config[part].items()
             if old[part].get(name) != value and name not in neutral]
    if other:
        raise InputError(
            f"{folder} holds a run with other settings. Expected the same "
            f"ones. Received: a folder with {', '.join(other)}. Choose "
            "another --output, or add --overwrite instead of --resume to "
            "start afresh.")
    done = old["settings"].get("epochs")
    if (folder / "metrics.json").exists() and isinstance(done, int) and (
            done > args.epochs):
        raise InputError(
            f"{folder} holds a finished run of {done} epochs. Expected "
            f"--epochs {done} or more. Received: --epochs {args.epochs}")
    if old["versions"] != config["versions"] and not args.other_versions:
        one, two = (" ".join(f"{name} {version}".replace("backend ", "")
                             for name, version in versions.items())
                    for versions in (config["versions"], old["versions"]))
        raise InputError(
            "A run goes on to the same result only where it was begun. "
            f"Expected the versions of {folder}: {two}. Received: {one}. Add "
            "--other-versions to go on all the same, to a slightly different "
            "result.")


def check_repeated(args, data):
    """Checks that `--config` repeats a run on the data that it had."""
    if args.config:
        digest = read_config(args.config)["dataset"].get("sha256")
        if digest != data.sha256:
            raise InputError(
                f"{data.name} is not what it was in the run to repeat. "
                f"Expected data with the SHA-256 {digest}, as {args.config} "
                f"has it. Received: {data.sha256}")


def restore(folder, steps, epochs):
    """Loads what the epochs of an interrupted run came to.

    Args:
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
        if rest or not len(history) == done <= epochs:
            raise ValueError(
                f"a model of {done} epochs and {rest} steps, a history of "
                f"{len(history)}, for {epochs} epochs")
    except Exception as error:  # Keras raises many kinds for a bad file.
        raise InputError(
            f"Nothing to go on from in {folder}. Expected auto.keras and "
            "history.csv as an interrupted run of these settings leaves them. "
            f"Received: {str(error).splitlines()[0]}. Choose another "
            "--output, or add --overwrite instead of --resume to start "
            "afresh.") from error
    return (encoder, decoder, auto), history
