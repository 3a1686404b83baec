"""Promises of the variational module: how z is drawn, and the ELBO."""
import numpy as np

from . import reference
from .listing import Arguable, Broken, promise, row
from .structure import close

VARIATIONAL = ("variational",)
STRUCTURE = "encoder.layers", "encoder.order", "encoder.activations"
DECODER = tuple(f"decoder.{name}" for name in (
    "layers", "order", "activations", "output"))


@promise("encoder.outputs", "the encoder gives [z, mean, log_var]",
         VARIATIONAL, STRUCTURE)
def outputs(case):
    """Tells mean and log variance apart by where z lies."""
    mean, _ = case.roles
    code, named = case.stage("outputs")[0]["code"], case.named()
    names = ["mean" if head == mean else "something else" if head is None
             else "log_var" for head in named]
    if named[code] is None or named.count(named[code]) > 1:
        names[code] = "z"
    if names != ["z", "mean", "log_var"]:
        return Broken("[z, mean, log_var]", f"[{row(names)}]",
                      "the right outputs in another order"
                      if sorted(names) == ["log_var", "mean", "z"] else "")


def constant_draws(z):
    """Says whether all draws are the same."""
    return bool((z.std(axis=0) < 1e-6).all())


@promise("z.anew", "z is drawn anew for each image, number and call",
         VARIATIONAL, STRUCTURE)
def anew(case):
    """Looks for draws that are equal, or that follow each other."""
    first, second = case.draws
    quiet = constant_draws(first) and close(first, second)
    if quiet and constant_draws(case.training_draws):
        return Broken("a draw", "always the same", (
            "z is the mean, or the noise was drawn once and for all"))
    if not quiet and constant_draws(first):
        return Broken("a draw for each image", "one for the whole batch",
                      "the noise's shape lacks the batch")
    if not quiet and np.array_equal(first, second):
        return Broken("another draw at each call", "the same", (
            "a seed that is written down starts the same numbers each time, "
            "as in keras.random.normal(..., seed=0); and NumPy draws only "
            "once, when the model is built"))
    if constant_draws(case.training_draws):
        return Broken("a draw while training as well", "always the same",
                      "without noise in training, it is no variational one")
    for z in series(case):
        together = abs(np.corrcoef(z.T) - np.eye(z.shape[1])).max()
        if together > 0.2:
            return Broken("a draw for each number of the code",
                          "one for several",
                          "the noise's shape lacks latent_dims")
    if quiet:
        return Arguable("a draw", "the mean, but while training", (
            "as dropout does it; the task's script prints and decodes what "
            "predict gives"))


def series(case):
    """Returns all draws of z that are draws."""
    return [z for z in (*case.draws, case.training_draws)
            if not constant_draws(z)]


@promise("connected", "auto is the decoder after z", VARIATIONAL,
         ("shape", "decoder.output", "z.anew"))
def connected(case):
    """Compares the distribution of auto's outputs with the decoder's of z."""
    for z, stage in ((case.draws[0], "draws"),
                     (case.training_draws, "training_draws")):
        due = case.forward("decoder", 1, z)[-1]
        found = np.asarray(case.stage(stage)["auto"], "float64")
        error = 6 * (due.var(axis=0) / len(due)
                     + found.var(axis=0) / len(found)) ** 0.5
        still = due.std(axis=0) < 1e-6
        spread = np.median((found.std(axis=0) + still)
                           / (due.std(axis=0) + still))
        if not 0.8 < spread < 1.25 or (abs(
                due.mean(axis=0) - found.mean(axis=0)) > error + 1e-4).any():
            return Broken("auto(x) = decoder(z)", "something else", (
                "auto decodes the mean or the log variance instead of z"
                if spread < 0.01 else "auto is made of layers of its own"))


@promise("z.mean", "z has the mean that the encoder gives", VARIATIONAL,
         (*STRUCTURE, "z.anew"))
def mean_of_draws(case):
    """Compares the mean of the draws with the first of the two heads."""
    mean = case.gaussian(1)[case.roles[0]][0]
    for z in series(case):
        error = z.std(axis=0) / len(z) ** 0.5
        if (abs(z.mean(axis=0) - mean) > 6 * error + 1e-4).any():
            return Broken(row(mean.round(2)), row(z.mean(axis=0).round(2)))


@promise("z.variance", "z has the variance exp(log_var)", VARIATIONAL,
         (*STRUCTURE, "z.anew", "z.mean"))
