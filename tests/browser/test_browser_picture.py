"""The lens, the panel that follows a notebook, and the view's tools, in a real JupyterLab."""

import nbformat
from playwright.sync_api import Page, expect

WATCH = "import keras\nfrom keras import layers as L\nimport keraslab as kl\nkl.watch()"
FIRST = """\
image = keras.Input((None, None, 3), name="image")
x = L.Conv2D(8, 3, name="conv")(image)
"""
SECOND = """\
x = L.GlobalAveragePooling2D(name="pool")(x)
model = keras.Model(image, L.Dense(2, name="out")(x), name="small")
spare = L.Dense(7, name="spare")(x)
"""
LENS = """\
%%lens
sound = keras.Input((40, 4), name="sound")
y = L.Conv1D(16, 3, name="listen")(sound)
y = L.LSTM(8, name="remember")(y)
"""
SHOW = "kl.show(model, overlay='macs')"
DIFF = "kl.diff(model, kl.what_if(model, {'conv': {'filters': 16}}))"


def write(lab, name: str, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / name)


def test_the_tools_of_the_picture(open_notebook, offline_page: Page, lab, artefacts) -> None:
    page = offline_page
    page.set_viewport_size({"width": 1300, "height": 1000})
    load = "%load_ext keraslab"
    write(lab, "picture.ipynb", WATCH, load, FIRST, SECOND, LENS, SHOW, DIFF)
    notebook = open_notebook("picture.ipynb")
    notebook.run_all()
    assert notebook.cell_errors() == []

    # The panel of the first cell follows the cells below it.
    outputs = page.locator(".jp-OutputArea-output")
    watch = page.locator(".klv").nth(0)
    watch.scroll_into_view_if_needed()
    expect(watch.locator(".klv-svg")).to_contain_text("spare, goes nowhere yet")
    expect(watch.locator(".klv-svg")).to_contain_text("remember")
    page.screenshot(path=artefacts / "watch.png")

    lens = page.locator(".klv").nth(1)
    lens.scroll_into_view_if_needed()
    expect(lens.locator(".klv-lens-line")).to_have_count(3)
    lens.get_by_role("button", name="One line on").click()
    expect(lens.locator(".klv-svg .node.klv-later")).to_have_count(2)
    page.screenshot(path=artefacts / "lens_in_lab.png")

    show = page.locator(".klv").nth(2)
    show.scroll_into_view_if_needed()
    expect(show.locator(".klv-legend")).to_contain_text("MACs")
    # The sizes that the model leaves open can be tried.
    expect(show.locator(".klv-totals")).to_contain_text("at least 16 MACs")
    fields = show.get_by_role("spinbutton")
    assert fields.count() == 3  # batch, height, width
    for place in (1, 2):
        fields.nth(place).fill("64")
        fields.nth(place).press("Enter")
    expect(show.locator(".klv-svg")).to_contain_text("? × 62 × 62 × 8")
    # 62 x 62 places of 8 filters on 3 x 3 x 3 values, and 8 x 2 of the last layer.
    expect(show.locator(".klv-totals")).to_contain_text("830 k MACs")
    show.get_by_role("button", name="Table").click()
    expect(show.get_by_role("row").filter(has_text="conv")).to_have_count(1)
    page.screenshot(path=artefacts / "show_in_lab.png")

    diff = outputs.last
    diff.scroll_into_view_if_needed()
    expect(diff).to_contain_text("filters")
    expect(diff.locator(".klv-svg")).to_have_count(1)
    page.screenshot(path=artefacts / "diff_in_lab.png")
    assert page.errors == []
    assert page.blocked == []
