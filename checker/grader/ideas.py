"""Promises of single modules, on penalties and noise, and those beyond."""
import numpy as np

from . import behaviour, reference
from .listing import IDEAS, Broken, promise, row
from .structure import close

DENSE = tuple(idea for idea in IDEAS if idea != "convolutional")


def penalties(case):
    """Returns what the loss has above its cross-entropy, by weights."""
    return [loss - reference.losses(
        case.x, found["auto"])[behaviour.loss(case)]
        for found, loss in zip(case.stage("outputs"), case.stage("loss"))]


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


@promise("penalty", "the penalty is lambtha times the squared norm of d code "
         "/ d input", ("contractive",),
         ("encoder.output", "connected", "loss"))
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
         ("denoising",), ("connected",))
def noise(case):
    """Compares the outputs while training with each other."""
    one, other = np.asarray(case.stage("noisy"))
    if close(one, other):
        return Broken("another output each time", "the same")


@promise("alive", "no unit of a fresh code is 0 for all inputs", tuple(
    idea for idea in DENSE if idea != "variational"), beyond=True)
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
    found = case.stage("beyond")["no hidden layers"]
    if found != [case.request["builds"][0][0]]:
        return Broken("a model", row([found]))


@promise("sizes", "images of any size are rebuilt in their size",
         ("convolutional",), beyond=True)
def sizes(case):
    """Looks at a size that the task's layers alone do not restore."""
    due, *_ = case.request["beyond"]["any size"]
    found = case.stage("beyond")["any size"]
    if found != list(due):
        return Broken(row(due), row(np.atleast_1d(found)))


@promise("errors", "wrong sizes are refused at once", beyond=True)
def errors(case):
    """Looks at arguments that make no sense."""
    for name in set(case.request["beyond"]) - {"no hidden layers", "any size"}:
        found = case.stage("beyond")[name]
        if not str(found).startswith(("ValueError", "TypeError")):
            return Broken(f"a ValueError for {name}", str(found))
