"""What if, in the details of the live view; and the calls of a shared layer drawn once."""

import keras
import pytest
from live_view import connect
from playwright.sync_api import Page, expect

from keraslab.draw._graph_widget import MESSAGE_LIMIT
from keraslab.panels import show

L = keras.layers


def mark(page: Page, id_: str):
    return page.locator(f'.klv-svg [data-id="{id_}"]')


@pytest.fixture
def view(offline_page: Page) -> Page:
    x = keras.Input((32, 32, 3), name="image")
    y = L.Conv2D(8, 3, name="conv")(x)
    y = L.GlobalAveragePooling2D(name="pool")(y)
    shown = show(keras.Model(x, L.Dense(2, name="out")(y), name="net"))
    connect(offline_page, shown.widget)
    yield offline_page
    assert offline_page.errors == []
    assert max(offline_page.evaluate("sizes")) < MESSAGE_LIMIT


def test_a_setting_is_tried_refused_and_taken_back(view: Page) -> None:
    mark(view, "conv#0").click()
    pane = view.locator(".klv-pane")
    pane.get_by_label("Setting to change").select_option("filters")
    field = pane.get_by_label("New value of filters")
    expect(field).to_have_value("8")
    field.fill("24")
    field.press("Enter")
    expect(mark(view, "conv#0")).to_contain_text("? × 30 × 30 × 24")
    expect(mark(view, "out#0")).to_contain_text("50 params")
    tried = view.locator(".klv-tried")
    expect(tried).to_contain_text("conv: filters 8 → 24")
    expect(tried).to_contain_text("parameters 242 → 722 (+480)")
    # The details are of the new graph, and the keyboard is where it was.
    expect(pane.locator(".klv-rows").first).to_contain_text("? × 30 × 30 × 24")
    expect(field).to_be_focused()
    expect(field).to_have_value("24")

    pane.get_by_label("Setting to change").select_option("kernel_size")
    field = pane.get_by_label("New value of kernel_size")
    field.fill("50")
    field.press("Enter")
    said = pane.get_by_role("alert")
    expect(said).to_contain_text("This does not fit: conv (Conv2D)")
    expect(mark(view, "conv#0")).to_contain_text("? × 30 × 30 × 24")
    pane.get_by_label("Setting to change").select_option("padding")
    expect(said).to_have_text("")
    pane.get_by_label("New value of padding").select_option("same")
    pane.get_by_role("button", name="Try").click()
    expect(mark(view, "conv#0")).to_contain_text("? × 32 × 32 × 24")
    tried.get_by_role("button", name="Undo", exact=True).click()
    expect(mark(view, "conv#0")).to_contain_text("? × 30 × 30 × 24")
    pane.get_by_role("button", name="Undo").click()
    expect(mark(view, "conv#0")).to_contain_text("? × 30 × 30 × 8")
    expect(tried).to_be_hidden()
    expect(pane.get_by_role("button", name="Undo")).to_be_hidden()


def test_escape_in_a_field_closes_the_details(view: Page) -> None:
    mark(view, "conv#0").click()
    pane = view.locator(".klv-pane")
    pane.get_by_label("Setting to change").focus()
    view.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(mark(view, "conv#0")).to_be_focused()


def test_an_input_and_an_operation_have_nothing_to_try(view: Page) -> None:
    mark(view, "image#0").click()
    expect(view.locator(".klv-pane h4").first).to_be_visible()
    expect(view.locator(".klv-try")).to_have_count(0)


def test_a_shared_layer_drawn_once_tells_each_call(offline_page: Page) -> None:
    a, b = keras.Input((28, 28, 1), name="a"), keras.Input((40, 40, 1), name="b")
    look = L.Conv2D(4, 3, name="look")
    inner = keras.Input((None, None, 4))
    pool = L.GlobalAveragePooling2D(name="pool")(inner)
    encoder = keras.Model(inner, L.Dense(8, name="embed")(pool), name="encoder")
    z = L.Subtract(name="difference")([encoder(look(a)), encoder(look(b))])
    shown = show(keras.Model([a, b], z), shared_once=True)
    connect(offline_page, shown.widget)
    offline_page.get_by_role("button", name="Fold all groups", exact=True).click()
    expect(offline_page.locator(".klv-svg .node.group")).to_have_count(1)
    mark(offline_page, "look#0").hover()
    card = offline_page.locator(".klv-card")
    expect(card).to_contain_text("Call 1 of 2")
    expect(card).to_contain_text("? × 28 × 28 × 1 float32\n→ ? × 26 × 26 × 4", use_inner_text=True)
    expect(card).to_contain_text("? × 40 × 40 × 1 float32\n→ ? × 38 × 38 × 4", use_inner_text=True)
    mark(offline_page, "encoder#0").hover()
    expect(card).to_contain_text("? × 38 × 38 × 4 float32\n→ ? × 8", use_inner_text=True)
    assert "2 calls in one box" in mark(offline_page, "look#0").get_attribute("aria-label")

    mark(offline_page, "look#0").click()
    pane = offline_page.locator(".klv-pane")
    calls = pane.locator("h4:text('Calls of the shared layer') + .klv-scroll tbody tr")
    expect(calls).to_have_count(2)
    expect(calls.nth(0)).to_contain_text("call 1 of 2, above")
    expect(calls.nth(1)).to_contain_text("? × 38 × 38 × 4")
    pane.get_by_role("button", name="call 2 of 2").click()
    expect(pane.locator(".klv-rows").first).to_contain_text("? × 40 × 40 × 1")
    expect(calls.nth(1)).to_contain_text("call 2 of 2, above")
    assert offline_page.errors == []


def test_a_drawing_brings_no_command_into_the_page(offline_page: Page, monkeypatch) -> None:
    from keraslab.draw import _engine

    draw = _engine.draw
    evil = ' data-commandlinker-command="notebook:run-all-cells" data-id="'

    def drawn(*given) -> str:
        return draw(*given).replace(' data-id="', evil)

    monkeypatch.setattr(_engine, "draw", drawn)
    x = keras.Input((4,), name="x")
    connect(offline_page, show(keras.Model(x, L.Dense(2, name="out")(x))).widget)
    expect(mark(offline_page, "out#0")).to_be_visible()
    assert offline_page.locator("[data-commandlinker-command]").count() == 0
