"""Models built without weights, and made real."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph import (
    SkeletonError,
    build_skeleton,
    is_skeleton,
    keras_internals,
    materialize,
    skeleton,
)

# Keras 3.15 with NumPy 2 warns wherever a variable becomes an array.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).random((32, 8)).astype("float32")
Y = X.sum(1, keepdims=True)


def tower(units=4, compiled=True):
    x = inputs = L.Input((8,))
    x = L.BatchNormalization()(L.Dense(units, activation="relu")(x))
    x = L.Dropout(0.5)(x)
    model = keras.Model(inputs, L.Dense(1)(x))
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
    return model


def history(model):
    return model.fit(X, Y, epochs=2, batch_size=8, verbose=0).history


def kinds():
    image = L.Input((8, 8, 3), name="image")
    words = L.Input((6,), dtype="int32", name="words")
    x = L.Conv2D(4, 3, padding="same", kernel_regularizer="l2")(image)
    x = L.SeparableConv2D(4, 3)(L.GroupNormalization(2)(x))
    x = L.GlobalAveragePooling2D()(L.SpatialDropout2D(0.1)(x) * 2.0 + 1.0)
    y = L.Embedding(10, 4, mask_zero=True)(words)
    y = L.Bidirectional(L.LSTM(3, return_sequences=True, dropout=0.2))(y)
    y = L.MultiHeadAttention(2, 3, dropout=0.1)(y, y)
    y = L.TimeDistributed(L.Dense(5))(y)
    y = L.LayerNormalization()(L.GRU(4)(y))
    z = keras.Sequential([L.Dense(6), L.PReLU(), L.Dropout(0.3)])(L.Concatenate()([x, y]))
    return keras.Model({"image": image, "words": words}, {"a": L.Dense(1)(z), "b": z})


def test_shapes_counts_and_config_are_those_of_a_plain_model():
    with keras_internals.fresh_names():
        plain = kinds()
    with skeleton() as scope:
        model = kinds()
    assert is_skeleton(model)
    assert all(v._value is None for v in model.variables)
    assert len(scope.variables) >= len(model.variables)
    assert [(v.path, v.shape, v.dtype) for v in model.variables] == [
        (v.path, v.shape, v.dtype) for v in plain.variables
    ]
    assert model.count_params() == plain.count_params()
    assert model.to_json() == plain.to_json()
    lines, plain_lines = [], []
    model.summary(print_fn=lines.append)
    plain.summary(print_fn=plain_lines.append)
    assert lines == plain_lines


def dependencies(layer):
    """What TensorFlow saves with a layer, by name."""
    return [(k, type(v)) for k, v in layer._trackable_children().items()]


def test_layers_hold_the_same_attributes_as_plain_ones():
    with keras_internals.fresh_names():
        plain = kinds()
    with skeleton():
        model = kinds()
    materialize(model)
    for made, known in zip(model.operations, plain.operations, strict=True):
        # TensorFlow makes some attributes when a value is first read.
        mine, theirs = ({k: type(v) for k, v in vars(o).items()} for o in (made, known))
        assert mine == theirs, made.name
        if isinstance(made, L.Layer):
            assert list(made._tracked) == list(known._tracked)
            assert dependencies(made) == dependencies(known)
            stored = ({k: len(v) for k, v in o._tracker.stored_ids.items()} for o in (made, known))
            assert next(stored) == next(stored)


def test_an_unrelated_shape_inference_does_not_allocate():
    with skeleton():
        model = tower()
    keras.ops.abs(keras.KerasTensor((2, 3)))
    # Keras traces this call in a scope that allocates, on leaving, all it knows to be pending.
    L.Lambda(lambda x: x * 2)(L.Input((3,)))
    keras.Sequential([L.Dense(3), L.Dense(2)]).build((None, 4))
    assert all(v._value is None for v in model.variables)


def test_symbolic_calls_work_at_other_shapes():
    with skeleton():
        inputs = L.Input((None, 8))
        model = keras.Model(inputs, L.GRU(3, dropout=0.5)(inputs))
    assert model(keras.KerasTensor((2, 5, 8))).shape == (2, 3)
    assert is_skeleton(model)
    keras.Model(whole := L.Input((7, 8)), L.Dense(2)(model(whole)))


@pytest.mark.parametrize("build", [tower, kinds])
def test_made_real_it_is_bit_identical(build):
    keras.utils.set_random_seed(3)
    plain = build()
    keras.utils.set_random_seed(3)
    with skeleton():
        model = build()
    assert materialize(model) is model
    assert not is_skeleton(model)
    assert len(model.variables) == len(plain.variables)
    for made, known in zip(model.variables, plain.variables, strict=True):
        np.testing.assert_array_equal(made.numpy(), known.numpy())


def test_training_is_that_of_a_plain_build():
    def build():
        model = tower(compiled=False)
        optimizer = {"class_name": "Adam", "config": {"learning_rate": 0.01}}
        model.compile(optimizer, keras.losses.Huber(0.5), metrics=["mae"], run_eagerly=True)
        return model

    histories, weights = [], []
    for how in ("plain", "skeleton"):
        keras.utils.set_random_seed(5)
        if how == "plain":
            with keras_internals.fresh_names():
                model = build()
        else:
            with skeleton():
                model = build()
            materialize(model)
        histories.append(history(model))
        weights.append(model.get_weights())
    assert histories[0] == histories[1]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_materialize_twice_and_on_other_things_changes_nothing():
    with skeleton():
        model = tower()
    before = materialize(model).get_weights()
    optimizer = model.optimizer
    materialize(model)
    assert model.optimizer is optimizer
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    plain = tower()
    assert materialize(plain) is plain
    assert materialize("no model") == "no model"


def test_made_real_saves_and_exports(tmp_path):
    with skeleton():
        model = tower(compiled=False)
    materialize(model)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(X), model(X), rtol=1e-6)
    model.export(tmp_path / "exported", verbose=False)
    served = L.TFSMLayer(tmp_path / "exported", call_endpoint="serve")
    np.testing.assert_allclose(served(X), model(X), rtol=1e-5)


def test_names_are_the_same_on_every_rebuild_and_counters_go_on_after():
    L.Dense(1)
    before = L.Dense(1).name
    names = {tuple(layer.name for layer in build_skeleton(tower).model.layers) for _ in range(3)}
    assert names == {("input_layer", "dense", "batch_normalization", "dropout", "dense_1")}
    number = int(before.rpartition("_")[2])
    assert L.Dense(1).name == f"dense_{number + 1}"


def test_an_error_inside_leaves_all_as_it_was():
    base = L.Dense(3)
    layer_init, compile_ = keras.Operation.__init__, keras.Model.compile

    def build():
        base(L.Input((4,)))
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"), skeleton():
        build()
    assert not base.built
    assert base._inbound_nodes == []
    assert keras.Operation.__init__ is layer_init
    assert keras.Model.compile is compile_
    assert not keras_internals.in_stateless_scope()
    assert keras.Sequential([L.Input((4,)), L.Dense(2)]).get_weights()[0].shape == (4, 2)


def test_a_scope_inside_a_scope_joins_it():
    with skeleton() as outer:
        with skeleton() as inner:
            first = tower()
        assert build_skeleton(tower).skeleton
        second = L.Dense(2)
        second(L.Input((3,)))
    assert len(outer.variables) > 0
    assert [id(v) for v in inner.variables] == [id(v) for v in outer.variables]
    assert is_skeleton(first)
    assert is_skeleton(second)
    assert materialize(second).kernel.shape == (3, 2)
    assert is_skeleton(first)


def test_materialize_inside_and_skeleton_in_another_scope_are_refused():
    with pytest.raises(SkeletonError, match="inside skeleton"), skeleton():
        materialize(tower())
    with keras.StatelessScope(), pytest.raises(SkeletonError, match="outside"), skeleton():
        pass


def test_random_numbers_drawn_in_the_build_are_those_of_a_plain_build():
    def build():
        noise = keras.random.normal((4,))
        inputs = L.Input((4,))
        return keras.Model(inputs, L.Dense(2)(inputs + noise)), noise

    results = []
    for how in (build, lambda: build_skeleton(build).model):
        keras.utils.set_random_seed(7)
        model, noise = how()
        results.append([np.array(noise), *materialize(model).get_weights()])
        results[-1].append(np.array(keras.random.normal((3,))))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
