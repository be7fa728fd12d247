"""A graph widget in a bare page, wired to the real one in Python as a notebook would."""

import base64
import threading

from playwright.sync_api import Page

from keraslab.draw._graph_widget import GraphWidget
from keraslab.frontend import asset

WIRE = """
async ([source, style, first]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  document.head.appendChild(document.createElement("style")).textContent = style;
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const on = {};
  const fire = (event, ...more) => (on[event] ?? []).forEach((f) => f(...more));
  const state = { ...first, picture: bytes(first.picture) };
  window.sizes = [];
  window.sent = [];
  const model = {
    get: (key) => state[key],
    on: (event, f) => (on[event] ??= []).push(f),
    off: (event, f) => (on[event] = (on[event] ?? []).filter((g) => g !== f)),
    send: async (message) => {
      sent.push(message.type);
      const answer = await kernel(message);
      for (const [content, buffers] of answer.custom) {
        sizes.push(JSON.stringify(content).length + buffers.join("").length * 0.75);
        fire("msg:custom", content, buffers.map(bytes));
      }
      if (answer.status.turn === state.status.turn) return;
      sizes.push(answer.picture.length * 0.75);
      Object.assign(state, { picture: bytes(answer.picture), status: answer.status });
      fire("change:picture");
      fire("change:status");
    },
  };
  const el = document.body.appendChild(document.createElement("div"));
  widget.render({ model, el });
}
"""


def connect(page: Page, widget: GraphWidget) -> None:
    """Show a widget in a page; what the page sends is answered by the widget itself."""
    custom: list = []

    def send(content, buffers=None) -> None:
        custom.append([content, [base64.b64encode(b).decode() for b in buffers or []]])

    def state() -> dict:
        picture = base64.b64encode(widget.picture).decode()
        return {"picture": picture, "status": dict(widget.status), "code": list(widget.code)}

    def kernel(message: object) -> dict:
        custom.clear()
        # As in a kernel, no event loop of this page runs in the thread that answers.
        answering = threading.Thread(target=widget._asked, args=(widget, message, []))
        answering.start()
        answering.join()
        return {**state(), "custom": list(custom)}

    widget.send = send  # type: ignore[method-assign]
    page.expose_function("kernel", kernel)
    page.goto("about:blank")
    page.evaluate(WIRE, [asset("graph_widget.js"), asset("graph_widget.css"), state()])
    page.locator(".klv-svg").wait_for()
