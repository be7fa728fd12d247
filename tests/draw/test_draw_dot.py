"""The DOT and the SVG of graphs, whatever is open and whatever things are called."""

import itertools
import re
import xml.etree.ElementTree as ET

import keras
import pydot
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers as L

from keraslab.draw import Picture
from keraslab.graph import Call, Edge, Graph, Group, Port, TensorSpec, read_graph, skeleton

SVG = "{http://www.w3.org/2000/svg}"
SPEC = TensorSpec((None, 8), "float32")


def make_call(id_, type_="Dense", kind="layer", group=None, **more):
    name = id_.split("#")[0]
    fields = {
        "id": id_,
        "name": name,
        "type": type_,
        "kind": kind,
        "layer": name,
        "index": 0,
        "count": 1,
        "inputs": (SPEC,),
        "outputs": (SPEC,),
        "arguments": (),
        "weights": (),
        "macs": 0,
        "group": group,
        "operation": None,
    }
    return Call(**(fields | more))


def make_graph(calls, edges, groups=(), name="hand"):
    return Graph(
        name,
        tuple(calls),
        tuple(Edge(a, 0, b, i, SPEC) for a, b, i in edges),
        tuple(groups),
        (Port(None, calls[0].id, 0, SPEC),),
        (Port(None, calls[-1].id, 0, SPEC),),
    )


@pytest.fixture(scope="module")
def nested():
    """Two blocks, one of them inside another, beside a plain way."""
    calls = [
        make_call("x", "InputLayer", "input"),
        make_call("a1", "Conv2D", group="inner"),
        make_call("a2", "ReLU", group="inner"),
        make_call("b", "Dense", group="outer"),
        make_call("c", "LSTM", group="other"),
        make_call("sum", "Add"),
    ]
    edges = [
        ("x", "a1", 0),
        ("a1", "a2", 0),
        ("a2", "b", 0),
        ("x", "c", 0),
        ("b", "sum", 0),
        ("c", "sum", 1),
        ("x", "sum", 2),
    ]
    groups = [
        Group("outer", "outer", "block", None, ("b",), ("inner",), 0, 1),
        Group("inner", "inner", "block", "outer", ("a1", "a2"), (), 0, 1),
        Group("other", "other", "model", None, ("c",), (), 0, 1),
    ]
    return make_graph(calls, edges, groups)


def parse(svg):
    root = ET.fromstring(svg)
    things = {"node": {}, "cluster": {}, "edge": []}
    for element in root.iter(f"{SVG}g"):
        classes = element.get("class", "").split()
        if "edge" in classes:
            things["edge"].append((element.get("data-source"), element.get("data-target")))
        for kind in ("node", "cluster"):
            if kind in classes:
                assert element.get("data-id") not in things[kind], "drawn twice"
                things[kind][element.get("data-id")] = element
    return root, things


def box(element):
    """The outline of a node or cluster: left, top, right, bottom."""
    points = []
    for shape in element:
        if shape.tag in (f"{SVG}path", f"{SVG}polygon"):
            text = shape.get("d") or shape.get("points")
            points += [tuple(map(float, p)) for p in re.findall(r"(-?[\d.]+),(-?[\d.]+)", text)]
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def expected(graph, opened):
    """What a picture must show, worked out with no code of the engine."""

    def stand_in(call):
        path = []
        at = call.group
        while at is not None:
            path.append(at)
            at = graph.group_by_id[at].parent
        closed = [group for group in path if group not in opened]
        return closed[-1] if closed else call.id

    by_call = {call.id: stand_in(call) for call in graph.calls}
    edges = []
    for edge in graph.edges:
        pair = (by_call[edge.source], by_call[edge.target])
        folded = pair[0] in graph.group_by_id or pair[1] in graph.group_by_id
        if pair[0] != pair[1] and not (folded and pair in edges):
            edges.append(pair)
    clusters = {
        group for group in opened if all(parent in opened for parent in parents(graph, group))
    }
    return set(by_call.values()), clusters, sorted(edges)


