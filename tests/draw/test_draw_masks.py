"""Masks are told in words and by a dotted line, in the picture and beside it."""

import re
from xml.etree import ElementTree

import keras
import pytest
from live_view import connect
from playwright.sync_api import Page, expect

from keraslab.draw import Picture
from keraslab.draw._cards import cards
from keraslab.draw._graph_widget import GraphWidget
from keraslab.draw._json import details, graph_json
from keraslab.draw._rows import rows
from keraslab.graph import Graph, read_graph, skeleton, summary

L = keras.layers
SVG = "{http://www.w3.org/2000/svg}"


def reader(mask: bool) -> Graph:
    with skeleton():
        ids = keras.Input((12,), name="ids", dtype="int32")
        y = L.Embedding(50, 8, mask_zero=mask, name="words")(ids)
        z = L.Dense(4, name="each")(y)
        return read_graph(keras.Model(ids, [L.LSTM(3, name="all")(z), z], name="reader"))


@pytest.fixture(scope="module")
def masked() -> Graph:
    return reader(True)


def masked_edges(graph: Graph) -> list[tuple[str, str]]:
    """What Keras itself says: which of its tensors carry a mask."""
    return sorted(
        (edge.source, edge.target)
        for edge in graph.edges
        if graph.call_by_id[edge.source].outputs[edge.source_index].masked
    )


def test_masked_edges_are_dotted_and_say_so(masked: Graph) -> None:
    root = ElementTree.fromstring(Picture(masked, masked.group_by_id).svg())
    found = []
    for edge in root.iter(f"{SVG}g"):
        if "edge" not in edge.get("class", "").split():
            continue
        text = " ".join(t.text or "" for t in edge.iter(f"{SVG}text"))
        path = next(edge.iter(f"{SVG}path"))
        # Graphviz writes a dotted line as "1,5".
        dotted = path.get("stroke-dasharray") == "1,5"
        assert ("masked" in text) == dotted == ("masked" in edge.get("class"))
        if dotted:
            found.append((edge.get("data-source"), edge.get("data-target")))
    assert sorted(found) == masked_edges(masked)
    assert ("words#0", "each#0") in found
    (legend,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "legend"]
    assert "masked: a mask goes along" in " ".join(t.text for t in legend.iter(f"{SVG}text"))
    assert "output, masked" in "".join(root.itertext())


def test_without_masks_nothing_speaks_of_them() -> None:
    plain = reader(False)
    assert "masked" not in Picture(plain).svg()
    assert "asked" not in str(summary(plain))


def test_dot_and_mermaid_tell_masks(masked: Graph) -> None:
    assert re.search(r'label="  masked  ".*style=dotted', Picture(masked).dot())
    assert "masked" in Picture(masked).mermaid()


def test_summary_card_details_and_table_tell_masks(masked: Graph) -> None:
    text = str(summary(masked))
    assert re.search(r"^words .*\? × 12 × 8 masked", text, re.MULTILINE)
    with_mask = sum(any(spec.masked for spec in call.outputs) for call in masked.calls)
    assert f"Masked: {with_mask} calls give along a mask" in text
    as_json = graph_json(masked)
    card = cards(as_json)["each#0"]
    assert ["Input", "? × 12 × 8  float32, masked"] in card["rows"]
    assert details(masked, "each#0")["from"][0]["masked"] is True
    shapes = {row[0]: row[3] for row in rows(as_json)["calls"]}
    assert shapes["words#0"] == "? × 12 × 8 masked"
    assert shapes["ids#0"] == "? × 12"


def test_the_live_view_tells_masks(offline_page: Page, masked: Graph) -> None:
    connect(offline_page, GraphWidget(masked))
    expect(offline_page.locator(".klv-legend")).to_contain_text("masked: a mask goes along")
    expect(offline_page.locator(".klv-edge")).to_have_css("border-top-style", "dotted")
    offline_page.get_by_role("searchbox").fill("masked")
    expect(offline_page.locator(".klv-count")).to_have_text("2 hits")
    offline_page.locator('.klv-svg [data-id="each#0"]').click()
    expect(offline_page.locator(".klv-pane .klv-table").first).to_contain_text("float32, masked")
    # Between the dots there is an edge too.
    wide = offline_page.locator(".edge.masked .klv-wide")
    assert wide.first.get_attribute("stroke-dasharray") is None
    assert offline_page.errors == []
