"""The panel of a comparison in a page: it grows without a jump, and can be used."""

import pytest
from staged_comparison import EVIL, comparison, fail, half, open_in, refresh, train, whole

from keraslab.panels._comparison import ComparisonPanel


@pytest.fixture
def page(offline_page):
    offline_page.set_viewport_size({"width": 900, "height": 1200})
    yield offline_page
    assert (offline_page.errors, offline_page.blocked) == ([], [])


PLACES = """() => Object.fromEntries(
  ['.klq-table', '.klq-info', '.klq-first', '.klq-grid', '.klq-pareto', '.klq-tested', '.klq-diff']
    .map((name) => { const box = document.querySelector(name).getBoundingClientRect();
                     return [name, [box.x, box.y, box.width, box.height]]; }))"""


def test_nothing_jumps_from_the_first_message_to_the_last(page):
    found = comparison(("plain", "residual", "dense", EVIL))
    panel = ComparisonPanel(found)
    open_in(page, panel.widget)
    before = page.evaluate(PLACES)
    for run in found.runs[:4]:
        train(run, 5, 0.9, ended=run.seed_index == 0)
    refresh(page, panel.widget)
    assert page.evaluate(PLACES) == before
    for run in found.runs:
        train(run, 12, 0.9, ended=True)
    for run in found.runs[-3:]:
        fail(run)
    found.ended()
    refresh(page, panel.widget)
    page.get_by_text("failed with seeds 0, 1, 2").wait_for()
    assert page.evaluate(PLACES) == before
    assert page.locator("img[src=x]").count() == 0
    assert page.locator(".klq-variant").nth(3).inner_text() == EVIL


def test_boxes_are_told_apart_without_colour_and_read_by_keyboard(page):
    found = half(comparison())
    fail(found.runs[-1])
    open_in(page, ComparisonPanel(found).widget)
    boxes = page.locator(".klq-cell")
    assert boxes.all_inner_texts() == ["✓", "58", "", "✓", "58", "", "✓", "58", "✗"]
    page.locator(".klq-variant").nth(1).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    info = page.locator(".klq-info")
    assert info.inner_text() == "residual, seed 1: running, 58 %, 7 epochs done"
    page.keyboard.press("Tab")
    assert info.inner_text() == "residual, seed 2: waits"


def test_a_variant_is_hidden_everywhere_from_the_table_or_a_legend(page):
    open_in(page, ComparisonPanel(whole(comparison())).widget)
    name = page.locator(".klq-variant").nth(2)
    entries = page.locator(".u-series th", has_text="dense")
    pareto = page.locator(".klq-pareto")
    assert "dense" in pareto.get_attribute("aria-label")
    name.focus()
    page.keyboard.press("Enter")
    assert name.get_attribute("aria-pressed") == "false"
    assert [each.get_attribute("aria-pressed") for each in entries.all()] == ["false", "false"]
    assert "dense" not in pareto.get_attribute("aria-label")
    entries.nth(1).focus()
    page.keyboard.press("Enter")
    assert [each.get_attribute("aria-pressed") for each in entries.all()] == ["true", "true"]
    assert name.get_attribute("aria-pressed") == "true"
    assert "dense" in pareto.get_attribute("aria-label")


def test_menus_choose_the_curves_and_the_cost_and_what_is_hidden_stays_so(page):
    open_in(page, ComparisonPanel(whole(comparison())).widget)
    assert page.locator(".klc-plot .klc-name").all_inner_texts() == [
        "accuracy, training",
        "accuracy, validation",
    ]
    page.locator(".klq-variant").first.click()
    page.get_by_label("curves of").select_option("loss")
    page.get_by_text("loss, validation").wait_for()
    assert page.locator(".klc-log").count() == 2
    shown = page.locator(".u-series th", has_text="plain").first
    assert shown.get_attribute("aria-pressed") == "false"
    page.get_by_label("score against").select_option("latency")
    assert "seconds per prediction" in page.locator(".klq-pareto").get_attribute("aria-label")
    assert page.locator(".klq-axis").inner_text() == "seconds per prediction"


def test_the_curves_of_the_score_are_shown_once_they_come_unless_others_were_chosen(page):
    found = comparison()
    panel = ComparisonPanel(found)
    open_in(page, panel.widget)
    menu = page.get_by_label("curves of")
    assert menu.input_value() == "loss"
    half(found)
    refresh(page, panel.widget)
    assert menu.input_value() == "accuracy"
    menu.select_option("loss")
    whole(found)
    refresh(page, panel.widget)
    assert menu.input_value() == "loss"


