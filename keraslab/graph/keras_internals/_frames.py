"""Where in Keras a frame of a traceback stands."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from types import FrameType
from typing import Any

from keraslab.graph.keras_internals._reading import Entry, maker_of

_KERAS = "keras.src."
ERROR_HANDLER = "utils.traceback_utils:filter_traceback.<locals>.error_handler"
"""The frame around a public call; it holds the layer or model and what it was called with."""


def frame_place(frame: FrameType) -> str:
    """Where a frame stands: ``layers.layer:Layer.__call__`` in Keras, elsewhere its module.

    Args:
        frame: A frame of a traceback.
    """
    module = str(frame.f_globals.get("__name__", ""))
    if not module.startswith(_KERAS):
        return module
    return f"{module.removeprefix(_KERAS)}:{frame.f_code.co_qualname}"


def module_in_keras(value: Any) -> str:
    """Where in Keras a class or function is defined: ``ops.numpy``; ``""`` where it is not.

    Args:
        value: Anything; a class or function of Keras says where it is from.
    """
    module = str(getattr(value, "__module__", ""))
    return module.removeprefix(_KERAS) if module.startswith(_KERAS) else ""


def missing_places(places: Iterable[str]) -> list[str]:
    """Which of some places this Keras does not have.

    Args:
        places: Such as ``layers.layer:Layer.__call__``; ``.<locals>.`` and what follows is not
            looked for.
    """
    return [place for place in places if not _is_there(place)]


def _is_there(place: str) -> bool:
    module, _, path = place.partition(":")
    if "*" in module:  # any module of a package
        module, path = module.split(".*")[0], "*"
    try:
        found: Any = importlib.import_module(_KERAS + module)
    except ImportError:
        return False
    for name in path.split(".<locals>")[0].split("."):
        if name.endswith("*"):
            return any(each.startswith(name[:-1]) for each in dir(found))
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True


def node_of(tensor: Any) -> Any | None:
    """Keras' record of the call that made a symbolic tensor; None where there is none."""
    node = maker_of(tensor)
    return None if isinstance(node, Entry) else node
