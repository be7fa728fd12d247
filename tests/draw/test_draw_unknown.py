"""What nobody knows is said to be unknown in every form of the picture, and is never 0."""

import keras
import pytest
from keras import layers as L

from keraslab.draw import Picture
from keraslab.draw._cards import cards, totals
from keraslab.draw._json import graph_json
from keraslab.graph import read_graph


@pytest.fixture(scope="module")
def graph():
    """A config with a layer that nobody here can make."""
    x = keras.Input((8,), name="x")
    y = L.Dense(4, name="before")(x)
    y = L.Dense(4, name="strange")(y)
    config = keras.Model(x, L.Dense(2, name="after")(y), name="from_afar").get_config()
    strange = next(layer for layer in config["layers"] if layer["name"] == "strange")
    strange |= {"module": "nowhere", "class_name": "Nobody", "registered_name": "nowhere>Nobody"}
    return read_graph({"class_name": "Functional", "config": config})


def test_the_graph_knows_that_it_does_not_know(graph):
    assert graph.unknown_params == ("strange#0",)


def test_cards_and_totals(graph):
    data = graph_json(graph)
    assert totals(data).startswith("at least 46 parameters · at least 40 MACs")
    rows = dict(cards(data)["strange#0"]["rows"])
    assert rows["Parameters"] == "unknown"
    assert "Parameters" not in dict(cards(data)["x#0"]["rows"])


def test_the_picture_and_its_overlays(graph):
    assert "params unknown" in Picture(graph).svg()
    svg = Picture(graph, overlay="params").svg()
    assert "at least 46 in all" in svg
    assert "unknown" in svg
    assert "NaN" not in svg
    assert "unknown" in Picture(graph, overlay="trainable").svg()
    assert "params unknown" in Picture(graph).mermaid()


def test_the_tree(graph):
    line = next(line for line in Picture(graph).tree().split("\n") if "strange" in line)
    assert line.endswith("params unknown")
