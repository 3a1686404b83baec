"""The flags that all mains share, and how a main ends when it cannot go on."""
import argparse
import importlib.util
import math
import os
import sys
from pathlib import Path

# TensorFlow reads this when it is imported: no notes on missing accelerators.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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
        help="shape of the code"),
    "lambtha": dict(type=weight, help="weight of the penalty"),
    "noise": dict(
        type=share, help="standard deviation of the noise, or share to mask"),
    "other": dict(
        metavar="NAME|FILE|FOLDER", help="data set of anomalies"),
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
        `argparse.Namespace` with an attribute for each flag, and `module`.
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
        shown = "what the encoder gives" if default is None else default
        flag = {**SIZES[size], "default": default}
        flag["help"] += f" (default: {shown})"
        add(f"--{size.split('_')[0]}", **flag)
    add("--epochs", type=whole(1), default=50, help="(default: 50)")
    add("--batch-size", type=whole(1), default=256, help="(default: 256)")
    add("--seed", type=whole(0), default=0,
        help="of weights, data order and noise (default: 0)")
    add("--limit", type=whole(1), metavar="N",
        help="use the first N training images only")
    add("--output", type=Path, default=Path("runs", name),
        help=f"folder for everything that is written (default: runs/{name})")
    add("--resume", action="store_true",
        help="go on after an interruption, to the same result")
    add("--tensorboard", action="store_true",
        help="write TensorBoard logs into the output folder")
    add("--folds", type=whole(2), metavar="K",
        help="K-fold cross-validation on the training images")
    add("--show", action=argparse.BooleanOptionalAction,
        help="open windows (default: if there is a screen)")
    args = parser.parse_args()
    args.module = getattr(args, "model", name)
    if args.show is None:
        args.show = sys.platform in ("darwin", "win32") or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return args


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
    except (InputError, OSError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: error: {error}")
    except KeyboardInterrupt:
        print("\nInterrupted. The same command with --resume goes on from the "
              "last whole epoch.", file=sys.stderr)
        sys.exit(130)


class InputError(ValueError):
    """Data or settings that cannot be used; the message says what mends it."""
