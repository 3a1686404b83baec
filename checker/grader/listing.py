"""What a promise is, and the list of them."""
from typing import NamedTuple

from . import case

IDEAS = tuple(case.IDEAS.values())


class Broken(NamedTuple):
    """What a promise wants, what there is, and the likely mistake."""

    expected: str
    found: str
    likely: str = ""


class Arguable(Broken):
    """Not what most understand by the task, but its text allows it."""


class Promise(NamedTuple):
    """A promise, whose it is, and what must be kept before."""

    name: str
    text: str
    check: object
    ideas: tuple
    needs: tuple
    beyond: bool


PROMISES = []


def promise(name, text, ideas=IDEAS, needs=(), beyond=False):
    """Adds a check to the list, whose order is that of the report."""
    def add(check):
        PROMISES.append(Promise(name, text, check, ideas, needs, beyond))
        return check
    return add


def row(values):
    """Writes a list as a row."""
    return ", ".join(map(str, values)) or "none"
