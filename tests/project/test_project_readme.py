"""The README's Python runs, in one fresh process, from top to bottom."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import keraslab

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_blocks(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run all Python blocks of a page as one script, as a reader would who copies them."""
    (folder / "blocks.py").write_text("\n".join(FENCE.findall(text)))
    return subprocess.run(
        [sys.executable, "-W", "error", "blocks.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def test_readme_runs(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert FENCE.findall(text), "README.md shows no Python"
    done = run_blocks(text, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("fault", ["1 / 0", "import nowhere", "this is not Python"])
def test_a_wrong_readme_fails(fault: str, tmp_path: Path) -> None:
    page = f"Text\n\n```python\nx = 1\n```\n\n```python\nassert x == 1\n{fault}\n```\n"
    assert run_blocks(page, tmp_path).returncode != 0


def test_images_and_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|href)=\"([^\"#]+)\"", text)
    local = [a or b for a, b in targets if not (a or b).startswith(("http:", "https:", "mailto:"))]
    assert [target for target in local if not (ROOT / target).exists()] == []


def test_the_binder_badge_is_pinned_to_this_version() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pinned = re.findall(r"mybinder\.org/v2/gh/[\w-]+/[\w-]+/([^?)\s]+)\?urlpath=(\S+?)\)", text)
    assert pinned == [(f"v{keraslab.__version__}", "lab/tree/notebooks/00_tour.ipynb")]


def test_the_first_example_has_eight_lines() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in FENCE.findall(text)[0].splitlines() if line.strip()]
    assert len(lines) == 8
