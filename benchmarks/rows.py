"""The rows of the results: commands, and which of their figures are shown."""
import dataclasses

COURSE = "the course's log"
TUTORIAL = "the tutorial"
# It printed the last 20 epochs of a model trained before, from 0.2856 on.
RESUMED = "the tutorial, after 20 further epochs of a trained model"
MARTENS = "Martens 2010, pretrained, Hessian-free"
SUTSKEVER = "Sutskever et al. 2013, without regularisation"
# What a main measures, in words.
PIXEL = "test loss, nats per pixel"
ELBO = "negative ELBO of the test set, nats per image"
ERROR = "squared error per test image"
DISTORTED = ERROR + ", training images distorted"
TRAINED = "squared error per training image, undistorted"
CODES = "mean of the first ten codes"


@dataclasses.dataclass
class Row:
    """A command, and the figures of it that the table shows.

    Attributes:
        command: String, what to run in `mains`.
        figures: List of a figure's name in `metrics.json`, or the number of
            epochs after which to read the loss; what it is called; the
            reference, or the name of the figure to compare with; its source.
            For a use, the function that finds the best of the other ways.
        seeds: Integer. How often to run it, with the seeds 0, 1, ...
        long: Boolean. Whether it is run only when named.
    """

    command: str
    figures: object
    seeds: int = 1
    long: bool = False


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
        ("loss", PIXEL, 0.0842, COURSE),
        ("mean_of_first_ten_codes", CODES, 8.311, COURSE)], 3),
    "sparse": Row("1-main.py --dataset mnist", [
        ("loss", "test loss with the penalty, nats per pixel", 0.0835, COURSE),
        ("mean_of_first_ten_codes", CODES, 3.017, COURSE)], 3),
    "sparse-code": Row(
        "1-main.py --dataset mnist --epochs 10 --hidden --latent 256 "
        "--lambtha 1e-4", [
            ("zeros", "share of zeros in the codes", "", ""),
            ("dead_units", "share of dead units", "", ""),
            ("loss", "test loss with the penalty, nats per pixel", "", ""),
            ("squared_error", ERROR, "", "")], 3),
    "convolutional": Row("2-main.py --dataset mnist", [
        ("loss", PIXEL, 0.0926, COURSE),
        ("mean_of_first_ten_codes", CODES, 3.414, COURSE)]),
    "variational": Row("3-main.py --dataset mnist", [
        ("loss", ELBO, 147.90, COURSE)], 3),
    "variational-schedule": Row(
        "3-main.py --dataset mnist --batch-size 64 --schedule cosine", [
            ("loss", ELBO, 147.90, COURSE)], 3, True),
    "denoising": Row("4-main.py --dataset mnist", [
        ("repaired_squared_error",
         "squared error per image, of noisy images repaired",
         "noisy_squared_error", "the noisy images")], 3),
    "contractive": Row("5-main.py --dataset mnist", [
        ("code_movement", "movement of the code by noise, share of its spread",
         "vanilla_code_movement", "0-vanilla beside it")], 3, True),
    "simple": Row(SIMPLE.format("mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, "", ""), (100, PIXEL, "", "")], 3),
    "simple-adadelta": Row(SIMPLE.format("mnist") + ADADELTA, [
        (20, PIXEL, "", ""), (50, PIXEL, 0.1011, TUTORIAL),
        (100, PIXEL, 0.0982, TUTORIAL)], 3, True),
    "simple-fashion": Row(SIMPLE.format("fashion_mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, 0.2842, RESUMED),
        (100, PIXEL, "", "")], 3, True),
    "deep": Row(DEEP.format("mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, 0.0842, COURSE),
        (100, PIXEL, 0.0979, TUTORIAL)], 3),
    "deep-adadelta": Row(DEEP.format("mnist") + ADADELTA, [
        (20, PIXEL, "", ""), (50, PIXEL, "", ""),
        (100, PIXEL, 0.0979, TUTORIAL)], 3, True),
    "deep-fashion": Row(DEEP.format("fashion_mnist"), [
        (20, PIXEL, "", ""), (50, PIXEL, 0.2774, TUTORIAL),
        (100, PIXEL, "", "")], 3, True),
    "best": Row(BEST.format("mnist", 0.002), [
        ("loss", PIXEL, 0.0979, TUTORIAL + ", 100 epochs")], 3),
    "best-fashion": Row(BEST.format("fashion_mnist", 0.004), [
        ("loss", PIXEL, 0.2774, TUTORIAL)], 3),
    "folds": Row("0-main.py --dataset mnist --epochs 20 --folds 5", [
        ("mean", "validation loss, mean of five folds, nats per pixel", "",
         "")]),
    "pytorch-vae": Row(
        "3-main.py --dataset mnist --hidden 400 --latent 20 --epochs 10 "
        "--batch-size 128 --schedule cosine --learning-rate 0.004", [
            ("loss", ELBO, 105.6, "pytorch/examples")], 3),
    "flax-vae": Row(
        "3-main.py --dataset mnist --binarize fixed --hidden 500 --latent "
        "20 --epochs 10 --batch-size 128 --schedule cosine --learning-rate "
        "0.004", [("loss", ELBO, 104, "Flax's example")], 3),
    "hinton": Row(
        "4-main.py --dataset mnist --hidden 1000 500 250 --latent 30 "
        "--noise 0.1 --epochs 150 --schedule cosine", [
            ("squared_error", ERROR, 3.00, "Hinton & Salakhutdinov 2006"),
            ("squared_error", ERROR, 13.87, "PCA, in the same")], long=True),
    "hinton-distorted": Row(
        "0-main.py --dataset mnist --hidden 1000 500 250 --latent 30 "
        "--distort 1.25 --epochs 300 --batch-size 64 --schedule cosine", [
            ("squared_error", DISTORTED, 3.00, "Hinton & Salakhutdinov 2006"),
            ("squared_error", DISTORTED, 2.46, MARTENS),
            ("training_squared_error", TRAINED, 0.73, SUTSKEVER)], long=True),
    "burda": Row(
        "3-main.py --dataset mnist --binarize dynamic --hidden 200 200 "
        "--latent 50 --epochs 1200 --batch-size 64 --schedule cosine "
        "--samples 5000", [
            ("negative_log_likelihood",
             "negative log-likelihood, nats per image", 86.76,
             "Burda et al. 2016, tanh units"),
            ("active_units", "active units of the code", "", "")], long=True),
    "hinton-fashion": Row(
        "codes.py --dataset fashion_mnist --hidden 1000 500 250 --latent 30 "
        "--distort --epochs 40 --batch-size 64 --schedule cosine", max,
        long=True),
    "variational-fashion": Row("3-main.py --dataset fashion_mnist", [
        ("loss", ELBO, "", "")], 3, True),
    "pytorch-vae-fashion": Row(
        "3-main.py --dataset fashion_mnist --hidden 400 --latent 20 --epochs "
        "10 --batch-size 128 --schedule cosine --learning-rate 0.004", [
            ("loss", ELBO, "", "")], 3, True),
    "denoise": Row("denoise.py --dataset mnist --epochs 20", min, 3),
    "denoise-fashion": Row(
        "denoise.py --dataset fashion_mnist --epochs 20", min, 3, True),
    "impute": Row("impute.py --dataset mnist --epochs 20", min),
    "anomalies": Row("anomalies.py --dataset mnist --epochs 5", max),
    "anomalies-fashion": Row(
        "anomalies.py --dataset fashion_mnist --other mnist --epochs 5", max,
        long=True),
    "one-label": Row(ONE_LABEL.format("mnist"), max, long=True),
    "one-label-fashion": Row(ONE_LABEL.format("fashion_mnist"), max,
                             long=True),
    "codes-2": Row("codes.py --dataset mnist --epochs 10", max, 3),
    "codes-8": Row("codes.py --dataset mnist --epochs 10 --latent 8", max,
                   3),
    "codes-8-fashion": Row(
        "codes.py --dataset fashion_mnist --epochs 10 --latent 8", max, 3,
        True),
    "codes-32": Row("codes.py --dataset mnist --epochs 40 --latent 32 "
                    "--model 4-denoising", max, 3),
    "classify": Row(
        "classify.py --dataset mnist --noise 0.25 --masking --distort "
        "--epochs 30 --batch-size 128 --schedule cosine", min, long=True),
    "sizes": Row("sizes.py --dataset mnist --epochs 10", min, 1, True),
    "generate": Row("generate.py --dataset mnist --epochs 20", min),
}
