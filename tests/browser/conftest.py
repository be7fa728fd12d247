"""JupyterLab on a copy of the notebooks, started once for all browser tests that want it."""

from collections.abc import Callable, Iterator

import pytest
from lab_driver import Lab, NotebookPage, serve
from playwright.sync_api import Page


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Serve a copy of the notebooks, so that running them leaves the originals alone."""
    folder = tmp_path_factory.mktemp("lab")
    with serve(folder / "notebooks", folder) as lab:
        yield lab


@pytest.fixture
def open_notebook(offline_page: Page, lab: Lab) -> Iterator[Callable[[str], NotebookPage]]:
    """Give a function that opens a notebook by its name; its kernel ends with the test."""
    opened: list[NotebookPage] = []

    def open_one(name: str) -> NotebookPage:
        opened.append(NotebookPage(offline_page, lab, name))
        return opened[-1]

    yield open_one
    for notebook in opened:
        notebook.close()
