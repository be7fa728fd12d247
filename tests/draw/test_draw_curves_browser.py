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
