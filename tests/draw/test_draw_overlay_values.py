"""What each overlay writes in a box, and that its legend says the unit and the total."""

import keras
import pytest
from keras import layers as L
from test_draw_dot import SVG, parse
from test_draw_overlays import legend_of

from keraslab.draw import Picture
from keraslab.graph import Graph, read_graph, skeleton


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Costs that can be worked out by hand: 8 x 8 x 1, then 6 x 6 x 4, then 144, then 10."""
    with skeleton():
        x = keras.Input((8, 8, 1), name="x")
        y = L.Conv2D(4, 3, name="conv")(x)
        y = L.Flatten(name="flat")(y)
        y = L.Dense(10, name="out", dtype="float16", trainable=False)(y)
        return read_graph(keras.Model(x, y, name="small"))


# Parameters: 9 x 4 + 4 = 40, and 144 x 10 + 10 = 1450.
# MACs: 36 x 4 x 9 = 1296, and 1440. Bytes of the outputs: 256, 576, 576, 20.
@pytest.mark.parametrize(
    ("overlay", "boxes", "title", "says"),
    [
        (
            "params",
            {"conv": "40 params · 2.7 %", "out": "1,450 params · 97 %", "flat": "0 params"},
            "Parameters",
            ["1,490 in all"],
        ),
        (
            "macs",
            {"conv": "1.3 k MACs · 47 %", "out": "1.44 k MACs · 53 %", "x": "0 MACs"},
            "MACs",
            ["multiply-accumulates for one sample", "2.74 k in all"],
        ),
        (
            "memory",
            {"x": "256 B · 18 %", "conv": "576 B · 40 %", "out": "20 B · 1.4 %"},
            "Activation memory",
            ["outputs for one sample", "1.43 kB in all", "training keeps", "at its peak"],
        ),
        (
            "receptive_field",
            {"x": "sees 1 × 1", "conv": "sees 3 × 3", "out": "sees all"},
            "Receptive field",
            ["pixels or steps of the input", "up to 8 × 8"],
        ),
        (
            "dtype",
            {"x": "float32", "conv": "float32", "out": "float16"},
            "Dtype",
            ["of the outputs", "float32", "float16"],
        ),
        (
            "trainable",
            {"x": "no weights", "conv": "trainable", "out": "frozen"},
            "Trainable or frozen",
            ["40 of 1,490 parameters are trained"],
        ),
    ],
)
def test_values_unit_and_total(graph: Graph, overlay, boxes, title, says) -> None:
    root, things = parse(Picture(graph, overlay=overlay).svg())
    for name, text in boxes.items():
        lines = [
            "".join(t.itertext()).strip() for t in things["node"][f"{name}#0"].iter(f"{SVG}text")
        ]
        assert text in lines, (name, lines)
    legend = legend_of(root)
    assert legend.startswith(title)
    for each in says:
        assert each in legend
    fills = {things["node"][f"{name}#0"].find(f"{SVG}path").get("fill") for name in boxes}
    assert len(fills) > 1


def test_shared_layers_are_told_apart_by_colour_and_from_what_is_not_shared() -> None:
    with skeleton():
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        one, two = L.Dense(3, name="one"), L.Dense(3, name="two")
        alone = L.Dense(2, name="alone")
        merged = L.Concatenate(name="all")([one(a), one(b), two(a), two(b)])
        graph = read_graph(keras.Model([a, b], alone(merged)))
    _, things = parse(Picture(graph).svg())
    borders = {id_: node.find(f"{SVG}path").get("stroke") for id_, node in things["node"].items()}
    assert borders["one#0"] == borders["one#1"]
    assert borders["two#0"] == borders["two#1"]
    assert len({borders["one#0"], borders["two#0"], borders["alone#0"]}) == 3
