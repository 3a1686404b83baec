"""What a run was asked to do: its settings, kept in its `config.json`."""
import argparse
import json
import math
from pathlib import Path

from lab import modules
from lab.errors import InputError

# Flags that say where or how to run, and do not change the result.
NEUTRAL = ("config", "given", "output", "other_versions", "overwrite",
           "resume", "show", "summary", "tensorboard")
PARTS = "settings", "dataset", "versions"  # of a config.json
# Scripts whose model's sizes follow the table, unless they are given.
SIZED = ("anomalies",)


class Settings(argparse.Namespace):
    """The flags of a script, with `main`, its name, and `module`; `given` are
    the names of those that were on its command line."""

    given = frozenset()

    @property
    def data(self):
        """What `datasets.load` takes."""
        return {"name": self.dataset, "limit": self.limit,
                "label": self.label, "names": self.names,
                "drop": self.drop, "seed": self.seed, "split": self.split}

    @property
    def flags(self):
        """All that change the result, as a dictionary."""
        return {name: value for name, value in vars(self).items()
                if name not in NEUTRAL}

    @property
    def folder(self):
        """The folder of the run, if it is not taken."""
        return self.output or Path("runs", self.main)

    def builder(self, shape, name=None):
        """Returns a function that builds a module of these sizes.

        Args:
            shape: Tuple. Of one input.
            name: String, or None for the module of these settings.

        Returns:
            Function without arguments that returns encoder, decoder and auto.

        Raises:
            InputError: If the sizes do not fit the inputs.
        """
        module = modules.get(name or self.module)
        return module.builder(shape, self.batch_size, **{
            flag: getattr(self, flag) for flag in module.flags})

    def suit(self, data):
        """Sets what suits a data set, but for flags that were given."""
        if not data.scaling.by_column:
            return
        is_sized = self.main == self.module or self.main in SIZED
        found = suited(
            len(data.train), data.size,
            self.batch_size if "batch_size" in self.given else None)
        if "epochs" in self.given:
            found["passes"] = 1
        if self.optimizer != "adam":
            del found["learning_rate"]
        if self.flags.get("masking"):
            found["noise"] = 0.25
        if not is_sized:
            del found["hidden"]
            found["latent"] = min(
                data.size, self.flags.get("latent") or data.size)
        for name, value in found.items():
            if name in vars(self) and name not in self.given:
                setattr(self, name, value)

    def changed(self, **flags):
        """Returns these settings with some flags changed."""
        return Settings(**{**vars(self), **flags})


def suited(rows, columns, batch_size=None):
    """Returns flags that suit a table, by benchmarks/tables.py.

    A thousand steps at least, or ten passes through the rows; epochs of 25
    steps at least, as a few rows would not be worth looking at the loss.

    Args:
        rows, columns: Integers. Of the training part, as the model takes it.
        batch_size: Integer, or None for what suits the rows.
    """
    batch_size = batch_size or (64 if rows <= 10000 else 256)
    passes = max(1, 25 * batch_size // rows)
    steps = max(1000, 10 * rows / batch_size)
    return {"batch_size": batch_size, "passes": passes,
            "epochs": math.ceil(
                steps / math.ceil(rows * passes / batch_size)),
            "learning_rate": 0.003, "schedule": "cosine", "keep": "best",
            "hidden": [128, 64], "latent": math.ceil(columns / 2),
            "noise": 0.05}


def script(main):
    """Returns the path of the script of a name, such as `"0-vanilla"`."""
    number, _, rest = main.partition("-")
    return f"mains/{number}-main.py" if rest else f"mains/{main}.py"


def command(flags, backend):
    """Returns the command line, as words, that repeats a run.

    Args:
        flags: Dictionary. What `Settings.flags` returns.
        backend: String. What Keras computed with.
    """
    words = [f"KERAS_BACKEND={backend}", f"./{script(flags['main'])}"]
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if name in ("main", "module") or value is None or value is False:
            continue
        if isinstance(value, (list, tuple)):
            words += [f"{flag}={word}" for word in value] if (
                name == "drop") else [flag, *map(str, value)]
        else:
            words += [flag] if value is True else [f"{flag}={value}"]
    return words


def read(path):
    """Reads the `config.json` of a run.

    Returns:
        Dictionary with the keys of `PARTS`, each a dictionary.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
        return {**config, **{part: dict(config[part]) for part in PARTS}}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            "Unreadable settings. Expected the config.json of a run. "
            f"Received: {path} ({error})") from None


def is_run(folder):
    """Determines whether a folder holds a run, finished or not: other
    projects' folders have a config.json, too."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.keys() >= {*PARTS}


def home(folder):
    """Returns the folder of a run, given it or a part of it, such as a fold.

    Raises:
        InputError: If it is none.
    """
    for place in folder, folder.resolve().parent:
        if is_run(place):
            return place
    raise InputError("Not a run. Expected the folder of a finished run. "
                     f"Received: {folder}")


def repeated(path, main):
    """Returns the flags that repeat a run, as words of a command line.

    Raises:
        InputError: If the file holds none, or those of another script.
    """
    try:
        flags = read(path)["settings"]
        if flags["main"] != main or flags.keys() & {*NEUTRAL}:
            raise ValueError(f"settings of {flags['main']}")
        for name, value in flags.items():  # a word of a list could be a flag
            kind = str if name == "drop" else int
            if isinstance(value, list) and not all(
                    isinstance(word, kind) for word in value):
                raise ValueError(f"{value}")
        return command(flags, None)[2:]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"Unusable settings. Expected the config.json of a run of {main}. "
            f"Received: {path} ({error})") from None


def check_resumed(folder, settings, config, extendable):
    """Checks that a run, if any, may go on with such settings and versions.

    Args:
        folder: Path.
        settings: `Settings`.
        config: Dictionary, for the `config.json` of this run.
        extendable: Boolean. Whether the run may go on for more epochs.

    Raises:
        InputError: If the folder holds a run with other ones.
    """
    if not is_run(folder):
        return
    old = read(folder / "config.json")
    other = [f"{name}={old[part].get(name)!r}"
             for part in ("settings", "dataset")
             for name, value in config[part].items()
             if old[part].get(name) != value
             and not (extendable and name == "epochs")]
    if other:
        raise InputError(
            f"{folder} holds a run with other settings. Expected the same "
            f"ones. Received: a folder with {', '.join(other)}. Choose "
            "another --output, or add --overwrite instead of --resume to "
            "start afresh.")
    done = old["settings"].get("epochs")
    if (folder / "metrics.json").exists() and isinstance(done, int) and (
            done > settings.epochs):
        raise InputError(
            f"{folder} holds a finished run of {done} epochs. Expected "
            f"--epochs {done} or more. Received: --epochs {settings.epochs}")
    if old["versions"] != config["versions"] and not settings.other_versions:
        one, two = (" ".join(f"{name} {version}".replace("backend ", "")
                             for name, version in versions.items())
                    for versions in (config["versions"], old["versions"]))
        raise InputError(
            "A run goes on to the same result only where it was begun. "
            f"Expected the versions of {folder}: {two}. Received: {one}. Add "
            "--other-versions to go on all the same, to a slightly different "
            "result.")


def check_repeated(path, data):
    """Checks that `--config` repeats a run on the data that it had.

    Args:
        path: Path of a `config.json`, or None.
        data: `Dataset`.
    """
    if path:
        digest = read(path)["dataset"].get("sha256")
        if digest != data.sha256:
            raise InputError(
                f"{data.name} is not what it was in the run to repeat. "
                f"Expected data with the SHA-256 {digest}, as {path} has it. "
                f"Received: {data.sha256}")
