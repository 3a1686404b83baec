"""Random arguments: a model that keeps the contract, or a clear error."""
import keras
import pytest
from cases import SMALL, factory, kinds
from hypothesis import given, settings
from hypothesis import strategies as st

# Not large ones: such a model is built, if the machine has room for it.
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


def arguments(module):
    """Returns a strategy: sound arguments, of which none or some are odd."""
    if module == "2-convolutional":
        def fitting(drawn):
            height, width, channels, filters = drawn
            shrink = 2 ** len(filters)
            return ((height, width, channels), filters, (
                -(-height // shrink), -(-width // shrink), filters[-1]))
        sound = st.tuples(st.integers(1, 20), st.integers(1, 20),
                          st.integers(1, 4),
                          st.lists(st.integers(1, 4), min_size=1, max_size=4)
                          ).map(fitting)
        spoilt = [odd_lists] * 3
    else:
        more = len(SMALL[module]) - 3
        sound = st.tuples(sizes, lists, sizes, *[weights] * more)
        spoilt = [odd, odd_lists, odd, *[odd] * more]

    def spoil(drawn):
        values, others, which = drawn
        return tuple(other if odd else value for value, other, odd
                     in zip(values, others, which))
    some = st.tuples(*[st.sampled_from([False, False, True])] * len(spoilt))
    return st.tuples(sound, st.tuples(*spoilt), some).map(spoil)


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
        except TypeError as error:
            assert str(error)
            return
        except ValueError as error:
            assert "Expected" in str(error) and "Received: " in str(error)
            return
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
