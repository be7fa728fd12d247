"""Every word of the view stands out from what is behind it, in light and in dark."""

import keras
import pytest
from live_view import connect
from playwright.sync_api import Page, expect

from keraslab.draw import Picture
from keraslab.draw._graph_widget import GraphWidget
from keraslab.graph import Graph, read_graph, skeleton

L = keras.layers

# JupyterLab's own colours, as its two themes set them.
LIGHT = {
    "--jp-layout-color0": "#ffffff",
    "--jp-layout-color1": "#ffffff",
    "--jp-layout-color2": "#eeeeee",
    "--jp-border-color2": "#e0e0e0",
    "--jp-ui-font-color1": "rgba(0, 0, 0, 0.87)",
    "--jp-ui-font-color2": "rgba(0, 0, 0, 0.54)",
    "--jp-brand-color1": "#1976d2",
}
DARK = {
    "--jp-layout-color0": "#111111",
    "--jp-layout-color1": "#212121",
    "--jp-layout-color2": "#424242",
    "--jp-border-color2": "#424242",
    "--jp-ui-font-color1": "rgba(255, 255, 255, 1)",
    "--jp-ui-font-color2": "rgba(255, 255, 255, 0.7)",
    "--jp-brand-color1": "#2196f3",
}

# Text against what is painted behind it, filters of the drawing included.
CONTRASTS = """
() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = text;
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.unshift(rgba(getComputedStyle(at).backgroundColor));
    }
    return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const luminance = (colour) => {
    const linear = colour.map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const found = [];
  for (const element of document.querySelectorAll(".klv *")) {
    if (element.closest("svg") || element.closest("[hidden], :disabled")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || element.localName === "option") continue;
    const back = behind(element);
    const ink = over(rgba(getComputedStyle(element).color), back);
    const [low, high] = [luminance(back), luminance(ink)].sort((a, b) => a - b);
    found.push([(high + 0.05) / (low + 0.05), element.className, element.textContent.trim()]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    with skeleton():
        x = keras.Input((None, 8), name="words")
        y = L.LSTM(6, return_sequences=True, name="first")(x)
        return read_graph(keras.Model(x, L.Dense(4, name="last")(y), name="reader"))


def readable(page: Page) -> list:
    found = page.evaluate(CONTRASTS)
    assert len(found) > 30
    return [each for each in found if each[0] < 4.5]


def opened(page: Page) -> None:
    """Everything in sight that has words: details, legend, table, search."""
    page.locator(".klv-svg [data-id='first#0']").click()
    expect(page.locator(".klv-pane")).to_contain_text("recurrent_kernel")
    page.get_by_label("What the colours show").select_option("macs")
    expect(page.locator(".klv-legend")).to_be_visible()
    page.get_by_role("button", name="Table of all calls").click()
    expect(page.locator(".klv-calls tbody tr")).to_have_count(3)
    page.get_by_role("searchbox").fill("last")
    expect(page.locator(".klv-count")).to_have_text("1 hit")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_jupyterlab(offline_page: Page, graph: Graph, theme: str) -> None:
    connect(offline_page, GraphWidget(graph))
    colours = LIGHT if theme == "light" else DARK
    offline_page.evaluate(
        """([light, colours]) => {
          document.body.dataset.jpThemeLight = light;
          for (const [name, colour] of Object.entries(colours)) {
            document.body.style.setProperty(name, colour);
          }
        }""",
        ["true" if theme == "light" else "false", colours],
    )
    opened(offline_page)
    assert readable(offline_page) == []
    turned = offline_page.locator(".klv-svg").evaluate("e => getComputedStyle(e).filter")
    assert ("invert" in turned) == (theme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_page_of_its_own(offline_page: Page, graph: Graph, tmp_path, scheme: str) -> None:
    Picture(graph).save(tmp_path / "page.html")
    offline_page.emulate_media(color_scheme=scheme)
    offline_page.goto((tmp_path / "page.html").as_uri())
    opened(offline_page)
    assert readable(offline_page) == []
    turned = offline_page.locator(".klv-svg").evaluate("e => getComputedStyle(e).filter")
    assert ("invert" in turned) == (scheme == "dark")
