"""Search, overlays, table, map, links and sizes of the live view, in a browser."""

import re

import keras
import pytest
from live_view import connect
from playwright.sync_api import Page, expect

from keraslab.draw._graph_widget import GraphWidget
from keraslab.graph import Graph, read_graph, skeleton
from keraslab.panels import show

L = keras.layers


def encoder() -> keras.Model:
    pixels = keras.Input((28, 28, 1), name="pixels")
    y = L.Conv2D(4, 3, name="look")(pixels)
    return keras.Model(pixels, L.Dense(8, name="embed")(L.Flatten(name="flat")(y)), name="encoder")


@pytest.fixture(scope="module")
def twin() -> Graph:
    with skeleton():
        shared = encoder()
        a, b = keras.Input((28, 28, 1), name="a"), keras.Input((28, 28, 1), name="b")
        z = L.Subtract(name="difference")([shared(a), shared(b)])
        return read_graph(keras.Model([a, b], L.Dense(1, name="same")(z), name="twin"))


@pytest.fixture
def view(offline_page: Page, twin: Graph) -> Page:
    connect(offline_page, GraphWidget(twin, []))
    yield offline_page
    assert offline_page.errors == []
    assert offline_page.blocked == []


def mark(page: Page, id_: str):
    return page.locator(f'.klv-svg [data-id="{id_}"]')


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.dataset.id ?? document.activeElement.className")


def test_search_goes_from_hit_to_hit_and_opens_what_is_folded(view: Page) -> None:
    mark(view, "a#0").focus()
    view.keyboard.press("/")
    field = view.get_by_role("searchbox")
    expect(field).to_be_focused()
    view.keyboard.type("embed")
    expect(view.locator(".klv-count")).to_have_text("2 hits")
    expect(view.locator(".klv-holds")).to_have_count(2)  # the folded encoders
    assert mark(view, "encoder#0/embed#0").count() == 0
    view.keyboard.press("Enter")
    expect(mark(view, "encoder#0/embed#0")).to_have_class(re.compile("klv-found"))
    expect(view.locator(".klv-count")).to_have_text("1 of 2")
    expect(field).to_be_focused()
    assert mark(view, "encoder#1/embed#0").count() == 0
    view.keyboard.press("Enter")
    expect(mark(view, "encoder#1/embed#0")).to_have_class(re.compile("klv-found"))
    view.keyboard.press("Enter")  # round to the first again
    expect(view.locator(".klv-count")).to_have_text("1 of 2")
    view.keyboard.press("Shift+Enter")
    expect(view.locator(".klv-count")).to_have_text("2 of 2")
    view.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(view.locator(".klv-hit")).to_have_count(0)
    assert focused(view) == "encoder#1/embed#0"


@pytest.mark.parametrize(
    ("text", "hits"),
    [("conv2d", "2 hits"), ("26x26", "2 hits"), ("CONV look", "2 hits"), ("<b>", "no hit")],
)
def test_search_is_by_type_and_shape_too(view: Page, text: str, hits: str) -> None:
    view.get_by_role("searchbox").fill(text)
    expect(view.locator(".klv-count")).to_have_text(hits)


def test_an_overlay_writes_its_values_and_says_unit_and_total(view: Page, twin: Graph) -> None:
    view.get_by_label("What the colours show").select_option("params")
    legend = view.locator(".klv-legend")
    expect(legend).to_contain_text(f"{twin.params:,} in all")
    expect(legend).to_contain_text("100 % of the total")
    embed = 26 * 26 * 4 * 8 + 8 + 40
    expect(mark(view, "encoder#0")).to_contain_text(f"{embed:,} params · 100 %")
    expect(mark(view, "same#0")).to_contain_text("9 params · < 0.1 %")
    expect(view.locator(".klv-svg .legend")).to_have_count(0)
    view.get_by_label("What the colours show").select_option("")
    expect(legend).to_be_hidden()


def test_shared_layers_as_one_box_and_back(view: Page) -> None:
    button = view.get_by_role("button", name="Shared layers as one box")
    expect(view.locator(".klv-svg .node.group")).to_have_count(2)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(view.locator(".klv-svg .node.group")).to_have_count(1)
    expect(mark(view, "encoder#0")).to_contain_text("shared · 2 calls")
    expect(view.locator(".klv-svg .edge")).to_have_count(5)
    view.get_by_role("searchbox").fill("embed")
    view.keyboard.press("Enter")
    expect(mark(view, "encoder#0/embed#0")).to_have_class(re.compile("klv-found"))
    view.keyboard.press("Enter")  # the second call is drawn with the first
    expect(view.locator(".klv-count")).to_have_text("2 of 2")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(mark(view, "encoder#1")).to_be_visible()


