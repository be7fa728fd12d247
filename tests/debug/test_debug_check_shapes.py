"""Samples, channels and broadcasting: what fires, and what must not."""

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers, ops

import keraslab as kl


def model_of(shape, make, **more):
    inputs = keras.Input(shape, name="x", **more)
    return keras.Model(inputs, make(inputs))


# ---------------------------------------------------------------- the batch


LOSING = {
    "mean": lambda x: ops.mean(x, axis=0),
    "keyword first": lambda x: ops.max(layers.Dense(3)(x), axis=[0]),
    "all axes": lambda x: ops.sum(x),
    "several axes": lambda x: ops.mean(x, axis=(0, 1)),
    "kept": lambda x: ops.mean(x, axis=0, keepdims=True),
    "negative": lambda x: ops.std(x, axis=-3),
    "then a layer": lambda x: layers.Dense(2)(ops.mean(x, axis=0)),
    "after a transpose": lambda x: ops.mean(ops.transpose(x, (1, 0, 2)), axis=1),
    "swapped": lambda x: ops.sum(ops.swapaxes(x, 0, 2), axis=2),
    "picked": lambda x: x[0],
    "picked later": lambda x: ops.moveaxis(x, 0, 1)[:, 0],
    "through elementwise": lambda x: ops.relu(ops.min(x * 2.0, axis=0)) + 1.0,
}


@pytest.mark.parametrize("make", LOSING.values(), ids=LOSING)
def test_batch_is_reduced(make):
    finding = one(model_of((10, 8), make), "KL551")
    assert finding.severity == "error"
    assert finding.cause.call == finding.calls[0]


KEEPING = {
    "over time": lambda x: ops.mean(x, axis=1),
    "over features": lambda x: ops.sum(x, axis=-1),
    "both": lambda x: ops.mean(x, axis=(1, 2)),
    "time first": lambda x: ops.mean(ops.transpose(x, (1, 0, 2)), axis=0),
    "batch statistics": lambda x: x - ops.mean(x, axis=0, keepdims=True),
    "last step": lambda x: x[:, -1],
    "one feature": lambda x: x[..., 0],
    "pooled": lambda x: layers.GlobalAveragePooling1D()(x),
    "folded and back": lambda x: ops.reshape(layers.Dense(3)(ops.reshape(x, (-1, 8))), (-1, 10, 3)),
    "flat": lambda x: ops.reshape(x, (-1, 80)),
    "stacked": lambda x: ops.stack([x, x], axis=1),
    "expanded": lambda x: ops.mean(ops.expand_dims(x, 0), axis=2)[0],
    "each step": lambda x: layers.TimeDistributed(layers.Dense(3))(x),
    "deviation joined": lambda x: layers.Concatenate()(
        [x, ops.zeros_like(x) + ops.mean(ops.std(x, axis=0))]
    ),
    "unknown function": lambda x: layers.Lambda(lambda t: ops.mean(t, axis=1))(x),
}


@pytest.mark.parametrize("make", KEEPING.values(), ids=KEEPING)
def test_batch_is_kept(make):
    model = model_of((10, 8), make)
    assert found(model, "KL551") == []
    assert found(model, "KL552") == []


def test_offered_axes_give_the_shapes_they_say():
    model = model_of((10, 8), lambda x: ops.mean(x, axis=0))
    fixes = one(model, "KL551").fixes
    assert len(fixes) == 2
    for fix in fixes:
        scope = {"keras": keras, "x": model.input}
        exec(fix.code, scope)
        assert kl.graph.TensorSpec(scope["x"].shape, "").text == fix.result


MIXING = {
    "joined": lambda x: layers.Concatenate(axis=0)([x, x * 2]),
    "joined by an operation": lambda x: layers.Dense(1)(ops.concatenate([x, x * 2], axis=0)),
    "folded": lambda x: layers.Dense(1)(ops.reshape(x, (-1, 8))),
    "wrong size": lambda x: ops.reshape(x, (-1, 160)),
}


