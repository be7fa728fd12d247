"""The built widget in a bare page, beside a stand-in for the notebook's model."""

import base64

import keras
import pytest
from playwright.sync_api import Page, expect

from keraslab.draw._graph_widget import GraphWidget, pack
from keraslab.draw._json import graph_json
from keraslab.frontend import asset
from keraslab.graph import Graph, read_graph, summary

L = keras.layers

STAND_IN = """
async ([source, style, picture]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const sheet = document.head.appendChild(document.createElement("style"));
  sheet.textContent = style;
  const on = {};
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const state = { picture: bytes(picture), status: { kind: "ok", message: "", table: "" } };
  const fire = (event, ...more) => (on[event] ?? []).forEach((f) => f(...more));
  window.model = {
    sent: [],
    on_all: on,
    get: (key) => state[key],
    on: (event, f) => (on[event] ??= []).push(f),
    off: (event, f) => (on[event] = (on[event] ?? []).filter((g) => g !== f)),
    send: (message) => model.sent.push(message),
    custom: (message) => fire("msg:custom", message),
    bring: (text, status) => {
      if (text) state.picture = bytes(text);
      if (status) state.status = status;
      if (text) fire("change:picture");
      fire("change:status");
    },
  };
  window.leave = ["one", "two"].map((id) => {
    const el = document.body.appendChild(document.createElement("div"));
    el.id = id;
    return widget.render({ model, el });
  });
}
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    x = keras.Input((4,), name="x")
    y = L.Dense(3, name="block__one")(x)
    return read_graph(keras.Model(x, L.Dense(2, name="block__two")(y), name="small"))


def picture(graph: Graph, opened: list[str]) -> str:
    return base64.b64encode(GraphWidget(graph, opened).picture).decode()


@pytest.fixture
def views(offline_page: Page, graph: Graph) -> Page:
    first = picture(graph, [])
    offline_page.goto("about:blank")
    sources = [asset("graph_widget.js"), asset("graph_widget.css"), first]
    offline_page.evaluate(STAND_IN, sources)
    expect(offline_page.locator(".klv-svg")).to_have_count(2)
    yield offline_page
    assert offline_page.errors == []


def sent(page: Page) -> list:
    return page.evaluate("model.sent")


def test_both_views_follow_a_fold(views: Page, graph: Graph) -> None:
    (group,) = graph.group_by_id
    views.locator(f"#one [data-id='{group}']").click()
    assert sent(views) == [{"type": "open", "opened": [group]}]
    expect(views.locator("#one .klv-note")).to_contain_text("kernel is busy", timeout=10_000)
    views.evaluate("text => model.bring(text, { kind: 'ok' })", picture(graph, [group]))
    for view in ("#one", "#two"):
        expect(views.locator(f"{view} .cluster")).to_have_count(1)
        expect(views.locator(f"{view} .klv-note")).to_have_text("")


def test_details_go_to_the_view_that_asked(views: Page, graph: Graph) -> None:
    views.locator("#two [data-id='x#0']").click()
    (question,) = sent(views)
    assert (question["type"], question["id"]) == ("details", "x#0")
    answer = {"type": "details", "ticket": question["ticket"], "details": {"config": {"a": "<i>"}}}
    views.evaluate("message => model.custom(message)", {**answer, "ticket": "another"})
    expect(views.locator("#two .klv-pane")).not_to_contain_text("<i>")
    views.evaluate("message => model.custom(message)", answer)
    expect(views.locator("#two .klv-pane")).to_contain_text("<i>")
    expect(views.locator("#one .klv-pane")).to_be_hidden()


HOLD_UNPACKING = """
() => {
  const json = Response.prototype.json;
  const held = [];
  Response.prototype.json = function () {
    return new Promise((done) => held.push(() => json.call(this).then(done)));
  };
  window.release = async (which) => { for (const at of which) await held[at](); };
  window.held = held;
}
"""


def test_a_slow_picture_does_not_replace_a_newer_one(views: Page, graph: Graph) -> None:
    (group,) = graph.group_by_id
    views.evaluate("leave[1]()")
    views.evaluate(HOLD_UNPACKING)
    texts = [picture(graph, []), picture(graph, [group])]
    views.evaluate("texts => texts.forEach((text) => model.bring(text))", texts)
    views.wait_for_function("held.length === 4")  # one for the picture, one for the status
    views.evaluate("release([3, 2, 1, 0])")
    expect(views.locator("#one .cluster")).to_have_count(1)


def test_stale_and_failed_and_back(views: Page, graph: Graph) -> None:
    stale = {"kind": "stale", "message": "Does <b>not</b> build."}
    views.evaluate("status => model.bring(null, status)", stale)
    expect(views.locator("#one .klv-banner")).to_have_text(stale["message"])
    expect(views.locator("#one .klv.klv-stale .klv-svg")).to_be_visible()
    table = summary(graph)._repr_html_() + "<img src=x onerror=alert(1)><script>alert(1)</script>"
    failed = {"kind": "failed", "message": "Cannot be drawn.", "table": table}
    views.evaluate("status => model.bring(null, status)", failed)
    expect(views.locator("#one .klv-instead td").first).to_be_visible()
    expect(views.locator("#one .klv-svg")).to_be_hidden()
    assert views.locator(".klv :is(img, script)").count() == 0
    views.evaluate("text => model.bring(text, { kind: 'ok' })", picture(graph, []))
    expect(views.locator("#one .klv-svg")).to_be_visible()
    expect(views.locator("#one .klv-banner")).to_be_hidden()
    expect(views.locator("#one .klv-instead")).to_be_hidden()


HOSTILE_SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
  viewBox="0 0 100 100" onload="alert(1)"><script>alert(2)</script>
  <foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="about:blank"/></foreignObject>
  <g id="n0" class="node call" data-id="x#0" onclick="alert(3)" style="background:url(http://x/)">
  <a xlink:href="javascript:alert(4)"><text>away</text></a>
  <image href="http://x/y.png"/><animate attributeName="href" values="javascript:alert(5)"/>
  <path fill="url(http://x/#y)" stroke="#000" d="M0 0h50v50z"/><text x="5" y="20">kept</text>
  </g></svg>"""


