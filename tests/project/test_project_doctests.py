"""The examples in docstrings run, and every public name of a room has a docstring."""

import doctest
import importlib
from pathlib import Path

import keras
import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "keraslab"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if "node_modules" not in path.parts and not path.name.startswith("__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    # Names such as dense_1 count on from all tests before; an example starts from none.
    keras.utils.clear_session(free_memory=False)
    # What an example should have shown, and what it did, is printed above the failure.
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("room", ["blocks", "datasets", "draw", "graph", "panels", "train", "zoo"])
def test_public_names_are_explained(room: str) -> None:
    module = importlib.import_module(f"keraslab.{room}")
    public = [getattr(module, name) for name in module.__all__]
    bare = [thing for thing in public if callable(thing) and not (thing.__doc__ or "").strip()]
    assert bare == []