def parents(graph, group):
    at = graph.group_by_id[group].parent
    while at is not None:
        yield at
        at = graph.group_by_id[at].parent


def subsets(items):
    return itertools.chain.from_iterable(
        itertools.combinations(items, n) for n in range(len(items) + 1)
    )


def test_every_fold_state_shows_each_visible_thing_once(nested):
    for opened in subsets(nested.group_by_id):
        _, things = parse(Picture(nested, opened).svg())
        nodes, clusters, edges = expected(nested, set(opened))
        assert set(things["node"]) == nodes
        assert set(things["cluster"]) == clusters
        assert sorted(things["edge"]) == edges


def test_boxes_never_overlap_and_clusters_hold_their_members(nested):
    for opened in subsets(nested.group_by_id):
        _, things = parse(Picture(nested, opened).svg())
        for one, two in itertools.combinations(things["node"].values(), 2):
            a, b = box(one), box(two)
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        for group, cluster in things["cluster"].items():
            outer = box(cluster)
            inside = [
                call.id
                for call in nested.calls
                if call.id in things["node"]
                and (call.group == group or group in parents_of_call(nested, call))
            ]
            for id_, node in things["node"].items():
                inner = box(node)
                held = (
                    outer[0] <= inner[0]
                    and outer[1] <= inner[1]
                    and inner[2] <= outer[2]
                    and inner[3] <= outer[3]
                )
                if id_ in nested.call_by_id:
                    assert held == (id_ in inside), (opened, group, id_)


def parents_of_call(graph, call):
    return list(parents(graph, call.group)) if call.group else []


def test_folded_pictures_have_no_cycle(nested):
    for opened in subsets(nested.group_by_id):
        _, things = parse(Picture(nested, opened).svg())
        left = set(things["node"])
        edges = things["edge"]
        while left:
            free = {n for n in left if not any(b == n and a in left for a, b in edges)}
            assert free, f"a cycle with {opened} open"
            left -= free


def test_parallel_edges_of_one_call_are_kept():
    x = keras.Input((4,), name="x")
    with_square = keras.Model(x, L.Multiply(name="square")([x, x]))
    _, things = parse(Picture(read_graph(with_square)).svg())
    assert len(things["edge"]) == 2


def test_shared_calls_say_which_call_they_are_and_share_a_border():
    with skeleton():
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        dense = L.Dense(3, name="shared_layer")
        graph = read_graph(keras.Model([a, b], L.Add(name="add")([dense(a), dense(b)])))
    root, things = parse(Picture(graph).svg())
    calls = [call for call in graph.calls if call.layer == "shared_layer"]
    shown = [things["node"][call.id] for call in calls]
    texts = ["".join(node.itertext()) for node in shown]
    assert "shared · call 1 of 2" in texts[0]
    assert "shared · call 2 of 2" in texts[1]
    borders = {node.find(f"{SVG}path").get("stroke") for node in shown}
    assert len(borders) == 1
    assert root.get("role") == "img"
    assert "4 nodes" not in root.get("aria-label")
    assert "nodes" in root.get("aria-label")


def test_titles_say_type_name_and_shape(nested):
    _, things = parse(Picture(nested, nested.group_by_id).svg())
    assert things["node"]["a1"].find(f"{SVG}title").text.startswith("Conv2D a1, ? × 8")
    assert "family-conv" in things["node"]["a1"].get("class")
    assert "output" in things["node"]["sum"].get("class").split()
    assert "output" in "".join(things["node"]["sum"].itertext())


