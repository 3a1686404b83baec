"""Promises of single modules: penalties, noise, and the variational ones."""
import numpy as np

from . import reference
from .listing import IDEAS, Broken, promise, row
from .structure import close

VARIATIONAL = ("variational",)
DENSE = tuple(idea for idea in IDEAS if idea != "convolutional")


def penalties(case):
    """Returns what the loss has above its cross-entropy, by weights."""
    return [found["loss"] - reference.losses(
        case.x, found["auto"])[reference.ACCEPTED[0]]
        for found in case.stage("twice")]


def candidates(case, number):
    """Returns what may have been penalised instead, for given weights."""
    layers = case.layers("encoder")
    kernels = [kernel for kernel, *_ in case.weights(
        layers, "encoder", number)]
    decoder = [kernel for kernel, *_ in case.weights(
        case.layers("decoder"), "decoder", number)]
    *hidden, code = [abs(part).sum(axis=1).mean() for part
                     in case.forward("encoder", number, case.x)]
    squared = case.forward("encoder", number, case.x)[-1] ** 2
    return {
        "the code, summed over the batch": code * len(case.x),
        "the code, averaged over its units": code / case.latent,
        "the square of the code (L2)": squared.sum(axis=1).mean(),
        "the hidden layers": sum(hidden),
        "the hidden layers and the code": sum(hidden) + code,
        "the weights of the code's layer (kernel_regularizer)":
            abs(kernels[-1]).sum(),
        "the weights of the encoder":
            sum(abs(kernel).sum() for kernel in kernels),
        "the weights of all layers":
            sum(abs(kernel).sum() for kernel in kernels + decoder),
    }


@promise("penalty.place", "the L1 penalty is on the code", ("sparse",),
         ("encoder.output", "connected", "loss"))
def place(case):
    """Compares the penalty with all that may have been penalised."""
    found = penalties(case)
    due = [abs(case.forward("encoder", number, case.x)[-1]).sum(
        axis=1).mean() for number in (1, 2)]
    if max(np.abs(found)) < 1e-6:
        return Broken("a penalty", "none", "lambtha is not used, or the "
                      "regularizer is on a layer that auto does not have")
    if np.isclose(found[0] / due[0], found[1] / due[1], rtol=1e-2):
        return None
    for name in candidates(case, 1):
        ratios = [found[number - 1] / candidates(case, number)[name]
                  for number in (1, 2)]
        if np.isclose(*ratios, rtol=1e-2):
            return Broken("the code", name, "activity_regularizer belongs to "
                          "the layer that gives the code, and only there")
    return Broken("in proportion to the sum of |code|", "not so")


@promise("penalty.size", "the penalty is lambtha times the code's L1 norm",
         ("sparse",), ("penalty.place",))
def size(case):
    """Compares the penalty's weight with lambtha."""
    lambtha, = case.rest
    code = abs(case.forward("encoder", 1, case.x)[-1]).sum(axis=1).mean()
    weight = penalties(case)[0] / code
    ways = {1: "averaged over the batch", len(case.x): "summed over the batch"}
    for times, name in ways.items():
        if np.isclose(weight, times * lambtha, rtol=1e-2):
            return name
    return Broken(f"{lambtha:.4g} times the sum of |code|",
                  f"{weight:.4g} times", "a number in the code instead of "
                  "lambtha, or a mean instead of a sum")


@promise("penalty", "the penalty is lambtha times |d code / d input|^2",
         ("contractive",), ("encoder.output", "connected", "loss"))
def jacobian(case):
    """Computes the Jacobian from the weights."""
    lambtha, = case.rest
    kernels = [kernel for kernel, *_ in case.weights(
        case.layers("encoder"), "encoder", 1)]
    due = lambtha * reference.contraction(
        case.forward("encoder", 1, case.x), kernels).mean()
    if not np.isclose(penalties(case)[0], due, rtol=1e-2):
        return Broken(f"{due:.4g}", f"{penalties(case)[0]:.4g}")


@promise("noise", "inputs are corrupted while training, and only then",
         ("denoising",), ("encoder.output",))
def noise(case):
    """Compares the codes while training with each other."""
    one, other = np.asarray(case.stage("noisy"))
    if close(one, other):
        return Broken("another code each time", "the same")


@promise("encoder.outputs", "the encoder gives [z, mean, log_var]",
         VARIATIONAL, ("runs", "encoder.layers", "encoder.order",
                       "encoder.activations"))
def outputs(case):
    """Tells mean and log variance apart by where z lies."""
    mean, _ = case.roles
    code, named = case.stage("twice")[0]["code"], case.named()
    names = ["mean" if head == mean else "something else" if head is None
             else "log_var" for head in named]
    if named[code] is None or named.count(named[code]) > 1:
        names[code] = "z"
    if names != ["z", "mean", "log_var"]:
        return Broken("[z, mean, log_var]", f"[{row(names)}]",
                      "the right outputs in another order"
                      if sorted(names) == ["log_var", "mean", "z"] else "")


STRUCTURE = ("runs", "encoder.layers", "encoder.order", "encoder.activations")


@promise("z.anew", "z is drawn anew for each image, number and call",
         VARIATIONAL, STRUCTURE)
