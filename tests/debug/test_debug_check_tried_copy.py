"""Changes of layers and wiring that a check offers were made on a copy of the model before."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from checking import one
from keras import layers as L
from offered import mistake, rule, silent, subject_of

import keraslab as kl
from keraslab.debug._copied import CALLS, lines, on_a_copy
from keraslab.debug._finding import Fix
from keraslab.debug._subject import Subject
from keraslab.debug._tried import as_model, with_trainable


def fixes_of(model, code, **given):
    return one(model, code, **given).fixes


# ---------------------------------------------------------------- what is frozen

FROZEN = ("KL851", "KL852", "KL853", "KL854", "KL857")


@pytest.mark.parametrize("code", FROZEN)
def test_what_trains_after_a_change(code):
    made = mistake(code)
    model = made["model"]
    fix = next(fix for fix in fixes_of(model, code) if ".trainable = " in fix.code)
    assert fix.tried
    exec(fix.code, {"model": model, "base": made.get("base")})
    assert silent(model, code)


@pytest.mark.parametrize("code", FROZEN)
def test_what_leaves_it_frozen_is_refused(code):
    subject = subject_of(mistake(code))
    weighted = [call for call in subject.graph.calls if call.weights]
    same = {call.layer: any(w.trainable for w in call.weights) for call in weighted}
    look = None
    if code == "KL857":
        from keraslab.debug.checks._untouched import _frozen_alone as look
    assert with_trainable(rule(code), subject, Fix("", ""), same, look) == ()


def test_another_mistake_of_freezing_is_refused():
    subject = subject_of(mistake("KL852"))
    nothing = {call.layer: False for call in subject.graph.calls if call.weights}
    subject.model.compile("sgd", "mse")
    # The head is not the only one then, but nothing trains at all.
    assert with_trainable(rule("KL852"), subject, Fix("", ""), nothing) == ()


def test_many_layers_stay_untried():
    with kl.skeleton():
        x = h = keras.Input((4,))
        for _ in range(CALLS + 2):
            h = L.Dense(4)(h)
        model = keras.Model(x, h)
    model.trainable = False
    subject = Subject(model)
    every = {call.layer: True for call in subject.graph.calls if call.weights}
    assert not with_trainable(rule("KL851"), subject, Fix("", ""), every)[0].tried


def test_a_base_that_is_large_is_frozen_without_a_copy():
    with kl.skeleton():
        base = keras.applications.MobileNetV2(include_top=False, weights=None, pooling="avg")
        for layer in base.layers:
            layer.trainable = isinstance(layer, L.BatchNormalization)
        x = keras.Input((224, 224, 3))
        model = keras.Model(x, L.Dense(2)(base(x)))
    first, second = fixes_of(model, "KL854")
    assert first.tried
    assert not second.tried
    assert "(not tried)" in str(second)


# ---------------------------------------------------------------- what is called


def test_a_base_in_inference_mode():
    made = mistake("KL854")
    _, fix = fixes_of(made["model"], "KL854")
    assert fix.tried
    values = {"base": made["base"], "inputs": made["inputs"]}
    exec(fix.code, values)
    assert silent(keras.Model(made["inputs"], L.Dense(1)(values["features"])), "KL854")


@pytest.mark.parametrize("mode", [True, False])
def test_a_norm_without_a_mode(mode):
    inputs = keras.Input((8,))
    norm = L.BatchNormalization(name="norm")
    h = L.Dense(4, name="before")(inputs)
    model = keras.Model(inputs, L.Dense(1)(norm(h, training=mode)))
    (fix,) = fixes_of(model, "KL855")
    assert fix.tried
    values = {"norm": norm, "x": h}
    exec(fix.code, values)
    assert silent(keras.Model(inputs, L.Dense(1)(values["x"])), "KL855")


def test_a_norm_in_a_base_that_is_given_a_mode():
    base = keras.Sequential([keras.Input((8,)), L.Dense(4), L.BatchNormalization()], name="base")
    inputs = keras.Input((8,))
    (fix,) = fixes_of(keras.Model(inputs, L.Dense(1)(base(inputs, training=True))), "KL855")
    assert fix.tried
    assert fix.code == "x = base(x)"


def test_a_call_inside_a_nested_model_stays_untried():
    x = keras.Input((8,))
    base = keras.Model(x, L.BatchNormalization(name="norm")(x, training=True), name="base")
    inputs = keras.Input((8,))
    (fix,) = fixes_of(keras.Model(inputs, L.Dense(1)(base(inputs))), "KL855")
    assert not fix.tried
    assert fix.code == "x = norm(x)"


@pytest.mark.parametrize("last", [L.Softmax(), L.Activation("sigmoid"), keras.ops.softmax])
def test_scores_without_a_norm(last):
    inputs = keras.Input((8,))
    scores = L.Dense(3, name="scores")(inputs)
    model = keras.Model(inputs, last(L.BatchNormalization()(scores)))
    (fix,) = fixes_of(model, "KL856")
    assert fix.tried
    assert ("sigmoid" if isinstance(last, L.Activation) else "softmax") in fix.code
    values = {"keras": keras, "scores": scores}
    exec(fix.code, values)
    assert silent(keras.Model(inputs, values["outputs"]), "KL856")


@pytest.mark.parametrize("chain", [True, False])
def test_one_tower_for_both(chain):
    def tower(x):
        h = L.Dense(4, "relu")(x)
        return L.Dense(4)(h if chain else L.Concatenate()([h, x]))

    a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
    model = keras.Model([a, b], L.Subtract()([tower(a), tower(b)]))
    (fix,) = fixes_of(model, "KL471")
    assert fix.tried is chain  # what branches is left to its author, as a line of dots
    assert ("..." in fix.code) is not chain
    if chain:
        values = {"keras": keras, "a": a, "b": b}
        exec(fix.code, values)
        difference = L.Subtract()([values["encoded_a"], values["encoded_b"]])
        assert silent(keras.Model([a, b], difference), "KL471")


def test_a_layer_without_its_lambda():
    made = mistake("KL452")
    (fix,) = fixes_of(made["model"], "KL452")
    assert fix.tried
    values = {"inner": made["inner"], "x": made["inputs"]}
    exec(fix.code, values)
    assert silent(keras.Model(made["inputs"], L.Dense(1)(values["x"])), "KL452")


def test_a_lambda_that_gives_another_shape_than_its_layer():
    inner = L.Dense(16)
    inner.build((None, 8))
    inputs = keras.Input((8,))
    h = L.Lambda(lambda t: keras.ops.concatenate([t, inner(t)], axis=-1))(inputs)
    assert fixes_of(keras.Model(inputs, L.Dense(1)(h)), "KL452") == ()


@pytest.mark.parametrize("sign", ["*", "+"])
def test_a_variable_as_a_weight(sign):
    scale = keras.Variable(np.ones(8, "float32"), name="scale")
    inputs = keras.Input((8,))
    h = inputs * scale if sign == "*" else inputs + scale
    (fix,) = fixes_of(keras.Model(inputs, L.Dense(1)(h)), "KL452")
    assert fix.tried
    values = {"keras": keras, "x": inputs}
    exec(fix.code, values)
    assert silent(keras.Model(inputs, L.Dense(1)(values["x"])), "KL452")


def test_a_line_in_a_class_of_ones_own_stays_untried():
    class Bag:
        def __init__(self):
            self.inner = L.Dense(4)
            self.inner.build((None, 8))

    class Own(L.Layer):
        def __init__(self):
            super().__init__()
            self.bag = Bag()

        def call(self, x):
            return self.bag.inner(x)

    inputs = keras.Input((8,))
    (fix,) = fixes_of(keras.Model(inputs, L.Dense(1)(Own()(inputs))), "KL452")
    assert not fix.tried
    assert "__init__" in fix.title


def as_it_was(spot):
    return spot.as_it_was()


def broken(spot):
    raise ValueError("no")


@pytest.mark.parametrize("code", ["KL471", "KL854", "KL855", "KL856"])
@pytest.mark.parametrize("change", [as_it_was, broken, lambda s: L.Dense(77)(s.args[0])])
def test_a_change_of_a_call_that_does_not_mend_it_is_refused(code, change):
    subject = subject_of(mistake(code))
    calls = [c.id.partition("/")[0] for c in subject.graph.calls if c.weights]
    real = code == "KL855"
    changes = dict.fromkeys(calls[:1], change)
    assert on_a_copy(rule(code), subject, Fix("", ""), changes, real=real) == ()


def test_a_change_that_wakes_another_error_is_refused():
    inputs = keras.Input((8,))
    scores = L.Dense(3, name="scores")(inputs)
    norm = L.BatchNormalization(name="norm")(scores, training=True)
    model = keras.Model(inputs, L.Dense(3, name="out")(norm))
    hidden = keras.Variable(np.ones(3, "float32"), name="hidden")
    text = "x = norm(x * hidden)"
    change = lines(text, "x", lambda s: {"norm": s.layer, "x": s.args[0], "hidden": hidden})
    quiet = lines("x = norm(x)", "x", lambda s: {"norm": s.layer, "x": s.args[0]})
    subject, fix = Subject(model), Fix("", "")
    assert on_a_copy(rule("KL855"), subject, fix, {"norm#0": quiet})[0].tried
    assert on_a_copy(rule("KL855"), subject, fix, {"norm#0": change}) == ()


def test_layers_of_ones_own_are_not_made_again():
    made = []

    class Own(L.Layer):
        def __init__(self):
            super().__init__()
            made.append(self)

        def call(self, x):
            return x * 2.0

    inputs = keras.Input((8,))
    h = L.BatchNormalization(name="norm")(Own()(inputs), training=True)
    (fix,) = fixes_of(keras.Model(inputs, L.Dense(1)(h)), "KL855")
    assert not fix.tried
    assert len(made) == 1


# ---------------------------------------------------------------- the model made anew


def test_an_input_left_out():
    made = mistake("KL351")
    model = made["model"]
    fix = fixes_of(model, "KL351")[0]
    assert fix.tried
    values = {"keras": keras, "picture": made["picture"], "outputs": model.output}
    exec(fix.code, values)
    assert silent(values["model"], "KL351")


def test_an_input_that_a_layer_takes_cannot_be_left_out():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    h = L.Concatenate()([a, keras.ops.ones_like(b)])
    model = keras.Model([a, b], L.Dense(1)(h))
    assert [fix.title for fix in fixes_of(model, "KL351")] == ["join it to 'a' before the layers"]


def test_a_chain_as_a_sequence():
    model = mistake("KL972")["model"]
    (fix,) = fixes_of(model, "KL972")
    assert fix.tried
    values = {}
    exec(fix.code, values)
    assert silent(values["model"], "KL972")


@pytest.mark.parametrize(
    "code",
    [
        "model = keras.Sequential([keras.Input((8,)), layers.Dense(2)])",
        "model = keras.Sequential([keras.Input((8,)), layers.Conv2D(1, 3)])",
        "model = keras.Model(keras.Input((3,)), outputs)",
        "other = 1",
    ],
)
def test_another_model_is_refused(code):
    assert as_model(rule("KL972"), subject_of(mistake("KL972")), Fix("", code)) == ()


# ---------------------------------------------------------------- nothing is left behind


@pytest.mark.parametrize(
    "code", ["KL351", "KL452", "KL471", "KL851", "KL854", "KL855", "KL856", "KL857", "KL972"]
)
def test_the_model_is_left_as_it_was(code):
    model = mistake(code)["model"]

    def state():
        layers = [model, *model.layers]
        nodes = [len(layer._inbound_nodes) for layer in layers]
        numbers = np.random.get_state()[1].tolist()
        weights = [w.numpy().tolist() for w in model.weights]
        trains = [w.trainable for w in model.weights], [layer.trainable for layer in layers]
        return nodes, numbers, weights, trains

    before = state()
    number = int(L.Dense(1).name.rpartition("_")[2].replace("dense", "0") or 0)
    fixes_of(model, code)
    assert state() == before
    assert L.Dense(1).name == f"dense_{number + 1}"
