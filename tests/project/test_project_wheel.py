"""What a wheel holds: the notebooks and the built frontend, and none of the workshop."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel of a copy with clutter in it; return the names of its files."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    for name in ["pyproject.toml", "README.md", "LICENSE", ".gitignore"]:
        shutil.copy(ROOT / name, tree)
    for name in ["keraslab", "notebooks", "tests"]:
        skip = shutil.ignore_patterns("node_modules", "__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, tree / name, ignore=skip)
    for name in ["keraslab/frontend/node_modules/x.js", "notebooks/.ipynb_checkpoints/y.ipynb"]:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("clutter")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(tree)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("keraslab-*-py3-none-any.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_holds_what_is_needed(wheel: set[str]) -> None:
    folders = ["keraslab/datasets/data", "keraslab/frontend/dist", "notebooks"]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    names = [path.relative_to(ROOT).as_posix() for path in files]
    wanted = {
        name if name.startswith("keraslab/") else f"keraslab/{name}"
        for name in names
        if "/." not in name and "/images/" not in name  # the README's picture stays at home
    }
    assert any(name.endswith("00_tour.ipynb") for name in wanted)
    assert any(name.endswith("dist/engine.js") for name in wanted)
    assert wanted | {"keraslab/__init__.py", "keraslab/cli.py", "keraslab/py.typed"} <= wheel
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in wheel)
    assert any(name.endswith("dist/LICENSES.txt") and "dist-info" in name for name in wheel)


def test_holds_nothing_else(wheel: set[str]) -> None:
    assert {PurePosixPath(name).parts[0].split("-")[0] for name in wheel} == {"keraslab"}
    for word in ["node_modules", "tests", "__pycache__", "package-lock", "/.", "/images/"]:
        assert [name for name in wheel if word in name] == []
