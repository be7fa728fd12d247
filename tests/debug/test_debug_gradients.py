"""The rules that try one batch: what is not finite, constant, cut, fading, bursting, dead."""

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers as L
from keras import ops

import keraslab as kl
from keraslab.debug.checks import _probed

RNG = np.random.default_rng(5)
X = RNG.normal(size=(16, 6)).astype("float32")
Y = X[:, :1] - X[:, 1:2]


def model_of(middle, loss="mse", units=1, **settings):
    keras.utils.set_random_seed(1)
    x = keras.Input((6,), name="x")
    model = keras.Model(x, L.Dense(units, name="out", **settings)(middle(x)))
    model.compile("sgd", loss)
    return model


def seen(model, code, x=X, y=Y):
    return one(model, code, x=x, y=y)


def silent(model, code, x=X, y=Y):
    assert found(model, code, x=x, y=y) == []


def first(x):
    return L.Dense(8, name="first")(x)


@pytest.mark.parametrize(
    ("middle", "name"),
    [
        (lambda x: ops.sqrt(first(x)), "sqrt"),
        (lambda x: L.Dense(4)(ops.log(ops.relu(first(x)))), "log"),
        (lambda x: first(x) / (x[:, :1] * 0.0), "true_divide"),
        (lambda x: L.Dense(4, activation="exponential", name="exp")(first(x) * 1e6), "exp"),
    ],
    ids=["sqrt", "log", "divide", "exp"],
)
def test_the_first_call_that_is_not_finite_is_named(middle, name):
    finding = seen(model_of(middle), "KL871")
    assert finding.severity == "error"
    assert finding.cause.name.startswith(name)
    assert len(finding.calls) == 1


def test_weights_that_are_not_finite_are_named():
    model = model_of(first)
    layer = model.get_layer("first")
    layer.set_weights([np.full((6, 8), np.nan), np.zeros(8)])
    assert "'kernel'" in seen(model, "KL871").cause.sentence


def test_a_loss_that_is_not_finite():
    def careless(y, p):
        return ops.log(p - p)

    assert "loss" in seen(model_of(first, careless), "KL871").message


@pytest.mark.parametrize("middle", [first, lambda x: ops.sqrt(ops.maximum(first(x), 1e-6))])
def test_what_is_finite_passes(middle):
    silent(model_of(middle), "KL871")
    # What is wrong with the data is another rule's.
    silent(model_of(middle), "KL871", np.full_like(X, np.nan))


@pytest.mark.parametrize(
    ("middle", "name"),
    [
        (lambda x: L.Dense(8, "relu", bias_initializer=_constant(-90), name="wall")(x), "wall"),
        (lambda x: ops.multiply(first(x), 0.0), "multiply"),
        (lambda x: L.Softmax(name="alone")(L.Dense(1)(x)), "alone"),
    ],
    ids=["dead", "times 0", "softmax of one"],
)
def test_an_output_that_never_changes(middle, name):
    finding = seen(model_of(middle), "KL872")
    assert finding.cause.name.startswith(name)
    assert finding.calls == ("out#0",)


def _constant(value):
    return keras.initializers.Constant(value)


def test_outputs_that_change_pass():
    silent(model_of(first), "KL872")
    same = np.repeat(X[:1], 16, axis=0)
    silent(model_of(first), "KL872", same)


CUTS = {
    "round": lambda x: ops.round(first(x)),
    "stop": lambda x: ops.stop_gradient(first(x)),
    "argmax": lambda x: L.Embedding(8, 4)(ops.argmax(first(x), axis=-1)),
    "cast": lambda x: ops.cast(ops.cast(first(x), "int32"), "float32"),
    "greater": lambda x: ops.cast(first(x) > 0, "float32"),
    "sign": lambda x: ops.sign(L.Dense(8, activation="tanh", name="first")(x)),
    "dead": lambda x: L.Dense(8, "relu", bias_initializer=_constant(-90))(first(x)),
}


@pytest.mark.parametrize("name", CUTS)
def test_what_cuts_the_gradient_is_named(name):
    finding = seen(model_of(CUTS[name]), "KL873")
    assert "'first'" in finding.message
    assert "first#0" in finding.calls
    assert finding.cause.call == finding.calls[0]


PASSING = {
    "around": lambda x: (lambda h: h + ops.stop_gradient(ops.round(h) - h))(first(x)),
    "a way past it": lambda x: (lambda h: ops.concatenate([h, ops.round(h)], axis=-1))(first(x)),
    "of the input": lambda x: first(ops.round(x)),
    "starts at 0": lambda x: L.Dense(4, kernel_initializer="zeros")(first(x)),
}


@pytest.mark.parametrize("name", PASSING)
def test_where_a_gradient_arrives_nothing_is_said(name):
    silent(model_of(PASSING[name]), "KL873")


def test_frozen_layers_are_not_missed():
    model = model_of(CUTS["round"])
    model.get_layer("first").trainable = False
    model.compile("sgd", "mse")
    silent(model, "KL873")


