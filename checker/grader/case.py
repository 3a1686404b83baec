"""One module under examination: what was asked, what was found, what is due.

The judge's side: nothing here runs the module's code. All weights and inputs
are drawn anew, by the same seed, and all results are computed anew in NumPy.
"""
import functools

import numpy as np

from . import reference
from .graph import feeding, heads
from .measures import draw, inputs

IDEAS = {"0-vanilla": "vanilla", "1-sparse": "sparse",
         "2-convolutional": "convolutional", "3-variational": "variational",
         "4-denoising": "denoising", "5-contractive": "contractive"}
PARTS = "encoder", "decoder"
# What the course's own scripts ask for.
TASK = {"convolutional": [(28, 28, 1), [16, 8, 8], (4, 4, 8)],
        "variational": [784, [512], 2]}
REST = {"sparse": 10e-6, "denoising": 0.5, "contractive": 1e-4}


class Missing(Exception):
    """Why something cannot be examined."""


def parameters(idea):
    """Returns the names of the arguments that the task gives."""
    sizes = "filters" if idea == "convolutional" else "hidden_layers"
    more = {"sparse": ["lambtha"], "denoising": ["noise"],
            "contractive": ["lambtha"]}
    return ["input_dims", sizes, "latent_dims", *more.get(idea, [])]


def request(module, seed):
    """Returns what to examine a module with: sizes that nobody can guess.

    Lists rise and fall, have equal numbers and a single one, and are those of
    the task.
    """
    random = np.random.default_rng([seed, 0])
    idea = IDEAS[module]

    def choose(low, high, count):
        return sorted(int(size) for size in random.choice(
            np.arange(low, high), count, replace=False))

    turn = random.choice([1, -1])
    rest = [REST[idea]] if idea in REST else []
    task = TASK.get(idea, [784, [128, 64], 32]) + rest
    if idea == "convolutional":
        # 8 rows for each of the code's but 4, or 16: what is cut off by the
        # valid convolution is just what same padding has added. No size does
        # that for one or two filters.
        one, two, three = choose(3, 7, 3)[::turn]
        channels, = choose(2, 4, 1)
        builds = [
            [(12, 20, channels), [one, two, three], (2, 3, three)],
            [(28, 12, 1), [one, two, one, three], (2, 1, three)],
            [(12, 20, channels), [three, two, one], (2, 3, one)]]
        beyond = {"any size": [(10, 9, 3), [5, 4], (3, 3, 4)],
                  "wrong latent_dims": [(12, 20, 1), [5, 4, 3], (2, 3, 9)],
                  "no filters": [(12, 20, 1), [0, 4, 3], (2, 3, 3)]}
    else:
        dims, = choose(14, 20, 1)
        sizes, (latent,) = choose(6, 12, 3)[::turn], choose(3, 6, 1)
        factors = {"sparse": 0.07, "denoising": 0.3, "contractive": 0.03}
        rest = [round(factors[idea] * random.uniform(0.5, 2), 4)
                for _ in rest]
        builds = [[dims, hidden, latent, *rest] for hidden in (
            sizes, sizes[::-1], [sizes[1]] * 2, sizes[:1])]
        beyond = {"no hidden layers": [dims, [], latent, *rest],
                  "latent_dims of 0": [dims, sizes, 0, *rest],
                  "a negative hidden layer": [dims, [-1], latent, *rest]}
    numbers = {"task": len(builds), "unpenalised": None}
    builds.append(task)
    if idea in ("sparse", "contractive"):
        numbers["unpenalised"] = len(builds)
        builds.append([*builds[0][:3], 0.0])
    stages = ["fresh", "compiled", "outputs"] + {
        "variational": ["terms", "step", "draws", "training_draws", "muted"],
        "denoising": ["loss", "step", "noisy", "muted"]}.get(
            idea, ["loss", "step"])
    return {"seed": seed, "builds": builds, "beyond": beyond,
            "stages": stages, "parameters": parameters(idea), **numbers}


def chain(layers):
    """Joins activations that are layers of their own to what they follow.

    Layers that change nothing are left out.
    """
    joined = []
    for place, layer in enumerate(layers):
        if layer["kind"] == "InputLayer":
            continue
        name, last = layer["activation"], joined[-1] if joined else None
        follows = last and layer["from"] == [last["end"]]
        if layer["weights"] or name is None:
            joined.append({**layer, "place": place, "end": place})
        elif name == "linear":
            if follows:
                last["end"] = place
        elif follows and last["weights"] and last["activation"] == "linear":
            last.update(activation=name, end=place)
        else:
            joined.append({**layer, "place": place, "end": place})
    return joined


