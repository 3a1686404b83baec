"""The flags that only some mains have, and what the values of flags may be.
"""
import argparse
import math


def whole(least, most=math.inf):
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


def share(text):
    """Converts text to a number of 0 to 1."""
    value = weight(text)
    if value > 1:
        raise argparse.ArgumentTypeError(
            f"Expected a number of 0 to 1. Received: {text}")
    return value


# The factories' arguments beside the sizes, and their defaults in the uses.
EXTRA = {"1-sparse": {"lambtha": 1e-5},
         "4-denoising": {"noise": 0.5, "masking": False},
         "5-contractive": {"lambtha": 1e-5}}

FLAGS = {
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
    "sizes": dict(
        type=whole(1), nargs="+", metavar="SIZE", help="sizes of the code"),
    "labels": dict(
        type=whole(1), nargs="+", metavar="N", help="how many training images "
        "keep their labels; more than there are: all"),
    "latent_shape": dict(
        type=whole(1), nargs=3, metavar=("HEIGHT", "WIDTH", "CHANNELS"),
        help="shape of the code (default: what the encoder gives)"),
    "lambtha": dict(type=weight, help="weight of the penalty"),
    "noise": dict(
        type=share, help="standard deviation of the noise, or share to mask"),
    "other": dict(
        metavar="NAME|FILE|FOLDER", help="another data set, whose test "
        "part (every tenth row or image of a .csv file or folder) holds the "
        "anomalies (default: fashion_mnist, or mnist where --dataset is "
        "fashion_mnist; none if it cannot be had or does not fit)"),
    "protocol": dict(
        choices=("all-but-one", "only-one"),
        help="train on all labels but one, or on only one, each in turn, "
        "and look for the rest"),
    "binarize": dict(
        choices=("fixed", "dynamic"),
        help="draw pixels as 0 or 1, once, or anew for each epoch"),
    "samples": dict(
        type=whole(1), metavar="K",
        help="estimate the log-likelihood with K importance samples"),
    "masking": dict(
        action="store_true", help="blank pixels instead of adding noise"),
}
