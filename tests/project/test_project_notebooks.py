"""Committed notebooks are small, readable and complete as pages."""

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("[!.]*.ipynb"))


def test_the_tour_is_there() -> None:
    assert FOLDER / "00_tour.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    # Saved widget state hides the picture that a static page would show.
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert len(cell.source.splitlines()) <= 15, f"a long cell: {cell.source[:60]!r}"
        errors = [out for out in cell.get("outputs", []) if out.output_type == "error"]
        assert errors == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_to_notice_follows_every_cell(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type == "code":
            assert after is not None, f"nothing after {cell.source[:60]!r}"
            assert after.source.startswith("**Notice**"), f"no word after {cell.source[:60]!r}"
