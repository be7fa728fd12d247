"""Wrappers, and layers and models of one's own, opened by following what they do."""

import awkward
import keras
import numpy as np
import pytest

from keraslab.graph import Graph, ModelError, materialize, read_graph, skeleton
from keraslab.graph import keras_internals as internals

L = keras.layers
ops = keras.ops


@pytest.fixture(autouse=True)
def _names():
    with internals.fresh_names():
        yield


def reads(layer: keras.Layer, *shape: int, **kwargs) -> Graph:
    x = keras.Input(shape, name="x", **kwargs)
    return read_graph(keras.Model(x, layer(x)))


def ids(graph: Graph) -> list[str]:
    return [call.id for call in graph.calls]


def test_a_model_at_each_step() -> None:
    graph = read_graph(awkward.each_step())
    groups = {g.id: (g.kind, g.label, g.calls, g.children) for g in graph.groups}
    inner = tuple(f"frames#0/frame#0/{name}#0" for name in ("conv", "flatten", "dense"))
    assert groups["frames#0"] == ("model", "frames", (), ("frames#0/frame#0",))
    assert groups["frames#0/frame#0"] == ("model", "frame", inner, ())
    conv, _, dense = (graph.call_by_id[call] for call in inner)
    assert conv.inputs[0].shape == (None, 8, 8, 3)
    assert conv.outputs[0].shape == (None, 6, 6, 2)
    assert (conv.macs, conv.rows) == (5 * 36 * 2 * 27, 5)
    (leaving,) = (edge for edge in graph.edges if edge.source == dense.id)
    assert (leaving.target, leaving.spec.shape) == ("steps#0/each#0", (None, 4))
    assert graph.outputs[0].spec.shape == (None, 5, 2)
    assert graph.macs == 5 * (36 * 2 * 27 + 72 * 4 + 8)


def test_steps_of_unknown_number_cost_what_is_unknown() -> None:
    graph = reads(L.TimeDistributed(L.Dense(2, name="dense"), name="steps"), None, 3)
    assert (graph.macs, graph.calls[1].rows) == (None, None)
    assert graph.outputs[0].spec.shape == (None, None, 2)


def test_steps_within_steps() -> None:
    layer = L.TimeDistributed(L.TimeDistributed(L.Dense(2, name="d"), name="in"), name="out")
    graph = reads(layer, 3, 4, 5)
    assert ids(graph) == ["x#0", "out#0/in#0/d#0"]
    assert (graph.calls[1].rows, graph.macs) == (12, 12 * 10)


def test_both_directions_are_seen() -> None:
    graph = read_graph(awkward.both_ways())
    names = [call.name for call in graph.calls if call.id.startswith("both#0/")]
    assert names == ["forward_lstm", "backward_lstm", "flip", "concatenate"]
    assert graph.macs == 6 * (2 * 4 * 3 * (4 + 3) + 2 * 3 * 2 * (6 + 2))


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_both_directions_in_each_mode_with_states(mode) -> None:
    x = keras.Input((6, 4), name="x")
    layer = L.Bidirectional(L.LSTM(3, return_state=True), merge_mode=mode, name="both")
    outputs = layer(x)
    graph = read_graph(keras.Model(x, outputs))
    assert [port.spec.shape for port in graph.outputs] == [t.shape for t in outputs]
    assert len([call for call in graph.calls if call.type == "LSTM"]) == 2


def test_a_normalised_layer_keeps_its_own_weights_in_sight() -> None:
    layer = L.SpectralNormalization(L.Dense(3, name="dense"), name="norm")
    graph = reads(layer, 4)
    assert ids(graph) == ["x#0", "norm#0/dense#0", "norm#0/norm#0"]
    own = graph.calls[-1]
    assert (own.inputs, own.outputs, own.arguments) == ((), (), ("own weights",))
    assert [w.name for w in own.weights] == ["vector_u"]
    assert graph.params == layer.count_params() == 18


def test_a_layer_of_ones_own() -> None:
    model = awkward.own_layer_twice()
    head = model.get_layer("head")
    graph = read_graph(model)
    first = [call for call in graph.calls if call.group == "head#0"]
    assert [call.type for call in first] == [
        *["Dense", "Dense", "Transpose", "Matmul", "Softmax", "Dense", "Matmul", "Dropout"],
        *["Matmul", "Head"],
    ]
    assert [w.name for w in first[-2].weights] == ["out"]
    assert [w.name for w in first[-1].weights] == ["spare"]
    assert [c.count for c in first if c.name == "value"] == [4, 4]
    assert [(g.label, g.index, g.count) for g in graph.groups] == [("head", 0, 2), ("head", 1, 2)]
    assert graph.params == model.count_params()
    assert graph.macs == 2 * (3 * 6 * 16 + 2 * 36 * 4 + 6 * 12)
    assert (head.scores, list(head.seen)) == (None, [])


