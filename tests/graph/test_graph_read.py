"""Awkward models, read and compared with what Keras itself writes into a config."""

from collections import Counter

import keras
import numpy as np
import pytest
from keras_config import edges_of_config

from keraslab.graph import Graph, ModelError, materialize, read_graph, skeleton

L = keras.layers


def links(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in graph.edges]


def shapes(graph: Graph) -> dict[str, tuple[int | None, ...]]:
    return {call.id: call.outputs[0].shape for call in graph.calls}


def several_of_everything() -> keras.Model:
    image = keras.Input((8, 8, 3), name="image")
    words = keras.Input((5,), dtype="int32", name="words")
    conv = L.Conv2D(4, 3, padding="same", name="conv")
    pooled = L.MaxPooling2D(name="pool")(image)
    shared = L.Conv2D(3, 1, name="shared")
    a = L.GlobalAveragePooling2D(name="gap")(conv(shared(image)))
    b = L.GlobalAveragePooling2D(name="gap_small")(conv(shared(pooled)))
    sequence, state, _ = L.LSTM(4, return_sequences=True, return_state=True, name="lstm")(
        L.Embedding(10, 4, mask_zero=True, name="embed")(words)
    )
    attended = L.MultiHeadAttention(2, 2, name="mha")(query=sequence, value=sequence)
    x = L.Multiply(name="square")([a, a]) + 2 * b - 1.0
    x = keras.ops.concatenate([x, state, attended[:, 0]], axis=-1)
    return keras.Model(
        {"image": image, "words": words},
        {"score": L.Dense(1, name="score")(x), "state": state},
        name="several",
    )


@pytest.fixture(scope="module")
def several() -> keras.Model:
    return several_of_everything()


def test_edges_and_calls_are_those_of_keras_own_config(several: keras.Model) -> None:
    graph = read_graph(several)
    config = several.get_config()
    found = Counter((e.source, e.source_index, e.target) for e in graph.edges)
    assert found == edges_of_config(config)
    expected = Counter({c["name"]: max(1, len(c["inbound_nodes"])) for c in config["layers"]})
    assert Counter(call.name for call in graph.calls) == expected


def test_every_edge_points_forward_and_carries_what_its_source_gives(several) -> None:
    graph = read_graph(several)
    place = {call.id: number for number, call in enumerate(graph.calls)}
    for edge in graph.edges:
        assert place[edge.source] < place[edge.target]
        assert graph.call_by_id[edge.source].outputs[edge.source_index] == edge.spec
        assert graph.call_by_id[edge.target].inputs[edge.target_index] == edge.spec
    for call in graph.calls:
        arriving = [e.target_index for e in graph.edges if e.target == call.id]
        assert arriving == list(range(len(call.inputs)))


def test_a_layer_at_two_sizes_shows_the_shapes_of_each_call(several) -> None:
    graph = read_graph(several)
    first, second = (call for call in graph.calls if call.name == "conv")
    assert first.outputs[0].shape == (None, 8, 8, 4)
    assert second.outputs[0].shape == (None, 4, 4, 4)
    assert (first.index, second.index, first.count, first.layer) == (0, 1, 2, second.layer)
    assert first.shared
    assert graph.params == several.count_params()


def test_dicts_keywords_and_several_outputs(several) -> None:
    graph = read_graph(several)
    assert {port.key: port.call for port in graph.inputs} == {
        "image": "image#0",
        "words": "words#0",
    }
    ports = {port.key: (port.call, port.index) for port in graph.outputs}
    assert ports == {"score": ("score#0", 0), "state": ("lstm#0", 1)}
    keys = {edge.key for edge in graph.edges if edge.target == "mha#0"}
    assert {"query", "value"} <= keys
    assert len(graph.call_by_id["lstm#0"].outputs) == 3


def test_a_tensor_taken_twice_gives_two_edges(several) -> None:
    edges = [edge for edge in read_graph(several).edges if edge.target == "square#0"]
    assert [(edge.source, edge.target_index) for edge in edges] == [("gap#0", 0), ("gap#0", 1)]


def test_constants_and_settings_are_short_text() -> None:
    x = keras.Input((4, 6), name="x")
    rows = keras.ops.ones((4, 6))
    outputs = [
        2 * x,
        x + 1.5,
        1 - x,
        x - 1,
        x**2,
        x[:, 0],
        x[..., 1:3],
        keras.ops.mean(x, axis=1),
        keras.ops.concatenate([x, x], axis=1),
        x + rows,
        L.MultiHeadAttention(1, 2)(x, x, use_causal_mask=True),
        L.Dropout(0.5)(x, training=True),
        L.LSTM(2)(x),
    ]
    graph = read_graph(keras.Model(x, outputs))
    texts = [graph.call_by_id[port.call].arguments for port in graph.outputs]
    assert texts == [
        ("2",),
        ("1.5",),
        ("1 - x",),
        ("x - 1",),
        ("x ** 2",),
        ("[:, 0]",),
        ("[..., 1:3]",),
        ("axis=[1]",),
        ("axis=1",),
        ("array 4 × 6 float32",),
        ("use_causal_mask=True",),
        ("training=True",),
        (),
    ]


