"""The committed frontend is what its sources build to."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[2] / "keraslab" / "frontend"
REQUIRED = os.environ.get("KERASLAB_REQUIRE_FRONTEND") == "1"
# Texts that are written by hand, not built.
WRITTEN = {"LICENSES.txt"}


def skip(reason: str) -> None:
    """Skip, or fail where the environment says that the frontend must be built."""
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_dist_is_built_from_src(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        skip("frontend not rebuilt: Node is not installed")
    copy = tmp_path / "a place" / "frontend"  # a path must not get into what is built
    shutil.copytree(FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    install = [npm, "ci", "--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000"]
    done = subprocess.run(install, cwd=copy, capture_output=True, text=True)
    if done.returncode and any(
        code in done.stderr for code in ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT"]
    ):
        skip("frontend not rebuilt: npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
    done = subprocess.run([npm, "run", "build"], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    built, committed = contents(copy / "dist"), contents(FRONTEND / "dist")
    differ = {name for name in built | committed if built.get(name) != committed.get(name)}
    assert differ - WRITTEN == set(), "run `make frontend` and commit keraslab/frontend/dist"