@pytest.mark.parametrize(
    ("budget", "said", "ends"),
    [
        ("epochs", "epoch", ["2", "12"]),
        ("macs", "MACs spent, forward", ["16 M", "192 M"]),
        ("seconds", "seconds of training", ["16", "192"]),
    ],
)
def test_curves_are_drawn_along_what_was_held_equal(page, budget, said, ends, artefacts):
    found = whole(comparison(("plain",), budget=budget))
    if budget == "seconds":
        for run in found.runs:
            run.along = [each / 1e6 for each in run.along]
    open_in(page, ComparisonPanel(found).widget)
    places = page.locator(".klc-plot .u-series:first-child .u-label")
    assert places.all_inner_texts() == [said.split(" ")[0]] * 2
    assert [each.get_attribute("title") for each in places.all()] == [said] * 2
    over, plot = page.locator(".klc-plot .u-over").first, page.locator(".klc-plot").first
    width = over.bounding_box()["width"]
    below = plot.locator("canvas").evaluate(
        "(c) => c.getBoundingClientRect().bottom -"
        " c.parentElement.querySelector('.u-over').getBoundingClientRect().bottom"
    )
    assert (below > 30) == (budget != "epochs"), "room for the axis' name and unit"
    met = []
    for x in (0.09 * width, width - 1):  # epochs begin at 1, what is spent at 0
        over.hover(position={"x": x, "y": 20})
        met.append(plot.locator(".u-series .u-value").first.inner_text())
    assert met == ends
    page.mouse.move(0, 0)
    page.locator(".klq-grid").screenshot(path=artefacts / f"comparison-along-{budget}.png")


BLUE = """() => {
  const canvas = document.querySelector('.klc-plot canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let band = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 2] > 150 && data[i + 3] > 20 && data[i + 3] < 80) band++;
  return band;
}"""


def test_a_band_is_drawn_around_the_mean(page):
    found = comparison(("plain",), seeds=2)
    for run, height in zip(found.runs, (0.2, 0.8), strict=True):
        train(run, 12, 0.9, ended=True)
        run.history = {"accuracy": [height] * 12}
    open_in(page, ComparisonPanel(found).widget)
    wide = page.evaluate(BLUE)
    assert wide > 5000
    found.runs[1].history = {"accuracy": [0.2] * 12}
    panel = ComparisonPanel(found)
    refresh(page, panel.widget)
    assert page.evaluate(BLUE) < wide / 5


def test_stop_is_sent_and_a_busy_kernel_is_explained(page):
    open_in(page, ComparisonPanel(half(comparison())).widget)
    stop = page.get_by_role("button", name="Stop")
    stop.click()
    assert page.evaluate("sent") == [{"type": "stop"}]
    page.get_by_text("The kernel is busy with the cell that compares: interrupt it").wait_for()
    assert stop.is_enabled(), "it may be pressed again"


def test_a_difference_is_asked_for_and_shown(page):
    found = whole(comparison())
    panel = ComparisonPanel(found)
    open_in(page, panel.widget)
    page.get_by_text("What differs between two of the models").click()
    page.wait_for_function("sent.length === 1")
    assert page.evaluate("sent") == [{"type": "diff", "a": 0, "b": 1}]
    page.get_by_text("the difference appears as soon as it is free").wait_for()
    answers = []
    panel.widget.send = answers.append
    panel._heard(page.evaluate("sent[0]"))
    page.evaluate("answer => fire('msg:custom', answer)", answers[0])
    page.locator(".klq-words td", has_text="units 16 → 24").first.wait_for()
    assert page.locator(".klq-wait").inner_text() == ""
    page.get_by_label("to", exact=True).select_option("2")
    assert page.evaluate("sent[1]") == {"type": "diff", "a": 0, "b": 2}


def test_the_table_is_copied(page):
    found = whole(comparison())
    open_in(page, ComparisonPanel(found).widget)
    page.get_by_text("The table as LaTeX").click()
    assert page.get_by_label("The table as LaTeX").input_value() == found.to_latex()
    page.get_by_role("button", name="Copy LaTeX").click()
    page.get_by_role("button", name="Copied").wait_for()


CONTRAST = """(root) => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = parse(getComputedStyle(document.body).backgroundColor);
  const found = [];
  for (const element of document.querySelectorAll('.klq *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility() || element.closest(':disabled')) continue;
    const ink = parse(getComputedStyle(element).color);
    const part = ink[3] ?? 1;
    const seen = ink.slice(0, 3).map((c, i) => part * c + (1 - part) * ground[i]);
    const [a, b] = [light(seen), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push([element.className, element.textContent.slice(0, 30), ratio]);
  }
  return found;
}"""
DARK = """body { background: #111; color: #ffffffde; --jp-layout-color0: #111;
  --jp-content-font-color1: #ffffffde; --jp-content-font-color2: #ffffffb3;
  --jp-border-color2: #424242; --jp-brand-color1: #64b5f6; }"""


def test_text_can_be_read_in_both_themes(page):
    found = half(comparison())
    fail(found.runs[-1])
    open_in(page, ComparisonPanel(found).widget)
    page.add_style_tag(content="body { background: #fff; color: #000000de }")
    assert page.evaluate(CONTRAST) == []
    page.add_style_tag(content=DARK)
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.wait_for_selector(".klq-dark")
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [420, 1200])
def test_it_fits_narrow_and_wide_pages(page, width):
    page.set_viewport_size({"width": width, "height": 1200})
    open_in(page, ComparisonPanel(whole(comparison())).widget)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tops = page.evaluate(
        "[...document.querySelectorAll('.klc-plot, .klq-cost')].map((each) => each.offsetTop)"
    )
    assert len(set(tops)) == (3 if width == 420 else 1)
