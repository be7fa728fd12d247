"""Changes for gradients that a check offers were made on a copy, whose gradients were taken."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from checking import one
from keras import layers as L
from offered import data_of, mistake, rule, silent, subject_of

from keraslab.debug.checks import _softer
from keraslab.debug.checks._softer import _learning, _measured, _with

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 8)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def build(step, depth=20):
    x = h = keras.Input((8,), name="x")
    for number in range(depth):
        h = step(h, number)
    model = keras.Model(x, L.Dense(1)(h))
    model.compile("adam", "mse")
    return model


def offered(code):
    made = mistake(code)
    x, y = data_of(made)
    fixes = one(made["model"], code, x=x, y=y).fixes
    assert all(fix.tried for fix in fixes)
    return {fix.title: fix.code for fix in fixes}, x, y


def test_what_is_offered_for_a_gradient_that_fades():
    fixes, x, y = offered("KL874")
    assert list(fixes) == [
        "lead a skip connection around every layer or two",
        "use relu, with the spread of weights made for it",
    ]
    skip, relu = fixes.values()

    def skipping(h, number):
        y = L.Dense(16, activation="sigmoid")(h)
        values = {"h": h, "y": y, "layers": L}
        if number:
            exec(skip, values)
        return values["h"] if number else y

    assert silent(build(skipping), "KL874", x, y)
    rectified = build(lambda h, _: eval(relu, {"layers": L, "units": 16})(h))
    assert silent(rectified, "KL874", x, y)


def test_what_is_offered_for_a_gradient_that_bursts():
    fixes, x, y = offered("KL875")
    # Its weights are small: what makes them burst is the scale between the layers.
    assert list(fixes) == ["normalize between the layers"]

    def normalized(h, _):
        values = {"h": L.Dense(64, kernel_initializer="random_normal")(h), "layers": L}
        exec(*fixes.values(), values)
        return L.Rescaling(20.0)(values["h"])

    assert silent(build(normalized, 10), "KL875", x, y)


def test_weights_that_are_too_large():
    large = keras.initializers.RandomNormal(stddev=2.0, seed=1)
    model = build(lambda h, _: L.Dense(16, kernel_initializer=large)(h), 10)
    fixes = one(model, "KL875", x=X, y=Y).fixes
    assert fixes[0].title == "start with smaller weights"
    assert fixes[0].tried
    smaller = build(lambda h, _: L.Dense(16, kernel_initializer="glorot_uniform")(h), 10)
    assert silent(smaller, "KL875", X, Y)


def test_what_is_offered_where_a_curve_is_at_its_ends():
    fixes, x, y = offered("KL877")
    features = keras.Input((4,))
    values = {"h": features, "layers": L}
    exec(*fixes.values(), values)
    model = keras.Model(features, L.Dense(1)(L.Dense(32, activation="tanh")(values["h"])))
    model.compile("adam", "mse")
    assert silent(model, "KL877", x, y)


@pytest.mark.parametrize("code", ["KL874", "KL875", "KL877"])
def test_what_leaves_them_as_they_are_is_refused(code):
    subject, fix = subject_of(mistake(code)), _softer.Fix("", "")
    calls = [call.id for call in _learning(subject)]
    same = dict.fromkeys(calls, lambda spot: spot.as_it_was())
    assert _measured(rule(code), subject, fix, same) == ()
    assert _measured(rule(code), subject, fix, {}, _with(set())) == ()


def test_a_loss_that_is_no_number_is_refused():
    subject, fix = subject_of(mistake("KL875")), _softer.Fix("", "")
    nothing = dict.fromkeys(
        [_learning(subject)[0].id], lambda spot: keras.ops.log(-keras.ops.abs(spot.as_it_was()))
    )
    assert _measured(rule("KL875"), subject, fix, nothing) == ()


def test_where_one_trial_takes_long_it_stays_untried(monkeypatch):
    monkeypatch.setattr(_softer, "_SECONDS", 0.001)
    made = mistake("KL877")
    x, y = data_of(made)
    (fix,) = one(made["model"], "KL877", x=x, y=y).fixes
    assert not fix.tried
    assert "(not tried)" in str(fix)


def test_the_weights_and_random_numbers_are_left_as_they_were():
    made = mistake("KL877")
    model, (x, y) = made["model"], data_of(made)
    model.fit(x, y, verbose=0)
    before = [w.numpy() for w in model.weights], np.random.get_state()[1]
    one(model, "KL877", x=x, y=y)
    for old, new in zip(before[0], model.weights, strict=True):
        assert np.array_equal(old, new.numpy())
    assert np.array_equal(before[1], np.random.get_state()[1])
    model.fit(x, y, verbose=0)