def test_nothing_but_shapes_and_text_comes_out_of_a_drawing(views: Page, graph: Graph) -> None:
    hostile = pack(graph_json(graph), [], HOSTILE_SVG)
    views.on("dialog", lambda dialog: pytest.fail("a script ran"))
    views.evaluate("text => model.bring(text)", base64.b64encode(hostile).decode())
    expect(views.locator("#one .klv-svg text")).to_have_count(1)  # the drawing before had more
    expect(views.locator("#one .klv-svg text")).to_have_text("kept")
    views.locator("#one [data-id='x#0']").click()
    tags = "[...document.querySelectorAll('#one .klv-svg *')].map((e) => e.localName)"
    assert set(views.evaluate(tags)) == {"g", "path", "text"}
    attributes = "[...document.querySelectorAll('#one .klv-svg, #one .klv-svg *')]"
    names = views.evaluate(f"{attributes}.flatMap((e) => e.getAttributeNames())")
    assert not [name for name in names if name.startswith("on") or "href" in name]
    assert "url(" not in views.locator("#one .klv-svg").evaluate("e => e.outerHTML")
    assert views.blocked == []


def test_the_plain_wheel_is_left_to_the_notebook(views: Page) -> None:
    scale = "new DOMMatrix(document.querySelector('#one .klv-layer').style.transform).a"
    before = views.evaluate(scale)
    views.evaluate("document.body.style.height = '3000px'")
    views.locator("#one .klv-stage").hover(position={"x": 20, "y": 100})
    views.mouse.wheel(0, 40)
    views.wait_for_function("window.scrollY > 0")
    assert views.evaluate(scale) == before
    views.keyboard.down("Control")
    views.mouse.wheel(0, -100)
    views.wait_for_function(f"k => {scale} > k", arg=before)
    views.keyboard.up("Control")


def test_a_closed_view_leaves_nothing_behind(views: Page, graph: Graph) -> None:
    views.evaluate("leave[0]()")
    assert views.locator("#one *").count() == 0
    assert views.evaluate("Object.values(model.on_all).map((l) => l.length)") == [1, 1, 1, 1]
    (group,) = graph.group_by_id
    views.evaluate("text => model.bring(text)", picture(graph, [group]))
    expect(views.locator("#two .cluster")).to_have_count(1)
    assert views.locator("#one *").count() == 0
