"""The flags that all mains share, and how a main ends when it cannot go on."""
import argparse
import importlib.util
import json
import math
import os
import sys
from pathlib import Path

# TensorFlow reads this when it is imported: no notes on missing accelerators.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


# Flags that say where or how to run, and do not change the result.
NEUTRAL = ("config", "output", "resume", "show", "tensorboard")


def whole(least):
    """Returns a converter of text to an integer of `least` or more."""
    def convert(text):
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f"Expected an integer of {least} or more. Received: {text}")
        return value
    return convert


def weight(text):
    """Converts text to a finite number of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(
            f"Expected a finite number of 0 or more. Received: {text}")
    return value


def rate(text):
    """Converts text to a finite number above 0."""
    value = weight(text)
    if value == 0:
        raise argparse.ArgumentTypeError(
            f"Expected a finite number above 0. Received: {text}")
    return value


def share(text):
    """Converts text to a number of 0 to 1."""
    value = weight(text)
    if value > 1:
        raise argparse.ArgumentTypeError(
            f"Expected a number of 0 to 1. Received: {text}")
    return value


SIZES = {
    "model": dict(
        choices=("0-vanilla", "1-sparse", "3-variational", "4-denoising",
                 "5-contractive"), help="module to use"),
    "hidden": dict(
        type=whole(1), nargs="*", metavar="UNITS",
        help="units of the encoder's hidden layers"),
    "filters": dict(
        type=whole(1), nargs="+", metavar="FILTERS",
        help="filters of the encoder's convolutions"),
    "latent": dict(type=whole(1), help="size of the code"),
    "latent_shape": dict(
        type=whole(1), nargs=3, metavar=("HEIGHT", "WIDTH", "CHANNELS"),
        help="shape of the code (default: what the encoder gives)"),
    "lambtha": dict(type=weight, help="weight of the penalty"),
    "noise": dict(
        type=share, help="standard deviation of the noise, or share to mask"),
    "other": dict(
        metavar="NAME|FILE|FOLDER", help="data set of anomalies"),
    "binarize": dict(
        choices=("fixed", "dynamic"),
        help="draw pixels as 0 or 1, once, or anew for each epoch"),
    "samples": dict(
        type=whole(1), metavar="K",
        help="estimate the log-likelihood with K importance samples"),
    "masking": dict(
        action="store_true", help="blank pixels instead of adding noise"),
}


def parse(description, name, **sizes):
    """Reads the command line of a main.

    Args:
        description: String. The main's docstring, shown by `--help`.
        name: String. The numbered module, such as `"0-vanilla"`, or the use,
            such as `"denoise"`, which then has a flag `model`.
        **sizes: Defaults of the flags that only some mains have: a key of
            `SIZES` each.

    Returns:
        `argparse.Namespace` with an attribute for each flag, `module` and
        `main`.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--dataset", default="auto", metavar="NAME|FILE|FOLDER",
        help="mnist, fashion_mnist, glyphs, a .npz file or a folder of images "
        "(default: mnist if it can be had, else glyphs)")
    if "model" in sizes:  # whose factory may want any of these
        sizes = {"lambtha": 1e-5, "noise": 0.5, "masking": False, **sizes}
    for size, default in sizes.items():
        flag = {**SIZES[size], "default": default}
        if default is not None:
            flag["help"] += f" (default: {default})"
        add(f"--{size.split('_')[0]}", **flag)
    add("--epochs", type=whole(1), default=50, help="(default: 50)")
    add("--batch-size", type=whole(1), default=256, help="(default: 256)")
    add("--seed", type=whole(0), default=0,
        help="of weights, data order and noise (default: 0)")
    add("--optimizer", choices=("adam", "adadelta"), default="adam",
        help="(default: adam)")
    add("--learning-rate", type=rate,
        help="of the optimizer (default: its own)")
    add("--schedule", choices=("constant", "cosine"), default="constant",
        help="cosine: the learning rate falls to 0 along half a cosine "
        "(default: constant)")
    add("--limit", type=whole(1), metavar="N",
        help="use the first N training images only")
    add("--output", type=Path, default=Path("runs", name),
        help=f"folder for everything that is written (default: runs/{name})")
    add("--config", type=Path, metavar="FILE",
        help="repeat the run that has this config.json; flags beside it count "
        "more")
    add("--resume", action="store_true",
        help="go on after an interruption, to the same result")
    add("--tensorboard", action="store_true",
        help="write TensorBoard logs into the output folder")
    add("--folds", type=whole(2), metavar="K",
        help="K-fold cross-validation on the training images")
    add("--show", action=argparse.BooleanOptionalAction,
        help="open windows (default: if there is a screen)")
    args = parser.parse_args()
    if args.config:
        args = parser.parse_args([*words(args, name), *sys.argv[1:]])
    args.main, args.module = name, getattr(args, "model", name)
    if args.show is None:
        args.show = sys.platform in ("darwin", "win32") or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return args


def words(args, name):
    """Returns the settings in `args.config` as words of a command line.

    Raises:
        InputError: If the file holds none, or those of another main.
    """
    settings, _ = read_config(args.config)
    line = []
    try:
        main, _ = settings.pop("main"), settings.pop("module")
        if main != name or set(settings) - (set(vars(args)) - set(NEUTRAL)):
            raise ValueError(f"settings of {main}")
        for flag, value in settings.items():
            flag = f"--{flag.replace('_', '-')}"
            if isinstance(value, list):
                line += [flag, *(f"{int(number)}" for number in value)]
            elif value is True:
                line.append(flag)
            elif value is not None and value is not False:
                line.append(f"{flag}={value}")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"Unusable settings. Expected the config.json of a run of {name}. "
            f"Received: {args.config} ({error})") from None
    return line


def read_config(path):
    """Reads the settings, and what is said of the data, in a `config.json`.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        config = json.loads(path.read_text())
        return dict(config["settings"]), dict(config["dataset"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            "Unreadable settings. Expected the config.json of a run. "
            f"Received: {path} ({error})") from None


def need(*packages):
    """Checks that packages are there that only comparisons use.

    Raises:
        InputError: If one is not installed.
    """
    for package in packages:
        if not importlib.util.find_spec(package):
            raise InputError(
                f"The comparison needs {package}, which is not installed. "
                "Run: pip install scikit-learn")


def start(main):
    """Runs `main`; what the user can mend ends it with one line, status 1."""
    try:
        main()
    except (InputError, OSError, MemoryError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: error: "
                 f"{error or 'Not enough memory.'}")
    except KeyboardInterrupt:
        print("\nInterrupted. The same command with --resume goes on from the "
              "last whole epoch.", file=sys.stderr)
        sys.exit(130)


class InputError(ValueError):
    """Data or settings that cannot be used; the message says what mends it."""