def test_a_sequential_model_and_its_name() -> None:
    model = keras.Sequential(
        [keras.Input((4,), name="i"), L.Dense(3, name="d"), L.ReLU(name="r")], name="stack"
    )
    graph = read_graph(model)
    assert graph.name == "stack"
    assert links(graph) == [("i#0", "d#0"), ("d#0", "r#0")]
    model.add(L.Dense(2, name="e"))
    assert [c.count for c in read_graph(model).calls] == [1, 1, 1, 1]


def test_frozen_weights_wrappers_and_random_states() -> None:
    i = keras.Input((5, 4))
    frozen = L.Dense(3, name="frozen")
    x = L.TimeDistributed(frozen, name="steps")(i)
    x = L.Bidirectional(L.GRU(2), name="both")(L.Dropout(0.5, seed=1)(x))
    model = keras.Model(i, L.BatchNormalization(name="norm")(x))
    frozen.trainable = False
    graph = read_graph(model)
    assert graph.params == model.count_params()
    assert graph.trainable_params == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    (inside,) = (call for call in graph.calls if call.group == "steps#0")
    assert [(w.name, w.trainable) for w in inside.weights] == [("kernel", False), ("bias", False)]
    model.trainable = False
    assert read_graph(model).trainable_params == 0


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # TensorFlow's, under NumPy 2
def test_a_saved_model_reads_as_it_did(several, tmp_path) -> None:
    path = tmp_path / "several.keras"
    several.save(path)
    before, after = read_graph(several), read_graph(keras.models.load_model(path))
    assert Counter(links(before)) == Counter(links(after))
    assert shapes(before) == shapes(after)
    assert before.macs == after.macs
    assert before.groups == after.groups


def test_a_skeleton_reads_as_the_real_model(several) -> None:
    with skeleton():
        model = several_of_everything()
    graph = read_graph(model)
    assert graph.skeleton
    assert (graph.params, graph.macs) == (several.count_params(), read_graph(several).macs)
    materialize(model)
    assert not read_graph(model).skeleton


def test_reading_leaves_no_trace() -> None:
    i = keras.Input((None, 3))
    inner = keras.Model(i, L.Dense(2, name="dense")(i))
    j = keras.Input((7, 3))
    model = keras.Model(j, inner(j))
    layer = inner.get_layer("dense")
    before = model.to_json(), len(layer._inbound_nodes), [id(w) for w in model.weights]
    read_graph(model)
    assert before == (model.to_json(), len(layer._inbound_nodes), [id(w) for w in model.weights])


def test_a_strangers_layer_that_cannot_say_its_shape_or_config() -> None:
    class Odd(L.Layer):
        broken = False

        def call(self, x):
            if self.broken:
                raise RuntimeError
            return x

        def get_config(self):
            raise NotImplementedError

    i, j = keras.Input((None, 3)), keras.Input((7, 3))
    inner = keras.Model(i, Odd(name="odd")(i), name="inner")
    model = keras.Model(j, inner(j))
    Odd.broken = True
    odd = read_graph(model).call_by_id["inner#0/odd#0"]
    assert odd.inputs[0].shape == (None, 7, 3)
    assert odd.outputs[0].shape == (None, None, None)
    assert odd.macs is None
    assert odd.config == {}


@pytest.mark.parametrize("count", [1, 3])
def test_reading_twice_gives_the_same(count) -> None:
    models = [several_of_everything() for _ in range(count)]
    first = read_graph(models[0])
    for model in models:
        graph = read_graph(model)
        kept = [c for c in graph.calls if c.kind != "operation"]
        assert [c.id for c in kept] == [c.id for c in first.calls if c.kind != "operation"]


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="mine")
        self.dense = L.Dense(2)

    def call(self, x):
        return self.dense(x)


def called() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, 3), "float32"))
    return model


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, ["7 (int)", "keras.Model("]),
        (None, ["None (NoneType)"]),
        ([7, "x" * 500], ["..."]),
        (Subclassed, ["the class Subclassed", "make a model of it"]),
        (L.Dense(2, name="lonely"), ["the layer 'lonely' (Dense)", "keras.Input("]),
        ([keras.Input((2,)), None], ["[1]", "NoneType", "keras.Input("]),
        (several_of_everything, ["several_of_everything", "call it"]),
        (Subclassed(), ["'mine'", "Subclassed", "never called", "build("]),
        (keras.Sequential([L.Dense(2)], name="late"), ["'late'", "input shape", "build("]),
        (keras.Sequential(name="bare"), ["'bare'", "no layers"]),
        (keras.Sequential([keras.Input((2,))], name="just_in"), ["'just_in'", "no layers"]),
        (keras.Model(i := keras.Input((2,)), i, name="through"), ["'through'", "no layers"]),
    ],
    ids=lambda value: "" if isinstance(value, list) else type(value).__name__,
)
def test_what_is_no_readable_model_gets_one_sentence(value, words) -> None:
    with pytest.raises(ModelError) as caught:
        read_graph(value)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 350
    for word in words:
        assert word in message


def test_a_subclassed_model_wrapped_as_the_sentence_says() -> None:
    x = keras.Input((3,))
    inner = called()
    graph = read_graph(keras.Model(x, inner(x)))
    assert [call.type for call in graph.calls] == ["InputLayer", "Dense"]
    assert [group.id for group in graph.groups] == ["mine#0"]
    assert (graph.params, graph.macs) == (8, 6)
