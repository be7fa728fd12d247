"""Eight models as pages of their own, in a browser, each with a screenshot for the eye."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from test_draw_overlays import EIGHT

from keraslab.draw import Picture
from keraslab.graph import read_graph


@pytest.mark.parametrize("name", EIGHT)
def test_it_opens_on_one_page_with_all_that_is_to_be_seen(
    offline_page: Page, artefacts: Path, tmp_path: Path, name: str
) -> None:
    graph = read_graph(EIGHT[name]())
    picture = Picture(graph)
    picture.save(tmp_path / "model.html")
    offline_page.goto((tmp_path / "model.html").as_uri())
    expect(offline_page.locator(".klv-svg")).to_be_visible()
    inside = {call.id for call in graph.calls if call.group not in {None, *picture.opened}}
    shown = offline_page.locator(".klv-svg .node").evaluate_all("es => es.map((e) => e.dataset.id)")
    assert len(shown) == len(set(shown)) <= 30
    assert not inside & set(shown)
    assert {call.id for call in graph.calls if call.group is None} <= set(shown)
    stage = offline_page.locator(".klv-stage").bounding_box()
    drawn = offline_page.locator(".klv-svg").bounding_box()
    assert drawn["x"] >= stage["x"] - 1
    assert drawn["x"] + drawn["width"] <= stage["x"] + stage["width"] + 1
    offline_page.screenshot(path=artefacts / f"model-{name}.png")
    assert offline_page.errors == []
    assert offline_page.blocked == []
