"""A comparison in JupyterLab: it grows, can be stopped, and stays when the kernel is gone."""

import re
from collections.abc import Callable

import nbformat
from lab_driver import Lab, NotebookPage, output, run_cell
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, Page, expect

SET_UP = """
import time
import keras
import numpy as np
import keraslab as kl
L = keras.layers
x = np.random.default_rng(0).normal(size=(600, 16)).astype("float32")
y = (x[:, :8].sum(1) > x[:, 8:].sum(1)).astype("int32")
def build(units, skip):
    inputs = keras.Input((16,), name="x")
    h = L.Dense(units, activation="relu", name="hidden")(inputs)
    if skip:
        h = L.Add(name="add")([h, L.Dense(units, name="skip")(inputs)])
    model = keras.Model(inputs, L.Dense(2, activation="softmax", name="out")(h), name="m")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
class Slowly(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.02)
names = {"plain": lambda: build(16, False), "skip": lambda: build(16, True)}
"""
GROWS = """
growing = kl.compare(names, (x, y), seeds=2, epochs=400, validation=0.2, batch_size=64,
                     store=False, background=True, callbacks=[Slowly()])
growing
"""
ENDED = "growing.wait(60); print('ended', growing.status)"
BROKEN = """
def broken():
    a = keras.Input((16,), name="x")
    return keras.Model(a, L.Add(name="sum")([a, L.Dense(3, name="three")(a)]))
names["<img src=x onerror=alert(1)>"] = broken
found = kl.compare(names, (x, y), seeds=3, epochs=6, validation=0.2, batch_size=64, store=False)
"""
WAIT = 180_000
PAST_ONE = re.compile("([2-9]|[1-9][0-9]) epochs done")
THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
SAVE = "() => jupyterapp.commands.execute('docmanager:save')"


def theme(page: Page, name: str) -> None:
    page.evaluate(THEME, name)
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str("Light" in name).lower()
    )


def both(page: Page, shown: Locator, path: Callable[[str], str]) -> None:
    """A screenshot in each theme."""
    theme(page, "JupyterLab Dark")
    shown.screenshot(path=path("dark"))
    theme(page, "JupyterLab Light")
    shown.screenshot(path=path("light"))


def test_a_comparison_grows_stops_and_stays(
    open_notebook: Callable[[str], NotebookPage], offline_page: Page, lab: Lab, artefacts
) -> None:
    cells = [SET_UP, GROWS, ENDED, BROKEN]
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    written.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(written, lab.folder / "comparing.ipynb")
    notebook, page = open_notebook("comparing.ipynb"), offline_page
    page.set_viewport_size({"width": 900, "height": 2300})
    page.evaluate("() => jupyterapp.shell.collapseLeft()")
    run_cell(page, 0)
    run_cell(page, 1)

    panel = page.locator(".klq").first
    expect(panel.locator("canvas").first).to_be_visible(timeout=WAIT)
    expect(output(page, 1).last).to_contain_text("Comparison, shown above", timeout=WAIT)
    first = panel.locator(".klq-cell").first
    expect(first).to_have_attribute("data-status", "running", timeout=WAIT)
    expect(first).to_have_attribute("title", PAST_ONE, timeout=WAIT)
    panel.get_by_text("What differs between two of the models").click()
    expect(panel.locator(".klq-picture .klv-svg")).to_be_visible(timeout=WAIT)
    expect(panel.locator(".klq-words")).to_contain_text("skip", timeout=WAIT)
    both(page, panel, lambda name: artefacts / f"comparison-live-{name}.png")

    panel.get_by_role("button", name="Stop").click()
    run_cell(page, 2)
    expect(output(page, 2).last).to_contain_text("ended stopped", timeout=WAIT)
    left = output(page, 1).first
    expect(left.locator(".kl-still")).to_be_hidden()
    expect(left.locator(".klq canvas").first).to_be_visible()
    expect(left.locator(".klc-text").first).to_contain_text("Stopped.", timeout=WAIT)
    drawing = left.locator(".klq-picture .klv-svg")
    expect(drawing).to_be_visible()
    # Where the picture was is HTML, for which the lab has a style of its own.
    height = "each => each.getBoundingClientRect().height"
    stage = left.locator(".klq-picture .klv-stage")
    assert drawing.evaluate(height) == stage.evaluate(height) > 200, "nothing is cut off"

    run_cell(page, 3)
    done = output(page, 3).first
    expect(done.locator(".kl-still")).to_be_attached(timeout=WAIT)
    expect(done.locator(".klc-text").first).to_contain_text(
        "Done. 3 variants × 3 seeds: 6 of 9", timeout=WAIT
    )
    expect(done.locator(".klq-failed")).to_contain_text("failed with seeds 0, 1, 2", timeout=WAIT)
    expect(done.locator(".klq-failed")).to_contain_text("KL206", timeout=WAIT)
    for_keys = done.locator(".klq-variant").first
    for_keys.focus()
    page.keyboard.press("Enter")
    expect(for_keys).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Space")
    expect(for_keys).to_have_attribute("aria-pressed", "true")
    widths = "each => [each.scrollWidth, each.clientWidth]"
    table, room = done.locator(".klq-scroll").evaluate(widths)
    assert table <= room, "all columns are in sight"
    both(page, done, lambda name: artefacts / f"comparison-done-{name}.png")
    assert notebook.cell_errors() == []
    assert page.locator("img[src=x]").count() == 0

    page.evaluate(SAVE)
    page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    assert (page.errors, page.blocked) == ([], [])
    html, _ = HTMLExporter(template_name="lab").from_filename(lab.folder / "comparing.ipynb")
    # In a browser of its own: the lab's scripts would show their live views here too. The
    # exporter's page asks the network for typesetting; it must not need it.
    alone = page.context.browser.new_context(offline=True, viewport=page.viewport_size)
    still = alone.new_page()
    still.set_content(html, wait_until="domcontentloaded")
    expect(still.get_by_text("What the scores say").first).to_be_visible()
    expect(still.get_by_text("Stopped. 2 variants × 2 seeds: 0 of 4 runs done")).to_be_visible()
    expect(still.get_by_text("Done. 3 variants × 3 seeds: 6 of 9 runs done")).to_be_visible()
    expect(still.locator("img[alt^='Curves of 3 variants']")).to_be_visible()
    expect(still.get_by_text("What differs from plain to skip").last).to_be_visible()
    assert still.locator("img[src=x]").count() == 0
    still.locator(".kl-still").last.screenshot(path=artefacts / "comparison-exported.png")
    alone.close()
