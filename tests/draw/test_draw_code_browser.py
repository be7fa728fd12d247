"""The code beside its graph, in a real browser: lines and calls light each other, steps play."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from live_view import connect
from playwright.sync_api import Page, expect

from keraslab.panels._lens import run_lens

pytestmark = pytest.mark.browser

BEFORE = """\
import keras
from keras import layers as L
before = L.Rescaling(1 / 255, name="before")(keras.Input((28, 28, 1), name="pixels"))
"""
CELL = """\
import keras
from keras import layers as L
from keraslab import blocks as B

image = keras.Input((28, 28, 1), name="image")
x = L.Conv2D(16, 3, padding="same", activation="relu", name="stem")(image + before)
x = B.Residual(16, name="stage1")(x)
x = B.Residual(32, stride=2, name="stage2")(x)
x = L.GlobalAveragePooling2D(name="pool")(x)
digit = L.Dense(10, activation="softmax", name="digit")(x)
model = digit
"""


@pytest.fixture
def page(offline_page: Page) -> Page:
    shell = InteractiveShell.instance()
    try:
        shell.run_cell(BEFORE)
        lens = run_lens(shell, CELL)
        lens._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in lens._live()
        lens._view.widget._open([])  # blocks closed
        connect(offline_page, lens._view.widget)
    finally:
        shell.reset(new_session=False)
        InteractiveShell.clear_instance()
    offline_page.locator(".klv-lens-line").nth(10).wait_for()
    return offline_page


def line(page: Page, number: int):
    return page.locator(".klv-lens-line").nth(number - 1)


def node(page: Page, text: str):
    return page.locator(".klv-svg .node").filter(has_text=text)


def test_lines_stand_with_their_notes(page: Page, artefacts) -> None:
    expect(page.locator(".klv-lens-line")).to_have_count(11)
    expect(line(page, 6)).to_contain_text("? × 28 × 28 × 16")
    expect(line(page, 6)).to_contain_text("160 params")
    assert line(page, 1).get_attribute("tabindex") is None
    page.screenshot(path=artefacts / "lens.png")
    assert page.errors == []


def test_a_line_lights_its_calls_and_a_call_its_line(page: Page) -> None:
    line(page, 6).hover()
    expect(page.locator(".klv-pointed")).to_have_count(2)  # the sum and the convolution
    expect(page.locator(".klv-pointed").filter(has_text="stem")).to_have_count(1)
    # A closed block stands for all of its calls.
    line(page, 7).focus()
    expect(page.locator(".klv-pointed")).to_contain_text("stage1")
    node(page, "pool").hover()
    expect(page.locator(".klv-pointed")).to_have_count(1)
    expect(page.locator(".klv-lens-lit")).to_have_count(1)
    expect(page.locator(".klv-lens-lit")).to_contain_text("GlobalAveragePooling2D")


def test_stepping_plays_the_graph_growing(page: Page, artefacts) -> None:
    later = page.locator(".klv-svg .node.klv-later")
    expect(later).to_have_count(0)
    on = page.get_by_role("button", name="One line on")
    on.click()
    expect(page.locator(".klv-lens-said")).to_have_text("Line 5, step 1 of 6")
    expect(later).to_have_count(6)
    expect(later.filter(has_text="before")).to_have_count(0)  # it was there already
    on.press("Enter")
    on.press("Enter")
    expect(page.locator(".klv-lens-now")).to_contain_text("stage1")
    expect(later).to_have_count(3)
    page.screenshot(path=artefacts / "lens_step.png")
    page.get_by_role("button", name="One line back").click()
    expect(later).to_have_count(4)
    page.get_by_role("button", name="Show the whole graph").click()
    expect(later).to_have_count(0)
    expect(page.locator(".klv-lens-said")).to_have_text("")
    assert page.errors == []


def test_a_step_stays_when_a_block_is_unfolded(page: Page) -> None:
    on = page.get_by_role("button", name="One line on")
    for _ in range(3):
        on.click()
    node(page, "stage1").click()
    page.locator(".klv-svg .cluster").first.wait_for()
    expect(page.locator(".klv-svg .node.klv-later")).to_have_count(3)
    assert page.locator(".klv-svg .node.klv-now").count() > 3


def test_playing_comes_to_its_end(page: Page) -> None:
    page.get_by_role("button", name="Play the graph growing").click()
    expect(page.locator(".klv-lens-said")).to_have_text("Line 10, step 6 of 6", timeout=15_000)
    expect(page.locator(".klv-svg .node.klv-later")).to_have_count(0)


def test_a_click_shows_the_line_of_code_that_made_a_call(page: Page) -> None:
    node(page, "pool").click()
    pane = page.locator(".klv-pane")
    expect(pane).to_contain_text("line 9")
    expect(pane).to_contain_text('x = L.GlobalAveragePooling2D(name="pool")(x)')
    node(page, "before").click()
    expect(pane).to_contain_text("Settings")
    expect(pane).not_to_contain_text("line ")
    assert page.errors == []