@pytest.mark.parametrize("make", MIXING.values(), ids=MIXING)
def test_samples_are_mixed(make):
    finding = one(model_of((10, 8), make), "KL552")
    assert "one row for each sample" in finding.message


NORMALISED = {
    "layer": (layers.Softmax(axis=0), True),
    "operation": (lambda x: ops.softmax(x, axis=0), True),
    "lengths": (layers.UnitNormalization(axis=0), True),
    "classes": (layers.Softmax(), False),
    "classes by an operation": (ops.softmax, False),
    "time": (layers.Softmax(axis=1), False),
    "time in front": (lambda x: ops.softmax(ops.transpose(x, (1, 0, 2)), axis=0), False),
}


@pytest.mark.parametrize(("make", "fires"), NORMALISED.values(), ids=NORMALISED)
def test_normalised_over_the_batch(make, fires):
    model = model_of((4, 3), make)
    assert len(found(model, "KL554")) == fires


# ---------------------------------------------------------------- channels


@pytest.mark.parametrize(
    ("shape", "make"),
    [
        ((3, 64, 64), lambda x: layers.Conv2D(8, 3, padding="same")(x)),
        ((1, 28, 28), lambda x: layers.SeparableConv2D(8, 3, padding="same")(x)),
        ((3, 32, 32), lambda x: layers.Conv2D(8, 1)(layers.Rescaling(1 / 255)(x))),
        ((3, 32, 32), lambda x: layers.AveragePooling2D(2, padding="same")(x)),
        ((1, 16, 16, 16), lambda x: layers.Conv3D(4, 1)(x)),
    ],
)
def test_channels_in_front(shape, make):
    finding = one(model_of(shape, make), "KL553")
    assert finding.cause.name == "x"
    scope = {"keras": keras, "x": keras.Input(shape)}
    for fix in finding.fixes:
        exec(fix.code, scope)
        assert kl.graph.TensorSpec(scope["x"].shape, "").text == fix.result
        scope["x"] = keras.Input(shape)


def test_channels_behind_in_a_layer_for_channels_in_front():
    with kl.skeleton():
        model = model_of((32, 32, 3), layers.Conv2D(8, 1, data_format="channels_first"))
    assert one(model, "KL553").cause.name == "x"


@pytest.mark.parametrize(
    ("shape", "make"),
    [
        ((64, 64, 3), lambda x: layers.Conv2D(8, 3)(x)),
        ((3, 64, 64), lambda x: layers.Conv2D(8, 3)(layers.Permute((2, 3, 1))(x))),
        ((3, 64, 64), lambda x: layers.Conv2D(8, 3)(ops.transpose(x, (0, 2, 3, 1)))),
        ((8, 8, 64), lambda x: layers.Conv2D(8, 3)(x)),
        ((3, 40, 100), lambda x: layers.Conv2D(8, 3, padding="same")(x)),
        ((None, None, 3), lambda x: layers.Conv2D(8, 3)(x)),
        ((64, 64), lambda x: layers.Conv1D(8, 3)(x)),
    ],
)
def test_channels_behind(shape, make):
    assert found(model_of(shape, make), "KL553") == []


# ---------------------------------------------------------------- broadcasting


def two(one_shape, other_shape, make):
    a, b = keras.Input(one_shape, name="a"), keras.Input(other_shape, name="b")
    return keras.Model([a, b], make(a, b))


VECTORS = {
    "image times vector": ((8, 8, 16), (16,), lambda a, b: a * b),
    "vector first": ((8, 8, 16), (16,), lambda a, b: ops.add(b, a)),
    "sequence plus vector": ((5, 4), (4,), lambda a, b: a + layers.Dense(4)(b)),
    "number less": ((4,), (4,), lambda a, b: a - ops.mean(b, axis=-1)),
}


@pytest.mark.parametrize(("one_shape", "other_shape", "make"), VECTORS.values(), ids=VECTORS)
def test_batch_meets_another_axis(one_shape, other_shape, make):
    model = two(one_shape, other_shape, make)
    finding = one(model, "KL251")
    assert finding.severity == "error"
    assert "samples are mixed" in finding.message


