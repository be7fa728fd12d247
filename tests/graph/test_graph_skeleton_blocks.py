"""Blocks in skeletons: those made before are given back, and all kinds build alike."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B
from keraslab.graph import build_skeleton, keras_internals, materialize, read_graph, skeleton

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).random((8, 6, 6, 2)).astype("float32")
Y = X.mean((1, 2, 3))[:, None]


def with_block(block):
    x = block(inputs := L.Input((6, 6, 2)))
    return keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize("how", ["build_skeleton", "skeleton"])
def test_a_block_made_outside_is_given_back_and_then_trains(how):
    block = B.Residual(3, name="tower")
    for _ in range(20):
        if how == "build_skeleton":
            built = build_skeleton(with_block, block)
            assert built.skeleton
            model = built.model
        else:
            with skeleton():
                model = with_block(block)
        assert block.parts == {}
        assert block.name == "tower"
        assert any(group.label == "tower" for group in read_graph(model).groups)
    real = with_block(block)
    assert all(np.asarray(weight).size for weight in real.get_weights())
    real.compile("sgd", "mse", run_eagerly=True)
    before = real.get_weights()
    real.fit(X, Y, verbose=0)
    assert any((a != b).any() for a, b in zip(before, real.get_weights(), strict=True))
    # The last skeleton became no part of it, and can be made real still.
    parts = {id(layer) for layer in real.layers}
    assert not any(id(layer) in parts for layer in materialize(model).layers)
    assert model.predict(X, verbose=0).shape == (8, 1)


def test_a_block_is_given_back_after_an_error():
    block = B.Residual(3)

    def build():
        with_block(block)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        build_skeleton(build)
    assert block.parts == {}
    with_block(block).predict(X, verbose=0)


def test_a_block_made_inside_works_once_it_is_real():
    with skeleton():
        block = B.Residual(3)
        model = with_block(block)
    with pytest.raises(RuntimeError, match=r"materialize\(model\)"):
        with_block(block)
    materialize(model)
    again = with_block(block)
    assert again.get_layer(f"{block.name}__conv1") is model.get_layer(f"{block.name}__conv1")


class Encoder(B.Block):
    def wire(self, x):
        x = self.use("body", B.Residual, 4)(x)
        return self.use("pool", L.GlobalAveragePooling2D)(x)


def everything():
    left, right = L.Input((6, 6, 2), name="left"), L.Input((6, 6, 2), name="right")
    numbers = L.Input((5,), name="numbers")
    distance = B.Twin(Encoder(), distance="absolute")(left, right)
    joined = B.Fusion("gated", 8)([distance, numbers])
    heads = B.Heads({"same": B.Binary(), "kind": B.MultiClass(3)}, hidden=4)
    model = keras.Model([left, right, numbers], heads(joined))
    model.compile("adam", **heads.compile_args())
    return model


def test_a_model_of_all_blocks_is_a_skeleton_and_equals_the_plain_build():
    keras.utils.set_random_seed(2)
    with keras_internals.fresh_names():
        plain = everything()
    keras.utils.set_random_seed(2)
    built = build_skeleton(everything)
    assert built.skeleton, built.reason
    model = materialize(built.model)
    assert model.to_json() == plain.to_json()
    ours, theirs = read_graph(model), read_graph(plain)
    assert ours.groups == theirs.groups
    assert ours.calls != ()
    assert [(c.id, c.group, c.macs) for c in ours.calls] == [
        (c.id, c.group, c.macs) for c in theirs.calls
    ]
    for made, known in zip(model.variables, plain.variables, strict=True):
        np.testing.assert_array_equal(made.numpy(), known.numpy())
