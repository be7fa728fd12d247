"""The exported page from a file, with the network cut off, in a browser."""

from pathlib import Path

import keras
import pytest
from playwright.sync_api import Page, expect

from keraslab.draw import Picture
from keraslab.graph import Graph, read_graph

L = keras.layers
BAD = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def graph() -> Graph:
    x = inputs = keras.Input((28, 28, 1), name="image")
    x = L.Conv2D(8, 3, name="stem")(x)
    for number in (1, 2):
        y = L.Conv2D(8, 3, padding="same", name=f"res{number}__conv")(x)
        x = L.Add(name=f"res{number}__add")([x, y])
    x = L.Flatten(name=BAD)(x)
    return read_graph(keras.Model(inputs, L.Dense(10, name="digit")(x), name="<b>tower<b"))


@pytest.fixture(scope="module")
def file(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "model.html"
    Picture(graph).save(path)
    return path


@pytest.fixture
def view(offline_page: Page, file: Path) -> Page:
    offline_page.goto(file.as_uri())
    expect(offline_page.locator(".klv-svg")).to_be_visible()
    yield offline_page
    assert offline_page.errors == []
    assert offline_page.blocked == []


def mark(page: Page, id_: str):
    return page.locator(f".klv-svg [data-id='{id_}']")


def place(page: Page, id_: str) -> dict:
    return mark(page, id_).evaluate(
        "e => { const b = e.getBoundingClientRect(); return { x: b.x + b.width / 2, y: b.y }; }"
    )


def test_hover_shows_shapes_and_costs(view: Page) -> None:
    card = view.locator(".klv-card")
    expect(card).to_be_hidden()
    mark(view, "stem#0").hover()
    expect(card).to_contain_text("? × 26 × 26 × 8")
    expect(card).to_contain_text("float32")
    expect(card).to_contain_text("Parameters80")
    expect(card).to_contain_text("48.7 k")
    expect(view.locator(".klv-lit")).to_have_count(3)
    view.mouse.move(5, 850)
    expect(card).to_be_hidden()


def test_click_opens_details_and_escape_closes_them(view: Page) -> None:
    mark(view, "stem#0").click()
    pane = view.locator(".klv-pane")
    expect(pane).to_contain_text("kernel_size")
    expect(pane).to_contain_text("3 × 3 × 1 × 8")
    expect(pane).to_contain_text("res1__conv")
    view.keyboard.press("Escape")
    expect(pane).to_be_hidden()


def test_fold_and_unfold_by_click(view: Page, graph: Graph) -> None:
    first, second = graph.group_by_id
    before = place(view, first)
    view.locator(f".cluster[data-id='{first}'] text").click()
    expect(view.locator(f".node.group[data-id='{first}']")).to_be_visible()
    expect(mark(view, "res1__conv#0")).to_have_count(0)
    folded = place(view, first)
    assert abs(folded["x"] - before["x"]) < 3
    assert abs(folded["y"] - before["y"]) < 3
    assert view.locator(f".cluster[data-id='{second}']").count() == 1
    mark(view, first).click()
    expect(mark(view, "res1__conv#0")).to_be_visible()
    assert abs(place(view, first)["y"] - folded["y"]) < 3


def test_fold_all_and_unfold_all(view: Page) -> None:
    view.get_by_role("button", name="Fold all groups", exact=True).click()
    expect(view.locator(".klv-svg .node.group")).to_have_count(2)
    expect(view.get_by_role("button", name="Fold all groups", exact=True)).to_be_disabled()
    view.keyboard.press("Enter")  # the focus went on to the other button
    expect(view.locator(".klv-svg .cluster")).to_have_count(2)


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.dataset.id ?? ''")


def test_everything_by_keyboard(view: Page, graph: Graph) -> None:
    first, _ = graph.group_by_id
    expect(view.locator(".klv-svg [tabindex='0']")).to_have_count(1)
    view.locator(".klv-svg [tabindex='0']").focus()
    assert focused(view) == "image#0"
    view.keyboard.press("ArrowDown")
    assert focused(view) == "stem#0"
    expect(view.locator(".klv-card")).to_contain_text("stem")
    assert "? × 26 × 26 × 8" in mark(view, "stem#0").get_attribute("aria-label")
    view.keyboard.press("ArrowDown")
    assert focused(view) == first
    view.keyboard.press("ArrowDown")
    assert focused(view) == "res1__conv#0"
    view.keyboard.press("f")
    expect(mark(view, first)).to_have_attribute("aria-expanded", "false")
    assert focused(view) == first
    view.keyboard.press("Space")
    expect(mark(view, first)).to_have_attribute("aria-expanded", "true")
    assert focused(view) == first
    seen = set()
    for _ in range(30):
        seen.add(focused(view))
        view.keyboard.press("ArrowDown")
    assert {"digit#0", f"{BAD}#0"} <= seen
    view.keyboard.press("Home")
    assert focused(view) == "image#0"
    view.keyboard.press("Enter")
    expect(view.locator(".klv-pane")).to_be_visible()
    view.keyboard.press("Escape")
    assert focused(view) == "image#0"


def test_a_folded_page_searches_colours_and_sorts_with_no_kernel(
    offline_page: Page, graph: Graph, tmp_path: Path
) -> None:
    Picture(graph, []).save(tmp_path / "folded.html")
    view = offline_page
    view.goto((tmp_path / "folded.html").as_uri())
    expect(view.locator(".klv-svg .node.group")).to_have_count(2)
    view.keyboard.press("/")
    view.keyboard.type("res2__conv")
    view.keyboard.press("Enter")
    expect(mark(view, "res2__conv#0")).to_be_visible()
    expect(view.locator(".klv-count")).to_have_text("1 of 1")
    view.keyboard.press("Escape")
    view.get_by_label("What the colours show").select_option("macs")
    expect(view.locator(".klv-legend")).to_contain_text("in all")
    expect(mark(view, "stem#0")).to_contain_text("48.7 k MACs")
    view.get_by_role("button", name="Table of all calls").click()
    expect(view.locator(".klv-calls tbody tr")).to_have_count(len(graph.calls))
    view.get_by_role("button", name="MACs", exact=True).click()
    first = view.locator(".klv-calls tbody tr").first
    most = max(graph.calls, key=lambda call: call.macs)
    expect(first.locator("th")).to_have_text(most.name)
    first.click()
    expect(mark(view, most.id)).to_be_visible()
    expect(view.locator(".klv-sizes")).to_be_hidden()
    assert view.errors == []
    assert view.blocked == []


def scale(page: Page) -> float:
    return page.locator(".klv-layer").evaluate("e => new DOMMatrix(e.style.transform).a")


def test_zoom_and_pan(view: Page) -> None:
    box = view.locator(".klv-stage").bounding_box()
    start = scale(view)
    view.get_by_role("button", name="Zoom in").click()
    assert scale(view) == pytest.approx(start * 1.25)
    view.keyboard.press("0")
    whole = scale(view)
    view.mouse.move(box["x"] + 300, box["y"] + 300)
    view.mouse.wheel(0, -240)
    view.wait_for_function(
        "k => new DOMMatrix(document.querySelector('.klv-layer').style.transform).a > k", arg=whole
    )
    view.keyboard.press("0")
    layer = "e => new DOMMatrix(e.style.transform).e"
    x = view.locator(".klv-layer").evaluate(layer)
    view.mouse.move(60, 400)
    view.mouse.down()
    view.mouse.move(110, 400, steps=4)
    view.mouse.up()
    assert view.locator(".klv-layer").evaluate(layer) == pytest.approx(x + 50, abs=1)


def test_a_drag_that_starts_on_a_node_is_no_click(view: Page) -> None:
    mark(view, "stem#0").hover()
    view.mouse.down()
    view.mouse.move(400, 500, steps=5)
    view.mouse.up()
    expect(view.locator(".klv-pane")).to_be_hidden()


def test_hostile_names_stay_text(view: Page) -> None:
    assert view.title().startswith("<b>tower")
    expect(view.locator(".klv-name")).to_have_text("<b>tower<b")
    view.on("dialog", lambda dialog: pytest.fail("a script ran"))
    mark_ = view.locator(".klv-svg .node").filter(has_text="Flatten")
    mark_.click()
    expect(view.locator(".klv-pane .klv-title")).to_have_text(BAD)
    assert view.locator("img").count() == 0
    assert view.locator(".klv :is(script, iframe, a, foreignObject, style)").count() == 0
    assert view.locator(".klv-svg title").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_for_the_eye(view: Page, artefacts: Path, scheme: str) -> None:
    view.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    mark(view, "res1__conv#0").click()
    expect(view.locator(".klv-pane")).to_contain_text("kernel_size")
    view.screenshot(path=artefacts / f"graph-page-{scheme}.png")
