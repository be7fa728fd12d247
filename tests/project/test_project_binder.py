"""The demo's environment follows pyproject.toml, and repo2docker accepts it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"


def requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    parsed = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return {requirement.name: requirement.specifier for requirement in parsed}


def drift(project: dict, text: str) -> list[str]:
    """Say in which packages requirements.txt differs from what it should hold."""
    wanted = requirements(project["dependencies"] + project["optional-dependencies"]["data"])
    wanted["tensorflow-cpu"] = wanted.pop("tensorflow")
    found = requirements(text.splitlines())
    return sorted(name for name in wanted | found if wanted.get(name) != found.get(name))


@pytest.fixture
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_no_drift(project: dict) -> None:
    assert drift(project, (BINDER / "requirements.txt").read_text()) == []


def test_drift_is_seen(project: dict) -> None:
    text = (BINDER / "requirements.txt").read_text()
    assert drift(project, text + "pillow\n") == ["pillow"]
    assert drift(project, re.sub(r"keras>=[\d.]+", "keras>=2", text)) == ["keras"]
    assert "tensorflow" in drift(project, text.replace("tensorflow-cpu", "tensorflow"))


def test_runtime_is_a_python_we_support(project: dict) -> None:
    version = re.fullmatch(r"python-(3\.\d+)\n", (BINDER / "runtime.txt").read_text())
    assert version is not None
    assert version[1] in SpecifierSet(project["requires-python"])


def test_repo2docker_accepts_it(project: dict, tmp_path: Path) -> None:
    shutil.copytree(BINDER, tmp_path / "binder")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        # Its console script sits beside Python; it has no `python -m` form that works.
        [Path(sys.executable).with_name("jupyter-repo2docker"), "--debug", "--no-build", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    python = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    assert f"Building conda environment for python={python}" in done.stderr
    assert "binder/requirements.txt" in done.stdout
    assert "binder/postBuild" in done.stdout


def test_post_build_installs_us_alone() -> None:
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert re.search(r"^pip install .*--no-deps.* \.$", script.read_text(), re.MULTILINE)
