"""What a promise is worth: points for it, or for a group of promises."""
import json

from . import case
from .promises import PROMISES

# Ten for each task of the course, shared by its promises.
DEFAULT = {"vanilla": 10, "sparse": 10, "convolutional": 10,
           "variational": 10}


def named(module):
    """Returns the full names of a module's promises, but those beyond."""
    idea = case.IDEAS[module]
    return [f"{idea}.{promise.name}" for promise in PROMISES
            if idea in promise.ideas and not promise.beyond]


def read(path):
    """Returns the points of a file: a JSON object, from names to numbers."""
    if path is None:
        return DEFAULT
    with open(path, encoding="utf-8") as file:
        given = json.load(file)
    every = [name for module in case.IDEAS for name in named(module)]
    if not isinstance(given, dict):
        raise ValueError("Expected an object from names to points.")
    for name, points in given.items():
        if not any(belongs(promise, name) for promise in every):
            raise ValueError(f"No promise or group is called {name}.")
        if isinstance(points, bool) or not isinstance(
                points, (int, float)) or points < 0:
            raise ValueError(f"{name}: expected a number of points, not "
                             f"{points!r}.")
    return given


def belongs(promise, group):
    """Says whether a promise is the group, or belongs to it."""
    return promise == group or promise.startswith(f"{group}.")


def share(points, names):
    """Returns what each of these promises is worth.

    Those of a group share its points, but for those that a longer name
    speaks of.
    """
    mine = {name: max((group for group in points if belongs(name, group)),
                      key=len, default=None) for name in names}
    groups = list(mine.values())
    return {name: points[group] / groups.count(group) if group else 0
            for name, group in mine.items()}
