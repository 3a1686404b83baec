"""Our own modules, by the promises that `make check` examines anyone's by."""
import functools

import pytest
from cases import factory
from conftest import eagerly
from grader import case, promises

NAMES = [(module, promise.name) for module in case.IDEAS
         for promise in promises.PROMISES
         if case.IDEAS[module] in promise.ideas]


@functools.cache
def results(module):
    """Examines a module once for all its promises."""
    with eagerly():
        return {result.name.rpartition(case.IDEAS[module] + ".")[2]: result
                for result in promises.examine(module, factory(module))}


@pytest.mark.parametrize("module, name", NAMES)
def test_module_keeps_its_promise(module, name):
    result = results(module)[name]
    assert result.state == "kept", result


def test_variational_loss_is_told_apart_by_name():
    found = results("3-variational")
    assert found["reconstruction"].note == "summed over the pixels"
    assert found["kl"].note.startswith("summed over the code")
