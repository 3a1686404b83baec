"""Random arguments: a model that keeps the contract, or a clear error."""
from collections.abc import Iterable
from numbers import Integral, Real

import keras
import pytest
from cases import SMALL, factory, kinds
from hypothesis import given, settings
from hypothesis import strategies as st

# Not large ones: the model would be built, if the memory suffices.
integers = st.integers(max_value=99)
odd = st.one_of(
    integers, st.floats(width=32), st.booleans(), st.none(),
    st.text(max_size=3), st.binary(max_size=3), st.complex_numbers(),
    st.fractions(), st.just(float("nan")))
sizes = st.integers(1, 9)
lists = st.lists(sizes, max_size=3) | st.lists(sizes, max_size=3).map(tuple)
odd_lists = odd | st.lists(sizes | odd, max_size=3) | st.sets(sizes) | (
    st.dictionaries(sizes, sizes))
weights = st.floats(0, 1) | st.sampled_from([0, 1])


def fitting(dims, filters):
    """Returns the shape of a code of the convolutional module."""
    shrink = 2 ** len(filters)
    return -(-dims[0] // shrink), -(-dims[1] // shrink), filters[-1]


def are_sizes(values):
    """Decides whether values are integers of 1 or more."""
    return isinstance(values, Iterable) and all(
        isinstance(value, Integral) and value >= 1 for value in values)


def are_right(module, dims, hidden, latent, *weights):
    """Decides whether a module must accept these arguments."""
    if module == "2-convolutional":
        return (all(map(are_sizes, (dims, hidden, latent)))
                and len(dims) == 3 and len(hidden) > 0
                and tuple(latent) == fitting((*dims,), (*hidden,)))
    return (are_sizes([dims, latent]) and are_sizes(hidden)
            and all(isinstance(weight, Real) and 0 <= weight < float("inf")
                    and (module != "4-denoising" or weight <= 1)
                    for weight in weights))


def arguments(module):
    """Returns a strategy: right arguments, of which none or some are odd."""
    if module == "2-convolutional":
        right = st.tuples(
            st.tuples(*[st.integers(1, 20)] * 2, st.integers(1, 4)),
            st.lists(st.integers(1, 4), min_size=1, max_size=4)
        ).map(lambda drawn: (*drawn, fitting(*drawn)))
        odd_ones = [odd_lists] * 3
    else:
        more = len(SMALL[module]) - 3
        right = st.tuples(sizes, lists, sizes, *[weights] * more)
        odd_ones = [odd, odd_lists, odd, *[odd] * more]

    def replaced(drawn):
        values, others, which = drawn
        return tuple(other if odd else value for value, other, odd
                     in zip(values, others, which))
    which = st.tuples(*[st.sampled_from([False, False, True])] * len(odd_ones))
    return st.tuples(right, st.tuples(*odd_ones), which).map(replaced)


@pytest.mark.parametrize(
    "tries", [10, pytest.param(500, marks=pytest.mark.long)])
@pytest.mark.parametrize("module", SMALL)
def test_any_arguments(module, tries, record_property):
    count = {"tried": 0}

    @settings(max_examples=tries, deadline=None, database=None)
    @given(arguments(module))
    def check(given):
        count["tried"] += 1
        try:
            encoder, decoder, auto = factory(module)(*given)
        except ValueError as error:
            assert not are_right(module, *given)
            assert "Expected" in str(error) and "Received: " in str(error)
            assert "latent_dims=" in str(error)
            return
        assert are_right(module, *given)
        dims, hidden, latent, *_ = given
        one = module == "2-convolutional"
        assert auto.layers[1] is encoder and auto.layers[2] is decoder
        assert auto.loss == "binary_crossentropy"
        assert auto.input_shape == auto.output_shape == (
            (None, *dims) if one else (None, dims))
        assert decoder.input_shape == (
            (None, *latent) if one else (None, latent))
        layer = "Conv2D" if one else "Dense"
        ends = {"2-convolutional": 0, "3-variational": 2}.get(module, 1)
        assert kinds(encoder).count(layer) == len(hidden) + ends
        assert kinds(decoder).count(layer) == len(hidden) + 1
        keras.backend.clear_session()

    check()
    if tries == 500:
        record_property("random argument sets tried", count["tried"])
