import functools
import pickle

import cloudpickle
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keraslab as kl
from keraslab.train._given_lists import choices, label

L = keras.layers


def build(depth=1, skip=False, units=4, activation="relu", rate=0.1):
    x = keras.Input((8,))
    y = x
    for _ in range(depth):
        y = L.Dense(units, activation=activation)(y)
    y = L.Dropout(rate)(y)
    model = keras.Model(x, L.Concatenate()([x, y]) if skip else y)
    model.compile("sgd", "mse")
    return model


def test_every_combination_by_a_readable_name():
    variants = kl.grid(build, depth=[2, 4, 8], skip=[True, False])
    assert list(variants) == [
        "depth=2 skip=True",
        "depth=2 skip=False",
        "depth=4 skip=True",
        "depth=4 skip=False",
        "depth=8 skip=True",
        "depth=8 skip=False",
    ]
    assert variants["depth=4 skip=True"]().output_shape == (None, 12)
    assert variants["depth=8 skip=False"].settings == {"depth": 8, "skip": False}
    assert repr(variants["depth=8 skip=False"]) == "<build depth=8 skip=False>"


@pytest.mark.parametrize(
    ("given_form", "wanted"),
    [
        ([1, 2], {"1": 1, "2": 2}),
        (range(2, 7, 2), {"2": 2, "4": 4, "6": 6}),
        ((1, 4), {"1": 1, "2": 2, "3": 3, "4": 4}),
        ((8, 32, 8), {"8": 8, "16": 16, "24": 24, "32": 32}),
        ((8, 31, 8), {"8": 8, "16": 16, "24": 24}),
        ((0.1, 0.4, 0.1), {"0.1": 0.1, "0.2": 0.2, "0.3": 0.3, "0.4": 0.4}),
        (True, {"False": False, "True": True}),
        (False, {"False": False, "True": True}),
        ({"small": 4, "large": 64}, {"small": 4, "large": 64}),
        (np.array([0.5, 1.0]), {"0.5": 0.5, "1.0": 1.0}),
        ([None, "relu", keras.activations.gelu], {"None": None, "relu": "relu", "gelu": ...}),
    ],
)
def test_short_forms(given_form, wanted):
    found = choices("key", given_form)
    assert list(found) == list(wanted)
    assert all(value in (..., found[name]) for name, value in wanted.items())


@given(st.integers(-50, 50), st.integers(1, 100), st.integers(1, 20))
@settings(deadline=None)
def test_whole_ranges_hold_both_ends_and_steps(low, width, step):
    found = list(choices("key", (low, low + width, step)).values())
    assert found == list(range(low, low + width + 1, step))


@pytest.mark.parametrize(
    ("lists", "error", "said"),
    [
        ({"dept": [1]}, TypeError, "has no such parameter. Its parameters: depth, skip, units"),
        ({}, ValueError, "at least one parameter"),
        ({"depth": []}, ValueError, "at least one choice"),
        ({"depth": {}}, ValueError, "at least one choice"),
        ({"depth": 3}, TypeError, r"depth=\[3\]"),
        ({"activation": "relu"}, TypeError, r"activation=\['relu'\]"),
        ({"activation": ("relu", "gelu")}, TypeError, "use a list"),
        ({"depth": (x for x in [1, 2])}, TypeError, "makes no choices"),
        ({"rate": (0.1, 0.5)}, ValueError, "no end of numbers"),
        ({"rate": (0.0, float("inf"))}, TypeError, "finite"),
        ({"depth": (5, 2)}, ValueError, "low end must be below"),
        ({"depth": (1, 5, 0)}, ValueError, "step must be above 0"),
        ({"depth": (1, 10**30)}, ValueError, "choices, and a grid at most 256"),
        ({"rate": (0.0, 1.0, 1e-9)}, ValueError, "1,000,000,001 choices"),
        ({"depth": [2, 2]}, ValueError, "two of its choices are called '2'"),
        ({"depth": list(range(20)), "units": list(range(1, 15))}, ValueError, "20 x 14 = 280"),
    ],
)
def test_what_makes_no_grid(lists, error, said):
    with pytest.raises(error, match=said):
        kl.grid(build, **lists)


def test_the_largest_grid():
    assert len(kl.grid(build, depth=list(range(16)), units=(1, 16))) == 256


def test_functions_of_one_name_want_a_dict():
    two = [lambda x: x, lambda x: -x]
    with pytest.raises(ValueError, match="name them in a dict"):
        kl.grid(build, activation=two)
    named = kl.grid(build, activation=dict(zip(["same", "minus"], two, strict=True)))
    assert list(named) == ["activation=same", "activation=minus"]


def test_no_build_function():
    with pytest.raises(TypeError, match="needs a function"):
        kl.grid(build(), depth=[1])
    with pytest.raises(TypeError, match="needs a value for 'units'"):
        kl.grid(lambda units, depth: None, depth=[1])
    with pytest.raises(TypeError, match="positional only"):
        kl.grid(lambda depth, /: None, depth=[1])
    assert list(kl.grid(lambda **any_: any_, x=[1])) == ["x=1"]
    assert list(kl.grid(functools.partial(build, units=3), depth=[1])) == ["depth=1"]


def test_a_parameter_may_be_called_build():
    variants = kl.grid(lambda build: build, build=[1, 2])
    assert [variant() for variant in variants.values()] == [1, 2]


def test_variants_travel():
    here = keras.activations.relu

    def local(units, activation):  # only cloudpickle takes a function inside of a function
        x = keras.Input((8,))
        return keras.Model(x, L.Dense(units, activation=here if activation else None)(x))

    for name, variant in kl.grid(local, units=[2, 3], activation=True).items():
        back = pickle.loads(cloudpickle.dumps(variant))
        assert back.__name__ == name
        assert back.settings == variant.settings
        assert back().output_shape == variant().output_shape


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.int64(3), "3"),
        (np.bool_(True), "True"),
        ([3, 3], "(3, 3)"),
        ((1, "a"), "(1, a)"),
        (keras.optimizers.Adam(), "adam"),
        (object(), "object"),
        (keras.losses.MeanSquaredError(), "MeanSquaredError"),
    ],
)
def test_labels_are_the_same_in_every_kernel(value, said):
    assert label(value) == said
