"""The built widget in a bare page, beside a stand-in for the notebook's model."""

from importlib.resources import files

import pytest

DIST = files("keraslab") / "frontend" / "dist"

STAND_IN = """
async ([source, plots, status]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default();
  const on = {};
  const state = { slot: "" };
  window.doubles = (a) => new DataView(new Float64Array(a).buffer);
  window.singles = (a) => new DataView(new Float32Array(a).buffer);
  window.pack = (list) => ({
    plots: list.map((plot) => ({
      ...plot,
      lines: plot.lines.map((l) => ({ ...l, x: doubles(l.x), y: singles(l.y) })),
    })),
  });
  window.model = {
    sent: [],
    get: (key) => state[key],
    set: (key, value) => { state[key] = value; (on[`change:${key}`] ?? []).forEach((f) => f()); },
    on: (event, f) => (on[event] ??= []).push(f),
    off: (event, f) => (on[event] = (on[event] ?? []).filter((g) => g !== f)),
    send: (message) => model.sent.push(message),
    custom: (message, buffers) => (on["msg:custom"] ?? []).forEach((f) => f(message, buffers)),
  };
  window.append = (id, from, x, y, text) => model.custom(
    { type: "append", lines: [{ id, from, to: from + x.length }],
      status: { text, fraction: 0.5, running: true, axis: "epoch" } },
    [doubles(x), singles(y)],
  );
  state.snapshot = pack(plots);
  state.status = status;
  window.end = widget.initialize({ model });
  window.leave = widget.render({ model, el: document.getElementById("cell") });
  window.again = () => widget.render({ model, el: document.getElementById("cell") });
}
"""


def _line(kind, name, x, y):
    return {"id": f"{kind}:{name}", "kind": kind, "count": len(x), "x": x, "y": y}


def _plot(name, loss=True):
    return {
        "id": name,
        "title": f"<i>{name}</i>",
        "loss": loss,
        "lines": [
            _line("batch", name, [0.5, 1.0], [3.0, 2.5]),
            _line("train", name, [1.0], [2.75]),
        ],
    }


@pytest.fixture
def curves(offline_page):
    page = offline_page
    css = (DIST / "curves_widget.css").read_text("utf-8")
    page.set_content(f"<!doctype html><style>{css}</style><div id='cell'></div>")
    page.evaluate(
        STAND_IN,
        [
            (DIST / "curves_widget.js").read_text("utf-8"),
            [_plot("loss"), _plot("accuracy", False)],
            {"text": "Epoch 2 of 4", "fraction": 0.25, "running": True, "axis": "epoch"},
        ],
    )
    page.wait_for_selector(".klc canvas")
    yield page
    assert (page.errors, page.blocked) == ([], [])


def _height(page):
    return page.evaluate("document.querySelector('.klc').offsetHeight")


def _shows(page, text):
    page.wait_for_function("t => document.querySelector('.klc').innerText.includes(t)", arg=text)


def test_points_arrive_and_nothing_jumps(curves):
    assert curves.locator(".klc canvas").count() == 2
    assert curves.locator(".klc-name").all_inner_texts() == ["<i>loss</i>", "<i>accuracy</i>"]
    before = _height(curves)
    _shows(curves, "2.5000")
    curves.evaluate("append('batch:loss', 2, [1.5, 2.0], [1.5, NaN], 'Epoch 2, batch 2')")
    _shows(curves, "1.5000")
    _shows(curves, "Epoch 2, batch 2")
    validated = [
        {**_plot("loss"), "lines": [_line("validation", "loss", [1.0], [9.25])]},
        {**_plot("accuracy", False), "lines": []},
    ]
    curves.evaluate("plots => model.set('snapshot', pack(plots))", validated)
    _shows(curves, "validation")
    _shows(curves, "9.2500")
    assert _height(curves) == before


