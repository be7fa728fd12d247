"""Overlays, changes, shapes on edges and shared layers as one box, in still pictures."""

import itertools
import json
import re

import keras
import pytest
from keras import layers as L
from test_draw_dot import SVG, box, luminance, make_call, make_graph, parse

from keraslab.draw import Picture
from keraslab.graph import Group, Weight, read_graph, skeleton


def text_of(element) -> str:
    return " ".join("".join(text.itertext()) for text in element.iter(f"{SVG}text"))


def legend_of(root) -> str:
    (legend,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "legend"]
    return text_of(legend)


def weight(size: int, key: int, trainable: bool = True) -> Weight:
    return Weight("kernel", (size,), "float32", trainable, key)


@pytest.fixture(scope="module")
def counted():
    """A chain whose costs are round numbers."""
    calls = [
        make_call("x", "InputLayer", "input"),
        make_call("a", macs=700, weights=(weight(10, 1),)),
        make_call("b", macs=300, weights=(weight(30, 2, trainable=False),)),
        make_call("c", "Mystery", macs=None, weights=(weight(60, 3), weight(100, 4, False))),
    ]
    return make_graph(calls, [("x", "a", 0), ("a", "b", 0), ("b", "c", 0)])


def test_a_value_stands_in_every_box_and_the_total_in_the_legend(counted):
    root, things = parse(Picture(counted, overlay="macs").svg())
    nodes = things["node"]
    assert "700 MACs · 70 %" in text_of(nodes["a"])
    assert "300 MACs · 30 %" in text_of(nodes["b"])
    assert "0 MACs" in text_of(nodes["x"])
    assert "unknown" in text_of(nodes["c"])
    assert "at least 1 k in all, unknown of 1 call" in legend_of(root)
    hatched = {id_ for id_, n in nodes.items() if any(p.get("class") == "hatch" for p in n)}
    assert hatched == {"c"}


def test_more_is_darker_for_any_kind_of_colour_vision(counted):
    _, things = parse(Picture(counted, overlay="params").svg())
    boxes = [things["node"][id_] for id_ in ("x", "a", "b", "c")]
    shades = [luminance(node.find(f"{SVG}path").get("fill")) for node in boxes]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 4


