"""What a module does when it is used: measured here, judged elsewhere.

This file runs in the same process as code that nobody has read. It builds the
models, sets their weights to numbers that the judge can draw as well, feeds
them, trains them for one step, and notes down what came out. Nothing here
knows what would be right: `promises.py` decides that, in another process.
"""
import importlib.util
import inspect
import json
import re
import sys
import traceback
from pathlib import Path

import numpy as np

from . import confinement
from .graph import describe, plain
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
                f"{type(error).__name__}: {lines[0]}")
    where = [frame.lineno for frame in traceback.extract_tb(
        error.__traceback__) if frame.filename == str(path)]
    if len(line) > 200:
        line = line[:200].rpartition(". ")[0] or f"{line[:200]}..."
    return line + (f" (line {where[-1]})" if where else "")


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


def fresh(arguments):
    """Copies arguments; of JSON's lists, only the second is meant as one."""
    return [list(part) if place == 1 else
            tuple(part) if isinstance(part, list) else part
            for place, part in enumerate(arguments)]


def build(make, arguments):
    """Calls the factory, and notes down what it returned and changed."""
    given = fresh(arguments)
    models = listed(make(*given))
    forms = [form(model) for model in models]
    readable = len(forms) == 3 and set(forms) <= {"Functional", "Sequential"}
    for model, dims in zip(models * readable, (given[0], given[2], given[0])):
        if not model.built:  # a sequential one whose input nobody named
            model.build((None, *np.atleast_1d(dims).tolist()))
    return models if readable else None, {
        "forms": forms, "given": plain(given[1]),
        "models": [describe(model) for model in models[:2]] * readable}


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
            *_, auto = make(*fresh(arguments))
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