def test_a_page_that_missed_points_asks_and_does_not_draw_across(curves):
    curves.evaluate("append('batch:loss', 1, [1.0], [2.5], 'known already')")
    _shows(curves, "known already")
    assert curves.evaluate("model.sent") == []
    curves.evaluate("append('batch:loss', 9, [5.0], [7.77], 'missed some')")
    _shows(curves, "missed some")
    assert curves.evaluate("model.sent") == [{"type": "ask"}]
    assert "7.77" not in curves.inner_text(".klc")


def test_lines_toggle_by_keyboard_and_stay_hidden_on_a_logarithmic_scale(curves):
    entry = curves.locator(".u-series th", has_text="train").first
    entry.focus()
    curves.keyboard.press("Enter")
    assert entry.get_attribute("aria-pressed") == "false"
    log = curves.locator(".klc-log")
    assert log.count() == 1
    log.click()
    assert log.get_attribute("aria-pressed") == "true"
    assert curves.locator(".u-series th", has_text="train").first.get_attribute("aria-pressed") == (
        "false"
    )


def test_a_late_view_shows_what_came_before_it(curves):
    curves.evaluate("append('batch:loss', 2, [1.5], [1.25], 'later')")
    curves.evaluate("again(), null")  # a function as the result would be called
    curves.locator(".klc").nth(1).get_by_text("1.2500").wait_for()


def test_the_live_view_takes_the_place_of_its_picture(curves):
    curves.evaluate("model.set('slot', 'here'); leave()")
    curves.evaluate("document.getElementById('cell').innerHTML = '<div class=here><img></div>'")
    curves.wait_for_selector(".here .klc canvas")
    assert curves.locator(".here img").is_hidden()
    assert curves.locator(".klc").count() == 1
    curves.evaluate("append('batch:loss', 2, [1.5], [1.125], 'still live')")
    _shows(curves, "1.1250")
    curves.evaluate("model.set('slot', '')")
    curves.wait_for_selector(".here img", state="attached")
    assert curves.locator(".klc").count() == 0
    assert curves.evaluate("document.querySelector('.here').className") == "here"


def test_when_the_kernel_is_gone_the_picture_is_seen_again(curves):
    curves.evaluate("model.set('slot', 'here'); leave()")
    curves.evaluate("document.getElementById('cell').innerHTML = '<div class=here><img></div>'")
    curves.wait_for_selector(".here .klc canvas")
    curves.evaluate("end()")
    assert curves.locator(".klc").count() == 0
    assert curves.evaluate("document.querySelector('.here').className") == "here"
    curves.evaluate("document.querySelector('.here').innerHTML += ' '")  # nobody watches any more
    assert curves.locator(".klc").count() == 0


def test_widths_and_themes_are_followed(curves):
    wide = curves.evaluate("document.querySelector('canvas').offsetWidth")
    curves.set_viewport_size({"width": 420, "height": 900})
    curves.wait_for_function("w => document.querySelector('canvas').offsetWidth != w", arg=wide)
    assert curves.evaluate("document.body.scrollWidth") <= 420
    marker = "[...document.querySelectorAll('.u-marker')].map(m => m.style.border).join()"
    light = curves.evaluate(marker)
    curves.evaluate("document.body.style.cssText = 'background: #111; color: #eee'")
    curves.evaluate("document.body.dataset.jpThemeLight = 'false'")
    curves.wait_for_function(f"before => {marker} != before", arg=light)


def _grouped(name, group, metric):
    return {**_plot(name), "group": group, "name": metric}


MARKS = {
    "loss": [
        {"kind": "best", "x": 1.0, "y": 2.75, "to": None, "label": "best epoch"},
        {"kind": "gap", "x": 1.0, "y": 2.75, "to": 3.0, "label": "gap"},
        {"kind": "baseline", "x": None, "y": 9.0, "to": None, "label": "baseline"},
    ]
}
PURPLE = """
() => {
  const canvas = document.querySelector('[data-plot=loss] canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i] === 0x7a && data[i + 1] === 0x3f && data[i + 2] === 0x8f) count++;
  return count;
}
"""


