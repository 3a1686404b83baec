"""What can be measured of three models by using them."""
import numpy as np

from .graph import operations, weights_of

ROWS = 32  # of the inputs
DRAWS = 2000  # of z, for one and the same input


def inputs(request):
    """Draws the inputs of an examination: rows of numbers from 0 to 1."""
    dims = np.atleast_1d(request["builds"][0][0])
    return np.random.default_rng(request["seed"]).random(
        (ROWS, *dims), dtype="float32")


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


def array(values):
    """Returns a tensor of any backend, or anything else, as an array."""
    import keras
    return getattr(keras.ops if hasattr(keras, "ops") else keras.backend,
                   "convert_to_numpy", np.asarray)(values)


def listed(values):
    """Returns one or several values as a list."""
    if isinstance(values, dict):
        return list(values.values())
    return list(values) if isinstance(values, (list, tuple)) else [values]


class Models:
    """The three models of one factory, and what is measured of them."""

    def __init__(self, models, request, descriptions):
        """Takes the models, and what `describe` says of the first two."""
        self.encoder, self.decoder, self.auto = models
        self.layers = [operations(model)[0] for model in models[:2]]
        self.descriptions = descriptions
        self.seed, self.x = request["seed"], inputs(request)
        self.code = 0

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

    def fresh(self):
        """Returns what the encoder gives before anything is set.

        Of several outputs, the code is the one that differs the next time;
        else the one that does not come from a dense layer.
        """
        first, second = (listed(self.encoder.predict(self.x, verbose=0))
                         for _ in range(2))
        same = [np.array_equal(*pair) for pair in zip(first, second)]
        if len(same) > 1:
            description = self.descriptions[0]
            dense = [description["layers"][end]["kind"] == "Dense"
                     for end in description["ends"]]
            guess = same if False in same else dense
            self.code = guess.index(False) if False in guess else 0
        return first

    def outputs(self):
        """Returns what the three models give for the inputs."""
        codes = listed(self.encoder.predict(self.x, verbose=0))
        return {"encoder": codes, "code": self.code,
                "decoder": listed(self.decoder.predict(
                    codes[self.code], verbose=0))[0],
                "auto": listed(self.auto.predict(self.x, verbose=0))[0]}

    def loss(self):
        """Returns what `evaluate` says of the inputs, in one batch."""
        return float(listed(self.auto.evaluate(
            self.x, self.x, batch_size=ROWS, verbose=0))[0])

    def twice(self):
        """Returns outputs and loss for two sets of weights."""
        found = []
        for number in (1, 2):
            self.set_weights(number, number)
            found.append({**self.outputs(), "loss": self.loss()})
        return found

    def unpenalised(self):
        """Returns auto's outputs and loss for one set of weights."""
        self.set_weights(1, 1)
        return [{"auto": listed(self.auto.predict(self.x, verbose=0))[0],
                 "loss": self.loss()}]

    def draws(self):
        """Returns two series of draws of z for one input, and auto's."""
        self.set_weights(1, 1)
        x = np.repeat(self.x[:1], DRAWS, axis=0)
        first, second = (listed(self.encoder.predict(
            x, batch_size=DRAWS, verbose=0))[self.code] for _ in range(2))
        return {"first": first, "second": second, "auto": listed(
            self.auto.predict(x, batch_size=DRAWS, verbose=0))[0]}

    def terms(self):
        """Returns the loss where the reconstruction does not depend on z.

        The decoder's first layer is muted. Of three pairs of weights, two
        have the encoder in common and two the decoder.
        """
        first = next(place for place, layer in enumerate(self.layers[1])
                     if weights_of(layer))
        losses = []
        for numbers in ((1, 1), (1, 2), (2, 2)):
            self.set_weights(*numbers, mute=[(1, first)])
            losses.append(self.loss())
        return losses

    def noisy(self):
        """Returns what auto gives while training, twice."""
        self.set_weights(1, 1)
        return [array(self.auto(self.x, training=True)) for _ in range(2)]

    def training(self):
        """Returns all weights after one step, and the outputs after it."""
        self.set_weights(1, 1)
        # To make a graph takes ten times as long as this one step.
        self.auto.run_eagerly = True
        self.auto.fit(self.x, self.x, batch_size=ROWS, epochs=1, verbose=0)
        optimizer = self.auto.optimizer
        return {"optimizer": type(optimizer).__name__,
                "rate": float(array(optimizer.learning_rate)),
                "weights": [[weights_of(layer) for layer in layers]
                            for layers in self.layers], **self.outputs()}
