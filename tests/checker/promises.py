"""The promises of a module: what the course's task says, and no more.

Each has a name that stays, one line that says it, and a check of the evidence,
which returns `Broken`, or a note, or nothing. The list has two readers:
`check.py`, for anyone's modules, and the tests of this project's own.
"""
from typing import NamedTuple

# The list: these three files fill it, in this order.
from . import behaviour, case, evidence, ideas, structure  # noqa: F401
from .listing import PROMISES, Broken


class Result(NamedTuple):
    """What became of a promise: kept, broken or not examined."""

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
    states, results = {}, []
    for name, text, check, ideas, needs, beyond in PROMISES:
        if examined.idea not in ideas:
            continue
        missing = [need for need in needs
                   if states.get(need, "kept") != "kept"]
        outcome = None
        if not missing:
            try:
                outcome = check(examined)
            except case.NotExamined as error:
                missing = [str(error)]
            except Exception as error:  # evidence that was tampered with
                outcome = Broken(
                    "evidence that makes sense", evidence.useful(error),
                    "the module interferes with its examination")
        if missing:
            states[name] = "not examined"
            details = {"note": f"it depends on: {missing[0]}"}
        elif isinstance(outcome, Broken):
            states[name] = "broken"
            details = outcome._asdict()
        else:
            states[name] = "kept"
            details = {"note": outcome or ""}
        results.append(Result(
            "beyond." * beyond + f"{examined.idea}.{name}", text, states[name],
            beyond, **details))
    return results


def examine(module, make, seed=0):
    """Examines a factory in this very process; returns the results."""
    request = case.request(module, seed)
    return judge(module, request, evidence.collect(make, request))
