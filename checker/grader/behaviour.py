"""Promises on what the three models do together."""
import numpy as np

from . import reference
from .hints import hint
from .listing import Arguable, Broken, promise, row
from .structure import ONE_CODE, call, close

PENALISED = "sparse", "contractive"
# Of a loss in single precision, where some outputs are nearly 0 or 1.
TOLERANCE = 3e-4
# What each stage of the evidence asked of the models.
CALLS = {"fresh": "predict", "outputs": "predict", "draws": "predict",
         "training_draws": "a call while training",
         "noisy": "a call while training", "loss": "evaluate",
         "terms": "evaluate", "unpenalised": "evaluate", "step": "fit",
         "muted": "fit", "task": "fit", "compiled": "auto.optimizer"}


# Where layers are wrong, shapes do not fit: an error would be no news.
FITTING = tuple(f"{part}.{name}" for part in ("encoder", "decoder")
                for name in ("layers", "order", "kernels", "padding"))


@promise("runs", "predict, evaluate and fit run without an error",
         needs=FITTING)
def runs(case):
    """Finds the first error of any use."""
    errors = {stage: error for stage, error in case.evidence["errors"].items()
              if case.built and stage in CALLS}
    for stage, error in errors.items():
        return Broken("no error", f"{CALLS[stage]} ends with {error}",
                      hint(error))
    for stage in case.request["stages"]:
        case.stage(stage)


@promise("shape", "the code has latent_dims, the output input_dims",
         needs=FITTING)
def shape(case):
    """Compares the shapes of what the models give."""
    for place, (dims, _, latent, *_) in case.built:
        shapes = case.evidence["builds"][place]["shapes"]
        dims, latent = (np.atleast_1d(size).tolist()
                        for size in (dims, latent))
        codes = shapes[0][1]
        found = [latent if latent in codes else codes[0],
                 *(part[1][0] for part in shapes[1:] if part)]
        if found != [latent, dims, dims][:len(found)]:
            return Broken(row([latent, dims, dims]),
                          f"{row(found)} from "
                          f"{call(case.request['builds'][place])}")
    found = case.stage("outputs")[0]
    shapes = [list(np.shape(found[name])[1:]) for name in ("decoder", "auto")]
    code = list(np.shape(found["encoder"][found["code"]])[1:])
    dims, latent = (np.atleast_1d(size).tolist()
                    for size in (case.dims, case.latent))
    if [code, *shapes] != [latent, dims, dims]:
        return Broken(row([latent, dims, dims]), row([code, *shapes]))


@promise("connected", "auto is the decoder after the encoder",
         ideas=ONE_CODE, needs=("shape",))
def connected(case):
    """Compares outputs after the encoder's and decoder's weights changed."""
    for found in case.stage("outputs"):
        if not close(found["auto"], found["decoder"]):
            return Broken("auto(x) = decoder(encoder(x))", "something else",
                          "auto is made of layers of its own")


@promise("loss", "the loss is the binary cross-entropy", ideas=ONE_CODE,
         needs=("shape",))
def loss(case):
    """Compares the loss with well-known ones, where nothing is penalised."""
    if case.idea in PENALISED:
        found, losses = (case.stage("unpenalised")[place:place + 1]
                         for place in (0, 1))
    else:
        found, losses = case.stage("outputs"), case.stage("loss")
    fitting = None
    for outputs, loss in zip(found, losses):
        known = reference.losses(case.x, outputs["auto"])
        names = {name for name, value in known.items() if np.isclose(
            value, loss, rtol=TOLERANCE)}
        fitting = names if fitting is None else fitting & names
    accepted = [name for name in reference.ACCEPTED if name in fitting]
    if not accepted:
        return Broken(f"{known[reference.ACCEPTED[0]]:.4g}", f"{loss:.4g}",
                      row(fitting) * bool(fitting))
    return accepted[0]


@promise("fit", "fit minimises the loss that evaluate tells",
         needs=("loss",))
