"""The flags that all mains share, and how a main ends when it cannot go on."""
import argparse
import gc
import importlib.util
import json
import os
import sys
from pathlib import Path

from lab import backend, peers
from lab.errors import InputError
from lab.flags import EXTRA, FLAGS, rate, weight, whole

# TensorFlow reads this when it is imported: no notes on missing accelerators.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# oneDNN's convolutions are faster on processors, too, where TensorFlow leaves
# them off: those without AVX-512's instructions for neural networks.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# Flags that say where or how to run, and do not change the result.
NEUTRAL = ("config", "output", "other_versions", "overwrite", "resume", "show",
           "summary", "tensorboard")


class Parser(argparse.ArgumentParser):
    """A parser whose refusals all processes of a training hear."""

    def error(self, message):
        """Ends this process with a message."""
        peers.tell(message)
        super().error(message)


def parse(description, name, **flags):
    """Reads the command line of a main, and chooses Keras's backend.

    Args:
        description: String. The main's docstring, shown by `--help`.
        name: String. The numbered module, such as `"0-vanilla"`, or the use,
            such as `"denoise"`, which then has a flag `model`.
        **flags: Defaults of the flags that only some mains have: a key of
            `FLAGS` each.

    Returns:
        `argparse.Namespace` with an attribute for each flag, `module` and
        `main`.
    """
    peers.meet()
    parser = Parser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--dataset", default="auto", metavar="NAME|FILE|FOLDER",
        help="mnist, fashion_mnist, glyphs, a .npz or .csv file or a folder "
        "of images (default: mnist if it can be had, else glyphs)")
    add("--label", metavar="COLUMN", help="column of a .csv with labels")
    add("--names", metavar="COLUMN", help="column of a .csv with names")
    # What the chosen module of a use may take, unless the use itself does.
    extra = {} if "model" not in flags else {
        flag: None for flags_of in EXTRA.values() for flag in flags_of
        if flag not in flags}
    for flag, default in {**flags, **extra}.items():
        settings = {**FLAGS[flag], "default": default}
        if default not in (None, False):
            settings["help"] += f" (default: {default})"
        option = flag.removesuffix("_shape").replace("_", "-")
        add(f"--{option}", **settings)
    add("--epochs", type=whole(1), default=50, help="(default: 50)")
    add("--batch-size", type=whole(1), default=256, help="(default: 256)")
    add("--seed", type=whole(0, 2 ** 32 - 1), default=0,
        help="of weights, data order and noise (default: 0)")
    add("--optimizer", choices=("adam", "adadelta"), default="adam",
        help="(default: adam)")
    add("--learning-rate", type=rate, help="of the optimizer (default: 0.001 "
        "of Adam; 1.0 of Adadelta, as in its paper)")
    add("--schedule", choices=("constant", "cosine"), default="constant",
        help="cosine: the learning rate falls to 0 along half a cosine "
        "(default: constant)")
    add("--distort", type=weight, nargs="?", const=1.0, default=0.0,
        metavar="STRENGTH", help="turn, scale, shear and shift each training "
        "image a little, anew in each epoch (without a number: 1)")
    add("--limit", type=whole(1), metavar="N",
        help="use the first N training images only")
    add("--output", type=Path, help="folder for everything that is written "
        f"(default: runs/{name}, or the next free runs/{name}-2, -3, ...)")
    add("--config", type=Path, metavar="FILE",
        help="repeat the run that has this config.json; flags beside it take "
        "precedence")
    add("--resume", action="store_true",
        help="go on after an interruption, to the same result")
    add("--other-versions", action="store_true", help="let --resume go on "
        "where backend or versions are not those of the run")
    add("--overwrite", action="store_true",
        help=f"delete the run in --output (default: runs/{name}) and start "
        "afresh")
    add("--tensorboard", action="store_true",
        help="write TensorBoard logs into the output folder")
    if "model" not in flags:
        add("--folds", type=whole(2), metavar="K",
            help="K-fold cross-validation on the training images")
    add("--summary", action="store_true", help="print all layers")
    add("--show", action=argparse.BooleanOptionalAction,
        help="open windows (default: if there is a screen)")
    args = parser.parse_args()
    if args.config:
        args = parser.parse_args([*words(args, name), *sys.argv[1:]])
    if args.resume and args.overwrite:
        parser.error("--resume goes on with a run, --overwrite deletes it. "
                     "Expected one of them. Received: both")
    args.main, args.module = name, getattr(args, "model", name)
    args.folds = getattr(args, "folds", None)
    for flag in extra:
        default = EXTRA.get(args.module, {}).get(flag)
        if default is None and getattr(args, flag) not in (None, False):
            parser.error(f"{args.module} takes no --{flag}. Leave it out, or "
                         "choose another --model")
        if getattr(args, flag) is None:
            setattr(args, flag, default)
    if getattr(args, "masking", False) and args.noise == 1:
        parser.error("--masking blanks a share of the pixels. Expected a "
                     "--noise below 1. Received: 1")
    if args.show is None:
        args.show = sys.platform in ("darwin", "win32") or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if args.config:
        backend.prefer(read_config(args.config)["versions"].get("backend"))
    backend.choose(args.module)
    return args


def words(args, name):
    """Returns the settings in `args.config` as words of a command line.

    Raises:
        InputError: If the file holds none, or those of another main.
    """
    settings = read_config(args.config)["settings"]
    line = []
    try:
        main, _ = settings.pop("main"), settings.pop("module")
        known = set(vars(args)) - set(NEUTRAL)
        if main != name or any(flag not in known and value is not None
                               for flag, value in settings.items()):
            raise ValueError(f"settings of {main}")
        for flag, value in settings.items():
            flag = f"--{flag.replace('_', '-')}"
            if isinstance(value, list):
                line += [flag, *(f"{int(number)}" for number in value)]
            elif value is True:
                line.append(flag)
            elif value is not None and value is not False:
                line.append(f"{flag}={value}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"Unusable settings. Expected the config.json of a run of {name}. "
            f"Received: {args.config} ({error})") from None
    return line


def read_config(path):
    """Reads the dictionary in the `config.json` of a run.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return {**config, **{
            part: dict(config[part])
            for part in ("settings", "dataset", "versions")}}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            "Unreadable settings. Expected the config.json of a run. "
            f"Received: {path} ({error})") from None


def need(*packages):
    """Checks that optional packages are installed.

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
    # Python would look through all that was imported for what can be freed,
    # again and again, and once more at the end: a second or two in all.
    gc.set_threshold(100_000)
    with peers.ending_together():
        try:
            main()
            gc.freeze()
        except (InputError, OSError, MemoryError) as error:
            message = str(error) or "Not enough memory."
            peers.tell(message)
            sys.exit(f"{Path(sys.argv[0]).name}: error: {message}")
        except KeyboardInterrupt as stop:
            peers.tell("Interrupted.")
            print("\nInterrupted.", str(stop) or "The same command with "
                  "--resume goes on from the last whole epoch.",
                  file=sys.stderr)
            sys.exit(130)