def test_a_model_of_ones_own_called_once_on_data() -> None:
    model = awkward.TwoHeads(name="two")
    model(np.zeros((2, 6, 4), "float32"))
    graph = read_graph(model)
    assert graph.name == "two"
    assert [(p.key, p.spec.shape) for p in graph.outputs] == [
        ("x", (None, 6, 4)),
        ("y", (None, 6, 5)),
    ]
    assert {g.id: g.parent for g in graph.groups} == {"head#0": None, "tail#0": None}
    assert graph.params == model.count_params()
    x = keras.Input((6, 4), name="x")
    wrapped = read_graph(keras.Model(x, model(x)))
    assert wrapped.macs == graph.macs
    assert {g.id for g in wrapped.groups} == {"two#0", "two#0/head#0", "two#0/tail#0"}


def test_a_model_of_ones_own_with_several_arguments() -> None:
    class Pair(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="pair")
            self.a, self.b = L.Dense(2, name="a"), L.Dense(2, name="b")

        def build(self, left_shape, right_shape):
            self.a.build(left_shape)
            self.b.build(right_shape)

        def call(self, left, right):
            return self.a(left) + self.b(right)

    model = Pair()
    model(np.zeros((1, 3)), right=np.zeros((1, 4)))
    graph = read_graph(model)
    assert [port.spec.shape for port in graph.inputs] == [(None, 3), (None, 4)]
    assert graph.params == model.count_params()


def test_a_model_of_ones_own_in_a_skeleton() -> None:
    with skeleton():
        model = awkward.own_model_inside()
    graph = read_graph(model)
    assert graph.skeleton
    assert awkward.plain(graph) == awkward.plain(read_graph(materialize(model)))
    assert model.predict(np.zeros((1, 6, 4)), verbose=0).shape == (1, 6, 5)


def test_what_cannot_be_followed_stays_a_box() -> None:
    class Fails(L.Layer):
        def call(self, x):
            raise RuntimeError("not on symbolic tensors")

        def compute_output_shape(self, shape):
            return shape

    class Endless(L.Layer):
        def call(self, x):
            while True:
                x = ops.relu(x)

        def compute_output_shape(self, shape):
            return shape

    class HandsOn(L.Layer):
        def call(self, x):
            return x

    class Lies(L.Layer):
        def call(self, x):
            return x * 2

        def compute_output_shape(self, shape):
            return (*shape[:-1], 9)

    for layer in (awkward.Loops(), Fails(), Endless(), HandsOn(), Lies()):
        graph = reads(layer, 4)
        assert [call.type for call in graph.calls] == ["InputLayer", type(layer).__name__]
        assert graph.macs is None
        assert len(layer._inbound_nodes) == 1


def test_dtypes_inside_are_those_of_the_policy() -> None:
    class Soft(L.Layer):
        def call(self, x):
            return ops.softmax(x)

    graph = reads(Soft(dtype="mixed_float16"), 4)
    assert graph.calls[1].type == "Softmax"
    assert graph.calls[1].outputs[0].dtype == "float16"


def test_a_mask_goes_in() -> None:
    class Pool(L.Layer):
        supports_masking = True

        def call(self, x, mask=None):
            return x if mask is None else x * ops.expand_dims(ops.cast(mask, x.dtype), -1)

    words = keras.Input((5,), dtype="int32", name="words")
    x = L.Embedding(9, 4, mask_zero=True, name="embed")(words)
    graph = read_graph(keras.Model(words, Pool(name="pool")(x)))
    inside = [call.type for call in graph.calls if call.group == "pool#0"]
    assert inside == ["Cast", "ExpandDims", "Multiply"]
    mask = next(e for e in graph.edges if e.target == "pool#0/cast#0")
    assert mask.source == "not_equal#0"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (awkward.TwoHeads(name="new"), ["'new'", "TwoHeads", "never called", "build("]),
    ],
)
def test_a_sentence_where_a_model_is_not_built(model, words) -> None:
    with pytest.raises(ModelError) as caught:
        read_graph(model)
    assert all(word in str(caught.value) for word in words)


def test_a_sentence_where_a_model_cannot_be_followed() -> None:
    class Wild(keras.Model):
        def call(self, x):
            return x if float(ops.sum(x)) > 0 else -x

    model = Wild(name="wild")
    model(np.ones((1, 2)))
    with pytest.raises(ModelError, match=r"'wild'.*cannot be followed.*Functional") as caught:
        read_graph(model)
    assert "\n" not in str(caught.value)
