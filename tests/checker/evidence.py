"""What a module does when it is used: measured here, judged elsewhere.

This file runs in the same process as code that nobody has read. It builds the
models, sets their weights to numbers that the judge can draw as well, feeds
them, trains them for one step, and notes down what came out. Nothing here
knows what would be right: `promises.py` decides that, in another process.
"""
import copy
import importlib.util
import inspect
import json
import re
import sys
import traceback
from pathlib import Path

import numpy as np

from . import confinement
from .graph import describe, operations, plain, weights_of

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


def useful(error, path=None):
    """Returns the first line of an exception that helps, and its place."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    text = re.sub(r"\x1b\[\d*m", "", str(error))  # colours
    lines = [line.strip(" *") for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith((
        "Exception encountered when", "in user code", "File ",
        "Arguments received"))] or [""]
    # TensorFlow quotes lines of code before it comes to the point.
    line = next((line for line in lines
                 if re.match(r"[A-Za-z.]*(Error|Exception): ", line)),
                f"{type(error).__name__}: {lines[0]}")
    where = [frame.lineno for frame in traceback.extract_tb(
        error.__traceback__) if frame.filename == str(path)]
    if len(line) > 200:
        line = line[:200].rpartition(". ")[0] or f"{line[:200]}..."
    return line + (f" (line {where[-1]})" if where else "")


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


def form(model):
    """Says whether a model is functional, sequential, a subclass or none.

    A subclass that is made of inputs and outputs is functional.
    """
    import keras
    names = [cls.__name__ for cls in type(model).__mro__]
    for name in ("Sequential", "Functional"):
        if name in names:
            return name
    return names[0] + "(keras.Model)" * isinstance(model, keras.Model)


def build(make, arguments):
    """Calls the factory, and notes down what it returned and changed."""
    given = copy.deepcopy(arguments)
    models = listed(make(*given))
    forms = [form(model) for model in models]
    readable = len(forms) == 3 and set(forms) <= {"Functional", "Sequential"}
    return models if readable else None, {
        "forms": forms, "given": plain(given[1]),
        "models": [describe(model) for model in models[:2]] * readable}


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
        """Returns what the encoder gives while training, twice."""
        self.set_weights(1, 1)
        return [array(self.encoder(self.x, training=True)) for _ in range(2)]

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


def collect(make, request, path=None):
    """Returns all that is measured of a factory, as JSON can hold it."""
    import keras
    found = {"keras": keras.__version__, "errors": {}, "builds": [],
             "beyond": {}}
    found["parameters"] = [
        [name, parameter.default is parameter.empty] for name, parameter
        in inspect.signature(make).parameters.items()]

    def attempt(stage, measure, into=found):
        try:
            into[stage] = measure()
        except Exception as error:
            found["errors"][stage] = useful(error, path)

    kept = []
    for number, arguments in enumerate(request["builds"]):
        def built(arguments=arguments):
            models, description = build(make, arguments)
            kept.append(models)
            found["builds"].append(description)
        attempt(f"build {number}", built, into={})
    if found["errors"] or None in kept:
        return found
    models = Models(kept[0], request, found["builds"][0]["models"])
    for stage in request["stages"]:
        attempt(stage, getattr(models, stage))
    if request["unpenalised"] is not None:
        number = request["unpenalised"]
        models = Models(kept[number], request,
                        found["builds"][number]["models"])
        attempt("unpenalised", models.unpenalised)
    for name, arguments in request["beyond"].items():
        try:
            *_, auto = make(*copy.deepcopy(arguments))
            found["beyond"][name] = list(auto.output_shape[1:])
        except Exception as error:
            found["beyond"][name] = useful(error, path)
    return json.loads(json.dumps(found, default=np.ndarray.tolist))


def load(path):
    """Imports a module whose name starts with a digit."""
    # At the end, so that no file there stands in for one of Python's own.
    sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def examine(path, request):
    """Returns the evidence on the module in a file, or why there is none."""
    try:
        module = load(path)
    except BaseException as error:  # SystemExit, for one
        return {"cause": useful(error, path)}
    make = getattr(module, "autoencoder", None)
    if not callable(make):
        return {"defined": [
            name for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == path.stem]}
    return collect(make, request, path)


def main():
    """Reads a request from stdin, and writes the evidence into a file."""
    request = json.load(sys.stdin)
    folder, path = Path.cwd(), Path(request["path"])
    try:
        compile(path.read_bytes(), path, "exec")
    except (SyntaxError, ValueError) as error:
        found = {"cause": useful(error)}
    else:
        import keras  # noqa: F401  Before a module could change it.
        confinement.confine(folder, request["seconds"])
        found = examine(path, request)
    (folder / "evidence.json").write_text(json.dumps(found))