def test_a_shared_layer_lights_its_other_calls(view: Page) -> None:
    mark(view, "encoder#0").hover()
    expect(mark(view, "encoder#1")).to_have_class(re.compile("klv-kin"))
    view.mouse.move(5, 5)
    expect(view.locator(".klv-kin")).to_have_count(0)
    mark(view, "encoder#1").focus()
    view.keyboard.press("i")
    expect(mark(view, "encoder#0")).to_have_class(re.compile("klv-kin"))


def names(page: Page) -> list[str]:
    return page.locator(".klv-calls tbody tr:not(.klv-spacer) th").all_inner_texts()


def test_the_table_sorts_and_is_linked_both_ways(view: Page, twin: Graph) -> None:
    assert "rows" not in view.evaluate("sent")
    view.get_by_role("button", name="Table of all calls").click()
    expect(view.locator(".klv-calls tbody tr")).to_have_count(len(twin.calls))
    assert view.evaluate("sent").count("rows") == 1
    assert names(view) == [call.name for call in twin.calls]
    head = view.locator(".klv-calls th", has_text="Parameters")
    view.get_by_role("button", name="Parameters", exact=True).click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(view)[:2] == [call.name for call in twin.calls if "embed" in call.name]
    view.get_by_role("button", name="Parameters", exact=True).click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    view.get_by_role("button", name="Parameters", exact=True).click()
    expect(view.locator(".klv-calls [aria-sort]")).to_have_count(0)

    row = view.locator(".klv-calls tbody tr").nth(4)
    wanted = twin.calls[4]
    assert wanted.group is not None
    row.click()
    expect(mark(view, wanted.id)).to_have_class(re.compile("klv-selected"))
    expect(row).to_have_attribute("aria-current", "true")
    mark(view, "same#0").click()
    expect(view.locator(".klv-calls [aria-current]")).to_contain_text("same")
    view.locator(".klv-calls tbody tr[tabindex='0']").focus()
    view.keyboard.press("Home")
    view.keyboard.press("ArrowDown")
    view.keyboard.press("Enter")
    expect(view.locator(".klv-calls [aria-current] th")).to_have_text(twin.calls[1].name)


def test_a_search_filters_the_table(view: Page) -> None:
    view.get_by_role("button", name="Table of all calls").click()
    view.get_by_role("searchbox").fill("embed")
    expect(view.locator(".klv-calls tbody tr")).to_have_count(2)
    expect(view.locator(".klv-panel .klv-hint")).to_contain_text("2 of 10 calls")


def test_details_lead_to_the_neighbours(view: Page) -> None:
    mark(view, "difference#0").click()
    pane = view.locator(".klv-pane")
    pane.get_by_role("button", name="same").click()
    expect(mark(view, "same#0")).to_have_class(re.compile("klv-selected"))
    expect(pane).to_contain_text("Model output")
    pane.get_by_role("button", name="difference").click()
    expect(pane.locator(".klv-title")).to_have_text("difference")
    pane.get_by_role("button", name="embed").first.click()  # inside a folded encoder
    expect(mark(view, "encoder#0/embed#0")).to_have_class(re.compile("klv-selected"))
    expect(pane).to_contain_text("glorot", ignore_case=True)


def test_every_tool_is_reached_by_tab_and_has_a_name(view: Page) -> None:
    seen = []
    for _ in range(20):
        view.keyboard.press("Tab")
        seen.append(
            view.evaluate("(document.activeElement.getAttribute('aria-label') ?? '').slice(0, 24)")
        )
    for name in [
        "Search by name, type or ",
        "What the colours show",
        "Shapes on the edges",
        "Shared layers as one box",
        "Table of all calls",
        "Unfold all groups",
        "Zoom in (key +)",
        "Fit the whole graph (key",
    ]:
        assert name in seen
    bare = "button, input, select"
    unnamed = (
        "es => es.filter((e) => !e.ariaLabel && !e.textContent.trim() && !e.labels?.length).length"
    )
    assert view.locator(f".klv :is({bare})").evaluate_all(unnamed) == 0


@pytest.fixture(scope="module")
def deep() -> Graph:
    with skeleton():
        x = inputs = keras.Input((8,), name="x")
        for number in range(40):
            x = L.Dense(8, name=f"dense{number}")(x)
        return read_graph(keras.Model(inputs, x, name="deep"))


