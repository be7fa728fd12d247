"""Layers that hold values which are no random weights: normalizing, looking up, rescaling."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph import SkeletonError, build_skeleton, materialize, skeleton

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = (np.random.default_rng(0).random((32, 3)) * 7).astype("float32")
WORDS = np.array(["a b c", "b b", "q"])


def numbers(layer):
    return keras.Model(x := L.Input((3,)), L.Dense(2)(layer(x)))


def words(layer):
    x = L.Input((), dtype="string")
    return keras.Model(x, L.Dense(2)(L.Embedding(9, 2)(layer(x))))


def adapted(layer, data):
    layer.adapt(data)
    return layer


SPREAD = {"mean": [1.0, 2.0, 3.0], "variance": [2.0, 1.0, 4.0]}
BUILT_WITHOUT = {
    "scalars": lambda: numbers(L.Normalization(mean=2.0, variance=3.0)),
    "arrays": lambda: numbers(L.Normalization(mean=np.arange(3.0), variance=np.ones(3))),
    "inverse": lambda: numbers(L.Normalization(**SPREAD, invert=True)),
    "not adapted": lambda: numbers(L.Normalization()),
    "no axis": lambda: numbers(L.Normalization(axis=None)),
    "in a stack": lambda: numbers(keras.Sequential([L.Rescaling(2.0), L.Normalization(**SPREAD)])),
    "half": lambda: numbers(L.Normalization(dtype="mixed_float16")),
    "rescaling": lambda: numbers(L.Rescaling([1.0, 2.0, 3.0], offset=1.0)),
    "bins": lambda: numbers(L.Discretization([1.0, 2.0, 3.0], output_mode="multi_hot")),
    "adapted bins": lambda: numbers(
        adapted(L.Discretization(num_bins=4, output_mode="multi_hot"), X)
    ),
    "text": lambda: words(L.TextVectorization(vocabulary=["a", "b"], output_sequence_length=4)),
    "adapted text": lambda: words(
        adapted(L.TextVectorization(output_sequence_length=4), keras.ops.convert_to_tensor(WORDS))
    ),
    "lookup": lambda: words(L.StringLookup(vocabulary=["q", "b b"])),
    "adapted lookup": lambda: words(adapted(L.StringLookup(), WORDS)),
    "tf-idf": lambda: keras.Model(
        x := L.Input((1,), dtype="string"),
        L.Dense(2)(
            L.StringLookup(vocabulary=["q"], output_mode="tf_idf", idf_weights=[0.7])(x),
        ),
    ),
}


@pytest.mark.parametrize("kind", BUILT_WITHOUT)
def test_made_real_it_gives_what_a_plain_build_gives(kind):
    results = []
    for how in ("plain", "skeleton"):
        keras.utils.set_random_seed(1)
        if how == "plain":
            model = BUILT_WITHOUT[kind]()
        else:
            built = build_skeleton(BUILT_WITHOUT[kind])
            assert built.skeleton, built.reason
            model = materialize(built.model)
        data = X if model.inputs[0].dtype != "string" else keras.ops.convert_to_tensor(WORDS)
        data = keras.ops.reshape(data, (-1, 1)) if model.inputs[0].shape == (None, 1) else data
        results.append([np.array(model(data)), *model.get_weights()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_normalization_can_be_adapted_once_it_is_real():
    for layer in (None, L.Normalization()):
        with skeleton():
            model = numbers(layer or L.Normalization())
        norm = materialize(model).layers[1]
        norm.adapt(X)
        np.testing.assert_allclose(np.array(norm.mean)[0], X.mean(0), rtol=1e-5)
        np.testing.assert_allclose(np.array(norm(X)).std(0), 1, rtol=1e-4)
        assert layer is None or norm is layer


def test_an_adapted_layer_from_outside_keeps_its_values():
    norm = adapted(L.Normalization(), X)
    before = [np.array(w) for w in norm.weights]
    model = materialize(build_skeleton(numbers, norm).model)
    assert model.layers[1] is norm
    for one, other in zip(before, norm.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(np.array(norm(X)).mean(0), 0, atol=1e-5)


def test_adapting_inside_needs_a_plain_build_that_equals_one_without_a_try_before():
    def build():
        dense = L.Dense(2)
        noise = keras.random.normal((3,))
        norm = adapted(L.Normalization(), X)
        return keras.Model(x := L.Input((3,)), dense(norm(x) + noise * np.random.rand()))

    with pytest.raises(SkeletonError, match="changes the values of weights"), skeleton():
        build()
    keras.utils.set_random_seed(1)
    plain = build()
    keras.utils.set_random_seed(1)
    built = build_skeleton(build)
    assert not built.skeleton
    assert "changes the values of weights" in built.reason
    assert built.reason.endswith(".")
    results = [[np.array(m(X)), *m.get_weights()] for m in (plain, built.model)]
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_constant_weights_can_be_read_in_the_build_and_random_ones_not():
    def build(part):
        dense = L.Dense(2, bias_initializer=keras.initializers.Constant(3.0))
        x = dense(inputs := L.Input((3,)))
        return keras.Model(inputs, x * float(keras.ops.sum(getattr(dense, part))))

    built = build_skeleton(build, "bias")
    assert built.skeleton
    (scale,) = (n for o in built.model.operations[2:] for n in o._inbound_nodes)
    assert scale.arguments.args[1] == 6.0
    assert build_skeleton(build, "kernel").reason == (
        "The build function uses the values of weights while it builds."
    )


@pytest.mark.parametrize(
    "name", ["EfficientNetB0", pytest.param("EfficientNetB7", marks=pytest.mark.slow)]
)
def test_efficientnet(name):
    make = getattr(keras.applications, name)
    keras.utils.set_random_seed(1)
    plain = make(weights=None)
    keras.utils.set_random_seed(1)
    built = build_skeleton(make, weights=None)
    assert built.skeleton, built.reason
    model = materialize(built.model)
    assert model.count_params() == plain.count_params()
    for made, known in zip(model.variables, plain.variables, strict=True):
        np.testing.assert_array_equal(made.numpy(), known.numpy())
    ours, theirs = (
        next(layer for layer in m.layers if isinstance(layer, L.Normalization))
        for m in (model, plain)
    )
    for part in ("mean", "variance"):
        np.testing.assert_array_equal(np.array(getattr(ours, part)), getattr(theirs, part))
