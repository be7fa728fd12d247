"""What is new glows, loose ends are dashed, and edges that came or went have a sign."""

from xml.etree import ElementTree

import keras
import pytest
from live_view import connect
from playwright.sync_api import Page, expect

from keraslab.draw import Picture
from keraslab.draw._graph_widget import GraphWidget
from keraslab.draw._look import Look
from keraslab.graph import Graph, read_graph, skeleton

L = keras.layers
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def graph() -> Graph:
    with skeleton():
        x = keras.Input((4,), name="x")
        y = L.Dense(4, name="res__one")(x)
        y = L.Dense(4, activation="relu", name="res__two")(y)
        return read_graph({"z, goes nowhere yet": L.Dense(2, name="z")(y)})


def marks(svg: str) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return {g.get("data-id"): g for g in root.iter(f"{SVG}g") if g.get("data-id")}


def words(mark: ElementTree.Element) -> str:
    return " ".join("".join(text.itertext()) for text in mark.iter(f"{SVG}text"))


def halos(mark: ElementTree.Element) -> int:
    return sum(part.get("class") == "halo" for part in mark)


def test_what_is_new_has_a_halo_and_a_word(graph: Graph) -> None:
    found = marks(Picture(graph, graph.group_by_id, fresh=["z#0"]).svg())
    assert [id_ for id_, mark in found.items() if halos(mark)] == ["z#0"]
    assert "✦ new" in words(found["z#0"])
    assert "new" in found["z#0"].find(f"{SVG}title").text
    # The kinds of layers keep their colours.
    plain = marks(Picture(graph, graph.group_by_id).svg())
    fills = [
        next(part.get("fill") for part in one["res__one#0"] if part.get("fill"))
        for one in (found, plain)
    ]
    assert fills[0] == fills[1]


def test_a_folded_group_says_how_much_in_it_is_new(graph: Graph) -> None:
    (group,) = graph.group_by_id
    found = marks(Picture(graph, [], fresh=["res__two#0"]).svg())
    assert halos(found[group]) == 1
    assert "✦ 1 new" in words(found[group])
    opened = marks(Picture(graph, [group], fresh=["res__two#0"]).svg())
    assert "✦ 1 new" in words(opened[group])
    assert halos(opened["res__two#0"]) == 1


def test_a_loose_end_is_dashed_and_says_so(graph: Graph) -> None:
    svg = Picture(graph, loose=["z#0"]).svg()
    mark = marks(svg)["z#0"]
    assert "loose end: z, goes nowhere yet" in words(mark)
    assert "output" not in words(mark)
    assert any(part.get("stroke-dasharray") for part in mark)
    assert "loose end: goes nowhere yet" in svg.partition('class="legend"')[2]


def test_an_edge_has_its_sign_colour_and_dash(graph: Graph) -> None:
    same = dict.fromkeys(graph.call_by_id, "same")
    svg = Picture(graph, graph.group_by_id, status=same, edges={0: "removed", 1: "added"}).svg()
    edges = {
        (g.get("data-source"), g.get("data-target")): g
        for g in ElementTree.fromstring(svg).iter(f"{SVG}g")
        if "edge" in g.get("class", "").split()
    }
    shown = {}
    for place, word in enumerate(("removed", "added")):
        one = graph.edges[place]
        edge = edges[one.source, one.target]
        path = next(edge.iter(f"{SVG}path"))
        assert f"status-{word}" in edge.get("class")
        shown[word] = (words(edge), path.get("stroke"), path.get("stroke-dasharray") is not None)
    assert shown == {"removed": ("−", "#cf222e", True), "added": ("+", "#1a7f37", False)}
    assert "− 1 edge removed" in svg
    assert "+ 1 edge added" in svg
    rest = [g for g in edges.values() if "status" not in g.get("class")]
    assert len(rest) == len(graph.edges) - 2


def test_an_edge_status_that_is_no_word_is_refused() -> None:
    with pytest.raises(ValueError, match="edges must say one of 'added', 'removed'"):
        Look(edges={0: "changed"})


def test_the_glow_moves_only_where_motion_is_welcome(offline_page: Page, graph: Graph) -> None:
    widget = GraphWidget()
    widget.update(graph, look=Look(fresh=frozenset({"z#0"}), loose=frozenset({"z#0"})))
    connect(offline_page, widget)
    halo = offline_page.locator('.klv-svg [data-id="z#0"] .halo')
    expect(halo).to_have_css("animation-name", "klv-breathe")
    offline_page.emulate_media(reduced_motion="reduce")
    expect(halo).to_have_css("animation-name", "none")
    expect(halo).to_be_visible()
    expect(offline_page.locator(".klv-legend")).to_contain_text("✦ new: from the last cell")
    offline_page.locator('.klv-svg [data-id="z#0"]').hover()
    expect(offline_page.locator(".klv-card")).to_contain_text("new, loose end")
    # Another look, such as an overlay, keeps what is new.
    offline_page.get_by_label("What the colours show").select_option("params")
    expect(offline_page.locator('.klv-svg [data-id="z#0"]')).to_contain_text("✦ new")
    assert offline_page.errors == []


def test_a_page_of_its_own_keeps_the_marks(tmp_path, offline_page: Page, graph: Graph) -> None:
    same = dict.fromkeys(graph.call_by_id, "same")
    picture = Picture(graph, [], status=same, edges={len(graph.edges) - 1: "removed"})
    picture.save(tmp_path / "page.html")
    offline_page.goto((tmp_path / "page.html").as_uri())
    sign = offline_page.locator(".klv-svg .edge.status-removed")
    expect(sign).to_have_count(1)
    offline_page.locator(".klv-svg .node.group").click()
    expect(offline_page.locator(".klv-svg .cluster")).to_have_count(1)
    expect(sign).to_have_count(1)
    assert offline_page.errors == []


def test_the_newest_part_is_in_sight(offline_page: Page) -> None:
    with skeleton():
        x = inputs = keras.Input((8,), name="x")
        for number in range(40):
            x = L.Dense(8, name=f"dense{number}")(x)
        deep = read_graph(keras.Model(inputs, x, name="deep"))
    widget = GraphWidget()
    widget.update(deep, deep.group_by_id, Look(fresh=frozenset({"dense39#0"})))
    connect(offline_page, widget)
    # Glided to; what the stage cuts off is not in sight either.
    expect(offline_page.locator('.klv-svg [data-id="dense39#0"]')).to_be_in_viewport(ratio=0.5)
    expect(offline_page.locator('.klv-svg [data-id="x#0"]')).not_to_be_in_viewport()
    # Where a person has moved the picture, it stays.
    offline_page.get_by_role("button", name="Fit the whole graph").click()
    expect(offline_page.locator('.klv-svg [data-id="x#0"]')).to_be_in_viewport()
    assert offline_page.errors == []
