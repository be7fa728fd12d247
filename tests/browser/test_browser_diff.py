"""A difference and the watch panel in JupyterLab: alive, and marked."""

from collections.abc import Callable

import nbformat
from lab_driver import Lab, NotebookPage
from playwright.sync_api import Page, expect

SET_UP = """
import keras
from keras import layers as L
import keraslab as kl
def build(skip):
    x = keras.Input((4,), name="x")
    y = L.Dense(4, name="res__one")(x)
    y = L.Dense(4, activation="relu", name="res__two")(y)
    z = L.Dense(4, activation="tanh", name="third")(y)
    y = L.Add(name="add")([x, y, z] if skip else [y, z])
    return keras.Model(x, L.Dense(2, name="out")(y), name="m")
"""
DARK = "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
LIGHT = DARK.replace("Dark", "Light")


def test_a_difference_folds_and_the_panel_glows(
    open_notebook: Callable[[str], NotebookPage], offline_page: Page, lab: Lab, artefacts
) -> None:
    cells = [
        SET_UP,
        "kl.diff(build(True), build(False))",
        "panel = kl.watch(); panel",
        'x = keras.Input((None, 8), name="words")\ny = L.LSTM(4, name="read")(x)',
        'z = L.Dense(2, name="newest")(y)',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / "diff.ipynb")
    page = open_notebook("diff.ipynb")
    page.run_all()
    assert page.cell_errors() == []

    views = offline_page.locator(".jp-OutputArea-output .klv")
    expect(views).to_have_count(2)
    found = views.nth(0)
    table = offline_page.locator(".jp-OutputArea-output td", has_text="edge removed: x#0 -> add#0")
    expect(table).to_have_count(1)
    removed = found.locator(".edge.status-removed")
    expect(removed).to_have_count(1)
    expect(removed).to_contain_text("−")
    expect(found.locator(".klv-totals")).to_contain_text("6 calls")
    found.scroll_into_view_if_needed()
    found.get_by_role("button", name="Unfold all groups").click()
    expect(found.locator(".klv-svg .cluster")).to_have_count(1)
    found.get_by_role("searchbox").fill("third")
    expect(found.locator(".klv-count")).to_have_text("1 hit")
    found.screenshot(path=artefacts / "diff-light.png")

    watch = views.nth(1)
    watch.scroll_into_view_if_needed()
    newest = watch.locator('.klv-svg [data-id="newest#0"]')
    expect(newest.locator(".halo")).to_have_count(1)
    expect(newest).to_contain_text("✦ new")
    expect(newest).to_contain_text("loose end: z, goes nowhere yet")
    watch.screenshot(path=artefacts / "watch-light.png")
    offline_page.evaluate(DARK)
    expect(offline_page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    watch.screenshot(path=artefacts / "watch-dark.png")
    found.scroll_into_view_if_needed()
    found.screenshot(path=artefacts / "diff-dark.png")
    offline_page.evaluate(LIGHT)
    expect(offline_page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
    assert offline_page.errors == []
    assert offline_page.blocked == []
