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


def by_column(train):
    """Returns the scaling of a table, after a way through JSON."""
    scaling = scaling_of("table", train, train, by_column=True)
    return Scaling.from_config(json.loads(json.dumps(scaling.to_config())))


@settings(max_examples=200, deadline=None, database=None)
@given(tables, tables, st.sampled_from(["float64", "float32", "int32"]))
def test_tables_are_scaled_by_column_and_back(train, test, kind):
    train, test = train.astype(kind), test.astype(kind)
    scaling = by_column(train)
    for part in train, test:
        scaled, exact = scaling.apply(part), part.astype("float64")
        assert scaled.dtype == "float32"
        # Single precision of what the model takes: eight spreads are 1.
        distance = np.abs(exact - scaling.centre) / scaling.spread
        np.testing.assert_array_less(
            np.abs(scaling.undo(scaled) - exact) / scaling.spread,
            3e-6 * (1 + distance))
        # The order stays; equal values stay equal.
        for column, values in zip(exact.T, scaled.T):
            assert (np.diff(values[np.argsort(column)]) >= 0).all()


def test_a_column_is_not_ruined():
    random = np.random.default_rng(0)
    usual = random.standard_normal(2000)
    wild = usual.copy()
    wild[7] = 1e6
    rare = np.arange(2000) % 100 == 0
    table = np.stack([usual, wild, np.exp(2 * usual), rare, usual * 1e-200,
                      np.full(2000, 7.0)], axis=1)
    scaling = by_column(table)
    scaled = scaling.apply(table)
    np.testing.assert_allclose(scaling.spread[:2], 1, atol=0.05)
    assert (scaling.reach[:2] == 4).all()
    assert np.abs(scaled[:, 0] - scaled[:, 1])[np.arange(2000) != 7].max() < (
        0.02)
    inside = ((scaled >= 0) & (scaled <= 1)).mean(axis=0)
    assert (inside >= [1, 0.999, 0.989, 0.989, 1, 1]).all(), inside
    assert (scaled.std(axis=0)[:5] > 0.05).all()
    assert (scaled[:, 5] == 0.5).all() and scaling.undo(
        scaled)[0, 5] == 7
    assert scaled[0, 3] - scaled[1, 3] > 0.4  # rare, and far from the rest


@pytest.mark.parametrize("values", [
    [-1.7e308, 1.7e308, 0], [1e-308, 0, 0], [0, 1e308, 0], [5, 5, 5]])
def test_numbers_of_any_size_stay_finite(values):
    column = np.array(values)[:, None]
    scaling = by_column(column)
    new = np.array([-1.7e308, -1, 0, 1e-300, 3, 1.7e308])[:, None]
    for part in column, new:
        scaled = scaling.apply(part)
        assert np.isfinite(scaled).all()
        assert (np.diff(scaled[np.argsort(part[:, 0]), 0]) >= 0).all()
    assert np.isfinite(scaling.undo(np.linspace(0, 1, 9)[:, None])).all()


def test_missing_values_stay_missing():
    table = np.array([[1, np.nan], [3, 5], [np.nan, 7]])
    scaled = by_column(table).apply(table)
    assert (np.isnan(scaled) == np.isnan(table)).all()
    with pytest.raises(InputError, match="column 1"):
        by_column(np.array([[np.nan, 2]]))


def test_rows_of_bytes_are_images():
    rows = np.array([[0, 51], [255, 0]], "uint8")
    assert scaling_of("set", rows, rows).name == "bytes / 255"
    assert scaling_of("set", rows // 100, rows).by_column
    bits = np.array([[0, 1], [1, 1]], "uint8")
    assert (scaling_of("set", bits, bits).apply(bits) == bits).all()
