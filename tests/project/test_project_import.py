"""`import keraslab` is light, and it is this checkout that is tested."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import keraslab

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"anywidget", "IPython", "ipywidgets", "keras", "matplotlib", "numpy", "tensorflow"}


def modules_after(*arguments: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded in the end."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import keraslab; dir(keraslab)"),
        ("-m", "keraslab", "--help"),
        ("-m", "keraslab", "--version"),
        ("-m", "keraslab", "lab", "--help"),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(arguments: tuple[str, ...]) -> None:
    loaded = modules_after(*arguments)
    assert "keraslab" in loaded
    assert not loaded & HEAVY


def test_the_check_above_sees_a_heavy_import() -> None:
    assert modules_after("-c", "import numpy") & HEAVY == {"numpy"}


@pytest.mark.parametrize("name", [name for name in keraslab.__all__ if name != "__version__"])
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(keraslab, name) is not None
    assert name in dir(keraslab)


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(AttributeError, match="'keraslab' has no attribute 'explode'"):
        _ = keraslab.explode


def test_this_checkout_is_tested() -> None:
    # A .venv that was copied along with a folder would still point to the old one.
    assert Path(keraslab.__file__).parent == ROOT / "keraslab"


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == keraslab.__version__
    assert keraslab.__version__.removesuffix(".dev0") in (ROOT / "CHANGELOG.md").read_text()
