"""The promises of a module: what the course's task says, and no more.

Each has a name that stays, one line that says it, and a check of the evidence,
which returns `Broken`, or a note, or nothing. The list has two readers:
`check.py`, for anyone's modules, and the tests of this project's own.
"""
import functools
from typing import NamedTuple

# Structure, behaviour, ideas and variational fill the list, in this order.
from . import behaviour, case, evidence, ideas, variational  # noqa: F401
from .listing import PROMISES, Arguable, Broken
from .reference import Unknown


class Result(NamedTuple):
    """What became of a promise: kept, arguable, broken or not examined."""

    name: str
    text: str
    state: str
    beyond: bool
    expected: str = ""
    found: str = ""
    likely: str = ""
    note: str = ""


def judge(module, request, found):
    """Returns what became of each of a module's promises, in order."""
    examined = case.Case(module, request, found)
    mine = {promise.name: promise for promise in PROMISES
            if examined.idea in promise.ideas}

    @functools.cache
    def result(name):
        promise = mine[name]
        missing = [need for need in promise.needs if need in mine
                   and result(need).state not in ("kept", "arguable")]
        outcome = reason = None
        try:
            outcome = promise.check(examined)
        except case.Missing as error:
            reason = str(error)
        except Unknown as error:
            reason = f"this checker cannot compute {error}"
        except Exception as error:  # evidence that was tampered with
            outcome = Broken("evidence that makes sense",
                             evidence.useful(error),
                             "the module interferes with its examination")
        if reason:
            state, details = "not examined", {"note": reason}
        elif not isinstance(outcome, Broken):
            state, details = "kept", {"note": outcome or ""}
        elif missing:  # which is reason enough
            state, details = "not examined", {"note": f"see {missing[0]}"}
        else:
            state = "arguable" if isinstance(outcome, Arguable) else "broken"
            details = outcome._asdict()
        return Result(
            "beyond." * promise.beyond + f"{examined.idea}.{name}",
            promise.text, state, promise.beyond,
            **{key: printable(value) for key, value in details.items()})

    return [result(name) for name in mine]


def printable(text):
    """Makes a line of what a module may have made up."""
    return "".join(letter if letter.isprintable() else " "
                   for letter in str(text)[:400])


def examine(module, make, seed=0):
    """Examines a factory in this very process; returns the results."""
    request = case.request(module, seed)
    return judge(module, request, evidence.collect(make, request))