def test_each_output_has_its_heading(curves):
    plots = [
        _grouped("loss", "total", "loss"),
        _grouped("digit_loss", "digit", "loss"),
        _grouped("digit_accuracy", "digit", "accuracy"),
    ]
    curves.evaluate("plots => model.set('snapshot', pack(plots))", plots)
    _shows(curves, "digit")
    assert curves.get_by_role("heading").all_inner_texts() == ["total", "digit"]
    digit = curves.locator(".klc-group", has=curves.get_by_role("heading", name="digit"))
    assert digit.locator(".klc-name").all_inner_texts() == ["loss", "accuracy"]
    curves.evaluate("plots => model.set('snapshot', pack(plots))", plots[:1])
    curves.wait_for_function("document.querySelectorAll('.klc-output').length === 1")
    assert curves.locator(".klc-plot").count() == 1


def test_marks_are_drawn_and_sentences_stand_below(curves):
    assert curves.evaluate(PURPLE) == 0
    said = ["Best epoch: <b>1</b> of 1.", "Baseline: loss 9."]
    curves.evaluate("status => model.set('status', status)", {"said": said, "marks": MARKS})
    curves.wait_for_function(f"({PURPLE.strip()})() > 50")
    assert curves.locator(".klc-said p").all_inner_texts() == said
    curves.evaluate("model.set('status', {})")
    curves.wait_for_function(f"({PURPLE.strip()})() === 0")
    assert curves.locator(".klc-said p").count() == 0


def test_smoothing_changes_the_line_and_can_be_undone(curves):
    batches = [*range(1, 9)]
    curves.evaluate(
        "y => append('batch:loss', 2, y.map((_, i) => 1 + (i + 1) / 8), y, 'more')", batches
    )
    _shows(curves, "8.0000")
    knob = curves.get_by_label("smooth")
    knob.focus()
    for _ in range(20):
        curves.keyboard.press("ArrowRight")
    _shows(curves, "smooth 20 %")
    curves.wait_for_function("!document.querySelector('.klc').innerText.includes('8.0000')")
    entries = curves.locator("[data-plot=loss] .u-series:visible").all_inner_texts()
    assert len(entries) == 3, "the values behind the smoothed lines have no entries"
    curves.keyboard.press("Home")
    _shows(curves, "8.0000")


def test_a_zoom_can_be_seen_and_left(curves):
    back = curves.locator("[data-plot=loss] .klc-back")
    assert back.is_hidden()
    box = curves.locator("[data-plot=loss] .u-over").bounding_box()
    curves.mouse.move(box["x"] + 40, box["y"] + 50)
    curves.mouse.down()
    curves.mouse.move(box["x"] + 160, box["y"] + 60, steps=4)
    curves.mouse.up()
    back.wait_for(state="visible")
    assert curves.locator("[data-plot=accuracy] .klc-back").is_hidden()
    back.click()
    back.wait_for(state="hidden")


def test_the_cursor_shows_the_same_place_in_all_plots(curves):
    box = curves.locator("[data-plot=loss] .u-over").bounding_box()
    curves.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    curves.wait_for_function(
        """() => [...document.querySelectorAll('.u-series:first-child .u-value')]
          .map((value) => value.innerText).join() === '0.5,0.5'"""
    )


# Ten epochs of one line, falling by the same factor each: straight on a logarithmic scale.
EPOCHS = [*range(1, 11)]
FALLING = [2.0 ** (10 - epoch) for epoch in EPOCHS]


@pytest.fixture
def falling(curves):
    lines = [_line("train", "loss", EPOCHS, FALLING)]
    curves.evaluate(
        "plots => model.set('snapshot', pack(plots))", [{**_plot("loss"), "lines": lines}]
    )
    curves.wait_for_function("document.querySelectorAll('.klc-plot').length === 1")
    return curves


def _point_to(page, part):
    """Hold the mouse over this part of the plot's width."""
    box = page.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)


def _read_off(page, epoch, value=None):
    """Wait until the legend tells this epoch, and the value of the line there."""
    page.wait_for_function(
        """([epoch, value]) => {
          const told = (n) => document.querySelectorAll('.u-series .u-value')[n].innerText;
          return told(0) === epoch && (value === null || told(2) === value);
        }""",
        arg=[epoch, value],
    )