def variance_of_draws(case):
    """Compares the spread of the draws with the second of the two heads."""
    log_var = case.gaussian(1)[case.roles[1]][0]
    known = {
        "exp(log_var)": np.exp(log_var / 2),
        "exp(log_var)^2": np.exp(log_var),
        "1": np.ones_like(log_var),
        "log_var^2": abs(log_var),
        "log_var": abs(log_var) ** 0.5,
    }
    for z in series(case):
        # The standard error of a deviation is 1.1 % for this many draws.
        fitting = [name for name, deviation in known.items() if np.allclose(
            z.std(axis=0), deviation, rtol=0.08)]
        ratio = z.std(axis=0) / known["exp(log_var)"]
        if "exp(log_var)" not in fitting:
            likely = {
                "exp(log_var)^2": "the deviation is exp(log_var / 2)",
                "1": "the noise is not multiplied by exp(log_var / 2)",
                "log_var^2": "log_var is used as if it were the deviation",
            }.get(row(fitting), "")
            if not fitting and np.ptp(ratio) < 0.1 * ratio.mean():
                likely = f"the noise has the deviation {ratio.mean():.2g}"
            return Broken("exp(log_var)", row(fitting) if fitting else
                          f"deviations {row(ratio.round(2))} times as large",
                          likely)
    ratio = np.mean([z.std(axis=0) for z in series(case)], axis=0) / known[
        "exp(log_var)"]
    if abs(ratio.mean() - 1) > TOLERANCE:
        return Broken("exp(log_var)",
                      f"deviations {ratio.mean():.3f} times as large",
                      f"the noise has the deviation {ratio.mean():.2f}")


# Of a deviation, as a mean over all draws: six standard errors and more.
TOLERANCE = 0.03


@promise("z.normal", "the noise of z is Gaussian", VARIATIONAL,
         (*STRUCTURE, "z.anew"))
def normal(case):
    """Looks at the fourth moment: 3 for a Gaussian, 1.8 if uniform."""
    for z in series(case):
        noise = (z - z.mean(axis=0)) / z.std(axis=0)
        fourth = (noise ** 4).mean()
        if not 2.6 < fourth < 3.6:
            return Broken("a fourth moment of 3", f"{fourth:.2f}", (
                "uniform noise" if abs(fourth - 1.8) < 0.1 else
                "noise that is cut off" if fourth < 3 else ""))


@promise("reconstruction", "the loss holds the binary cross-entropy",
         VARIATIONAL, ("connected", *DECODER))
def reconstruction(case):
    """Compares two losses that only the decoder tells apart."""
    one, other, _ = case.stage("terms")
    first, second = case.constant(1), case.constant(2)
    fitting = [name for name in first if np.isclose(
        one - other, first[name] - second[name], rtol=1e-2)]
    accepted = [name for name in reference.ACCEPTED if name in fitting]
    if not accepted:
        return Broken(row(reference.ACCEPTED), row(fitting) if fitting else
                      "another loss")
    return accepted[0]


def weights_of_divergence(case):
    """Returns how often the loss has the KL divergence, by weights."""
    name = reconstruction(case)
    mean, log_var = case.roles
    weights = []
    for number, loss in ((1, 0), (2, 2)):
        heads = case.gaussian(number)
        weights.append(
            (case.stage("terms")[loss] - case.constant(number)[name])
            / reference.divergence(heads[mean], heads[log_var]).mean())
    return weights, 1 / case.dims if name == reference.ACCEPTED[0] else 1


@promise("kl", "the loss holds the KL divergence from N(0, I), once",
         VARIATIONAL, (*STRUCTURE, "reconstruction"))
def divergence(case):
    """Compares what the loss has above its reconstruction."""
    weights, share = weights_of_divergence(case)
    if not np.isclose(*weights, rtol=1e-2, atol=1e-3):
        return Broken(
            "0.5 * sum(mean^2 + exp(log_var) - 1 - log_var)", "another sum",
            "a sign, the 1, or mean and log_var swapped in the formula")
    weight = weights[0]
    if np.isclose(weight, 1, rtol=1e-2):
        return "summed over the code, averaged over the batch"
    if np.isclose(weight, share, rtol=1e-2):
        return "averaged over the pixels, as the reconstruction is"
    likely = {
        0: "nothing adds it: add_loss, in a layer", -1: "its sign",
        2: "the factor 0.5 is missing", 0.5: "the factor 0.5 is there twice",
        1 / case.latent: "averaged over the code instead of summed",
        len(case.x): "summed over the batch instead of averaged",
        1 / case.dims: "averaged over pixels that the reconstruction sums",
    }
    return Broken("once", f"{weight:.4f} times", next(
        (text for value, text in likely.items()
         if np.isclose(weight, value, rtol=1e-2, atol=1e-3)), ""))


@promise("nats", "the loss is the negative ELBO in nats per image",
         VARIATIONAL, ("reconstruction", "kl"), beyond=True)
def nats(case):
    """Wants both terms summed, so that none outweighs the other."""
    weights, share = weights_of_divergence(case)
    if share != 1 or not np.isclose(weights[0], 1, rtol=1e-2):
        likely = ""
        if not np.isclose(weights[0], share, rtol=1e-2):
            likely = (f"the KL divergence weighs {weights[0] / share:.4g} "
                      "times what it does in the ELBO: codes will collapse")
        return Broken("both terms summed over the image",
                      reconstruction(case), likely)
