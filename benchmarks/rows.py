"""The rows of the results: commands, their metrics, and the references."""
import dataclasses

COURSE = "the course's log"
TUTORIAL = "the tutorial"
# It printed the last 20 epochs of a model trained before, from 0.2856 on.
RESUMED = "the tutorial, after 20 further epochs of a trained model"
HINTON = "Hinton & Salakhutdinov 2006"
SUTSKEVER = "Sutskever et al. 2013, table 1, without regularisation"
BATCHES = ("the same layers with batch normalisation, 500 iterations, by a "
           "repository's README")
BURDA = "Burda et al. 2016, tanh units"
REPEATED = "a repetition of theirs, github.com/nbip/IWAE"
RAPP = ("Kim et al. 2020, table {}, the error of a plain autoencoder, all "
        "images split anew")
# What a main measures, in words.
PIXEL = "test loss, nats per pixel"
PENALISED = "test loss with the penalty, nats per pixel"
ELBO = "negative ELBO of the test set, nats per image"
ERROR = "squared error per test image"
DISTORTED = ERROR + ", training images distorted"
TRAINED = "squared error per training image, undistorted"
CODES = "mean of the first ten codes"
REBUILT = "squared error per image"
# Metrics of which neither more nor less is better.
NEUTRAL = (CODES, "fraction of zeros", "active units",
           "mean distance to the nearest")


@dataclasses.dataclass
class Row:
    """A command, and the metrics of it that the table shows.

    Attributes:
        command: String, what to run in `mains`.
        metrics: List of tuples: a name in `metrics.json`, or the number of
            epochs after which to read the loss, or None for a comparison of
            an application with baselines; what it is called; and references,
            each its value, or the name in `metrics.json` of what the same run
            measured for comparison, and its source.
        seeds: Integer. How often to run it, with the seeds 0, 1, ...
        long: Boolean. Whether it is run only when named.
    """

    command: str
    metrics: list
    seeds: int = 1
    long: bool = False


def better(metric):
    """Returns `max` or `min`, which of two values of a metric is the better
    one, or None if neither is."""
    if metric.startswith(NEUTRAL):
        return None
    return max if metric.startswith(("accuracy", "area under")) else min


def compared(*titles):
    """Returns the metrics that an application compares with baselines."""
    return [(None, title) for title in titles]


def areas(other, labels, *references):
    """Returns the metrics of `anomalies.py`."""
    scores = "", ", plus its code", ", times its code"
    (error, title), *rest = compared(*(
        f"area under the ROC curve, mean of the labels {labels}{score}"
        for score in scores))
    return [*compared(*(f"area under the ROC curve, {other}{score}"
                        for score in scores)),
            (error, title, *references), *rest]


CODE = compared("accuracy of the five nearest neighbours",
                "accuracy of the linear probe", REBUILT)
DEEP = "0-main.py --dataset {} --epochs 100"
SIMPLE = DEEP + " --hidden"
ADADELTA = " --optimizer adadelta"
BEST = ("0-main.py --dataset {} --batch-size 128 --schedule cosine "
        "--learning-rate {}")

ONE_LABEL = ("anomalies.py --dataset {} --protocol only-one --latent 16 "
             "--distort --epochs 80 --batch-size 64 --schedule cosine")
# The rows whose models draw the sheet of Fashion-MNIST: codes of 30 numbers,
# of 2 and 20 with a variational one, noise, anomalies.
FASHION = ("hinton-fashion", "variational-fashion", "pytorch-vae-fashion",
           "denoise-fashion", "anomalies-fashion")

