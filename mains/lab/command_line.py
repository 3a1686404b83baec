"""The flags that all scripts share, and how a script ends on an error."""
import argparse
import os
import sys
from pathlib import Path

from lab import backend, modules, settings
from lab.errors import InputError
from lab.flags import FLAGS, integer, rate, weight


def parse(description, name, **flags):
    """Reads the command line of a script, and chooses Keras's backend.

    Args:
        description: String. The script's docstring, shown by `--help`.
        name: String. The numbered module, such as `"0-vanilla"`, whose sizes
            and arguments then are flags; or the application, such as
            `"denoise"`, which needs a flag `model`.
        **flags: Defaults of the flags that only some scripts have: a key of
            `FLAGS` each.

    Returns:
        `Settings`, with an attribute for each flag, `module` and `main`.
    """
    parser = argparse.ArgumentParser(
        description=description, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    is_application = "model" in flags
    if not is_application:
        flags = {**modules.get(name).flags, **flags}
    # Arguments that only the chosen module of an application may have.
    arguments = {
        flag: None for module in modules.find().values()
        for flag in module.arguments if is_application and flag not in flags}
    for flag, default in {**flags, **arguments}.items():
        add_flag(parser, flag, default, "filters" in flags)
    add_shared(parser, name, is_application)
    given = sys.argv[1:]
    args = parser.parse_args(given, settings.Settings())
    if args.config:
        given = [*settings.repeated(args.config, name), *given]
        args = parser.parse_args(given, settings.Settings())
    args.given = given_flags(parser, args, given)
    if args.resume and args.overwrite:
        parser.error("--resume goes on with a run, --overwrite deletes it. "
                     "Expected one of them. Received: both")
    args.main, args.module = name, getattr(args, "model", name)
    args.folds = getattr(args, "folds", None)
    own = modules.get(args.module).arguments
    for flag in arguments:
        value = getattr(args, flag)
        if flag not in own and value not in (None, False):
            parser.error(f"{args.module} takes no --{flag}. Leave it out, or "
                         "choose another --model")
        if value is None:
            setattr(args, flag, own.get(flag))
    if getattr(args, "masking", False) and args.noise == 1:
        parser.error("--masking blanks a fraction of the pixels. Expected a "
                     "--noise below 1. Received: 1")
    if args.show is None:
        args.show = sys.platform in ("darwin", "win32") or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if args.config:
        backend.prefer(settings.read(args.config)["versions"].get("backend"))
    backend.choose(args.module)
    return args


def given_flags(parser, args, words):
    """Returns the names of the flags that a command line has.

    Args:
        parser: `ArgumentParser`.
        args: Namespace, with all flags.
        words: List of strings. The command line.
    """
    # What the namespace has before is replaced by what is given only.
    absent = object()
    found = parser.parse_args(words, argparse.Namespace(
        **{**dict.fromkeys(vars(args), absent), "drop": None}))
    return {flag for flag, value in vars(found).items() if value is not absent}


def environment():
    """Sets what TensorFlow reads when it is imported, unless it is set."""
    # No notes on missing accelerators.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN's convolutions are faster on processors, too, where TensorFlow
    # leaves them off: those without AVX-512's instructions for networks.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def add_flag(parser, flag, default, takes_images):
    """Adds a flag that only some scripts have."""
    how = FLAGS["latent_shape" if flag == "latent" and takes_images else flag
                ] if flag in FLAGS else {
        "type": weight, "help": "the module's argument of this name"}
    how = {**how, "default": default}
    if default not in (None, False):
        how["help"] += f" (default: {default})"
    parser.add_argument(f"--{flag.replace('_', '-')}", **how)


def add_shared(parser, name, is_application):
    """Adds the flags that all scripts share."""
    add = parser.add_argument
    add("--dataset", default="auto", metavar="NAME|FILE|FOLDER",
        help="mnist, fashion_mnist, glyphs, a .npz file, a table (.csv, .tsv, "
        "with .gz, or .parquet) or a folder of images (default: mnist if it "
        "can be had, else glyphs)")
    add("--label", metavar="COLUMN", help="column of a table with labels")
    add("--names", metavar="COLUMN", help="column of a table with names")
    add("--drop", metavar="COLUMN", action="append",
        help="column of a table to leave out; again for another")
    add("--split", choices=("random", "last"), default="random",
        help="which tenth of a table's rows is held out: any, or the last, "
        "where rows follow each other in time (default: random)")
    add("--epochs", type=integer(1), default=50,
        help="(default: 50; for a table what suits its rows)")
    add("--batch-size", type=integer(1), default=256,
        help="(default: 256; for a table 64, or 256 for over 10,000 rows)")
    add("--passes", type=integer(1), default=1, metavar="N",
        help="how often an epoch goes through the training data (default: 1; "
        "for a small table so often that an epoch has 25 steps)")
    add("--keep", choices=("last", "best"), default="last",
        help="epoch to keep: the last, or the one of the lowest loss on "
        "unseen data, after which a third of all epochs brings no better one "
        "(default: last; for a table best)")
    add("--seed", type=integer(0, 2 ** 32 - 1), default=0,
        help="of weights, data order and noise (default: 0)")
    add("--optimizer", choices=("adam", "adadelta"), default="adam",
        help="(default: adam)")
    add("--learning-rate", type=rate, help="of the optimizer (default: 0.001 "
        "of Adam, for a table 0.003; 1.0 of Adadelta, as in its paper)")
    add("--schedule", choices=("constant", "cosine"), default="constant",
        help="cosine: the learning rate falls to 0 along half a cosine "
        "(default: constant; for a table cosine)")
    add("--distort", type=weight, nargs="?", const=1.0, default=0.0,
        metavar="STRENGTH", help="turn, scale, shear and shift each training "
        "image a little, anew in each epoch (without a number: 1)")
    add("--limit", type=integer(1), metavar="N",
        help="use the first N training images only")
    add("--output", type=Path, help="folder for everything that is written "
        f"(default: runs/{name}, or the next free runs/{name}-2, -3, ...)")
    add("--config", type=Path, metavar="FILE",
        help="repeat the run that has this config.json; other flags take "
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
    if not is_application:
        add("--folds", type=integer(2), metavar="K",
            help="K-fold cross-validation on the training images")
    add("--summary", action="store_true", help="print all layers")
    add("--show", action=argparse.BooleanOptionalAction,
        help="open windows (default: if there is a screen)")


def start(main):
    """Runs `main`; errors that a user can correct end it with one line."""
    environment()
    try:
        main()
    except (InputError, OSError, MemoryError) as error:
        message = str(error) or "Not enough memory."
        sys.exit(f"{Path(sys.argv[0]).name}: error: {message}")
    except KeyboardInterrupt as stop:
        print("\nInterrupted.", str(stop) or "The same command with --resume "
              "goes on from the last whole epoch.", file=sys.stderr)
        sys.exit(130)
