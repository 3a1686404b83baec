"""A run: its folder, settings, data, model, history and metrics."""
import csv
import functools
import json
import platform

import keras
import numpy as np

from lab import distribution, files, modules, settings
from lab.autoencoders import Autoencoder, save
from lab.data.datasets import Dataset
from lab.data.reading import readable
from lab.errors import InputError
from lab.scores import Scores

FILES = ("encoder.keras", "decoder.keras", "metrics.json")  # once finished
CLASSIFIER, CLASSES = "classifier.keras", "classes.json"


class Run:
    """A trained autoencoder, and where its files are.

    Args:
        flags: Dictionary. The settings that change the result.
        folder: Path. Where everything of the run is written.
        data: `Dataset`.
        model: `Autoencoder`, or None to load it from the folder when needed.
        batches, test: `Batches` of the images that were trained on, and of
            images that were not; None for a run that is read back.
        history: List of a dictionary of numbers for each epoch.
        metrics: Dictionary of numbers, of the test images.
        versions: Dictionary, as `versions` returns it.
        show: Boolean. Whether windows are to be opened.

    Attributes:
        settings: `flags`.
        classes: List of the labels of its classifier, or None.
    """

    def __init__(self, flags, folder, data, model=None, batches=None,
                 test=None, history=(), metrics=None, versions=None,
                 show=False):
        self.settings, self.folder, self.data = flags, folder, data
        if model is not None:
            self.model = model
        self.batches, self.test = batches, test
        self.history, self.metrics = history, metrics or {}
        self.versions, self.show = versions, show
        self.classes = None

    @classmethod
    def load(cls, folder):
        """Reads a finished run back, or a part of one, such as a fold.

        Args:
            folder: Path.

        Returns:
            `Run`, without the images of its data.

        Raises:
            InputError: If it is no run, or not finished.
        """
        home = settings.home(folder)
        config = settings.read(home / "config.json")
        absent = [name for name in (
            *FILES, *config.get("files", ()) * (home == folder))
            if not (folder / name).exists()]
        if absent:
            parts = sorted(
                path.parent.name for path in folder.glob(f"*/{FILES[0]}"))
            raise InputError(
                "Not a finished run. Expected a folder with its models and "
                f"metrics. Received: {folder} without {', '.join(absent)}. "
                + (f"Name one of its parts: {', '.join(parts)}."
                   if parts and FILES[0] in absent else
                   "Run its command again, with --resume."))
        try:
            history = folder / "history.csv"
            run = cls(
                config["settings"], folder,
                Dataset.described(config["dataset"]),
                history=read_history(history) if history.exists() else (),
                metrics=dict(read_json(folder / "metrics.json")),
                versions=config["versions"])
            dict(run.metrics.get("score_quantiles", {}))
            if (folder / CLASSES).exists():
                run.classes = list(read_json(folder / CLASSES))
            if run.settings["module"] not in modules.find():
                raise ValueError(f"module {run.settings['module']}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                "Unreadable settings. Expected the folder of a run. Received: "
                f"{folder} ({error})") from None
        return run

    @functools.cached_property
    def model(self):
        """The `Autoencoder`: loaded in safe mode, no code of a file is run."""
        __import__(self.settings["module"])  # registers its layers
        with readable(self.folder, "the folder of a run."):
            return Autoencoder.load(
                self.folder, self.data.scaling.by_column)

    @functools.cached_property
    def classifier(self):
        """The model that gives each of `classes` a probability, or None."""
        if not self.classes:
            return None
        __import__(self.settings["module"])
        with readable(self.folder, "the folder of a run."):
            model = keras.saving.load_model(self.folder / CLASSIFIER)
            if model.output_shape != (None, len(self.classes)):
                raise ValueError(f"{len(self.classes)} classes, for a model "
                                 "of another number")
        return model

    def keep_classifier(self, model, names):
        """Saves a classifier, and the names of its labels in their order."""
        save(model, self.folder / CLASSIFIER)
        files.write_json(self.folder / CLASSES, names)

    @property
    def command(self):
        """The command line, as words, that repeats the run."""
        return settings.command(self.settings, self.versions["backend"])

    def first(self, count=10):
        """Returns the first test images as the model takes them."""
        return self.test.prepare(self.test.images[self.test.rows[:count]])

    @functools.cached_property
    def scores(self):
        """The `Scores` of unseen inputs."""
        return Scores.load(self.folder)

    def score_and_rebuild(self, images):
        """Returns the scores of inputs as the model takes them: of a table's
        rows by their neighbours, else by their reconstruction; and these
        reconstructions."""
        parts = self.model.encode(images)
        rebuilt = self.model.decode(self.model.of_parts(parts))
        images, output, *parts = (
            array.astype("float64") for array in (images, rebuilt, *parts))
        if self.model.by_column:
            return self.scores.neighbours.score(
                images, images - output), rebuilt
        return self.model.score_of(images, parts, output), rebuilt

    def report(self, title, values):
        """Prints a metric of several methods, and adds it to the run's."""
        print(title)
        for method, value in values.items():
            print(f"  {method}: {value:.4g}")
        self.record(**{title: {
            method: float(value) for method, value in values.items()}})

    def record(self, **metrics):
        """Adds metrics to those of the run."""
        self.metrics.update(metrics)
        files.write_json(self.folder / "metrics.json", self.metrics)

    def title(self, *names):
        """Returns a title: module, data set and metrics."""
        metrics = (f"{name.replace('_', ' ')} {self.metrics[name]:.4g}"
                   for name in names or ["loss"])
        return (f"{self.settings['module']} on {self.data.name}, "
                f"{len(self.history)} epochs: {', '.join(metrics)}")


def read_json(path):
    """Reads a file that `files.write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_history(path, history):
    """Writes a list of dictionaries, one row each, for spreadsheets."""
    with files.written(path) as temporary, open(
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
            "numpy": np.__version__, **distribution.devices()}


def config(flags, data, more=()):
    """Returns the content of a run's `config.json`.

    Args:
        flags: Dictionary. The settings that change the result.
        data: `Dataset`.
        more: Tuple of strings. Files that the finished run has besides
            `FILES`.
    """
    return {"settings": flags, "dataset": data.to_config(),
            "versions": versions(), "python": platform.python_version(),
            **({"files": more} if more else {})}


def restore(folder, steps, epochs):
    """Loads the model and the history of an interrupted run.

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
