"""Promises on what the three models do together."""
import numpy as np

from . import reference
from .listing import Broken, promise, row
from .structure import ONE_CODE, close

PENALISED = "sparse", "contractive"


# Where layers are wrong, shapes do not fit: an error would be no news.
@promise("runs", "predict, evaluate and fit run without an error", needs=(
    "returns", *(f"{part}.{name}" for part in ("encoder", "decoder")
                 for name in ("layers", "order", "kernels", "padding"))))
def runs(case):
    """Finds the first error of any use."""
    for error in case.evidence["errors"].values():
        likely = ""
        if "symbolic" in error or "KerasTensor" in error:
            likely = ("the loss uses tensors of the encoder's graph: put the "
                      "KL divergence into a layer's add_loss")
        return Broken("no error", error, likely)
    for stage in case.request["stages"]:
        case.stage(stage)


@promise("shape", "the code has latent_dims, the output input_dims",
         needs=("returns", "runs"))
def shape(case):
    """Compares the shapes of what the models give."""
    found = case.stage("twice")[0]
    shapes = [list(np.shape(found[name])[1:]) for name in ("decoder", "auto")]
    code = list(np.shape(found["encoder"][found["code"]])[1:])
    dims, latent = ([int(size) for size in np.atleast_1d(sizes)]
                    for sizes in (case.dims, case.latent))
    if [code, *shapes] != [latent, dims, dims]:
        return Broken(row([latent, dims, dims]), row([code, *shapes]))


@promise("connected", "auto is the decoder after the encoder",
         ideas=ONE_CODE, needs=("runs", "shape"))
def connected(case):
    """Compares outputs after the encoder's and decoder's weights changed."""
    for found in case.stage("twice"):
        if not close(found["auto"], found["decoder"]):
            return Broken("auto(x) = decoder(encoder(x))", "something else",
                          "auto is made of layers of its own")


@promise("loss", "the loss is the binary cross-entropy", ideas=ONE_CODE,
         needs=("returns", "runs", "shape"))
def loss(case):
    """Compares the loss with well-known ones, where nothing is penalised."""
    stage = "unpenalised" if case.idea in PENALISED else "twice"
    fitting = None
    for found in case.stage(stage):
        known = reference.losses(case.x, found["auto"])
        names = {name for name, value in known.items() if np.isclose(
            value, found["loss"], rtol=1e-3)}
        fitting = names if fitting is None else fitting & names
    accepted = [name for name in reference.ACCEPTED if name in fitting]
    if not accepted:
        return Broken(f"{known[reference.ACCEPTED[0]]:.4g}",
                      f"{found['loss']:.4g}", row(fitting) * bool(fitting))
    return accepted[0]


@promise("optimizer", "the optimizer is Adam", needs=("returns", "runs"))
def optimizer(case):
    """Looks at its name, and at its first step: as long as its rate."""
    found = case.stage("training")
    name, rate = found["optimizer"], found["rate"]
    if name != "Adam":
        return Broken("Adam", name)
    moves = np.concatenate([
        abs(np.ravel(new) - np.ravel(old)) for old, new in steps(case, found)])
    moves = moves[moves > 1e-3 * rate]
    length = np.median(moves) if len(moves) else rate
    if not 0.9 < length / rate < 1.1:
        return Broken(f"first steps of {rate:.4g}", f"{length:.4g}")


def steps(case, found):
    """Returns all weights before and after the training step."""
    return [(old, np.asarray(new))
            for part, after in zip(("encoder", "decoder"), found["weights"])
            for layer in case.chain(part)
            for old, new in zip(*case.weights([layer], part, 1),
                                after[layer["place"]])]


@promise("trains", "training auto trains encoder and decoder",
         needs=("returns", "runs", "connected"))
def trains(case):
    """Looks for weights that did not move in the step."""
    found = case.stage("training")
    still = sum(np.array_equal(old.astype("float32"), new.astype("float32"))
                for old, new in steps(case, found))
    if still:
        return Broken("all weights move", f"{still} arrays of weights do not",
                      "layers are frozen, or not used by auto")
    if case.idea != "variational" and not close(
            found["auto"], found["decoder"]):
        return Broken("auto = decoder(encoder) afterwards as well", "not so",
                      "auto is made of layers of its own")