def test_an_output_without_loss_is_another_matter():
    x = keras.Input((6,), name="x")
    h = L.Dense(4, name="h")(x)
    side = ops.argmax(L.Dense(5, name="side")(h), axis=-1)
    model = keras.Model(x, {"main": L.Dense(1, name="main")(h), "class": side})
    model.compile("sgd", {"main": "mse"})
    silent(model, "KL873", y={"main": Y})


def deep(activation, depth=16, skip=False, norm=False, scale=None):
    def middle(x):
        h = L.Dense(16, name="start")(x)
        for number in range(depth):
            y = L.Dense(16, activation, name=f"d{number}")(h)
            y = L.BatchNormalization()(y) if norm else y
            y = L.Rescaling(scale)(y) if scale else y
            h = L.Add()([h, y]) if skip else y
        return h

    return model_of(middle)


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "sigmoid"},
        {"activation": "tanh", "scale": 0.2},
        {"activation": None, "scale": 0.2},
    ],
)
def test_a_gradient_that_fades(settings):
    finding = seen(deep(**settings), "KL874")
    assert finding.calls[0] == "start#0"
    assert finding.fixes


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "sigmoid", "skip": True, "depth": 12},
        {"activation": "sigmoid", "norm": True, "depth": 12},
        {"activation": "sigmoid", "depth": 3},
        {"activation": "relu", "depth": 12},
    ],
)
def test_gradients_that_hold_pass(settings):
    silent(deep(**settings), ("KL874", "KL875"))


def test_a_gradient_that_bursts():
    assert seen(deep(None, depth=10, scale=9.0), "KL875").calls[0] == "start#0"


@pytest.mark.parametrize("layer", ["fused", "Activation", "ReLU", "operation"])
def test_dead_units(layer):
    def middle(x):
        after = {
            "fused": lambda h: h,
            "Activation": L.Activation("relu", name="cut"),
            "ReLU": L.ReLU(name="cut"),
            "operation": ops.relu,
        }
        h = L.Dense(
            40, "relu" if layer == "fused" else None, bias_initializer=_constant(-50), name="low"
        )(x)
        return after[layer](h)

    assert "40 of the 40" in seen(model_of(middle), "KL876").message
    silent(model_of(first), "KL876")


def test_leaky_units_are_not_dead():
    def middle(x):
        return L.LeakyReLU()(L.Dense(40, bias_initializer=_constant(-50))(x))

    silent(model_of(middle), "KL876")


@pytest.mark.parametrize("curve", ["tanh", "sigmoid"])
def test_saturated_curves(curve):
    def middle(x):
        return L.Dense(8, activation=curve, name="hidden")(x)

    assert "'hidden'" in seen(model_of(middle), "KL877", 900 * X).message
    silent(model_of(middle), "KL877")


def test_gates_and_outputs_may_be_saturated():
    def gated(x):
        return L.Multiply()([first(x), L.Dense(8, activation="sigmoid")(x)])

    silent(model_of(gated), "KL877", 900 * X)
    silent(model_of(first, activation="sigmoid"), "KL877", 900 * X)


@pytest.mark.parametrize("code", [f"KL87{n}" for n in range(1, 8)])
def test_without_data_or_with_other_data_nothing_is_said(code):
    model = model_of(CUTS["round"])
    assert found(model, code) == []
    assert found(model, code, x=np.ones((4, 99)), y=Y[:4]) == []


def test_a_large_model_is_tried_on_few_samples_or_forwards_alone():
    with kl.skeleton():
        mobile, large = keras.applications.MobileNetV2(weights=None), _wide()
    graphs = [kl.read_graph(model) for model in (mobile, large, model_of(first))]
    there_and_back = [_probed._affordable(graph, backward=True) for graph in graphs]
    assert 2 <= there_and_back[0] <= 8
    assert there_and_back[1:] == [0, 16]
    assert _probed._affordable(graphs[1]) > 0


def _wide():
    """15 billion multiplications in few layers."""
    x = keras.Input((224, 224, 3))
    h = L.Conv2D(256, 3, padding="same", strides=2)(x)
    for _ in range(2):
        h = L.Conv2D(256, 3, padding="same")(h)
    return keras.Model(x, L.GlobalAveragePooling2D()(h))


def test_what_was_not_tried_is_said(monkeypatch):
    model = model_of(CUTS["round"])
    monkeypatch.setattr(_probed, "_SECONDS", 0.02)
    assert [_probed._affordable(kl.read_graph(model), backward=b) for b in (True, False)] == [
        0,
        16,
    ]
    report = kl.check(model, X, Y, select="KL87")
    assert report.codes == ()  # without gradients nobody sees the cut
    (note,) = report.notes
    assert note.startswith("Gradients were not tried: the model has 4 calls")
    assert note in str(report)
    assert "kl.probe(model, x, y)" in report._repr_mimebundle_()["text/html"]
    dead = model_of(lambda x: L.Dense(40, "relu", bias_initializer=_constant(-50), name="low")(x))
    assert "KL876" in kl.check(dead, X, Y, select="KL87").codes
    monkeypatch.setattr(_probed, "_SECONDS", 0.0)
    assert kl.check(dead, X, Y, select="KL87").notes[0].startswith("The batch was not tried")