def test_a_map_of_what_is_larger_than_the_stage(offline_page: Page, deep: Graph) -> None:
    connect(offline_page, GraphWidget(deep, deep.group_by_id))
    small_map, frame = offline_page.locator(".klv-map"), offline_page.locator(".klv-map-frame")
    expect(small_map).to_be_visible()
    before = float(frame.get_attribute("y"))
    box = small_map.bounding_box()
    offline_page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 6)
    assert float(frame.get_attribute("y")) > before + 500
    offline_page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 6)
    offline_page.mouse.down()
    offline_page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5, steps=4)
    offline_page.mouse.up()
    assert float(frame.get_attribute("y")) < before + 100
    offline_page.keyboard.press("Escape")
    offline_page.get_by_role("button", name="Fit the whole graph").click()
    expect(small_map).to_be_hidden()
    assert offline_page.errors == []


@pytest.mark.parametrize("depths", [[16, 1, 1, 1], [1, 1, 1, 16]])
def test_the_map_stands_in_the_corner_that_has_less_under_it(
    offline_page: Page, depths: list[int]
) -> None:
    with skeleton():
        starts, ends = [], []
        for branch, depth in enumerate(depths):
            starts.append(keras.Input((8,), name=f"in{branch}"))
            ends.append(starts[-1])
            for number in range(depth):
                ends[-1] = L.Dense(8, name=f"branch{branch}_{number}")(ends[-1])
        graph = read_graph(keras.Model(starts, L.Concatenate(name="all")(ends)))
    offline_page.set_viewport_size({"width": 640, "height": 720})
    connect(offline_page, GraphWidget(graph, graph.group_by_id))
    expect(offline_page.locator(".klv-map")).to_be_visible()
    here, there = offline_page.evaluate(
        """() => {
            const element = document.querySelector(".klv-map");
            const map = element.getBoundingClientRect();
            const stage = element.parentElement.getBoundingClientRect();
            const other = stage.left + stage.right - map.right;
            const nodes = [...document.querySelectorAll(".klv .node")];
            const common = (a, b, c, d) => Math.max(0, Math.min(b, d) - Math.max(a, c));
            return [map.left, other].map((left) => nodes
                .map((node) => node.getBoundingClientRect())
                .map((box) => common(left, left + map.width, box.left, box.right)
                    * common(map.top, map.bottom, box.top, box.bottom))
                .reduce((sum, area) => sum + area, 0));
        }"""
    )
    assert here < there
    assert offline_page.errors == []


def test_a_small_picture_has_no_map(view: Page) -> None:
    expect(view.locator(".klv-map")).to_be_hidden()


def test_other_sizes_reach_every_shape(offline_page: Page) -> None:
    words = keras.Input((None, 8), name="words")
    y = L.Dense(4, name="last")(L.LSTM(6, return_sequences=True, name="first")(words))
    shown = show(keras.Model(words, y))
    shown._repr_mimebundle_()
    connect(offline_page, shown._widget)
    length = offline_page.get_by_label("length")
    expect(mark(offline_page, "first#0")).to_contain_text("? × ? × 6")
    length.fill("12")
    expect(mark(offline_page, "first#0")).to_contain_text("? × 12 × 6")
    expect(mark(offline_page, "last#0")).to_contain_text("? × 12 × 4")
    expect(length).to_be_focused()
    offline_page.get_by_label("batch").fill("3")
    expect(mark(offline_page, "last#0")).to_contain_text("3 × 12 × 4")
    assert shown.graph.call_by_id["last#0"].outputs[0].shape == (3, 12, 4)
    length.fill("")
    expect(mark(offline_page, "first#0")).to_contain_text("3 × ? × 6")
    length.fill("-4")
    offline_page.wait_for_timeout(600)
    expect(mark(offline_page, "first#0")).to_contain_text("3 × ? × 6")
    assert offline_page.errors == []


def test_sizes_that_do_not_fit_are_a_sentence(offline_page: Page) -> None:
    x = keras.Input((None, None, 1), name="image")
    graph = read_graph(keras.Model(x, L.Conv2D(2, 5, name="conv")(x)))
    shown = show(graph)
    shown._repr_mimebundle_()
    connect(offline_page, shown._widget)
    offline_page.get_by_label("height").fill("3")
    expect(offline_page.locator(".klv-banner")).to_contain_text("These sizes do not fit")
    offline_page.get_by_label("height").fill("9")
    expect(mark(offline_page, "conv#0")).to_contain_text("? × 5 × ? × 2")
    expect(offline_page.locator(".klv-banner")).to_be_hidden()
    assert offline_page.errors == []


def test_without_open_sizes_there_are_no_fields(view: Page) -> None:
    expect(view.locator(".klv-sizes")).to_be_hidden()
