"""A model that is traced once for all seeds gives what a model of its own gives for each."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph.keras_internals import fresh_names
from keraslab.train import _run_task
from keraslab.train._compare import compare
from keraslab.train._traced import TracedModel


def named_alike(build):
    """Automatic names count from the start, as in a run of a comparison."""

    def built():
        with fresh_names():
            return build()

    return built


X = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


@named_alike
def with_state():
    """Dropout, batch statistics, momenta that begin elsewhere than at zero, a schedule."""
    x = keras.Input((6,))
    h = L.Dropout(0.3)(L.BatchNormalization()(L.Dense(8, "relu")(x)))
    model = keras.Model(x, L.Dense(1, "sigmoid")(h))
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.9)
    optimizer = keras.optimizers.Adagrad(rate, use_ema=True, ema_overwrite_frequency=3)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


class Own(L.Layer):
    def call(self, x):
        return 2 * x


@named_alike
def with_own_code():
    x = keras.Input((6,))
    model = keras.Model(x, L.Dense(1)(Own()(x)))
    model.compile("sgd", "mse")
    return model


@named_alike
def with_lambda():
    factor = float(np.random.random())
    x = keras.Input((6,))
    model = keras.Model(x, L.Dense(1)(L.Lambda(lambda v: v * factor)(x)))
    model.compile("sgd", "mse")
    return model


@named_alike
def with_own_loss():
    model = keras.Sequential([keras.Input((6,)), L.Dense(1)])
    model.compile("sgd", lambda y, p: keras.ops.mean(keras.ops.square(y - p), axis=-1))
    return model


def numbers(build):
    found = compare(
        {"only": build}, (X, Y), test=(X, Y), seeds=2, epochs=2, store=False, display=False
    )
    return [(run.history, run.test, run.status) for run in found.runs]


def test_the_numbers_are_those_of_a_model_of_its_own(monkeypatch):
    traced = numbers(with_state)
    monkeypatch.setattr(_run_task, "TRACED", Never())
    assert traced == numbers(with_state)


class Never(TracedModel):
    def instead_of(self, model, callbacks=()):
        return model


def test_a_model_of_keras_parts_is_traced_once():
    kept = TracedModel()
    first, second = with_state(), with_state()
    assert kept.instead_of(first) is first
    first.fit(X, Y, verbose=0)
    wanted = [keras.ops.convert_to_numpy(v.value) for v in second.variables]
    assert kept.instead_of(second) is first
    for variable, value in zip(first.variables, wanted, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable.value), value)
    assert int(first.optimizer.iterations) == 0


@pytest.mark.parametrize("build", [with_own_code, with_lambda, with_own_loss])
def test_code_of_ones_own_is_traced_anew(build):
    kept = TracedModel()
    kept.instead_of(build())
    second = build()
    assert kept.instead_of(second) is second


def test_what_a_training_changed_besides_the_state_is_not_used_again():
    kept = TracedModel()
    first = with_state()
    kept.instead_of(first)
    first.layers[1].trainable = False
    second = with_state()
    assert kept.instead_of(second) is second


def test_callbacks_of_ones_own_may_do_anything():
    class Own(keras.callbacks.Callback):
        pass

    kept = TracedModel()
    kept.instead_of(with_state())
    second = with_state()
    assert kept.instead_of(second, [keras.callbacks.TerminateOnNaN(), Own()]) is second