class Case:
    """A module's name, the request and the evidence."""

    def __init__(self, module, request, evidence):
        """Takes what `request` returned and what was collected for it."""
        self.module, self.idea = module, IDEAS[module]
        self.request, self.evidence = request, evidence

    @functools.cached_property
    def built(self):
        """Returns number and arguments of each build that can be examined."""
        if "parameters" not in self.evidence and "defined" in self.evidence:
            raise Missing("see function")
        built = [(number, arguments) for number, (arguments, found) in
                 enumerate(zip(self.request["builds"],
                               self.evidence["builds"]))
                 if found and found["models"]]
        if not built:
            raise Missing("see returns")
        return built

    @property
    def base(self):
        """Returns the number of the build that is used and trained."""
        return self.built[0][0]

    @property
    def arguments(self):
        """Returns what that build was called with."""
        return self.built[0][1]

    @property
    def dims(self):
        """Returns its input_dims."""
        return self.arguments[0]

    @property
    def latent(self):
        """Returns its latent_dims."""
        return self.arguments[2]

    @property
    def rest(self):
        """Returns its further arguments."""
        return self.arguments[3:]

    @functools.cached_property
    def x(self):
        """Draws its inputs again."""
        return inputs(self.request, self.base)

    def stage(self, name):
        """Returns what was measured."""
        if self.built and name in self.evidence["errors"]:
            raise Missing("see runs")
        if name == "unpenalised" and self.request[name] not in dict(
                self.built):
            raise Missing("see returns")
        return self.evidence[name]

    def chain(self, part, build=None):
        """Returns the layers of encoder or decoder that compute something."""
        build = self.base if build is None else build
        models = self.evidence["builds"][build]["models"]
        return chain(models[PARTS.index(part)]["layers"])

    def passing(self, part, build=None):
        """Returns the places of layers that the module's idea may add.

        They have no weights. Noise comes before the first layer, a draw or a
        penalty after the last.
        """
        layers = self.chain(part, build)
        places = [layer["place"] for layer in layers if layer["weights"]]
        if part == "decoder" or self.idea in ("vanilla", "convolutional"):
            return []
        build = self.base if build is None else build
        before = feeding(
            self.evidence["builds"][build]["models"][0]["layers"])
        return [layer["place"] for layer in layers
                if not layer["weights"] and (
                    layer["place"] < min(places) if self.idea == "denoising"
                    else layer["place"] not in before)]

    def layers(self, part, build=None):
        """Returns the layers that the task speaks of."""
        passing = self.passing(part, build)
        return [layer for layer in self.chain(part, build)
                if layer["place"] not in passing]

    def heads(self):
        """Returns the two dense layers that end a variational encoder."""
        layers = self.evidence["builds"][self.base]["models"][0]["layers"]
        return [layer for layer in self.layers("encoder")
                if layer["place"] in heads(layers)]

    def weights(self, layers, part, number, mute=()):
        """Draws the weights of layers again, 0 for those that are muted."""
        return [[values.astype("float64") * (layer["place"] not in mute)
                 for values in draw(layer["weights"], self.request["seed"],
                                    number, PARTS.index(part),
                                    layer["place"])]
                for layer in layers]

    def forward(self, part, number, x, layers=None):
        """Computes what the layers of encoder or decoder give."""
        layers = self.layers(part) if layers is None else layers
        return reference.forward(
            layers, self.weights(layers, part, number), x)

    def constant(self, number):
        """Returns the losses of a decoder whose first layer is muted."""
        layers = self.layers("decoder")
        weights = self.weights(layers, "decoder", number,
                               mute=[layers[0]["place"]])
        outputs = reference.forward(layers, weights, np.zeros(
            (len(self.x), *np.atleast_1d(self.latent))))
        return reference.losses(self.x, outputs[-1])

    def gaussian(self, number, x=None):
        """Computes what the two heads give: a list of two arrays."""
        x = self.x if x is None else x
        ends = self.heads()
        hidden = [layer for layer in self.layers("encoder")
                  if layer not in ends]
        last = self.forward("encoder", number, x, hidden)[-1]
        return [self.forward("encoder", number, last, [head])[0]
                for head in ends]

    def outputs(self, number=1):
        """Returns the encoder's outputs, measured, as arrays."""
        return [np.asarray(output, "float64") for output
                in self.stage("outputs")[number - 1]["encoder"]]

    @functools.cached_property
    def draws(self):
        """Returns both series of draws of z for the first input."""
        drawn = self.stage("draws")
        return [np.asarray(drawn[name], "float64")
                for name in ("first", "second")]

    @functools.cached_property
    def training_draws(self):
        """Returns draws of z for the first input while training."""
        return np.asarray(self.stage("training_draws")["z"], "float64")

    @functools.cached_property
    def roles(self):
        """Returns mean and log variance: which head is which, 0 or 1.

        The mean is the one around which z lies. Where neither or both could
        be, the order of the encoder's outputs decides.
        """
        z, _ = self.draws
        # Six standard errors: nobody meets them by chance.
        error = 6 * z.std(axis=0) / len(z) ** 0.5 + 1e-4
        around = [bool((abs(z.mean(axis=0) - head[0]) < error).all())
                  for head in self.gaussian(1)]
        named = [head for head in self.named() if head is not None]
        mean = (around.index(True) if around.count(True) == 1
                else named[0] if named else 0)
        return mean, 1 - mean

    def named(self):
        """Says which head each of the encoder's outputs is, or None."""
        ends = self.gaussian(1)
        return [next((place for place, head in enumerate(ends)
                      if output.shape == head.shape and np.allclose(
                          output, head, rtol=1e-3, atol=1e-4)), None)
                for output in self.outputs()]
