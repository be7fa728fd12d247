"""The awkward models: what holds for every graph, and what is special about each."""

import itertools
from collections import Counter

import awkward
import keras
import numpy as np
import pytest
from keras_config import edges_of_config

from keraslab.graph import Graph, read_graph
from keraslab.graph import keras_internals as internals

L = keras.layers
ALL = {**awkward.PLAIN, **awkward.OWN}


@pytest.fixture(autouse=True)
def _names():
    with internals.fresh_names():
        yield


@pytest.fixture(scope="module", params=list(ALL))
def model(request) -> keras.Model:
    return ALL[request.param]()


def parts(model: keras.Model) -> list:
    operations = internals.functional_of(model).operations
    return list({id(op): op for op in [*model._flatten_layers(), *operations]}.values())


def links(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in graph.edges]


def test_what_holds_for_every_graph(model) -> None:
    graph = read_graph(model)
    place = {call.id: number for number, call in enumerate(graph.calls)}
    assert len(place) == len(graph.calls)
    for edge in graph.edges:
        assert place[edge.source] < place[edge.target]
        target = graph.call_by_id[edge.target]
        assert target.inputs[edge.target_index] == edge.spec
        source = graph.call_by_id[edge.source]
        assert 0 <= edge.source_index < len(source.outputs)
        if target.rows == source.rows:
            assert source.outputs[edge.source_index] == edge.spec
    for call in graph.calls:
        arriving = sorted(e.target_index for e in graph.edges if e.target == call.id)
        assert arriving == list(range(len(call.inputs)))
    assert graph.params == model.count_params()
    assert graph.trainable_params == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert [port.spec.shape for port in graph.inputs] == [t.shape for t in model.inputs]
    assert [port.spec.shape for port in graph.outputs] == [t.shape for t in model.outputs]
    held = Counter(call for group in graph.groups for call in group.calls)
    assert set(held.values()) <= {1}


def test_edges_outside_groups_are_those_of_keras_own_config(model) -> None:
    graph = read_graph(model)
    opened = {group.id.split("/")[0] for group in graph.groups if group.kind == "model"}
    if isinstance(model, keras.Sequential):
        return

    def outer(call: str) -> str:
        return call.split("/")[0] if call.split("/")[0] in opened else call

    found = Counter((outer(e.source), outer(e.target)) for e in graph.edges)
    for (source, _, target), times in edges_of_config(model.get_config()).items():
        if target not in opened:
            assert found[source, target] >= times


def test_reading_leaves_every_layer_as_it_was(model) -> None:
    def state() -> list:
        return [
            (
                {k: list(v) if isinstance(v, (list, dict, set)) else v for k, v in s.items()},
                len(layer._inbound_nodes),
            )
            for layer in parts(model)
            for s in [dict(vars(layer))]
        ]

    before = state()
    name = keras.backend.get_uid("probe")
    first = read_graph(model)
    for (old, nodes), (new, nodes_now) in zip(before, state(), strict=True):
        assert nodes == nodes_now
        assert old.keys() == new.keys()
        for key, value in old.items():
            if isinstance(value, list):
                assert [id(v) for v in value] == [id(v) for v in new[key]], key
            else:
                assert value is new[key], key
    assert keras.backend.get_uid("probe") == name + 1
    assert awkward.plain(read_graph(model)) == awkward.plain(first)


def test_two_edges_where_a_tensor_is_taken_twice() -> None:
    graph = read_graph(awkward.same_tensor_twice())
    assert links(graph).count(("x#0", "square#0")) == 2
    assert links(graph).count(("x#0", "multiply#0")) == 2


def test_the_shape_of_each_call_of_a_shared_layer() -> None:
    graph = read_graph(awkward.shared_at_two_sizes())
    found = [c.outputs[0].shape for c in graph.calls if c.name == "conv"]
    assert found == [(None, 8, 8, 4), (None, 4, 4, 4)]
    assert graph.macs == (64 + 16) * 4 * 27


def test_masks_go_along_with_their_tensors() -> None:
    model = awkward.masks_everywhere()
    graph = read_graph(model)
    masked = {c.name: c.outputs[0].masked for c in graph.calls if c.kind == "layer"}
    kept = {
        layer.name: getattr(layer.output, "_keras_mask", None) is not None
        for layer in model.layers
        if not isinstance(layer, L.InputLayer)
    }
    assert masked == kept
    assert masked["embed"]
    assert not masked["gru"]
    assert not graph.call_by_id["words#0"].outputs[0].masked


def test_an_unused_input_and_inputs_that_are_outputs() -> None:
    graph = read_graph(awkward.unused_input())
    assert [port.call for port in graph.inputs] == ["x#0", "unused#0"]
    assert links(graph) == [("x#0", "dense#0")]
    graph = read_graph(awkward.input_as_output())
    assert [port.call for port in graph.outputs] == ["x#0", "dense#0", "y#0"]


def test_several_outputs_are_told_apart() -> None:
    graph = read_graph(awkward.several_outputs())
    taken = {(e.source, e.source_index, e.target) for e in graph.edges}
    assert {("lstm#0", n, "second#0") for n in range(3)} <= taken
    assert [(p.call, p.index) for p in graph.outputs][:2] == [("split#0", 2), ("split#0", 0)]


def test_lists_in_lists_reach_the_right_inputs() -> None:
    graph = read_graph(awkward.lists_in_lists())
    add = next(c.id for c in graph.calls if c.type == "Add")
    assert links(graph) == [
        ("x#0", add),
        ("x#0", add),
        (add, "cat#0"),
        ("y#0", "cat#0"),
        (add, "cat#0"),
    ]


def test_models_nested_many_deep() -> None:
    x = keras.Input((2,), name="x")
    model = keras.Model(x, L.Dense(2, name="dense")(x), name="m0")
    for depth in range(1, 25):
        i = keras.Input((2,), name="i")
        model = keras.Model(i, model(i), name=f"m{depth}")
    graph = read_graph(model)
    assert graph.calls[-1].id.count("/") == 24
    assert len(graph.groups) == 24
    assert graph.params == 6


def test_markup_stays_text() -> None:
    graph = read_graph(awkward.names_that_are_markup())
    assert graph.name == "<b>bold"
    assert graph.calls[0].id == "<script>alert(1)#0"
    assert links(graph) == list(itertools.pairwise(call.id for call in graph.calls))
