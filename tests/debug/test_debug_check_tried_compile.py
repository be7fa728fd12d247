"""Arguments of ``compile`` that a check offers were given to Keras before, on stand-ins."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from checking import one
from keras import layers as L
from offered import mistake, rule, silent, subject_of

from keraslab import check
from keraslab.debug._finding import Fix
from keraslab.debug._recompiled import recompiled

WRONG = {
    "KL758": "metrics=['accuracy', 'mae']",
    "KL761": "loss_weights={'kind': 1, 'size': -1}",
    "KL762": "loss_weights={'kind': 1e-9, 'size': 1}",
    "KL763": "loss_weights={'kind': 0.5, 'sizes': 1}",
    "KL764": "loss={'kind': 'sparse_categorical_crossentropy'}",
    "KL765": "loss={'klass': 'mse', 'size': 'mse'}",
    "KL766": "loss=['mse', 'mae'],\nmetrics=['mae']",
    "KL767": "loss=['mae', 'mse']",
}
MSE = {"kind": "mse", "size": "mse"}
FAILING = ["loss={'kind': 'no_such_loss', 'size': 'mse'}", "loss_weights=[1, 2, 3, 4]"]


@pytest.mark.parametrize("code", WRONG)
def test_what_is_offered_mends_it(code):
    model = mistake(code)["model"]
    finding = one(model, code)
    assert [fix.tried for fix in finding.fixes] == [True]
    given = eval(f"dict({finding.fixes[0].code})")
    kept = {"loss": model._compile_loss._user_loss}
    model.compile("sgd", **(kept | given))
    assert silent(model, code)


@pytest.mark.parametrize("code", WRONG)
def test_what_leaves_it_wrong_is_refused(code):
    assert recompiled(rule(code), subject_of(mistake(code)), Fix("", WRONG[code])) == ()


@pytest.mark.parametrize("code", FAILING)
def test_what_keras_refuses_is_refused(code):
    assert recompiled(rule("KL761"), subject_of(mistake("KL761")), Fix("", code)) == ()


def test_a_new_error_elsewhere_is_refused():
    model = two({"kind": L.Dense(3)}, loss={"kind": "mse"})
    subject = subject_of({"model": model})
    again = Fix("", "loss={'kind': 'mse', 'size': 'sparse_categorical_crossentropy'}")
    # One unit has no classes: another rule speaks of that.
    assert recompiled(rule("KL764"), subject, again) == ()
    again = Fix("", "loss={'kind': 'mse', 'size': 'mae'}")
    assert recompiled(rule("KL764"), subject, again)[0].tried


def two(heads, **compiled):
    x = keras.Input((8,), name="features")
    outputs = {name: layer(x) for name, layer in heads.items()} | {"size": L.Dense(1)(x)}
    model = keras.Model(x, outputs)
    model.compile("sgd", **compiled)
    return model


KINDS = {
    "numbers": (np.arange(8) % 3, "sparse_categorical_crossentropy"),
    "rows": (np.eye(3)[np.arange(8) % 3], "categorical_crossentropy"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_tried_on_the_targets_that_are_there(kind):
    target, loss = KINDS[kind]
    model = two({"kind": L.Dense(3, "softmax")}, loss={"size": "mse"})
    x, y = np.ones((8, 8)), {"kind": target, "size": np.arange(8.0)}
    (fix,) = one(model, "KL764", x=x, y=y).fixes
    assert fix.tried
    assert fix.code == f"loss={{'kind': '{loss}', 'size': 'mse'}}"
    model.compile("sgd", **eval(f"dict({fix.code})"))
    model.fit(x, y, verbose=0)
    assert silent(model, "KL7", x, y)


@pytest.mark.parametrize("wrong", [np.arange(8) % 3, np.full((8, 3), np.nan)])
def test_targets_that_are_wrong_already_count_for_nothing(wrong):
    loss = {"kind": "categorical_crossentropy", "size": "mse"}
    model = two({"kind": L.Dense(3, "softmax")}, loss=loss, loss_weights={"kind": 1, "size": 0})
    (fix,) = one(model, "KL761", x=np.ones((8, 8)), y={"kind": wrong, "size": np.ones(8)}).fixes
    assert fix.tried


def test_one_of_two_is_mended_at_a_time():
    model = two({"kind": L.Dense(3)}, loss=MSE, loss_weights={"kind": 0.0, "size": 0.0})
    fixes = [fix for finding in check(model, select="KL761") for fix in finding.fixes]
    assert [fix.tried for fix in fixes] == [True, True]


def test_metrics_of_other_outputs_are_kept():
    model = two(
        {"kind": L.Dense(3, "softmax")},
        loss={"kind": "categorical_crossentropy", "size": "mse"},
        metrics={"kind": ["accuracy"], "size": ["accuracy", "mse"]},
    )
    (fix,) = one(model, "KL758").fixes
    assert fix.tried
    assert fix.code == "metrics={'kind': ['accuracy'], 'size': ['mse', 'mae']}"


class OwnError(keras.losses.Loss):
    calls = 0

    def call(self, y_true, y_pred):
        OwnError.calls += 1
        return keras.ops.square(y_true - y_pred)


def test_a_loss_of_ones_own_runs_on_its_own_targets_only():
    own = OwnError()
    model = two({"kind": L.Dense(3)}, loss={"kinds": own, "size": "mse"})
    OwnError.calls = 0
    (fix,) = one(model, "KL765").fixes
    assert not fix.tried
    assert "(not tried)" in str(fix)
    assert OwnError.calls == 0
    y = {"kind": np.ones((8, 3)), "size": np.ones((8, 1))}
    (fix,) = one(model, "KL765", x=np.ones((8, 8)), y=y).fixes
    assert fix.tried
    assert OwnError.calls
    model.compile("sgd", loss=eval(fix.code.removeprefix("loss="), {"OwnError": own}))
    assert silent(model, "KL765")


def test_a_loss_of_ones_own_that_raises_stays_untried():
    def picky(y_true, y_pred):
        raise RuntimeError("not these")

    model = two({"kind": L.Dense(3)}, loss={"kinds": picky, "size": "mse"})
    y = {"kind": np.ones((8, 3)), "size": np.ones((8, 1))}
    (fix,) = one(model, "KL765", x=np.ones((8, 8)), y=y).fixes
    assert not fix.tried


def test_the_model_and_its_metrics_are_left_as_they_were():
    mae = keras.metrics.MeanAbsoluteError()
    model = two(
        {"kind": L.Dense(3)},
        loss=MSE,
        loss_weights={"kind": 0.0, "size": 1.0},
        metrics={"kind": [mae], "size": [mae, "accuracy"]},
    )
    compiled = model._compile_loss, model._compile_metrics
    mae.update_state([1.0], [3.0])
    for code in ("KL758", "KL761"):
        one(model, code)
    assert (model._compile_loss, model._compile_metrics) == compiled
    assert not model._compile_loss.built
    assert float(mae.result()) == 2.0
