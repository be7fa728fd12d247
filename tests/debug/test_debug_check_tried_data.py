"""Changes of data that a check offers ran on the first samples before."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from checking import one
from keras import layers as L
from offered import data_of, mistake, rule, silent, subject_of

from keraslab.debug._finding import Fix
from keraslab.debug._other_data import _first, changed_data
from keraslab.debug._subject import Subject

WRONG = {"KL777": "y = y * 2", "KL779": "x = x * 2", "KL780": "y = y.reshape(-1)"}
FAILING = ["y = y.reshape(3, 7, -1)", "x = keras.ops.matmul(x, y)", "y = y.mean().mean(9)"]
NOT_RUN = ["y = y.tofile('a')", "import os", "x = np.load('a')", "x = keras.ops.__loader__(x)"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 8))


@pytest.mark.parametrize("code", ["KL777", "KL780"])
def test_what_is_offered_mends_it(code):
    made = mistake(code)
    x, y = data_of(made)
    (fix,) = one(made["model"], code, x=x, y=y).fixes
    assert fix.tried
    values = {"x": x, "y": y}
    exec(fix.code, values)
    assert silent(made["model"], code, values["x"], values["y"])


def test_the_layer_that_is_offered_mends_it():
    made = mistake("KL779")
    x, y = data_of(made)
    (fix,) = one(made["model"], "KL779", x=x, y=y).fixes
    assert fix.tried
    features = keras.Input((3,), name="features")
    values = {"x": x, "features": features, "layers": L}
    exec(fix.code, values)
    model = keras.Model(features, L.Dense(1)(L.Dense(4, activation="relu")(values["h"])))
    model.compile("sgd", "mse")
    assert silent(model, ("KL778", "KL779"), x, y)


@pytest.mark.parametrize("code", WRONG)
def test_what_leaves_it_wrong_is_refused(code):
    assert changed_data(rule(code), subject_of(mistake(code)), Fix("", WRONG[code])) == ()


@pytest.mark.parametrize("code", FAILING)
def test_what_fails_is_refused(code):
    assert changed_data(rule("KL777"), subject_of(mistake("KL777")), Fix("", code)) == ()


@pytest.mark.parametrize("code", NOT_RUN)
def test_nothing_but_reckoning_runs(code):
    fix = Fix("", code)
    assert changed_data(rule("KL777"), subject_of(mistake("KL777")), fix) == (fix,)
    assert not fix.tried


def test_a_new_error_is_refused():
    subject = subject_of(mistake("KL777"))
    # The numbers are small then, and of another shape than the output.
    small = Fix("", "y = np.asarray([y * 0, y * 0, y * 0]).reshape(-1, 3)")
    assert changed_data(rule("KL777"), subject, small) == ()
    assert changed_data(rule("KL777"), subject, Fix("", "y = y * 0"))[0].tried


def test_swapped_data():
    x = keras.Input((8,), name="x")
    model = keras.Model(x, L.Dense(1)(x))
    model.compile("sgd", "mse")
    y = np.arange(16.0)
    (fix,) = one(model, "KL785", x=y, y=X).fixes
    assert fix.tried
    assert silent(model, "KL785", X, y)
    wrong = Fix("", "x, y = x, y")
    assert changed_data(rule("KL785"), Subject(model, y, X), wrong) == ()


def test_data_in_frames():
    class Frame:
        """The data as a data frame or its columns hold it: with no ``reshape``."""

        def __init__(self, values):
            self.values, self.shape, self.iloc = values, values.shape, self

        def __getitem__(self, at):
            return Frame(self.values[at])

        def __len__(self):
            return len(self.values)

        def copy(self):
            return self

        def to_numpy(self):
            return self.values

        def __array__(self, dtype=None, copy=None):
            return self.values

    made = mistake("KL780")
    x, y = data_of(made)
    (fix,) = one(made["model"], "KL780", x=x, y=Frame(y)).fixes
    assert fix.tried
    values = {"y": Frame(y), "np": np}
    exec(fix.code, values)
    assert silent(made["model"], "KL780", x, values["y"])
    made = mistake("KL779")
    x, y = data_of(made)
    (fix,) = one(made["model"], "KL779", x=Frame(x), y=y).fixes
    assert fix.tried
    assert "normalize.adapt(np.asarray(x))" in fix.code


def test_nothing_of_the_data_is_changed():
    made = mistake("KL779")
    x, y = data_of(made)
    before = x.copy(), y.copy()
    changed_data(rule("KL779"), Subject(made["model"], x, y), Fix("", "x = x * 2"))
    held = {"a": x}
    changed_data(rule("KL779"), Subject(made["model"], held, y), Fix("", "x['a'] = x['a'] * 0"))
    one(made["model"], "KL779", x=x, y=y)
    assert held["a"] is x
    assert np.array_equal(before[0], x)
    assert np.array_equal(before[1], y)


def test_only_the_first_samples_are_tried():
    class Counted(np.ndarray):
        pass

    many = np.zeros((100_000, 8)).view(Counted)
    assert len(_first(many)) == 1024
    assert len(_first(np.zeros((500, 224, 224, 3), "uint8"))) == 32
    assert _first({"a": many, "b": [many, None]})["b"][1] is None


def test_what_the_first_samples_do_not_show_stays_untried():
    made = mistake("KL777")
    y = np.concatenate([np.zeros(1024), np.full(20_000, 2e5)])
    x = RNG.normal(size=(len(y), 8))
    (fix,) = one(made["model"], "KL777", x=x, y=y).fixes
    assert not fix.tried
    assert "not tried" in str(fix)


def test_data_in_a_dict_and_in_batches():
    a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
    model = keras.Model({"a": a, "b": b}, L.Dense(1)(L.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    x = {"a": X * [1, 1, 1, 1, 1, 1, 1, 1e5], "b": X}
    (fix,) = one(model, "KL779", x=x, y=np.arange(16.0)).fixes
    assert fix.tried
    assert "normalize.adapt(x['a'])" in fix.code

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            return x, np.arange(16.0) * 1e5

    assert one(model, "KL777", x=Batches()).fixes[0].tried


def test_two_steps_are_offered_where_one_leaves_another_mistake():
    x = keras.Input((8,), name="x")
    model = keras.Model(x, L.Dense(2, "softmax")(x))
    model.compile("sgd", "categorical_crossentropy")
    y = np.array(["cat", "dog"] * 8)
    (fix, *_) = one(model, "KL784", x=X, y=y).fixes
    assert fix.tried
    assert fix.code.count("\n") == 1
    values = {"y": y, "np": np, "keras": keras}
    exec(fix.code, values)
    assert silent(model, "KL7", X, values["y"])
