"""What a module does when it is used: measured here, judged elsewhere.

This file runs in the same process as code that nobody has read. It builds the
models, sets their weights to numbers that the judge can draw as well, feeds
them, trains them for one step, and notes down what came out. Nothing here
knows what would be right: `promises.py` decides that, in another process.
"""
import importlib.util
import inspect
import itertools
import json
import re
import sys
import traceback

import numpy as np

from .graph import describe, form, plain, readable
from .measures import Models, listed


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
                f"{type(error).__name__}: {lines[0]}".removesuffix(": "))
    where = [frame.lineno for frame in traceback.extract_tb(
        error.__traceback__) if frame.filename == str(path)]
    if len(line) > 200:
        line = line[:200].rpartition(". ")[0] or f"{line[:200]}..."
    return line + (f" (line {where[-1]})" if where else "")


def fresh(arguments):
    """Copies arguments; of JSON's lists, only the second is meant as one."""
    return [list(part) if place == 1 else
            tuple(part) if isinstance(part, list) else part
            for place, part in enumerate(arguments)]


def shapes(model):
    """Returns the shapes of a model's inputs and outputs, if it tells."""
    if not readable(model):
        return None
    return [[list(tensor.shape[1:]) for tensor in tensors]
            for tensors in (model.inputs, model.outputs)]


def places(models, dims, latent):
    """Returns where encoder, decoder and auto stand among three models.

    Shapes tell; the task's order, if these fit it or none.
    """
    dims, latent = (np.atleast_1d(size).tolist() for size in (dims, latent))
    found = [shapes(model) for model in models]
    wanted = [(dims, latent), (latent, dims), (dims, dims)]
    return next((order for order in itertools.permutations(range(3)) if all(
        found[place] is None or (start in found[place][0]
                                 and end in found[place][1])
        for place, (start, end) in zip(order, wanted))), (0, 1, 2))


def build(make, arguments):
    """Calls the factory, and notes down what it returned and changed."""
    import keras
    given = fresh(arguments)
    models = listed(make(*given))
    description = {"forms": [form(model) for model in models],
                   "given": plain(given[1]), "models": None}
    if len(models) != 3 or not all(
            isinstance(model, keras.Model) for model in models):
        return None, description
    for model, dims in zip(models, (given[0], given[2], given[0])):
        if form(model) == "Sequential" and not model.built:
            model.build((None, *np.atleast_1d(dims).tolist()))
    order = places(models, given[0], given[2])
    models = [models[place] for place in order]
    description.update(order=order, forms=[form(model) for model in models])
    if not all(readable(model) for model in models[:2]):
        return None, description
    description.update(
        models=[describe(model) for model in models[:2]],
        shapes=[shapes(model) for model in models],
        inside=[layer is model for layer, model in zip(
            models[2].layers[1:3], models[:2])])
    return models, description


def collect(make, request, path=None):
    """Returns all that is measured of a factory, as JSON can hold it."""
    import keras
    found = {"keras": keras.__version__, "errors": {}, "builds": [],
             "beyond": {}}
    found["parameters"] = [
        [name, parameter.default is parameter.empty] for name, parameter
        in inspect.signature(make).parameters.items()]

    def attempt(stage, measure):
        try:
            return measure()
        except (Exception, SystemExit) as error:
            found["errors"][stage] = useful(error, path)

    def measured(number, *stages):
        models = Models(kept[number], request, number)
        for stage in stages:
            value = attempt(stage, getattr(models, stage))
            if stage not in found["errors"]:
                found[stage] = value

    kept = []
    for number, arguments in enumerate(request["builds"]):
        models, description = attempt(
            f"build {number}", lambda: build(make, arguments)  # noqa: B023
        ) or (None, None)
        kept.append(models)
        found["builds"].append(description)
    base = next((number for number, models in enumerate(kept) if models), None)
    if base is None:
        return found
    task = request["task"]
    if kept[task]:
        measured(task, "task", "raw")
    if base == task:
        kept[task], _ = build(make, request["builds"][task])
    measured(base, *request["stages"])
    if request["unpenalised"] and kept[request["unpenalised"]]:
        measured(request["unpenalised"], "unpenalised")
    for name, arguments in request["beyond"].items():
        try:
            *_, auto = make(*fresh(arguments))
            x = np.zeros((1, *np.atleast_1d(arguments[0]).tolist()), "float32")
            found["beyond"][name] = list(auto(x).shape[1:])
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


def factory(module, names):
    """Returns a module's factory, and the names of its functions without.

    Without a function autoencoder, the only one that takes its arguments is
    meant.
    """
    make = getattr(module, "autoencoder", None)
    if callable(make):
        return make, None
    functions = {name: value for name, value in vars(module).items()
                 if inspect.isfunction(value)
                 and value.__module__ == module.__name__}
    fitting = [function for function in functions.values()
               if list(inspect.signature(function).parameters)[
                   :len(names)] == names]
    return (fitting[0] if len(fitting) == 1 else None), list(functions)


def examine(path, request):
    """Returns the evidence on the module in a file, or why there is none."""
    try:
        module = load(path)
    except BaseException as error:  # SystemExit, for one
        return {"cause": useful(error, path)}
    make, others = factory(module, request["parameters"])
    found = {} if make is None else collect(make, request, path)
    return found if others is None else {**found, "defined": others}
