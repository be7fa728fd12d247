"""Edges that came or went between calls that both models hold."""

import keras
import pytest

import keraslab as kl
from keraslab.graph import Graph, GraphDiff, diff, read_graph
from keraslab.graph._merge import merged
from keraslab.graph._wires import edge_changes

L = keras.layers


def build(take: str) -> keras.Model:
    """A model in which `add` takes what `take` says."""
    x = keras.Input((4,), name="x")
    a = L.Dense(4, name="a")(x)
    b = L.Dense(4, activation="relu", name="b")(a)
    c = L.Dense(4, activation="tanh", name="c")(b)
    of = {"a": a, "b": b, "c": c}
    of["drop x"] = L.Dropout(0.1, name="drop")(x) if "drop x" in take else None
    of["drop a"] = L.Dropout(0.1, name="drop")(a) if "drop a" in take else None
    y = L.Add(name="add")([of[name] for name in take.split(", ")])
    return keras.Model(x, L.Dense(2, name="out")(y), name="m")


def ways(edges) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in edges]


def marked(found: GraphDiff) -> list[tuple[str, str, str]]:
    edges = found.graph.edges
    return [(edges[n].source, edges[n].target, word) for n, word in found.edge_status.items()]


def test_a_skip_that_is_gone_is_an_edge_removed() -> None:
    found = diff(build("a, b, c"), build("b, c"))
    assert found
    assert ways(found.edges_removed) == [("a#0", "add#0")]
    assert found.edges_added == ()
    assert marked(found) == [("a#0", "add#0", "removed")]
    assert "− edge removed: a#0 -> add#0" in str(found)
    assert "1 edge removed" in str(found).split("\n")[0]
    assert "edge removed: a#0 -&gt; add#0" in found._repr_html_()


def test_a_skip_that_came_is_an_edge_added() -> None:
    found = diff(build("b, c"), build("a, b, c"))
    assert marked(found) == [("a#0", "add#0", "added")]
    assert "+ edge added: a#0 -> add#0" in str(found)
    # Only what is in the second graph, so no edge is added to it.
    assert len(found.graph.edges) == len(found.b.edges)


def test_an_edge_replaced_by_a_new_call_from_elsewhere_is_told() -> None:
    found = diff(build("a, b, c"), build("drop x, b, c"))
    assert [call.name for call in found.added] == ["drop"]
    # The calls at its ends are otherwise unchanged.
    assert found.status["a#0"] == found.status["add#0"] == "same"
    assert "edge removed: a#0 -> add#0" in str(found)
    assert "edge added: a#0 -> add#0" in str(diff(build("drop x, b, c"), build("a, b, c")))


def test_a_call_put_in_between_is_said_once_and_drawn() -> None:
    found = diff(build("a, b, c"), build("drop a, b, c"))
    assert "edge" not in str(found)
    assert marked(found) == [("a#0", "add#0", "removed")]


def test_no_difference_has_no_edges() -> None:
    found = diff(build("a, b"), build("a, b"))
    assert not found
    assert (found.edges_added, found.edges_removed, found.edge_status) == ((), (), {})


def test_an_edge_twice_and_once() -> None:
    def twice(times: int) -> keras.Model:
        x = keras.Input((4,), name="x")
        return keras.Model(x, L.Add(name="add")([x] * times))

    found = diff(twice(3), twice(2))
    assert ways(found.edges_removed) == [("x#0", "add#0")]
    assert len(found.graph.edges) == 3


def test_an_edge_that_would_close_a_cycle_is_not_drawn() -> None:
    def chain(first: str) -> Graph:
        x = keras.Input((4,), name="x")
        one, two = L.Dense(4, name="one"), L.Dense(4, name="two")
        return read_graph(keras.Model(x, two(one(x)) if first == "one" else one(two(x))))

    a, b = chain("one"), chain("two")
    same = {id_: id_ for id_ in a.call_by_id}
    found = edge_changes(a, b, same)
    assert ways(found.removed) == [("x#0", "one#0"), ("one#0", "two#0")]
    graph, _ = merged(a, b, same, found.removed)
    # From x to one there is no harm in it; from one to two there is.
    assert ways(graph.edges) == [("x#0", "two#0"), ("two#0", "one#0"), ("x#0", "one#0")]
    assert sorted(call.id for call in graph.calls) == sorted(same)


@pytest.mark.parametrize("name", ["EfficientNetB0", "EfficientNetB1"])
def test_published_networks_merge_without_cycles(name: str) -> None:
    with kl.skeleton():
        a = keras.applications.EfficientNetB0(weights=None)
        b = getattr(keras.applications, name)(weights=None, input_shape=(224, 224, 3))
    found = diff(a, b)
    place = {call.id: n for n, call in enumerate(found.graph.calls)}
    assert all(place[e.source] < place[e.target] for e in found.graph.edges)
    assert bool(found) == (name != "EfficientNetB0")
    lost = [edge for edge in found.edges_removed if edge not in found._edges.bridged]
    assert lost == []  # blocks are put in between, none is wired otherwise
