"""What can be measured of three models by using them."""
import numpy as np

from .graph import array, operations, tensor, weights_of

ROWS = 32  # of the inputs
DRAWS = 4000  # of z, for one and the same input
OUTPUTS = 1000  # of auto, for as many of these


def inputs(request, build):
    """Draws the inputs of an examination: rows of numbers from 0 to 1.

    For the task's sizes most are 0, as in its images.
    """
    random = np.random.default_rng(request["seed"])
    dims = np.atleast_1d(request["builds"][build][0])
    x = random.random((ROWS, *dims), dtype="float32")
    return x * (random.random(x.shape) < 0.2) if build == request[
        "task"] else x


def draw(shapes, *key):
    """Draws a layer's weights by a key, its first unit such that it lives."""
    random = np.random.default_rng(key)
    weights = []
    for shape in shapes:
        if len(shape) < 2:
            values = random.uniform(0.1, 0.5, shape)
        else:
            size = np.prod(shape[:-1])
            values = random.normal(size=shape) / size ** 0.5
            values[..., 0] = abs(random.normal(size=shape[:-1])) * 2 / size
        weights.append(values.astype("float32"))
    return weights


def listed(values):
    """Returns one or several values as a list."""
    if isinstance(values, dict):
        return list(values.values())
    return list(values) if isinstance(values, (list, tuple)) else [values]