def test_lifting_a_vector_mends_it():
    a, b = keras.Input((8, 8, 16), name="a"), keras.Input((16,), name="b")
    fix = one(keras.Model([a, b], a * b), "KL251").fixes[0]
    scope = {"keras": keras, "b": b}
    exec(fix.code, scope)
    mended = keras.Model([a, b], a * scope["b"])
    assert found(mended, "KL251") == []
    assert kl.graph.TensorSpec(mended.output.shape, "").text == fix.result
    image, vector = np.random.rand(3, 8, 8, 16), np.random.rand(3, 16)
    expected = image * vector[:, None, None, :]
    assert np.allclose(mended.predict([image, vector], verbose=0), expected, atol=1e-5)


class Positions(layers.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=tuple(shape[1:]), name="table")

    def call(self, x):
        return x + self.table


ALIKE = {
    "gate": ((8, 8, 16), (16,), lambda a, b: layers.Multiply()([a, layers.Reshape((1, 1, 16))(b)])),
    "layer lifts by itself": ((8, 8, 16), (16,), lambda a, b: layers.Multiply()([a, b])),
    "positions": ((5, 4), (1,), lambda a, b: [Positions()(a), b]),
    "table of positions": (
        (5, 4), (1,), lambda a, b: [a + layers.Embedding(5, 4)(ops.arange(5)), b],
    ),
    "constant": ((5, 4), (1,), lambda a, b: [a * np.ones(4, "float32"), b]),
    "same rank": ((5, 4), (5, 1), lambda a, b: a * b),
    "value and advantage": ((4,), (1,), lambda a, b: a + b),
    "batch statistics": ((5, 4), (1,), lambda a, b: [a - ops.mean(a, axis=0), b]),
    "all pairs": (
        (5, 4), (5, 4), lambda a, b: ops.expand_dims(a, 2) - ops.expand_dims(b, 1),
    ),
    "all pairs after Dense": (
        (5, 4),
        (6, 4),
        lambda a, b: layers.Add()(
            [layers.Reshape((5, 1, 3))(layers.Dense(3)(a)), layers.Reshape((1, 6, 3))(b[..., :3])]
        ),
    ),
    "two gates": (
        (8, 8, 16),
        (1,),
        lambda a, b: [
            layers.Activation("sigmoid")(
                layers.Add()(
                    [layers.Conv2D(1, 1)(a), layers.GlobalAveragePooling2D(keepdims=True)(a)]
                )
            ),
            b,
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one_shape", "other_shape", "make"), ALIKE.values(), ids=ALIKE)
def test_broadcasting_on_purpose(one_shape, other_shape, make):
    model = two(one_shape, other_shape, make)
    assert found(model, "KL25") == []


@pytest.mark.parametrize("sign", [layers.Subtract(), layers.Add(), lambda pair: pair[0] - pair[1]])
def test_column_against_row(sign):
    model = two((10, 4), (10,), lambda a, b: sign(
        [layers.Dense(1)(a), layers.Dense(10)(layers.Reshape((1, 10))(b))]
    ))  # fmt: skip
    finding = one(model, "KL252")
    assert "? × 10 × 10" in finding.message


@pytest.mark.parametrize("narrow", [layers.Conv2D(1, 1), layers.Dense(1)])
def test_residual_of_one_channel(narrow):
    def make(x):
        y = layers.Conv2D(4, 3, padding="same")(x)
        return layers.Add()([x, narrow(y)])

    finding = one(model_of((8, 8, 4), make), "KL253")
    assert finding.cause.sentence.endswith("gives 1 channel, not 4.")


def test_residual_that_fits():
    def make(x):
        y = layers.Conv2D(4, 3, padding="same")(x)
        spatial = layers.Conv2D(1, 1, activation="sigmoid")(x)
        return layers.Add()([x, layers.Multiply()([y, spatial])])

    assert found(model_of((8, 8, 4), make), "KL253") == []
    duel = model_of((8,), lambda x: layers.Add()([layers.Dense(1)(x), layers.Dense(4)(x)]))
    assert found(duel, "KL253") == []
