"""What an output really gives, and which loss it has, however both are written."""

import functools

import keras
import pytest
from keras import layers as L
from keras import losses as LS

from keraslab.debug._heads import all_heads, heads_of, said_of
from keraslab.graph import read_graph

INPUT = keras.Input((8,), name="features")
IMAGE = keras.Input((8, 8, 4), name="image")


def dense(units=3, activation=None, name=None):
    return L.Dense(units, activation=activation, name=name)(INPUT)


def heads(outputs, inputs=None, **compiled):
    model = keras.Model(INPUT if inputs is None else inputs, outputs)
    if compiled:
        model.compile("sgd", **compiled)
    return heads_of(model, read_graph(model))


def own(true, predicted):
    return keras.ops.mean(true - predicted)


class Own(LS.MeanSquaredError):
    def call(self, true, predicted):
        return own(true, predicted)


@pytest.mark.parametrize(
    ("build", "activation"),
    [
        (lambda: dense(), "linear"),
        (lambda: dense(3, "softmax"), "softmax"),
        (lambda: dense(3, keras.ops.tanh), "tanh"),
        (lambda: L.Dense(3, activation=L.ReLU())(INPUT), "relu"),
        (lambda: L.Activation("sigmoid")(dense()), "sigmoid"),
        (lambda: keras.ops.softmax(dense()), "softmax"),
        (lambda: L.Softmax()(L.Dropout(0.5)(dense())), "softmax"),
        (lambda: L.Activation("linear", dtype="float32")(dense(3, "sigmoid")), "sigmoid"),
        (lambda: L.Reshape((3, 1))(dense(3, "sigmoid")), "sigmoid"),
        (lambda: L.Reshape((3, 1))(dense(3, "softmax")), None),
        (lambda: dense(3, "sigmoid")[:, :2], "sigmoid"),
        (lambda: L.BatchNormalization()(dense(3, "relu")), "linear"),
        (lambda: L.Add()([dense(), dense()]), "linear"),
        (lambda: L.Add()([dense(3, "relu"), dense()]), None),
        (lambda: L.Concatenate()([dense(2, "tanh"), dense(1, "tanh")]), "tanh"),
        (lambda: L.Concatenate()([dense(2, "softmax"), dense(2, "softmax")]), None),
        (lambda: dense(3, "softmax") * 2.0, None),
        (lambda: L.Lambda(lambda x: x)(dense()), None),
        (lambda: dense(3, lambda x: x), None),
        (lambda: L.ReLU(max_value=2.0)(dense()), None),
        (lambda: L.LeakyReLU()(dense()), "leaky_relu"),
        (lambda: keras.Model(INPUT, dense(3, "softmax"))(INPUT), "softmax"),
        (lambda: L.Identity()(INPUT), None),
    ],
)
def test_the_activation_that_is_applied_last(build, activation):
    (head,) = heads(build())
    assert head.activation == activation


def test_the_activation_before_a_global_pooling():
    (head,) = heads(L.GlobalAveragePooling2D()(L.Conv2D(3, 1)(IMAGE)), IMAGE)
    assert (head.activation, head.units) == ("linear", 3)


@pytest.mark.parametrize(
    ("given", "name", "logits"),
    [
        ("mse", "mean_squared_error", False),
        ("MeanSquaredError", "mean_squared_error", False),
        (LS.MeanSquaredError, "mean_squared_error", False),
        (LS.mean_squared_error, "mean_squared_error", False),
        (LS.get("mae"), "mean_absolute_error", False),
        (LS.Huber(), "huber", False),
        (LS.BinaryCrossentropy(from_logits=True), "binary_crossentropy", True),
        (LS.BinaryFocalCrossentropy(from_logits=True), "binary_focal_crossentropy", True),
        (LS.SparseCategoricalCrossentropy(), "sparse_categorical_crossentropy", False),
        (
            functools.partial(LS.categorical_crossentropy, from_logits=True),
            "categorical_crossentropy",
            True,
        ),
        ("crossentropy", "crossentropy", False),
        ({"class_name": "Huber", "config": {"delta": 2.0}}, "huber", False),
        (own, None, False),
        (Own(), None, False),
        (functools.partial(own), None, False),
        ("nonsense", None, False),
    ],
)
def test_the_loss_however_it_is_given(given, name, logits):
    (head,) = heads(dense(), loss=given)
    assert head.loss is not None
    assert (head.loss.name, head.loss.from_logits) == (name, logits)


def test_a_model_that_is_not_compiled_has_no_loss():
    (head,) = heads(dense(name="out"))
    assert (head.name, head.loss, head.metrics) == ("out", None, ())


def test_losses_weights_and_metrics_are_shared_out_by_name():
    outputs = {"kind": dense(3, name="a"), "size": dense(1, name="b")}
    first, second = heads(
        outputs,
        loss={"size": "mse", "kind": None},
        metrics={"size": ["mae"]},
    )
    assert (first.name, first.loss) == ("kind", None)
    assert (second.name, second.loss.name, second.metrics) == (
        "size",
        "mean_squared_error",
        ("mae",),
    )


@pytest.mark.parametrize(
    ("loss", "weights", "expected"),
    [
        (["mse", "mae"], [1, 2], [("mean_squared_error", 1), ("mean_absolute_error", 2)]),
        (
            {"b": "mae", "a": "mse"},
            {"b": 3, "a": 4},
            [("mean_squared_error", 4), ("mean_absolute_error", 3)],
        ),
        ("mse", None, [("mean_squared_error", None)] * 2),
    ],
)
def test_losses_of_a_list_of_outputs(loss, weights, expected):
    found = heads([dense(name="a"), dense(name="b")], loss=loss, loss_weights=weights)
    assert [(head.loss.name, head.loss.weight) for head in found] == expected


def test_keras_agrees_which_loss_goes_where():
    outputs = {"size": dense(1, name="b"), "kind": dense(3, name="a")}
    model = keras.Model(INPUT, outputs)
    model.compile("sgd", loss=["mse", "mae"], loss_weights=[1.0, 0.0])
    found = all_heads(model, read_graph(model))
    assert found.losses.by_position
    x = keras.ops.ones((2, 8))
    y = {"size": keras.ops.zeros((2, 1)), "kind": keras.ops.full((2, 3), 100.0)}
    total = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    kind = keras.ops.convert_to_numpy(model(x)["kind"])
    assert [head.name for head in found.heads] == ["kind", "size"]
    assert found.heads[0].loss.name == "mean_squared_error"
    assert total == pytest.approx(((kind - 100) ** 2).mean(), rel=1e-4)


def test_what_a_loss_is_called_in_a_sentence():
    assert said_of("mse") == "'mse'"
    assert said_of(own) == "own"
    assert said_of(LS.Huber()) == "Huber"
    assert said_of(LS.get("mse")) == "mean_squared_error"
