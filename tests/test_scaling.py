"""How values become those of 0 to 1, and go back to the user's units."""
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lab.data.scaling import Scaling, scaling_of
from lab.errors import InputError


def images(*ends, kind):
    """Makes images whose least and greatest values are `ends`."""
    values = np.full((2, 3, 4, 1), ends[0], kind)
    values[1, 2, 3, 0] = ends[1]
    return values


@pytest.mark.parametrize("kind, ends, scale", [
    ("uint8", (0, 255), 255), ("uint8", (0, 9), 255), ("uint8", (0, 1), 1),
    ("uint8", (0, 0), 1), ("bool", (0, 1), 1), ("int64", (0, 1), 1),
    ("int64", (0, 255), 255), ("uint16", (0, 65535), 65535),
    ("uint16", (0, 256), 65535), ("uint16", (0, 1), 1),
    ("float32", (0, 1), 1), ("float64", (0.2, 0.9), 1),
    ("float64", (0, 255), 255), ("float16", (3, 128), 255)])
def test_images_are_scaled_by_their_range(kind, ends, scale):
    values = images(*ends, kind=kind)
    scaling = scaling_of("set", values, values)
    scaled = scaling.apply(values)
    assert scaled.dtype == "float32" and scaled.shape == values.shape
    np.testing.assert_allclose(
        scaled, values.astype("float64") / scale, rtol=1e-6)
    np.testing.assert_allclose(
        scaling.undo(scaled), values.astype("float64"), rtol=1e-6)


@pytest.mark.parametrize("kind, ends", [
    ("int64", (0, 256)), ("int64", (-1, 200)), ("int32", (0, 16)),
    ("uint16", (0, 255)), ("float64", (0, 1.003)), ("float64", (-0.1, 1)),
    ("float64", (0, 16)), ("float32", (0, 255.5)), ("float32", (-3, 255))])
def test_images_of_an_unknown_range_are_refused(kind, ends, record_property):
    values = images(*ends, kind=kind)
    with pytest.raises(InputError) as refused:
        scaling_of("set", values, values)
    assert f"{ends[1]:g}" in str(refused.value)
    record_property("bad inputs refused", 1)


def test_training_images_decide():
    dark, light = images(0, 1, kind="float32"), images(0, 255, kind="float32")
    assert scaling_of("set", light, dark).span == 255
    with pytest.raises(InputError):
        scaling_of("set", dark, light)
    with pytest.raises(InputError):
        scaling_of("set", light, light.astype("uint8"))
    assert scaling_of("set", dark, dark.astype("float64")).span == 1


numbers = st.integers(-10 ** 6, 10 ** 6).map(lambda number: number / 1000)
tables = arrays("float64", st.tuples(st.integers(1, 6), st.just(3)),
                elements=numbers)


@settings(max_examples=200, deadline=None, database=None)
@given(tables, tables, st.sampled_from(["float64", "float32", "int32"]))
def test_tables_are_scaled_by_column_and_back(train, test, kind):
    train, test = train.astype(kind), test.astype(kind)
    scaling = scaling_of("table", train, test)
    again = Scaling.from_config(json.loads(json.dumps(scaling.to_config())))
    whole = train.min() >= 0 and train.max() <= 1
    for part in (train, test):
        scaled = scaling.apply(part)
        assert scaled.dtype == "float32"
        assert (again.apply(part) == scaled).all()
        exact = part.astype("float64")
        if whole:
            assert (scaled == exact.astype("float32")).all()
            continue
        least, most = train.min(axis=0), train.max(axis=0)
        varied = np.broadcast_to(least < most, part.shape)
        back = scaling.undo(scaled)
        assert (scaled[part == least] == 0).all()
        assert (back == least)[~varied].all()
        span = (most - least.astype("float64"))[None].repeat(len(part), 0)
        # Beyond the training part's range, too: in single precision.
        np.testing.assert_allclose(
            scaled[varied], ((exact - least)[varied] / span[varied]), 1e-6)
        np.testing.assert_allclose(
            back[varied], exact[varied], rtol=1e-6, atol=2e-7 * span.max())
    scaled = scaling.apply(train)
    assert scaled.min() >= 0 and scaled.max() <= 1


def test_missing_values_stay_missing():
    table = np.array([[1, np.nan], [3, 5], [np.nan, 7]])
    scaling = scaling_of("table", table, table)
    np.testing.assert_array_equal(
        scaling.apply(table), [[0, np.nan], [1, 0], [np.nan, 1]])
    assert scaling.name == "by column, 1 to 7"


@pytest.mark.parametrize("train, test, received", [
    ([[2, np.nan]], [[1, 2]], "column 2"),
    ([[-1e308, 1]], [[1e308, 1]], "-1e+308 to 1"),
    ([[0, 1], [1e-300, 2]], [[1, 1]], "0 to 2"),
    ([[0, 1]], [[1e39, 1]], "1 to 1e+39"),
    ([[-1e308], [1.7e308]], [[0]], "-1e+308 to 1.7e+308")])
def test_tables_that_cannot_be_scaled(train, test, received, record_property):
    with pytest.raises(InputError) as refused:
        scaling_of("table", np.array(train), np.array(test))
    assert received in str(refused.value)
    record_property("bad inputs refused", 1)


def test_rows_of_bytes_are_images():
    rows = np.array([[0, 51], [255, 0]], "uint8")
    assert scaling_of("set", rows, rows).name == "bytes / 255"
    bits = np.array([[0, 1], [1, 1]], "uint8")
    assert (scaling_of("set", bits, bits).apply(bits) == bits).all()
