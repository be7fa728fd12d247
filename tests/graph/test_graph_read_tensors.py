"""The graph so far: read from symbolic tensors, with no model around them."""

import awkward
import keras
import pytest

from keraslab.graph import ModelError, read_graph, skeleton, summary
from keraslab.graph import keras_internals as internals

L = keras.layers


@pytest.fixture(autouse=True)
def _names():
    with internals.fresh_names():
        yield


@pytest.mark.parametrize(
    "name", [n for n in awkward.PLAIN if n not in ("unused_input", "input_as_output")]
)
def test_the_tensors_of_a_model_read_as_the_model(name) -> None:
    model = awkward.PLAIN[name]()
    functional = internals.functional_of(model)
    graph = awkward.plain(read_graph(functional._outputs_struct))
    whole = awkward.plain(read_graph(model))
    assert {c.id: c for c in graph.calls} == {c.id: c for c in whole.calls}
    assert set(graph.edges) == set(whole.edges)
    assert graph.outputs == whole.outputs
    assert {port.call for port in graph.inputs} == {port.call for port in whole.inputs}


def test_one_tensor_several_and_a_dict() -> None:
    x = keras.Input((4,), name="x")
    dense = L.Dense(2, name="dense")
    y = dense(x)
    z = y * 2
    nodes = len(dense._inbound_nodes), len(dense._outbound_nodes)
    assert [c.id for c in read_graph(y).calls] == ["x#0", "dense#0"]
    assert [p.call for p in read_graph((y, z)).outputs] == ["dense#0", "multiply#0"]
    graph = read_graph({"y": y, "both": [z, x]})
    assert [(p.key, p.call) for p in graph.outputs] == [
        ("both", "multiply#0"),
        ("both", "x#0"),
        ("y", "dense#0"),
    ]
    assert [p.call for p in graph.inputs] == ["x#0"]
    assert (graph.name, graph.params, graph.skeleton) == ("graph so far", 10, False)
    assert nodes == (len(dense._inbound_nodes), len(dense._outbound_nodes))
    assert "graph so far" in str(summary(z))


def test_an_input_alone_and_a_tensor_from_nowhere() -> None:
    assert [c.kind for c in read_graph(keras.Input((4,), name="x")).calls] == ["input"]
    bare = keras.KerasTensor((None, 4), name="a/b")
    assert not hasattr(bare, "_keras_history")
    graph = read_graph(L.Add(name="add")([bare, bare]))
    assert [c.id for c in graph.calls] == ["a_b#0", "add#0"]
    assert len(graph.edges) == 2


def test_several_inputs_that_meet_nowhere_and_equal_names() -> None:
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    graph = read_graph([L.Dense(1, name="d")(a), L.Dense(1, name="d")(b)])
    assert [c.id for c in graph.calls] == ["a#0", "b#0", "d#0", "d#1"]
    assert [c.count for c in graph.calls] == [1, 1, 1, 1]
    assert graph.params == 3 + 4


def test_in_a_skeleton_and_after() -> None:
    with skeleton():
        y = L.Dense(2, name="dense")(keras.Input((4,), name="x"))
        inside = read_graph(y)
    assert inside.skeleton
    assert awkward.plain(inside) == awkward.plain(read_graph(y))


def test_something_else_among_the_tensors() -> None:
    with pytest.raises(ModelError, match=r"at \['b'\]\[1\] stands a int"):
        read_graph({"a": keras.Input((2,)), "b": [keras.Input((2,)), 7]})
