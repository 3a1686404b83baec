"""The flags that only some scripts have, and what values flags may have."""
import argparse
import math

from lab import modules


def integer(least, most=math.inf):
    """Returns a converter of text to an integer of `least` to `most`."""
    limits = f"{least} or more" if most == math.inf else f"{least} to {most}"

    def convert(text):
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"Expected an integer of {limits}. Received: {text}")
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


def fraction(text):
    """Converts text to a number of 0 to 1."""
    value = weight(text)
    if value > 1:
        raise argparse.ArgumentTypeError(
            f"Expected a number of 0 to 1. Received: {text}")
    return value


def inner(text):
    """Converts text to a number between 0 and 1."""
    value = weight(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f"Expected a number between 0 and 1. Received: {text}")
    return value


FLAGS = {
    "model": dict(
        choices=[module.name for module in modules.find().values()
                 if not module.takes_images], help="module to use"),
    "hidden": dict(
        type=integer(1), nargs="*", metavar="UNITS",
        help="units of the encoder's hidden layers"),
    "filters": dict(
        type=integer(1), nargs="+", metavar="FILTERS",
        help="filters of the encoder's convolutions"),
    "latent": dict(type=integer(1), help="size of the code"),
    "sizes": dict(
        type=integer(1), nargs="+", metavar="SIZE", help="sizes of the code"),
    "labels": dict(
        type=integer(1), nargs="+", metavar="N", help="numbers of labelled "
        "images to try, at most all training images"),
    "latent_shape": dict(
        type=integer(1), nargs=3, metavar=("HEIGHT", "WIDTH", "CHANNELS"),
        help="shape of the code (default: what the encoder gives)"),
    "lambtha": dict(type=weight, help="weight of the penalty"),
    "noise": dict(
        type=fraction,
        help="standard deviation of the noise, or fraction to mask"),
    "other": dict(
        metavar="NAME|FILE|FOLDER", help="another data set, whose test "
        "part (all rows of a table, every tenth image of a folder) holds the "
        "anomalies (default: fashion_mnist, or mnist where --dataset is "
        "fashion_mnist; none if it cannot be had or does not fit)"),
    "anomaly": dict(
        metavar="LABEL", help="the label that marks anomalies: all others are "
        "trained on"),
    "protocol": dict(
        choices=("all-but-one", "only-one"),
        help="train on all labels but one, or on only one, each in turn, "
        "and look for the rest"),
    "binarize": dict(
        choices=("fixed", "dynamic"),
        help="draw pixels as 0 or 1, once, or anew for each epoch"),
    "samples": dict(
        type=integer(1), metavar="K",
        help="estimate the log-likelihood with K importance samples"),
    "masking": dict(
        action="store_true", help="blank pixels instead of adding noise"),
}
