"""Skeletons around layers and models that were made before."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph import (
    SkeletonError,
    build_skeleton,
    is_skeleton,
    materialize,
    read_graph,
    skeleton,
)

X = np.random.default_rng(0).random((16, 8)).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.fixture
def base():
    keras.utils.clear_session(free_memory=False)
    model = keras.Sequential([L.Input((8,)), L.Dense(6), L.Dense(4)])
    model.compile("sgd", "mse")
    return model


def head(base):
    inputs = L.Input((8,))
    return keras.Model(inputs, L.Dense(1)(base(inputs)))


def on_output(base):
    return keras.Model(base.inputs, L.Dense(1)(base.outputs[0]))


def lists(model):
    return [
        (len(part._inbound_nodes), len(part._outbound_nodes)) for part in model._flatten_layers()
    ]


@pytest.mark.parametrize(("build", "times"), [(head, 50), (on_output, 20)])
def test_rebuilding_round_a_base_leaves_it_as_it_was(base, build, times):
    before = lists(base)
    for _ in range(times):
        with skeleton():
            model = build(base)
    assert lists(base) == before
    graph = read_graph(model)
    assert graph.params == base.count_params() + 4 + 1
    assert model.count_params() == graph.params
    assert len(model.get_config()["layers"]) == len(model.layers)
    base.fit(X, np.tile(Y, 4), verbose=0)
    real = materialize(model)
    assert real.predict(X, verbose=0).shape == (16, 1)
    assert any(layer is base or layer is base.layers[-1] for layer in real.layers)
    clone = keras.models.clone_model(real)
    assert clone.count_params() == real.count_params()
    np.testing.assert_array_equal(
        keras.Model(real.inputs, real.layers[-1].input).predict(X, verbose=0),
        base.predict(X, verbose=0),
    )


def test_two_live_skeletons_round_a_base_read_right_and_become_real(base):
    with skeleton():
        first = head(base)
    with skeleton():
        second = keras.Model(inputs := L.Input((8,)), L.Dense(3)(base(inputs)))
    for model in (first, second):
        assert read_graph(model).params == model.count_params()
    for model in (second, first):
        materialize(model).predict(X, verbose=0)
        assert base in model.layers
    first.compile("sgd", "mse")
    first.fit(X, Y, verbose=0)
    assert len(keras.models.clone_model(first).layers) == len(first.layers)


class Twice(keras.Layer):
    def __init__(self, dense):
        super().__init__()
        self.dense = dense
        self.others = [L.Dense(3), L.Dense(4)]

    def build(self, shape):
        self.dense.build(shape)
        shape = self.dense.compute_output_shape(shape)
        for layer in self.others:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def call(self, x):
        x = self.dense(x)
        for layer in self.others:
            x = layer(x)
        return x


def state(layer):
    # Where a layer was first called from is noted on it, and TensorFlow makes its own empty
    # lists (`_self_...`) when first asked; nothing depends on either.
    names = [k for k in vars(layer) if k != "_parent_path" and not k.startswith("_self_")]
    return layer.built, len(layer.weights), {k: type(vars(layer)[k]) for k in names}


UNBUILT = {
    "layer": lambda: L.Dense(5),
    "shapes": lambda: keras.Sequential([L.Reshape((4, 2)), L.Conv1D(2, 2)]),
    "stack": lambda: keras.Sequential([L.Dense(5), L.BatchNormalization(), L.Dropout(0.1)]),
    "wrapper": lambda: keras.Sequential([L.Reshape((4, 2)), L.TimeDistributed(L.Dense(3))]),
    "both ways": lambda: keras.Sequential([L.Reshape((4, 2)), L.Bidirectional(L.SimpleRNN(3))]),
    "own": lambda: Twice(L.Dense(2)),
}


@pytest.mark.parametrize("kind", UNBUILT)
def test_layers_first_called_inside_are_unbuilt_after(kind):
    fresh = UNBUILT[kind]()
    parts = fresh._flatten_layers()
    before = [state(part) for part in parts]

    def build(units):
        inputs = L.Input((units,))
        return keras.Model(inputs, L.Flatten()(fresh(inputs)))

    for units in (8, 8):
        with skeleton():
            model = build(units)
    assert [state(part) for part in parts] == before
    assert lists(fresh) == [(0, 0)] * len(parts)
    assert read_graph(model).params == model.count_params()

    real = materialize(model)
    assert real.predict(X, verbose=0).shape[0] == 16
    assert fresh.built
    assert any(layer is fresh for layer in real.layers)
    assert len(fresh._inbound_nodes) == 1
    real.compile("sgd", "mse", run_eagerly=True)
    real.fit(X, real.predict(X, verbose=0), verbose=0)
    assert not any(is_skeleton(part) for part in real._flatten_layers())


def test_a_plain_use_after_a_skeleton_is_possible():
    fresh = L.Dense(5)
    with skeleton():
        model = keras.Model(inputs := L.Input((8,)), L.Dense(2)(fresh(inputs)))
    plain = keras.Sequential([L.Input((3,)), fresh])
    plain.compile("sgd", "mse")
    plain.fit(X[:, :3], np.tile(Y, 5), verbose=0)
    assert model.count_params() == 8 * 5 + 5 + 5 * 2 + 2
    with pytest.raises(SkeletonError, match=r"'dense.*\(8, 5\)"):
        materialize(model)
    assert is_skeleton(model)


def test_layers_made_inside_another_skeleton_can_be_used_again():
    shared = {}

    def build(units):
        if "layer" not in shared:
            shared["layer"] = L.Dense(units)
        return keras.Model(inputs := L.Input((8,)), L.Dense(1)(shared["layer"](inputs)))

    first, second = build_skeleton(build, 4).model, build_skeleton(build, 4).model
    materialize(second).predict(X, verbose=0)
    assert is_skeleton(first)
    materialize(first)
    assert first.layers[1] is second.layers[1] is shared["layer"]
    np.testing.assert_array_equal(first.layers[1].get_weights()[0], second.get_weights()[0])


def test_names_of_captured_layers_do_not_clash_with_automatic_ones():
    keras.utils.clear_session(free_memory=False)
    outside = [L.Dense(3), L.Dense(3)]
    assert [layer.name for layer in outside] == ["dense", "dense_1"]

    def build():
        x = inputs = L.Input((8,))
        for layer in (L.Dense(4), outside[0], L.Dense(3), outside[1], L.Dense(3)):
            x = layer(x)
        return keras.Model(inputs, x)

    names = {tuple(layer.name for layer in build_skeleton(build).model.layers) for _ in range(2)}
    (found,) = names
    assert len(set(found)) == len(found)
    assert found[2] == "dense"
    assert found[4] == "dense_1"
    assert materialize(build_skeleton(build).model).predict(X, verbose=0).shape == (16, 3)

    chain = keras.Sequential([L.Input((8,)), *[L.Dense(3) for _ in range(3)]])
    keras.utils.clear_session(free_memory=False)
    model = build_skeleton(on_output, chain).model
    assert len({layer.name for layer in model.layers}) == len(model.layers)

    def needs_plain():
        inner = L.Dense(4)
        result = outside[0](inner(L.Input((8,))))
        keras.Variable([1.0])
        return keras.Model(inner.input, result)

    assert len(build_skeleton(needs_plain).model.layers) == 3


def test_a_base_can_be_exported_after_rebuilds(base, tmp_path):
    plain = keras.Model(inputs := L.Input((8,)), L.Dense(2)(inputs))
    for captured in (base, plain):
        with skeleton():
            model = head(captured)
        captured.export(tmp_path / "captured", verbose=False)
        materialize(model).export(tmp_path / "real", verbose=False)