HOSTILE = [
    "<script>alert(1)</script>",
    '"quoted" & \\N \\l "]; b [label=x]',
    "line\nbreak\ttab\r",
    "nul\x00bell\x07\x1b[31m",
    "&lt;already&amp;escaped&#60;",
    "\ud800 lone surrogate",
    "\u202egnp.exe",
    "שלום עולם",
    "👩‍👩‍👧‍👦 family 日本語",
    "]]>--></svg><!--",
    "n" * 100_000,
    "\\",
    "",
    "__proto__",
    "constructor",
    "' onload='alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(text):
    check_hostile(text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_any_name_stays_text(text):
    check_hostile(text)


def check_hostile(text):
    calls = [
        make_call("in", "InputLayer", "input"),
        make_call(f"x{text}", text, name=text, group=f"g{text}", arguments=(text,)),
        make_call(f"y{text}", text, "operation", name=text, arguments=(text,)),
    ]
    groups = [Group(f"g{text}", text, "block", None, (calls[1].id,), (), 0, 2)]
    edges = [("in", calls[1].id, 0), (calls[1].id, calls[2].id, 0)]
    graph = make_graph(calls, edges, groups, name=text)
    for opened in ([], [groups[0].id]):
        picture = Picture(graph, opened)
        root, things = parse(picture.svg())
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert tags <= {"svg", "g", "title", "path", "polygon", "ellipse", "text", "tspan"}
        allowed = {"id", "class", "style", "role", "aria-label", "transform", "xmlns"}
        for element in root.iter():
            assert not any(a.lower().startswith("on") for a in element.attrib if a not in allowed)
        assert len(things["node"]) == 3
        assert len(things["edge"]) == 2
        for element in root.iter(f"{SVG}text"):
            assert len("".join(element.itertext())) < 130


def test_ids_of_a_graph_come_back_whole():
    id_ = "odd \"id\" <&> 'x' é 日本\n\t  two"
    calls = [make_call("in", "InputLayer", "input"), make_call(id_)]
    _, things = parse(Picture(make_graph(calls, [("in", id_, 0)])).svg())
    assert set(things["node"]) == {"in", id_}


# pydot's reader uses names that its own dependency has renamed.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_dot_text_is_dot(nested):
    for opened in subsets(nested.group_by_id):
        (graph,) = pydot.graph_from_dot_data(Picture(nested, opened).dot())
        assert "ortho" not in graph.to_string()
        assert len(graph.get_subgraphs()) == len(expected(nested, set(opened))[1] - {"inner"})


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_enough_contrast_on_every_family():
    types = ["Conv2D", "Dense", "LSTM", "MultiHeadAttention", "BatchNormalization", "ReLU", "Add"]
    types += ["MaxPooling2D", "Reshape", "MyOwnLayer"]
    calls = [make_call("in", "InputLayer", "input"), *(make_call(t, t, name="n") for t in types)]
    calls.append(make_call("op", "Sin", "operation", arguments=("1.0",)))
    root, things = parse(Picture(make_graph(calls, [])).svg())
    fills = {node.find(f"{SVG}path").get("fill") for node in things["node"].values()}
    assert len(fills) >= 9
    inks = {root.get("fill")} | {t.get("fill") for t in root.iter(f"{SVG}tspan")} - {None}
    for fill, ink in itertools.product(fills, inks):
        high, low = sorted((luminance(fill), luminance(ink)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (fill, ink)


def test_no_text_leaves_its_box_in_a_browser(offline_page, nested):
    calls = [make_call("in", "InputLayer", "input")]
    for number, name in enumerate(
        ["W" * 40, "iiii", "BatchNormalization", "日本語" * 8, "ßéÜ" * 9]
    ):
        shape = TensorSpec((None, 1024, 1024, 2048), "float32")
        calls.append(
            make_call(f"c{number}", "Conv2DTranspose", name=name, outputs=(shape,), count=12)
        )
    calls.append(make_call("op", "GetItem", "operation", arguments=(":, 1:, ::2, WWWW",)))
    pictures = [Picture(make_graph(calls, [])), Picture(nested), Picture(nested, [])]
    offline_page.set_content("".join(picture.svg() for picture in pictures))
    outside = offline_page.evaluate(
        """() => [...document.querySelectorAll("g.node text, g.cluster text")].filter((text) => {
          const box = text.parentNode.querySelector("path, polygon").getBBox();
          const at = text.getBBox();
          return at.x < box.x + 2 || at.x + at.width > box.x + box.width - 2;
        }).map((text) => text.textContent)"""
    )
    assert outside == []
    assert offline_page.errors == []
