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


def request(module, seed):
    """Returns what to examine a module with: sizes that nobody can guess."""
    random = np.random.default_rng([seed, 0])
    idea = IDEAS[module]

    def choose(low, high, count):
        return [int(size) for size in random.choice(
            np.arange(low, high), count, replace=False)]

    if idea == "convolutional":
        # 8 rows for each of the code's but 4, or 16: what is cut off by the
        # valid convolution is just what same padding has added.
        one, two, three = choose(3, 7, 3)
        channels, = choose(2, 4, 1)
        builds = [
            [(12, 20, channels), [one, two, three], (2, 3, three)],
            [(28, 12, 1), [one, two, one, three], (2, 1, three)]]
        beyond = {"any size": [(10, 9, 3), [5, 4], (3, 3, 4)],
                  "wrong latent_dims": [(12, 20, 1), [5, 4, 3], (2, 3, 9)],
                  "no filters": [(12, 20, 1), [0, 4, 3], (2, 3, 3)]}
    else:
        dims, = choose(14, 20, 1)
        sizes, (latent,) = choose(6, 12, 3), choose(3, 6, 1)
        rest = {"sparse": [0.07], "denoising": [0.3], "contractive": [0.03]}
        rest = [round(part * random.uniform(0.5, 2), 4)
                for part in rest.get(idea, [])]
        builds = [[dims, hidden, latent, *rest] for hidden in (
            sizes, [sizes[1]] * 2, sizes[:1])]
        beyond = {"no hidden layers": [dims, [], latent, *rest],
                  "latent_dims of 0": [dims, sizes, 0, *rest],
                  "a negative hidden layer": [dims, [-1], latent, *rest]}
    unpenalised = None
    if idea in ("sparse", "contractive"):
        unpenalised = len(builds)
        builds.append([*builds[0][:3], 0.0])
    stages = ["fresh", "twice", "training"] + {
        "variational": ["draws", "terms"], "denoising": ["noisy"]}.get(
            idea, [])
    return {"seed": seed, "builds": builds, "beyond": beyond,
            "stages": stages, "unpenalised": unpenalised}


def chain(layers):
    """Joins activations that are layers of their own to what they follow."""
    joined = []
    for place, layer in enumerate(layers):
        settings = layer["settings"]
        own = settings.get("activation")
        if layer["kind"].lower() in ("relu", "sigmoid") and not (
                settings.get("max_value") or settings.get("negative_slope")
                or settings.get("threshold")):
            own = layer["kind"].lower()
        elif layer["kind"] not in ("Activation", "InputLayer"):
            joined.append({**layer, "place": place, "end": place,
                           "activation": own})
            continue
        if layer["kind"] != "InputLayer":
            if (joined and joined[-1]["activation"] == "linear"
                    and layer["from"] == [joined[-1]["end"]]):
                joined[-1].update(activation=own, end=place)
            else:
                joined.append({**layer, "place": place, "end": place,
                               "activation": own})
    return joined


class Case:
    """A module's name, the request and the evidence."""

    def __init__(self, module, request, evidence):
        """Takes what `request` returned and what was collected for it."""
        self.module, self.idea = module, IDEAS[module]
        self.request, self.evidence = request, evidence
        self.dims, self.sizes, self.latent, *self.rest = request["builds"][0]
        self.x = inputs(request)

    def stage(self, name):
        """Returns what was measured."""
        return self.evidence[name]

    def chain(self, part, build=0):
        """Returns the layers of encoder or decoder that compute something."""
        models = self.evidence["builds"][build]["models"]
        return chain(models[PARTS.index(part)]["layers"])

    def passing(self, part, build=0):
        """Returns the places of layers that the module's idea may add.

        They have no weights. Noise comes before the first layer, a draw or a
        penalty after the last.
        """
        layers = self.chain(part, build)
        places = [layer["place"] for layer in layers if layer["weights"]]
        if part == "decoder" or self.idea in ("vanilla", "convolutional"):
            return []
        before = feeding(
            self.evidence["builds"][build]["models"][0]["layers"])
        return [layer["place"] for layer in layers
                if not layer["weights"] and (
                    layer["place"] < min(places) if self.idea == "denoising"
                    else layer["place"] not in before)]

    def layers(self, part, build=0):
        """Returns the layers that the task speaks of."""
        passing = self.passing(part, build)
        return [layer for layer in self.chain(part, build)
                if layer["place"] not in passing]

    def heads(self):
        """Returns the two dense layers that end a variational encoder."""
        layers = self.evidence["builds"][0]["models"][0]["layers"]
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
                in self.stage("twice")[number - 1]["encoder"]]

    @functools.cached_property
    def draws(self):
        """Returns both series of draws of z for the first input."""
        drawn = self.stage("draws")
        return [np.asarray(drawn[name], "float64")
                for name in ("first", "second")]

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
