"""Outputs and losses that do not fit are found, those that fit are not."""

import functools

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import losses as LS

from keraslab.debug import check


def model_of(out, *, inputs=None, **compiled):
    model = keras.Model(INPUT if inputs is None else inputs, out)
    if compiled:
        model.compile("sgd", **compiled)
    return model


INPUT = keras.Input((8,), name="features")
STEPS = keras.Input((6, 8), name="steps")


def dense(units, activation=None, name=None):
    return L.Dense(units, activation=activation, name=name)(INPUT)


def mine(y, p):
    return keras.ops.mean(keras.ops.square(y - p), -1)


class Mine(LS.Loss):
    def call(self, y, p):
        return mine(y, p)


def codes(model, x=None, y=None):
    return {f.code for f in check(model, x, y, select="KL7")}


def two(**compiled):
    return model_of([dense(3, name="cls"), dense(4, name="box")], **compiled)


def named(**compiled):
    return model_of(
        {"cls": dense(3, name="c"), "box": dense(4, name="b")},
        **compiled,
    )


BCE, CCE, SCCE = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
BAD = {
    "KL751": [
        lambda: model_of(dense(5, "softmax"), loss=LS.SparseCategoricalCrossentropy(True)),
        lambda: model_of(L.Softmax()(dense(5)), loss=LS.CategoricalCrossentropy(from_logits=True)),
        lambda: model_of(keras.ops.sigmoid(dense(1)), loss=LS.BinaryCrossentropy(from_logits=True)),
        lambda: model_of(
            L.Activation("linear", dtype="float32")(dense(5, "softmax")),
            loss=functools.partial(LS.categorical_crossentropy, from_logits=True),
        ),
        lambda: model_of(
            L.TimeDistributed(L.Dense(4, "softmax"))(STEPS),
            inputs=STEPS,
            loss=LS.CategoricalFocalCrossentropy(from_logits=True),
        ),
        lambda: model_of(
            {"a": dense(5, "softmax", "a"), "b": dense(2, name="b")},
            loss={"a": LS.SparseCategoricalCrossentropy(from_logits=True), "b": "mse"},
        ),
        lambda: model_of(
            keras.Model(INPUT, dense(3, "softmax"))(INPUT),
            loss=[LS.CategoricalCrossentropy(from_logits=True)],
        ),
    ],
    "KL752": [
        lambda: model_of(dense(5), loss=SCCE),
        lambda: model_of(dense(1), loss=LS.BinaryCrossentropy()),
        lambda: model_of(dense(5), loss=LS.categorical_crossentropy),
        lambda: model_of(dense(5), loss="crossentropy"),
        lambda: model_of(L.Dropout(0.1)(L.BatchNormalization()(dense(5))), loss="bce"),
    ],
    "KL753": [
        lambda: model_of(dense(1, "softmax"), loss=BCE),
        lambda: model_of(L.Softmax()(dense(1))),
        lambda: model_of(keras.ops.softmax(dense(1))),
        lambda: model_of(
            L.Flatten()(L.Dense(1, activation="softmax")(STEPS) * STEPS), inputs=STEPS
        ),
    ],
    "KL754": [
        lambda: model_of(dense(5, "relu"), loss=SCCE),
        lambda: model_of(dense(1, "tanh"), loss=BCE),
        lambda: model_of(L.LeakyReLU()(dense(5)), loss=CCE),
        lambda: model_of(dense(5, "relu"), loss=LS.SparseCategoricalCrossentropy(True)),
    ],
    "KL755": [
        lambda: model_of(dense(5, "sigmoid"), loss=CCE),
        lambda: model_of(dense(5, "sigmoid"), loss=SCCE),
    ],
    "KL756": [
        lambda: model_of(dense(5, "softmax"), loss=BCE),
        lambda: model_of(dense(2, "softmax"), loss=LS.BinaryFocalCrossentropy()),
    ],
    "KL757": [
        lambda: model_of(dense(1, "sigmoid"), loss=CCE),
        lambda: model_of(dense(1), loss=LS.SparseCategoricalCrossentropy(from_logits=True)),
        lambda: model_of(dense(1, "softmax"), loss=SCCE),
    ],
    "KL758": [
        lambda: model_of(dense(1), loss="mse", metrics=["accuracy"]),
        lambda: model_of(dense(1), loss=LS.Huber(), metrics=[keras.metrics.BinaryAccuracy()]),
        lambda: two(loss=["mse", None], metrics=[["acc"], []]),
        lambda: two(loss={"cls": "mae", "box": "mse"}, metrics={"box": "accuracy"}),
    ],
    "KL759": [
        lambda: model_of(dense(1, "sigmoid"), loss="hinge"),
        lambda: model_of(dense(1, "relu"), loss=LS.SquaredHinge()),
    ],
    "KL760": [
        lambda: model_of(dense(1, "relu"), loss="mse"),
        lambda: model_of(L.ReLU()(dense(2)), loss="mae"),
    ],
    "KL761": [
        lambda: (
            two(loss="mse", loss_weights=None) and two(loss=["mse", "mse"], loss_weights=[1.0, 0.0])
        ),
        lambda: named(loss={"cls": "mse", "box": "mae"}, loss_weights={"cls": -1, "box": 1}),
    ],
    "KL762": [lambda: two(loss=["mse", "mse"], loss_weights=[1.0, 1e-6])],
    "KL763": [
        lambda: named(loss={"cls": "mse", "box": "mse"}, loss_weights={"clss": 0.5}),
        lambda: named(loss={"cls": "mse", "box": "mse"}, loss_weights={"clss": 0.5, "box": 1}),
        lambda: two(loss="mse", loss_weights=[1, 2]),
        lambda: two(loss=["mse", None], loss_weights=[1, 2]),
        lambda: two(loss={"cls": "mse", "box": "mse"}, loss_weights={"cls": 1}),
    ],
    "KL764": [
        lambda: two(loss=["mse", None]),
        lambda: named(loss={"cls": "mse"}),
        lambda: named(loss={"cls": "mse", "box": None}),
    ],
    "KL765": [
        lambda: two(loss={"klass": "mse", "box": "mse"}),
        lambda: two(loss={"cls": "mse"}),
        lambda: named(loss={"c": "mse", "b": "mse"}),
        lambda: two(loss=["mse", "mse", "mae"]),
        lambda: model_of(dense(3, name="out"), loss={"output": "mse"}),
    ],
    "KL766": [
        lambda: model_of(dense(3), loss=["mse", "mae"]),
        lambda: model_of(dense(3, "softmax"), loss=[CCE, mine]),
    ],
    "KL767": [lambda: named(loss=["mse", "mae"])],
    "KL768": [
        lambda: model_of(dense(1), loss="cosine_similarity"),
        lambda: model_of(dense(1), loss=LS.CosineSimilarity()),
    ],
    "KL769": [
        lambda: model_of(dense(1), loss="poisson"),
        lambda: model_of(dense(1), loss="msle"),
        lambda: model_of(dense(4), loss=LS.KLDivergence()),
        lambda: model_of(dense(4, "tanh"), loss="kld"),
    ],
}