def _drag(page, start, end):
    _point_to(page, start)
    page.mouse.down()
    _point_to(page, (start + end) / 2)
    _point_to(page, end)
    page.mouse.up()


def _train_is_drawn(page, drawn):
    """Wait until there are many pixels of the line's colour, or none."""
    count = PURPLE.strip().replace("0x7a", "0x00").replace("0x3f", "0x72").replace("0x8f", "0xb2")
    page.wait_for_function(f"({count})() {'> 50' if drawn else '=== 0'}")


def test_hovering_reads_off_the_values_of_that_place(falling):
    _point_to(falling, 1 / 9)
    _read_off(falling, "2", "256.0")
    _point_to(falling, 0.99)
    _read_off(falling, "10", "1.0000")


def test_on_a_logarithmic_scale_equal_factors_are_equal_steps(falling):
    height = """
    () => {
      const plot = document.querySelector('.u-over').getBoundingClientRect();
      const dots = [...document.querySelectorAll('.u-cursor-pt')]
        .filter((dot) => !dot.classList.contains("u-off"))
        .map((dot) => dot.getBoundingClientRect());
      return dots.length && (dots[0].top + dots[0].height / 2 - plot.top) / plot.height;
    }
    """
    _point_to(falling, 5 / 9)
    _read_off(falling, "6")
    assert falling.evaluate(height) > 0.85, "16 of 512 lies low"
    falling.locator(".klc-log").click()
    _point_to(falling, 5 / 9)
    _read_off(falling, "6", "16.00")
    assert 0.4 < falling.evaluate(height) < 0.7


def test_what_the_legend_hides_is_not_drawn(falling):
    entry = falling.locator(".u-series:visible th", has_text="train")
    _train_is_drawn(falling, True)
    entry.click()
    _train_is_drawn(falling, False)
    falling.locator(".klc-log").click()
    assert entry.get_attribute("aria-pressed") == "false"
    falling.evaluate("append('train:loss', 10, [11], [0.25], 'one more')")
    _shows(falling, "one more")
    _train_is_drawn(falling, False)  # a plot drawn anew hides it too
    entry.click()
    _train_is_drawn(falling, True)


def test_a_zoom_shows_its_part_until_it_is_left(falling):
    _point_to(falling, 0.02)
    _read_off(falling, "1")
    _drag(falling, 0.5, 0.9)
    _point_to(falling, 0.02)
    _read_off(falling, "6")
    falling.evaluate("append('train:loss', 10, [11], [0.25], 'one more')")
    _shows(falling, "one more")
    _point_to(falling, 0.99)
    _read_off(falling, "9")
    falling.locator(".u-over").dblclick()
    falling.locator(".klc-back").wait_for(state="hidden")
    _point_to(falling, 0.02)
    _read_off(falling, "1")


def test_behind_a_smoothed_line_its_values_stay_in_sight(falling):
    dots = "document.querySelectorAll('.u-cursor-pt:not(.u-off)').length"
    _point_to(falling, 5 / 9)
    _read_off(falling, "6", "16.00")
    assert falling.evaluate(dots) == 1
    falling.get_by_label("smooth").fill("20")
    _shows(falling, "smooth 20 %")
    _point_to(falling, 4 / 9)
    _read_off(falling, "5")
    falling.wait_for_function(f"{dots} === 2")


def test_the_bar_is_as_long_as_the_training_is_far(curves):
    bar = curves.get_by_role("progressbar", name="Training")
    assert bar.get_attribute("aria-valuenow") == "25"
    part = "() => document.querySelector('.klc-fill').offsetWidth / "
    part += "document.querySelector('.klc-bar').offsetWidth"
    assert curves.evaluate(part) == pytest.approx(0.25, abs=0.02)
    status = {"text": "Epoch 1", "fraction": None, "running": True, "note": "loss is no number"}
    curves.evaluate("status => model.set('status', status)", status)
    _shows(curves, "loss is no number")
    assert bar.get_attribute("aria-valuenow") is None
    assert curves.evaluate(part) == 1, "it is not known how far"
