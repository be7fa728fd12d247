"""The tour as a newcomer sees it: JupyterLab in a browser, with the network cut off."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lab_driver import Lab, NotebookPage
from playwright.sync_api import Locator, Page, expect


def move_the_first_slider(explore: Locator) -> None:
    """Press the right arrow on a slider and see the numbers and the table follow."""
    shapes, stats = explore.locator(".kl-shapes"), explore.locator(".kl-stats")
    shapes_before, stats_before = shapes.text_content(), stats.text_content()
    assert shapes_before
    assert stats_before
    slider = explore.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    expect(shapes).not_to_have_text(shapes_before)
    expect(stats).not_to_have_text(stats_before)
    expect(explore.locator(".kl-error")).to_have_count(0)


def unfold_a_group(graph: Locator) -> None:
    """Click on a folded group and see it open; fold one first, by its title, if all are open."""
    folded = graph.locator("g.node.group")
    if folded.count() == 0:
        graph.locator("g.cluster text").first.click()
        expect(folded.first).to_be_visible()
    group = folded.first.get_attribute("data-id")
    nodes = graph.locator("g.node")
    before = nodes.count()
    graph.locator(f'g.node.group[data-id="{group}"]').click()
    expect(graph.locator(f'g.cluster[data-id="{group}"]')).to_be_visible()
    assert nodes.count() > before


def train_and_stop(explore: Locator) -> None:
    """Press Train, see curves grow, press Stop: a running fit must hear it."""
    explore.locator(".kl-train").click()
    expect(explore.locator(".kl-curves canvas").first).to_be_visible(timeout=60_000)
    explore.locator(".kl-stop").click()
    expect(explore.locator(".kl-train-status")).to_contain_text("Stopped", timeout=60_000)


def test_tour(
    open_notebook: Callable[[str], NotebookPage],
    offline_page: Page,
    lab: Lab,
    artefacts: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notebook = open_notebook("00_tour.ipynb")
    page = offline_page
    notebook.run_all()
    assert notebook.cell_errors() == []
    # `make` has the kernels leave to the terminal what TensorFlow's libraries say as they load.
    assert notebook.on_stderr() == []
    memory = ", ".join(f"{name} {size:.0f} MB" for name, size in lab.resident_mb().items())
    with capsys.disabled():
        print(f"\nresident memory after the tour: {memory}")

    notebook.scroll_to_top()
    expect(page.locator(".jp-OutputArea-output img").first).to_be_visible()
    page.screenshot(path=artefacts / "tour-top.png")

    explore = page.locator(".kl-explore").first
    explore.scroll_into_view_if_needed()
    expect(explore.locator(".kl-graph svg").first).to_be_visible()
    move_the_first_slider(explore)
    unfold_a_group(explore.locator(".kl-graph"))
    train_and_stop(explore)
    notebook.wait_until_idle()
    # High enough to hold the whole panel: a screenshot of it ends where the window does.
    page.set_viewport_size({"width": 1200, "height": 1600})
    explore.scroll_into_view_if_needed()
    explore.screenshot(path=artefacts / "tour-explore.png")

    curves = page.locator(".jp-OutputArea-output", has=page.locator(".klc")).first
    curves.scroll_into_view_if_needed()
    expect(curves.locator("canvas, svg").first).to_be_visible()
    curves.screenshot(path=artefacts / "tour-curves.png")

    assert offline_page.errors == []
    assert offline_page.blocked == []