def fit(case):
    """Compares what both say of the same weights.

    Where noise matters, the decoder was muted for that.
    """
    if case.idea == "variational":
        due, found = case.stage("terms")[0], case.stage("muted")
        known = {}
    elif case.idea == "denoising":
        known, found = case.constant(1), case.stage("muted")
        due = known[loss(case)]
    else:
        due, found = case.stage("loss")[0], case.stage("step")["loss"]
        known = reference.losses(case.x, case.stage("outputs")[0]["auto"])
    if not np.isclose(due, found, rtol=TOLERANCE):
        names = [name for name, value in known.items() if np.isclose(
            value, found, rtol=TOLERANCE)]
        return Broken(f"{due:.4g}", f"{found:.4g}", row(names) if names else (
            "a part of the loss is there only while training, or only then "
            "missing"))


@promise("optimizer", "the optimizer is Adam")
def optimizer(case):
    """Looks at its name, and at its first step: as long as its rate."""
    found = case.stage("compiled")
    if found["optimizer"] != "Adam":
        return Broken("Adam", str(found["optimizer"]), (
            "" if found["optimizer"] else "auto is not compiled"))
    rate = found["rate"]
    if "step" in case.evidence:
        moves = np.concatenate([abs(np.ravel(new) - np.ravel(old))
                                for old, new in steps(case)])
        moves = moves[moves > 1e-3 * rate]
        length = np.median(moves) if len(moves) else rate
        if not 0.9 < length / rate < 1.1:
            return Broken(f"first steps of {rate:.4g}", f"{length:.4g}")
    if 0 in found["averages"]:
        return Arguable("Adam with its averages", "beta_1 or beta_2 of 0",
                        "Adam by name, but it averages nothing")


def steps(case):
    """Returns all weights before and after the training step."""
    return [(old, np.asarray(new))
            for part, after in zip(("encoder", "decoder"),
                                   case.stage("step")["weights"])
            for layer in case.chain(part)
            for old, new in zip(*case.weights([layer], part, 1),
                                after[layer["place"]])]


@promise("trains", "training auto trains encoder and decoder",
         needs=("connected",))
def trains(case):
    """Looks for weights that did not move in the step."""
    found = case.stage("step")
    still = sum(np.array_equal(old.astype("float32"), new.astype("float32"))
                for old, new in steps(case))
    if still:
        return Broken("all weights move", f"{still} arrays of weights do not",
                      "layers are frozen, or not used by auto")
    if case.idea != "variational" and not close(
            found["auto"], found["decoder"]):
        return Broken("auto = decoder(encoder) afterwards as well", "not so",
                      "auto is made of layers of its own")


@promise("initial", "its initial values let it learn", needs=("trains",))
def initial(case):
    """Looks for kernels that no training would move."""
    found = case.stage("task")
    moved, zero = (np.concatenate(found[name]) for name in ("moved", "zero"))
    if not moved.all():
        return Broken("all kernels move", f"{(~moved).sum()} do not", (
            "kernels that are 0 have gradients of 0" if zero[~moved].any()
            else "no unit lives"))


@promise("parts", "auto.layers[1] is the encoder, auto.layers[2] the decoder",
         beyond=True)
def parts(case):
    """Looks for the models that other graders of the task ask for."""
    for place, _ in case.built:
        if case.evidence["builds"][place]["inside"] != [True, True]:
            return Broken("the models that are returned", "other layers",
                          "some graders look for them there: "
                          "auto = keras.Model(x, decoder(encoder(x)))")


@promise("finite", "evaluate stays finite for pixels of 0 to 255",
         needs=("runs",), beyond=True)
def finite(case):
    """Looks at the loss of inputs that were not scaled."""
    if "raw" in case.evidence["errors"]:
        return Broken("a number", case.evidence["errors"]["raw"])
    if not np.isfinite(case.stage("raw")):
        return Broken("a number", str(case.stage("raw")),
                      "an exponential or a logarithm without a limit")