ROWS = {
    "vanilla": Row("0-main.py --dataset mnist", [
        ("loss", PIXEL, ("0.0842", COURSE)),
        ("mean_of_first_ten_codes", CODES, ("8.311", COURSE))], 3),
    "sparse": Row("1-main.py --dataset mnist", [
        ("loss", PENALISED, ("0.0835", COURSE)),
        ("mean_of_first_ten_codes", CODES, ("3.017", COURSE))], 3),
    "sparse-code": Row(
        "1-main.py --dataset mnist --epochs 10 --hidden --latent 256 "
        "--lambtha 1e-4", [
            ("zeros", "fraction of zeros in the codes"),
            ("dead_units", "fraction of dead units"),
            ("loss", PENALISED), ("squared_error", ERROR)], 3),
    "convolutional": Row("2-main.py --dataset mnist", [
        ("loss", PIXEL, ("0.0926", COURSE)),
        ("mean_of_first_ten_codes", CODES, ("3.414", COURSE))]),
    "variational": Row("3-main.py --dataset mnist", [
        ("loss", ELBO, ("147.90", COURSE))], 3),
    "variational-schedule": Row(
        "3-main.py --dataset mnist --batch-size 64 --schedule cosine", [
            ("loss", ELBO, ("147.90", COURSE))], 3, True),
    "denoising": Row("4-main.py --dataset mnist", [
        ("repaired_squared_error",
         "squared error per image, of noisy images repaired",
         ("noisy_squared_error", "the noisy images"))], 3),
    "contractive": Row("5-main.py --dataset mnist", [
        ("code_movement",
         "movement of the code by noise, as a fraction of its spread",
         ("vanilla_code_movement", "0-vanilla"))], 3, True),
    "simple": Row(SIMPLE.format("mnist"), [
        (20, PIXEL), (50, PIXEL), (100, PIXEL)], 3),
    "simple-adadelta": Row(SIMPLE.format("mnist") + ADADELTA, [
        (20, PIXEL), (50, PIXEL, ("0.1011", TUTORIAL)),
        (100, PIXEL, ("0.0982", TUTORIAL))], 3, True),
    "simple-fashion": Row(SIMPLE.format("fashion_mnist"), [
        (20, PIXEL), (50, PIXEL, ("0.2842", RESUMED)), (100, PIXEL)], 3, True),
    "deep": Row(DEEP.format("mnist"), [
        (20, PIXEL), (50, PIXEL, ("0.0842", COURSE)),
        (100, PIXEL, ("0.0979", TUTORIAL))], 3),
    "deep-adadelta": Row(DEEP.format("mnist") + ADADELTA, [
        (20, PIXEL), (50, PIXEL), (100, PIXEL, ("0.0979", TUTORIAL))],
        3, True),
    "deep-fashion": Row(DEEP.format("fashion_mnist"), [
        (20, PIXEL), (50, PIXEL, ("0.2774", TUTORIAL)), (100, PIXEL)],
        3, True),
    "best": Row(BEST.format("mnist", 0.002), [
        ("loss", PIXEL, ("0.0979", TUTORIAL + ", 100 epochs"))], 3),
    "best-fashion": Row(BEST.format("fashion_mnist", 0.004), [
        ("loss", PIXEL, ("0.2774", TUTORIAL))], 3),
    "folds": Row("0-main.py --dataset mnist --epochs 20 --folds 5", [
        ("mean", "validation loss, mean of five folds, nats per pixel")]),
    "pytorch-vae": Row(
        "3-main.py --dataset mnist --hidden 400 --latent 20 --epochs 10 "
        "--batch-size 128 --schedule cosine --learning-rate 0.004", [
            ("loss", ELBO, ("105.6", "pytorch/examples, published logs"))], 3),
    "flax-vae": Row(
        "3-main.py --dataset mnist --binarize fixed --hidden 500 --latent "
        "20 --epochs 10 --batch-size 128 --schedule cosine --learning-rate "
        "0.004", [("loss", ELBO, ("104", "README of Flax's example"))], 3),
    "hinton": Row(
        "4-main.py --dataset mnist --hidden 1000 500 250 --latent 30 "
        "--noise 0.1 --epochs 150 --schedule cosine", [
            ("squared_error", ERROR, ("3.00", HINTON), ("2.65", BATCHES),
             ("13.87", "PCA of 30 numbers"))], long=True),
    "hinton-distorted": Row(
        "0-main.py --dataset mnist --hidden 1000 500 250 --latent 30 "
        "--distort 1.25 --epochs 300 --batch-size 64 --schedule cosine", [
            ("squared_error", DISTORTED, ("3.00", HINTON), ("2.65", BATCHES)),
            ("training_squared_error", TRAINED, ("0.73", SUTSKEVER))],
        long=True),
    "burda": Row(
        "3-main.py --dataset mnist --binarize dynamic --hidden 200 200 "
        "--latent 50 --epochs 1200 --batch-size 64 --schedule cosine "
        "--samples 5000", [
            ("negative_log_likelihood",
             "negative log-likelihood, nats per image", ("86.76", BURDA),
             ("87.75", REPEATED)),
            ("active_units", "active units of the code")], long=True),
    "hinton-fashion": Row(
        "codes.py --dataset fashion_mnist --hidden 1000 500 250 --latent 30 "
        "--distort --epochs 40 --batch-size 64 --schedule cosine", CODE,
        long=True),
    "variational-fashion": Row("3-main.py --dataset fashion_mnist", [
        ("loss", ELBO)], 3, True),
    "pytorch-vae-fashion": Row(
        "3-main.py --dataset fashion_mnist --hidden 400 --latent 20 --epochs "
        "10 --batch-size 128 --schedule cosine --learning-rate 0.004", [
            ("loss", ELBO)], 3, True),
    "denoise": Row("denoise.py --dataset mnist --epochs 20",
                   compared(REBUILT), 3),
    "denoise-fashion": Row(
        "denoise.py --dataset fashion_mnist --epochs 20", compared(REBUILT),
        3, True),
    "impute": Row("impute.py --dataset mnist --epochs 20", compared(*(
        f"squared error per hidden value, {title}" for title in (
            "10% at random", "25% at random", "50% at random", "a block")))),
    "anomalies": Row("anomalies.py --dataset mnist --epochs 5",
                     areas("fashion_mnist", "left out",
                           ("0.825", RAPP.format(2)))),
    "anomalies-fashion": Row(
        "anomalies.py --dataset fashion_mnist --other mnist --epochs 5",
        areas("mnist", "left out", ("0.712", RAPP.format(2))), long=True),
    "one-label": Row(ONE_LABEL.format("mnist"),
                     areas("fashion_mnist", "trained on",
                           ("0.972", RAPP.format(3))), long=True),
    "one-label-fashion": Row(ONE_LABEL.format("fashion_mnist"),
                             areas("mnist", "trained on",
                                   ("0.924", RAPP.format(3))), long=True),
    "codes-2": Row("codes.py --dataset mnist --epochs 10", CODE, 3),
    "codes-8": Row("codes.py --dataset mnist --epochs 10 --latent 8", CODE, 3),
    "codes-8-fashion": Row(
        "codes.py --dataset fashion_mnist --epochs 10 --latent 8", CODE, 3,
        True),
    "codes-32": Row("codes.py --dataset mnist --epochs 40 --latent 32 "
                    "--model 4-denoising", CODE, 3),
    "classify": Row(
        "classify.py --dataset mnist --noise 0.25 --masking --distort "
        "--epochs 30 --batch-size 128 --schedule cosine", compared(*(
            f"fraction of test images classified wrongly, {count} labels"
            for count in (100, 1000, 10000, 60000))), long=True),
    "sizes": Row("sizes.py --dataset mnist --epochs 10", compared(*(
        f"{REBUILT}, a code of {size}"
        for size in (2, 4, 8, 16, 32, 64, 128))), 1, True),
    "generate": Row("generate.py --dataset mnist --epochs 20", compared(
        "mean distance to the nearest training image")),
}
