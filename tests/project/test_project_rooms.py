"""Which room may import which, and who may touch the private names of Keras."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "keraslab"
INTERNALS = "graph/keras_internals/"

# A room, and all that it may import besides itself.
MAY_USE = {
    "blocks": set(),
    "datasets": set(),
    "zoo": {"blocks"},
    "graph": {"blocks"},
    "draw": {"graph", "zoo", "blocks"},
    "train": {"draw", "graph", "zoo", "blocks"},
    "debug": {"draw", "graph", "zoo", "blocks"},
    "panels": {"datasets", "train", "debug", "draw", "graph", "zoo", "blocks"},
    "course": {"train", "debug", "draw", "graph", "zoo", "blocks"},
}
PRIVATE_NAMES = {
    "_functional",
    "_inbound_nodes",
    "_keras_history",
    "_nodes_by_depth",
    "_outbound_nodes",
}


def imported(tree: ast.AST, path: str) -> Iterator[str]:
    """List the full names of all that a file imports, wherever in the file it does so."""
    package = ["keraslab", *Path(path).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def faults(path: str, source: str) -> list[str]:
    """Say what a file of the package, named by its path there, may not do."""
    tree = ast.parse(source)
    found = []
    room = Path(path).parts[0] if "/" in path else None
    for name in imported(tree, path):
        parts = name.split(".")
        if parts[0] == "tensorflow":
            found.append(f"{path} imports {name}: the library knows only keras")
        if parts[0] in {"ipywidgets", "anywidget"} and room in {"blocks", "zoo", "graph", "debug"}:
            found.append(f"{path} imports {name}: {room} knows no widgets")
        if parts[:2] == ["keras", "src"] and not path.startswith(INTERNALS):
            found.append(f"{path} imports {name}: only {INTERNALS} may")
        other = parts[1] if parts[0] == "keraslab" and len(parts) > 1 else None
        if room in MAY_USE and other in MAY_USE.keys() - MAY_USE[room] - {room}:
            found.append(f"{path} imports {name}: {room} may not use {other}")
    if not path.startswith(INTERNALS):
        for node in ast.walk(tree):
            named = node.attr if isinstance(node, ast.Attribute) else None
            # getattr(layer, "_inbound_nodes") is the same touch.
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = node.value
            if named in PRIVATE_NAMES or (named or "").startswith("keras.src"):
                found.append(f"{path}:{node.lineno} touches {named}: only {INTERNALS} may")
    return found


FILES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if "node_modules" not in path.parts
)


@pytest.mark.parametrize("path", FILES)
def test_rooms(path: str) -> None:
    assert faults(path, (PACKAGE / path).read_text(encoding="utf-8")) == []


def test_every_room_is_known() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"frontend"}
    assert rooms <= set(MAY_USE), "a new room belongs into the drawing of the house and in MAY_USE"


@pytest.mark.parametrize("path", FILES)
def test_no_file_is_two_rooms(path: str) -> None:
    assert len((PACKAGE / path).read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("blocks/_x.py", "from keraslab.graph import Graph"),
        ("blocks/_x.py", "def f():\n    import keraslab.draw"),
        ("graph/_x.py", "from keraslab import draw"),
        ("graph/_x.py", "from ..panels import show"),
        ("graph/_x.py", "from .. import panels"),
        ("train/_x.py", "from keraslab.debug import check"),
        ("draw/_x.py", "import tensorflow as tf"),
        ("graph/_x.py", "import ipywidgets"),
        ("draw/_x.py", "from keras.src.models import Functional"),
        ("draw/_x.py", "layer._inbound_nodes"),
        ("graph/keras_internals_x.py", "layer._inbound_nodes"),
        ("draw/_x.py", "getattr(layer, '_inbound_nodes')"),
    ],
)
def test_a_fault_is_seen(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "panels/_x.py",
            "from keraslab.train import LiveCurves\nfrom keraslab.draw import Picture",
        ),
        ("graph/__init__.py", "from ._data import Graph"),
        ("graph/keras_internals/_x.py", "from keras.src import tree\nlayer._inbound_nodes"),
        ("cli.py", "from keraslab.panels import show"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert faults(path, source) == []
