"""A run in JupyterLab: Stop, Pause and Keep best under a real hand, and a kernel interrupt."""

import json
import re
from collections.abc import Callable

import nbformat
from lab_driver import Lab, NotebookPage, output, run_cell
from playwright.sync_api import Locator, Page, expect

SET_UP = """
import time
import keras
import numpy as np
import keraslab as kl
x = np.random.default_rng(0).normal(size=(2048, 16)).astype("float32")
y = x.sum(1, keepdims=True)
model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(32, "relu"),
                          keras.layers.Dense(1)], name="digits")
model.compile("adam", "mse")
batches = []
pace = keras.callbacks.LambdaCallback(
    on_train_batch_end=lambda batch, logs: (time.sleep(0.01), batches.append(time.time())))
"""
RUN = """
run = kl.fit(model, x, y, epochs=10_000, validation_split=0.2, background=True, callbacks=[pace])
run
"""
USE = """
try:
    model.evaluate(x, y)
except RuntimeError as error:
    print("refused:", error)
"""
AFTER = """
run.wait(60)
usable = model.evaluate(x, y, verbose=0) > 0
print("ended", run.status, run.ended_at, np.median(np.diff(batches)), usable)
"""
FAILS = """
class Fails(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise OSError("the <b>disk</b> is full")
failed = kl.fit(model, x, y, background=True, callbacks=[Fails()])
"""
BLOCKS = "again = kl.fit(model, x, y, epochs=100_000)"
AGAIN = "print('again', again.status, len(again.history['loss']) > 0)"


def write(lab: Lab, name: str, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / name)


def pressed(button: Locator) -> float:
    """Press it; the moment of that in seconds."""
    return (
        button.evaluate("button => { const now = Date.now(); button.click(); return now; }") / 1e3
    )


def theme(page: Page, name: str) -> None:
    page.evaluate(
        "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
    )
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str("Light" in name).lower()
    )


def test_a_run_under_a_real_hand(
    open_notebook: Callable[[str], NotebookPage], offline_page: Page, lab: Lab, artefacts
) -> None:
    write(lab, "run.ipynb", SET_UP, RUN, USE, AFTER, FAILS, BLOCKS, AGAIN)
    notebook, page = open_notebook("run.ipynb"), offline_page
    run_cell(page, 0)
    run_cell(page, 1)
    panel = page.locator(".kl-run").first
    expect(panel.locator("canvas").first).to_be_visible(timeout=120_000)
    expect(output(page, 1).last).to_contain_text("Run 'digits', shown above")
    run_cell(page, 2)
    expect(output(page, 2).last).to_contain_text("refused: The model 'digits' is being trained by")

    stop, pause, keep = (panel.locator(f"button.kl-{name}") for name in ("stop", "pause", "keep"))
    pause.click()
    expect(panel.locator(".kl-run-status")).to_contain_text("Paused.")
    expect(pause).to_have_text("Resume")
    pause.click()
    expect(pause).to_have_text("Pause")
    expect(panel).to_contain_text(re.compile(r"Epoch ([3-9]|\d\d+) of"), timeout=60_000)
    keep.click()
    panel.screenshot(path=artefacts / "run-live-light.png")
    theme(page, "JupyterLab Dark")
    panel.screenshot(path=artefacts / "run-live-dark.png")

    moment = pressed(stop)
    run_cell(page, 3)
    said = output(page, 3).last
    expect(said).to_contain_text("ended stopped", timeout=60_000)
    _, _, at, batch, usable = said.text_content().split()
    assert usable == "True"
    measured = {"pressed_to_ended_s": float(at) - moment, "batch_s": float(batch)}
    (artefacts / "stop-in-browser.json").write_text(json.dumps(measured))
    left = output(page, 1).first
    expect(left.locator("img")).to_have_count(1)
    expect(left.locator("canvas").first).to_be_visible()
    expect(left).to_contain_text("The model has the weights of epoch")
    expect(page.locator("button.kl-stop")).to_have_count(0)
    left.screenshot(path=artefacts / "run-ended-dark.png")

    run_cell(page, 4)
    broken = output(page, 4).first
    expect(broken).to_contain_text("OSError: the <b>disk</b> is full", timeout=60_000)
    expect(broken.locator("img")).to_have_count(1)  # what stays has taken the live view's place
    broken.screenshot(path=artefacts / "run-failed-dark.png")
    theme(page, "JupyterLab Light")
    broken.screenshot(path=artefacts / "run-failed-light.png")
    left.screenshot(path=artefacts / "run-ended-light.png")

    run_cell(page, 5)
    expect(output(page, 5).first).to_contain_text(re.compile(r"Epoch [1-9]"), timeout=60_000)
    page.evaluate("() => { jupyterapp.commands.execute('notebook:interrupt-kernel'); }")
    run_cell(page, 6)
    expect(output(page, 6).last).to_contain_text("again interrupted True", timeout=60_000)
    assert notebook.cell_errors() == []

    # The curves outlive their kernel: in this page, and as pictures in the notebook's file.
    expect(left.locator("img")).to_be_hidden()
    page.evaluate(
        """async () => {
            await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
            await jupyterapp.shell.currentWidget.context.save();
        }"""
    )
    expect(left.locator("canvas").first).to_be_visible()
    assert page.errors == []
    open_notebook("run.ipynb")
    for kept in (output(page, 1).first, output(page, 4).first):
        expect(kept.locator("img")).to_be_visible(timeout=60_000)
        expect(kept.locator("canvas")).to_have_count(0)
    assert page.errors == []
    assert page.blocked == []
