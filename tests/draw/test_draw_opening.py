"""What is open before anybody has touched a picture."""

import keras
import pytest
from keras import layers as L

from keraslab.draw import Picture
from keraslab.draw._opening import FEW, MANY, first_opening
from keraslab.graph import Graph, build_skeleton, read_graph, skeleton


def seen(graph: Graph, opened: frozenset[str]) -> int:
    """How many nodes are drawn, counted one by one."""

    def hidden(group: str | None) -> bool:
        while group is not None:
            if group not in opened:
                return True
            group = graph.group_by_id[group].parent
        return False

    calls = sum(not hidden(call.group) for call in graph.calls)
    return calls + sum(g.id not in opened and not hidden(g.parent) for g in graph.groups)


def tower(blocks: int) -> Graph:
    with skeleton():
        x = y = keras.Input((4,), name="x")
        for i in range(blocks):
            z = L.Dense(4, name=f"block{i}__one")(y)
            y = L.Add(name=f"block{i}__add")([L.ReLU(name=f"block{i}__two")(z), y])
        return read_graph(keras.Model(x, y, name="tower"))


def test_small_graphs_are_open() -> None:
    graph = tower(3)
    assert first_opening(graph) == frozenset(graph.group_by_id)


def test_repeats_stay_folded_and_what_is_around_them_opens() -> None:
    graph = tower(12)
    (repeat,) = [group for group in graph.groups if group.kind == "repeat"]
    assert repeat.times == 12
    assert first_opening(graph) == frozenset()
    assert seen(graph, frozenset()) == 2
    # Opened by hand, the parts show, and then what is in them.
    assert seen(graph, frozenset({repeat.id})) == 13
    assert Picture(graph, graph.group_by_id).svg().count('class="node') == 37


@pytest.mark.parametrize("name", ["ResNet50", "VGG16", "MobileNetV2", "Xception"])
def test_published_networks_open_on_one_page(name) -> None:
    graph = read_graph(build_skeleton(getattr(keras.applications, name), weights=None).model)
    opened = first_opening(graph)
    assert all(graph.group_by_id[id_].kind != "repeat" for id_ in opened)
    assert 5 < seen(graph, opened) <= 25


def test_whole_levels_open_or_none() -> None:
    graph = read_graph(build_skeleton(keras.applications.ResNet50, weights=None).model)
    opened = first_opening(graph)
    stages = {group.id for group in graph.groups if group.parent is None}
    assert opened == stages
    assert seen(graph, opened) <= FEW


def test_a_picture_of_almost_nothing_may_open_further() -> None:
    with skeleton():
        x = y = keras.Input((4,), name="x")
        for i in range(MANY - 4):
            y = L.Dense(4 + i, activation=["relu", "tanh"][i % 3 % 2], name=f"body__{i}")(y)
        graph = read_graph(keras.Model(x, L.Dense(2, name="out")(y)))
    (body, *_) = [group for group in graph.groups if group.parent is None]
    assert body.id in first_opening(graph)
    assert FEW >= 3