GOOD = [
    lambda: model_of(dense(5)),
    lambda: model_of(dense(5, "softmax")),
    lambda: model_of(dense(5), loss=LS.SparseCategoricalCrossentropy(from_logits=True)),
    lambda: model_of(dense(5, "softmax"), loss=SCCE, metrics=["accuracy"]),
    lambda: model_of(dense(5, "softmax"), loss=CCE, metrics=["accuracy"]),
    lambda: model_of(dense(5, "softmax"), loss=LS.CategoricalFocalCrossentropy()),
    lambda: model_of(dense(1, "sigmoid"), loss=BCE, metrics=["accuracy", "AUC"]),
    lambda: model_of(dense(7, "sigmoid"), loss=BCE),
    lambda: model_of(dense(1), loss=LS.BinaryCrossentropy(from_logits=True), metrics=["acc"]),
    lambda: model_of(dense(1), loss="mse", metrics=["mae"]),
    lambda: model_of(dense(4, "tanh"), loss="mse"),
    lambda: model_of(dense(4, "softmax"), loss="mse", metrics=["accuracy"]),
    lambda: model_of(dense(4, "softmax"), loss="kl_divergence"),
    lambda: model_of(dense(1, "softplus"), loss="poisson"),
    lambda: model_of(dense(1, "exponential"), loss="poisson"),
    lambda: model_of(dense(1, "tanh"), loss="hinge"),
    lambda: model_of(dense(1), loss="hinge"),
    lambda: model_of(dense(6), loss="cosine_similarity"),
    lambda: model_of(dense(5), loss=mine, metrics=["accuracy"]),
    lambda: model_of(dense(5, "softmax"), loss=lambda y, p: mine(y, p)),
    lambda: model_of(dense(5), loss=Mine()),
    lambda: model_of(dense(5, lambda x: x), loss=SCCE),
    lambda: model_of(L.Lambda(lambda x: x)(dense(5)), loss=SCCE),
    lambda: model_of(dense(5, "softmax"), loss=[SCCE], metrics=["accuracy", "mae"]),
    lambda: model_of(dense(5, "softmax", "p"), loss={"p": SCCE}),
    lambda: model_of(dense(2, "softmax") * 1.0, loss=BCE),
    lambda: model_of(L.Softmax(axis=1)(L.Dense(1)(STEPS)), inputs=STEPS),
    lambda: model_of(L.LSTM(1)(STEPS), inputs=STEPS, loss="mse"),
    lambda: two(loss="mse"),
    lambda: two(loss={"cls": "mse", "box": "mae"}, loss_weights={"cls": 1, "box": 0.1}),
    lambda: two(loss=["mse", "mae"], loss_weights=[1, 0.01], metrics=["mae", "mae"]),
    lambda: named(loss={"cls": "mse", "box": "mae"}, loss_weights=[1, 2]),
    lambda: named(loss=["mse", "mse"]),
    lambda: model_of(
        {"a": (a := dense(3, name="a")), "b": L.Dense(2, name="b")(a)}, loss={"b": "mse"}
    ),
]


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize(
    ("code", "build"),
    [pytest.param(c, b, id=f"{c}-{i}") for c, builds in BAD.items() for i, b in enumerate(builds)],
)
def test_a_head_that_does_not_fit_its_loss_is_found(code, build):
    found = [f for f in check(build(), select="KL7") if f.code == code]
    assert found
    finding = found[0]
    assert finding.cause is not None
    assert finding.message.endswith(".")
    assert set(finding.calls) <= set(finding.graph.call_by_id)