def anew(case):
    """Looks for draws that are equal."""
    first, second = case.draws
    spread = first.std(axis=0)
    if (spread < 1e-6).all() and close(first, second):
        return Broken("a draw", "always the same", (
            "z is the mean, or the noise was drawn once and for all"))
    if (spread < 1e-6).all():
        return Broken("a draw for each image", "one for the whole batch",
                      "the noise's shape lacks the batch")
    if np.array_equal(first, second):
        return Broken("another draw at each call", "the same", (
            "NumPy draws only once, when the model is built: use "
            "keras.random or keras.backend.random_normal"))
    if abs(np.corrcoef(first.T)[0, 1]) > 0.9:
        return Broken("a draw for each number of the code", "one for all",
                      "the noise's shape lacks latent_dims")


@promise("connected", "auto is the decoder after z", VARIATIONAL,
         ("runs", "shape", "decoder.output", "z.anew"))
def connected(case):
    """Compares the distribution of auto's outputs with the decoder's of z."""
    due = case.forward("decoder", 1, case.draws[0])[-1]
    found = np.asarray(case.stage("draws")["auto"], "float64")
    error = 6 * ((due.var(axis=0) + found.var(axis=0)) / len(due)) ** 0.5
    spread = np.median(found.std(axis=0) / due.std(axis=0))
    if not 0.8 < spread < 1.25 or (
            abs(due.mean(axis=0) - found.mean(axis=0)) > error + 1e-4).any():
        return Broken("auto(x) = decoder(z)", "something else", (
            "auto decodes the mean or the log variance instead of z"
            if spread < 0.01 else "auto is made of layers of its own"))


@promise("z.mean", "z has the mean that the encoder gives", VARIATIONAL,
         (*STRUCTURE, "z.anew"))
def mean_of_draws(case):
    """Compares the mean of the draws with the first of the two heads."""
    z, _ = case.draws
    mean = case.gaussian(1)[case.roles[0]][0]
    error = z.std(axis=0) / len(z) ** 0.5
    if (abs(z.mean(axis=0) - mean) > 6 * error + 1e-4).any():
        return Broken(row(mean.round(2)), row(z.mean(axis=0).round(2)))


@promise("z.variance", "z has the variance exp(log_var)", VARIATIONAL,
         (*STRUCTURE, "z.anew", "z.mean"))
def variance_of_draws(case):
    """Compares the spread of the draws with the second of the two heads."""
    z, _ = case.draws
    log_var = case.gaussian(1)[case.roles[1]][0]
    known = {
        "exp(log_var)": np.exp(log_var / 2),
        "exp(log_var)^2": np.exp(log_var),
        "1": np.ones_like(log_var),
        "log_var^2": abs(log_var),
        "log_var": abs(log_var) ** 0.5,
    }
    # The standard error of a deviation is 1.6 % for this many draws.
    fitting = [name for name, deviation in known.items() if np.allclose(
        z.std(axis=0), deviation, rtol=0.1)]
    if "exp(log_var)" not in fitting:
        ratio = (z.std(axis=0) / known["exp(log_var)"]).round(2)
        likely = {
            "exp(log_var)^2": "the deviation is exp(log_var / 2)",
            "1": "the noise is not multiplied by exp(log_var / 2)",
            "log_var^2": "log_var is used as if it were the deviation",
        }.get(row(fitting), "")
        if not fitting and np.ptp(ratio) < 0.1 * ratio.mean():
            likely = f"the noise has the deviation {ratio.mean():.2g}, not 1"
        return Broken("exp(log_var)", row(fitting) if fitting else
                      f"deviations {row(ratio)} times as large", likely)


def constant(case, number):
    """Returns the losses of a decoder whose first layer is muted."""
    layers = case.layers("decoder")
    weights = case.weights(layers, "decoder", number,
                           mute=[layers[0]["place"]])
    outputs = reference.forward(
        layers, weights, np.zeros((len(case.x), case.latent)))
    return reference.losses(case.x, outputs[-1])


DECODER = tuple(f"decoder.{name}" for name in (
    "layers", "order", "activations", "output"))


@promise("reconstruction", "the loss holds the binary cross-entropy",
         VARIATIONAL, ("runs", "connected", *DECODER))
def reconstruction(case):
    """Compares two losses that only the decoder tells apart."""
    one, other, _ = case.stage("terms")
    first, second = constant(case, 1), constant(case, 2)
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
            (case.stage("terms")[loss] - constant(case, number)[name])
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


@promise("alive", "no unit of a fresh code is 0 for all inputs", tuple(
    idea for idea in DENSE if idea != "variational"), ("runs",), beyond=True)
def alive(case):
    """Counts dead units before any training."""
    code = np.asarray(case.stage("fresh")[0])
    dead = int((code == 0).all(axis=0).sum())
    if dead:
        return Broken("none dead", f"{dead} of {code.shape[1]} dead",
                      "initial values: a bias above 0 keeps units alive")


@promise("empty", "hidden_layers may be empty", DENSE, beyond=True)
def empty(case):
    """Looks at a model without hidden layers."""
    found = case.evidence["beyond"]["no hidden layers"]
    if found != [case.dims]:
        return Broken("a model", row([found]))


@promise("sizes", "images of any size are rebuilt in their size",
         ("convolutional",), beyond=True)
def sizes(case):
    """Looks at a size that the task's layers alone do not restore."""
    due, *_ = case.request["beyond"]["any size"]
    found = case.evidence["beyond"]["any size"]
    if found != list(due):
        return Broken(row(due), row(np.atleast_1d(found)))


@promise("errors", "wrong sizes are refused at once", beyond=True)
def errors(case):
    """Looks at arguments that make no sense."""
    for name in set(case.request["beyond"]) - {"no hidden layers", "any size"}:
        found = case.evidence["beyond"][name]
        if not str(found).startswith(("ValueError", "TypeError")):
            return Broken(f"a ValueError for {name}", str(found))
