"""The explore panel under a real hand: fast drags, settings that fail, training that goes on."""

from collections.abc import Callable

import nbformat
from lab_driver import Lab, NotebookPage
from playwright.sync_api import Page, expect

SET_UP = """
import time
import keras
import numpy as np
import keraslab as kl
built = []
def build(depth=1, size=9):
    time.sleep(0.25)  # as slow as a large model
    built.append(depth)
    h = image = keras.Input((size, size, 1), name="image")
    for i in range(depth):
        h = keras.layers.Conv2D(4, 3, padding="same", name=f"conv{i}")(h)
    h = keras.layers.Conv2D(2, 5, name="last")(h)
    return keras.Model(image, h, name=f"depth{depth}")
"""
PANEL = "panel = kl.explore(build, depth=(1, 12), size=(3, 9)); panel"
COUNT = "print('pictures', len(built), 'of 11, last', built[-1:])"


def write(lab: Lab, name: str, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / name)


def test_fast_moves_and_failures(
    open_notebook: Callable[[str], NotebookPage], offline_page: Page, lab: Lab, artefacts
) -> None:
    write(lab, "explore.ipynb", SET_UP, PANEL, "built.clear()", COUNT)
    notebook = open_notebook("explore.ipynb")
    notebook.run_all()
    assert notebook.cell_errors() == []
    explore = offline_page.locator(".kl-explore")
    title = explore.locator(".klv-name")
    expect(title).to_have_text("depth1")

    depth, size = explore.get_by_role("slider").all()
    depth.focus()
    for _ in range(11):
        depth.press("ArrowRight")
    expect(title).to_have_text("depth12")
    notebook.wait_until_idle()
    offline_page.evaluate(
        """() => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = 3;
            return jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    said = offline_page.get_by_text("pictures ").last
    expect(said).to_contain_text("last [12]")
    pictures = int(said.text_content().split()[1])
    assert pictures < 11, "positions that were passed by need no picture"

    # A picture five wide is the least that the last convolution takes.
    size.focus()
    for _ in range(6):
        size.press("ArrowLeft")
    expect(explore.locator(".kl-error")).to_contain_text("KL501")
    expect(explore.locator(".klv-stale")).to_have_count(1)
    expect(explore.locator(".klv-banner")).to_contain_text("does not build")
    expect(explore.locator("g.node").first).to_be_visible()
    explore.screenshot(path=artefacts / "explore-stale.png")
    for _ in range(4):
        size.press("ArrowRight")
    expect(explore.locator(".kl-error")).to_have_count(0)
    expect(explore.locator(".klv-stale")).to_have_count(0)
    assert offline_page.errors == []
    assert offline_page.blocked == []