@pytest.mark.parametrize(
    "overlay", ["params", "macs", "memory", "receptive_field", "dtype", "trainable"]
)
def test_every_overlay_can_be_read(counted, overlay):
    root, things = parse(Picture(counted, overlay=overlay).svg())
    assert legend_of(root)
    for node in things["node"].values():
        fill = node.find(f"{SVG}path").get("fill")
        inks = {root.get("fill")} | {t.get("fill") for t in node.iter(f"{SVG}tspan")} - {None}
        for ink in inks:
            high, low = sorted((luminance(fill), luminance(ink)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (overlay, fill, ink)


def test_trainable_or_frozen(counted):
    root, things = parse(Picture(counted, overlay="trainable").svg())
    found = {id_: text_of(node) for id_, node in things["node"].items()}
    assert "no weights" in found["x"]
    assert "trainable" in found["a"]
    assert "frozen" in found["b"]
    assert "partly frozen" in found["c"]
    assert "70 of 200 parameters are trained" in legend_of(root)


def test_a_folded_group_shows_its_sum_with_shared_weights_once():
    with skeleton():
        x = keras.Input((8,), name="x")
        dense = L.Dense(8, name="part__dense")
        y = L.Dense(8, name="part__other")(dense(dense(x)))
        graph = read_graph(keras.Model(x, L.Dense(2, name="last")(y)))
    (group,) = graph.groups
    _, things = parse(Picture(graph, [], overlay="macs").svg())
    assert "192 MACs · 92 %" in text_of(things["node"][group.id])
    _, things = parse(Picture(graph, [], overlay="params").svg())
    assert "144 params · 89 %" in text_of(things["node"][group.id])


def test_an_unknown_overlay_or_status_is_refused(counted):
    with pytest.raises(ValueError, match=r"'trainable', or None\. Received: 'flops'"):
        Picture(counted, overlay="flops")
    with pytest.raises(ValueError, match="Received: 'new'"):
        Picture(counted, status={"a": "new"})


def test_changes_have_a_sign_a_word_and_a_colour(counted):
    status = {"a": "added", "b": "removed", "c": "changed"}
    root, things = parse(Picture(counted, status=status).svg())
    for id_, sign in {"a": "+ ", "b": "− ", "c": "~ "}.items():
        node = things["node"][id_]
        assert text_of(node).startswith(sign)
        assert f"status-{status[id_]}" in node.get("class").split()
        assert node.find(f"{SVG}title").text.endswith(status[id_])
    assert "status-same" in things["node"]["x"].get("class")
    assert things["node"]["b"].find(f"{SVG}path").get("stroke-dasharray")
    dashed = {
        (e.get("data-source"), e.get("data-target"))
        for e in root.iter(f"{SVG}g")
        if "edge" in e.get("class", "") and e.find(f"{SVG}path").get("stroke-dasharray")
    }
    assert dashed == {("a", "b"), ("b", "c")}
    assert "+ 1 added" in legend_of(root)


def test_a_closed_group_counts_its_changes():
    with skeleton():
        x = keras.Input((4,), name="x")
        y = L.Dense(4, name="b__one")(x)
        y = L.Dense(4, name="b__two")(L.ReLU(name="b__act")(y))
        graph = read_graph(keras.Model(x, y))
    (group,) = graph.groups
    status = {"b__one#0": "added", "b__act#0": "removed", "b__two#0": "added"}
    _, things = parse(Picture(graph, [], status=status).svg())
    assert "+2 −1" in text_of(things["node"][group.id])
    _, things = parse(Picture(graph, [group.id], status=status).svg())
    assert "+2 −1" in text_of(things["cluster"][group.id])


@pytest.fixture(scope="module")
def twin():
    with skeleton():
        pixels = keras.Input((4,), name="pixels")
        inner = L.Dense(2, name="embed")(L.Dense(3, name="hidden")(pixels))
        encoder = keras.Model(pixels, inner, name="encoder")
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        return read_graph(keras.Model([a, b], L.Subtract(name="minus")([encoder(a), encoder(b)])))


@pytest.mark.parametrize("opened", [[], ["encoder#0", "encoder#1"]])
def test_a_twin_is_drawn_once_with_an_edge_for_each_call(twin, opened):
    root, things = parse(Picture(twin, opened, shared_once=True).svg())
    shared = {id_ for id_ in things["node"] if "encoder" in id_}
    assert shared == ({"encoder#0/hidden#0", "encoder#0/embed#0"} if opened else {"encoder#0"})
    assert len(things["cluster"]) == (1 if opened else 0)
    into = [pair for pair in things["edge"] if pair[0] in ("a#0", "b#0")]
    out = [pair for pair in things["edge"] if pair[1] == "minus#0"]
    assert (len(into), len(out)) == (2, 2)
    labels = sorted(
        text_of(e) for e in root.iter(f"{SVG}g") if "edge" in e.get("class", "") and text_of(e)
    )
    assert [t for t in labels if t.startswith("call")] == ["call 1", "call 1", "call 2", "call 2"]
    everything = set(things["node"])
    for node in root.iter(f"{SVG}g"):
        everything |= set(json.loads(node.get("data-also", "[]")))
    if opened:
        assert everything == {call.id for call in twin.calls}


def test_what_would_be_a_cycle_stays_apart_and_is_said():
    with skeleton():
        x = keras.Input((4,), name="x")
        again = L.Dense(4, name="again")
        apart = L.Dense(4, name="apart")
        y = again(L.ReLU(name="relu")(again(x)))
        graph = read_graph(keras.Model(x, L.Add(name="add")([apart(y), apart(x)])))
    root, things = parse(Picture(graph, graph.group_by_id, shared_once=True).svg())
    assert {"again#0", "again#1", "apart#0"} <= set(things["node"]) | {"apart#0"}
    assert sum(id_.startswith("apart") for id_ in things["node"]) == 1
    assert "1 shared layer stays several boxes: as one they would make a cycle" in legend_of(root)


def test_shapes_on_the_edges(twin):
    root, _ = parse(Picture(twin, twin.group_by_id, shapes=True).svg())
    edges = [g for g in root.iter(f"{SVG}g") if "edge" in g.get("class", "")]
    assert sorted(text_of(edge) for edge in edges) == sorted(edge.spec.text for edge in twin.edges)


def test_an_edge_says_which_tensor_of_several_and_under_which_key():
    with skeleton():
        x = keras.Input((3, 2), name="x")
        _, state = L.GRU(2, return_sequences=True, return_state=True, name="gru")(x)
        attend = L.MultiHeadAttention(1, 2, name="attend")
        graph = read_graph(keras.Model(x, [L.Dense(1, name="d")(state), attend(x, value=x)]))
    root, _ = parse(Picture(graph).svg())
    texts = {
        (e.get("data-source"), e.get("data-target"), text_of(e))
        for e in root.iter(f"{SVG}g")
        if "edge" in e.get("class", "")
    }
    assert ("gru#0", "d#0", "[1]") in texts
    assert ("x#0", "attend#0", "value") in texts


def test_a_repeat_is_a_stack_that_says_how_often():
    names = [f"dense{number}" for number in range(7)]
    calls = [
        make_call("x", "InputLayer", "input"),
        *(make_call(name, group="repeat") for name in names),
    ]
    edges = [(a, b, 0) for a, b in itertools.pairwise(["x", *names])]
    group = Group("repeat", "dense", "repeat", None, tuple(names), (), 0, 1, times=7)
    graph = make_graph(calls, edges, [group])
    _, things = parse(Picture(graph, []).svg())
    node = things["node"]["repeat"]
    assert "dense ×7" in text_of(node)
    assert "7 alike parts, 7 calls" in text_of(node)
    assert sum(shape.get("class") == "behind" for shape in node) == 2
    _, things = parse(Picture(graph, ["repeat"]).svg())
    assert "dense ×7" in text_of(things["cluster"]["repeat"])


def test_the_legend_is_under_the_drawing_and_inside_the_picture(counted):
    for overlay in ("memory", "dtype"):
        root, things = parse(Picture(counted, overlay=overlay).svg())
        left, top, width, height = map(float, root.get("viewBox").split())
        (legend,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "legend"]
        shift = float(re.search(r"translate\([\d.-]+ ([\d.-]+)\)", root_transform(root))[1])
        lowest = max(box(node)[3] for node in things["node"].values()) + shift
        for text in legend.iter(f"{SVG}text"):
            assert left <= float(text.get("x")) < left + width
            assert lowest < float(text.get("y")) < top + height


def root_transform(root) -> str:
    (graph,) = [g for g in root.iter(f"{SVG}g") if g.get("id") == "graph0"]
    return graph.get("transform")


def overlap(one, two) -> bool:
    a, b = box(one), box(two)
    return not (a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1])


def application(name):
    with skeleton():
        return getattr(keras.applications, name)(weights=None)


def built(name, **settings):
    from keraslab import zoo

    with skeleton():
        return getattr(zoo, name)(**settings)


EIGHT = {
    "resnet50": lambda: application("ResNet50"),
    "mobilenet": lambda: application("MobileNetV2"),
    "nasnet": lambda: application("NASNetMobile"),
    "twin": lambda: built("siamese"),
    "unet": lambda: built("unet"),
    "gpt": lambda: built("gpt", depth=3, width=96, heads=3),
    "two-inputs": lambda: built("image_and_table"),
    "inception": lambda: built("inception_v1"),
}


@pytest.mark.parametrize("name", EIGHT)
def test_every_call_and_edge_is_drawn_and_no_boxes_overlap(name):
    graph = read_graph(EIGHT[name]())
    looks = [{}, {"overlay": "macs"}, {"shapes": True}]
    for opened, look in zip([graph.group_by_id, None, None], looks, strict=True):
        picture = Picture(graph, opened, **look)
        _, things = parse(picture.svg())
        if opened is not None:
            assert set(things["node"]) == set(graph.call_by_id)
            wanted = sorted((edge.source, edge.target) for edge in graph.edges)
            assert sorted(things["edge"]) == wanted
        else:
            shown = set(things["node"]) | set(things["cluster"])
            assert shown <= {*graph.call_by_id, *graph.group_by_id}
        nodes = sorted(things["node"].values(), key=lambda node: box(node)[1])
        for n, one in enumerate(nodes):
            for two in nodes[n + 1 :]:
                if box(two)[1] >= box(one)[3]:
                    break
                assert not overlap(one, two), (one.get("data-id"), two.get("data-id"))
