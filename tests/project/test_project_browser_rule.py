"""Browser tests are skipped in one line where no browser is, and fail where one is required."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TESTS = "def test_one(chromium): pass\ndef test_two(chromium): pass\n"


def run(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_browser.py").write_text(TESTS)
    kept = {
        k: v for k, v in os.environ.items() if k not in ("CHROMIUM", "KERASLAB_REQUIRE_BROWSER")
    }
    # Plugins of pytest take seconds to load, and this needs none.
    kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # A PATH with nothing in it stands for a machine without a browser.
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**kept, "PATH": str(folder), **env},
    )


@pytest.mark.parametrize("required", [{}, {"KERASLAB_REQUIRE_BROWSER": "1"}])
def test_without_a_browser(tmp_path: Path, required: dict[str, str]) -> None:
    done = run(tmp_path, **required)
    if required:
        assert done.returncode != 0
        assert "2 errors" in done.stdout
    else:
        assert done.returncode == 0
        said = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
        assert len(said) == 1
        assert "apt install chromium" in said[0]