class Models:
    """The three models of one factory, and what is measured of them.

    They are called and trained without compiling, which would take ten times
    as long as these few steps, but for what depends on it.
    """

    def __init__(self, models, request, build):
        """Takes the models, the request, and the number of the build."""
        self.encoder, self.decoder, self.auto = models
        self.layers = [operations(model)[0] for model in models[:2]]
        self.seed, self.x = request["seed"], inputs(request, build)
        self.code = 0
        for model in models:
            model.run_eagerly = True

    def set_weights(self, *numbers, mute=()):
        """Sets the weights of encoder and decoder to draws of these numbers.

        Muted are layers whose weights become 0: pairs of 0 for the encoder or
        1 for the decoder, and the layer's place.
        """
        for model, (number, layers) in enumerate(zip(numbers, self.layers)):
            for place, layer in enumerate(layers):
                shapes = [values.shape for values in weights_of(layer)]
                if shapes and len(shapes) == len(layer.get_weights()):
                    layer.set_weights([
                        values * ((model, place) not in mute)
                        for values in draw(
                            shapes, self.seed, number, model, place)])

    def mute(self, *numbers):
        """Sets weights such that the decoder gives the same for any code."""
        first = next(place for place, layer in enumerate(self.layers[1])
                     if weights_of(layer))
        self.set_weights(*numbers, mute=[(1, first)])

    def call(self, model, x, training=False):
        """Returns what a model gives, as a list of arrays."""
        return [array(part)
                for part in listed(model(tensor(x), training=training))]

    def fresh(self):
        """Returns what the encoder gives before anything is set.

        Of several outputs, the code is the one that differs the next time;
        else the one that does not come from a dense layer.
        """
        first, second = (self.call(self.encoder, self.x) for _ in range(2))
        same = [np.array_equal(*pair) for pair in zip(first, second)]
        if len(same) > 1:
            layers, _, _, ends = operations(self.encoder)
            dense = [type(layers[end]).__name__ == "Dense" for end in ends]
            guess = same if False in same else dense
            self.code = guess.index(False) if False in guess else 0
        return first

    def compiled(self):
        """Returns what `compile` was given for an optimizer."""
        optimizer = self.auto.optimizer
        if optimizer is None:
            return {"optimizer": None}
        return {"optimizer": type(optimizer).__name__,
                "rate": float(array(optimizer.learning_rate)),
                "averages": [getattr(optimizer, name, None)
                             for name in ("beta_1", "beta_2")]}

    def evaluate(self):
        """Returns what `evaluate` says of the inputs, in one batch."""
        return float(listed(self.auto.evaluate(
            self.x, self.x, batch_size=ROWS, verbose=0))[0])

    def fit(self, steps=1):
        """Trains for a few steps; returns what `fit` says of the loss."""
        reported = self.auto.fit(self.x, self.x, batch_size=ROWS,
                                 epochs=steps, verbose=0).history
        return float(listed(reported.get("loss") or [np.nan])[0])

    def current(self):
        """Returns what the three models give for the inputs."""
        codes = self.call(self.encoder, self.x)
        return {"encoder": codes, "code": self.code,
                "decoder": self.call(self.decoder, codes[self.code])[0],
                "auto": self.call(self.auto, self.x)[0]}

    def outputs(self):
        """Returns the outputs for two sets of weights."""
        found = []
        for number in (1, 2):
            self.set_weights(number, number)
            found.append(self.current())
        return found

    def loss(self):
        """Returns the loss for two sets of weights."""
        found = []
        for number in (1, 2):
            self.set_weights(number, number)
            found.append(self.evaluate())
        return found

    def unpenalised(self):
        """Returns auto's outputs and loss for one set of weights."""
        self.set_weights(1, 1)
        return [{"auto": self.call(self.auto, self.x)[0]}, self.evaluate()]

    def step(self):
        """Returns the loss that `fit` tells, and what is there after it."""
        self.set_weights(1, 1)
        return {"loss": self.fit(), "weights": [
            [weights_of(layer) for layer in layers]
            for layers in self.layers], **self.current()}

    def draws(self):
        """Returns two series of draws of z for one input, and auto's.

        By `predict`, which compiles: NumPy would draw only once.
        """
        self.set_weights(1, 1)
        self.encoder.run_eagerly = False
        x = np.repeat(self.x[:1], DRAWS, axis=0)
        first, second = (listed(self.encoder.predict(
            x, batch_size=DRAWS, verbose=0))[self.code] for _ in range(2))
        return {"first": first, "second": second,
                "auto": self.call(self.auto, x[:OUTPUTS])[0]}

    def training_draws(self):
        """Returns draws of z while training, and auto's outputs."""
        self.set_weights(1, 1)
        x = np.repeat(self.x[:1], DRAWS, axis=0)
        return {"z": self.call(self.encoder, x, True)[self.code],
                "auto": self.call(self.auto, x[:OUTPUTS], True)[0]}

    def terms(self):
        """Returns the loss where the reconstruction does not depend on z.

        Of three pairs of weights, two have the encoder in common and two the
        decoder.
        """
        losses = []
        for numbers in ((1, 1), (1, 2), (2, 2)):
            self.mute(*numbers)
            losses.append(self.evaluate())
        return losses

    def muted(self):
        """Returns what `fit` says of the loss where no noise matters."""
        self.mute(1, 1)
        return self.fit()

    def noisy(self):
        """Returns what auto gives while training, twice."""
        self.set_weights(1, 1)
        return [self.call(self.auto, self.x, True)[0] for _ in range(2)]

    def task(self):
        """Does what the task's script does, with fresh weights.

        Returns for each kernel whether it moved, and whether all of it was 0
        before. Three steps, as a layer may well begin with zeros: those below
        it move in the second.
        """
        kernels = [[layer for layer in layers if any(
            values.ndim > 1 for values in weights_of(layer))]
            for layers in self.layers]
        before = [[weights_of(layer)[0].copy() for layer in layers]
                  for layers in kernels]
        self.fit(steps=3)
        moved = [[not np.array_equal(values, weights_of(layer)[0])
                  for values, layer in zip(values, layers)]
                 for values, layers in zip(before, kernels)]
        self.auto.run_eagerly = False
        self.evaluate()
        encoded = listed(self.encoder.predict(self.x[:10], verbose=0))
        self.decoder.predict(encoded[self.code], verbose=0)
        return {"moved": moved, "zero": [
            [not values.any() for values in values] for values in before]}

    def raw(self):
        """Returns the loss of inputs of 0 to 255, after that."""
        x = self.x * np.float32(255)
        return float(listed(self.auto.evaluate(
            x, x, batch_size=ROWS, verbose=0))[0])