@pytest.mark.parametrize("build", GOOD, ids=range(len(GOOD)))
def test_a_head_that_fits_its_loss_is_left_alone(build):
    assert not codes(build())


def test_of_several_heads_the_one_that_does_not_fit_is_named():
    model = model_of(
        {"kind": dense(5, "softmax", "probs"), "size": dense(1, name="size")},
        loss={"kind": LS.SparseCategoricalCrossentropy(from_logits=True), "size": "mse"},
    )
    (finding,) = check(model)
    assert finding.calls == ("probs#0",)
    assert "'probs' already applies softmax" in finding.message
    assert finding.fixes[0].code == "layers.Dense(5, name='probs')"
    assert finding.fixes[1].code == (
        "loss={'kind': keras.losses.SparseCategoricalCrossentropy(), 'size': 'mse'}"
    )


def test_the_offered_changes_mend_it():
    model = model_of(dense(5, "softmax"), loss=LS.SparseCategoricalCrossentropy(from_logits=True))
    first, second = check(model)[0].fixes
    layer = eval(first.code, {"layers": L})
    loss = eval(f"dict({second.code})", {"keras": keras})
    assert not codes(model_of(layer(INPUT), loss=LS.SparseCategoricalCrossentropy(True)))
    assert not codes(model_of(dense(5, "softmax"), **loss))


def test_the_losses_come_under_the_names_of_the_outputs():
    (finding,) = [f for f in check(two(loss={"klass": "mse", "box": "mae"})) if f.code == "KL765"]
    assert finding.fixes[0].code == "loss={'cls': 'mse', 'box': 'mae'}"
    assert "'klass'" in finding.message
    assert "'cls' and 'box'" in finding.message


def test_accuracy_means_something_where_the_numbers_are_0_and_1():
    model = model_of(dense(1), loss="mse", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(8, 8))
    assert "KL758" in codes(model, x, np.arange(8) * 1.5)
    assert "KL758" not in codes(model, x, np.arange(8) % 2)


def test_a_model_that_is_trained_already_is_read_alike():
    model = model_of(dense(5, "softmax"), loss=LS.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.warns(UserWarning, match="from_logits"):
        model.evaluate(np.ones((2, 8)), np.zeros(2), verbose=0)
    assert codes(model) == {"KL751"}
