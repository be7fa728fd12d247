"""The graph so far: what leads to one or several symbolic tensors, with no model around it."""

from __future__ import annotations

from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError

_DEEPEST = 8
"""Lists in lists that are looked through; a config may hold itself."""


def is_tensors(value: Any) -> bool:
    """Whether a value is a symbolic tensor, or a list, tuple or dict with one in it."""
    return _holds_tensor(value, _DEEPEST, set())


def _holds_tensor(value: Any, depth: int, seen: set[int]) -> bool:
    if isinstance(value, (list, tuple, dict)) and depth:
        if id(value) in seen:
            return False
        seen.add(id(value))
        inside = value.values() if isinstance(value, dict) else value
        return any(_holds_tensor(item, depth - 1, seen) for item in inside)
    return isinstance(value, keras.KerasTensor)


def so_far(tensors: Any) -> Any:
    """Everything that leads to the tensors, in the form of a Functional graph.

    Args:
        tensors: A symbolic tensor, or a list, tuple or dict of them.

    Raises:
        ModelError: Something else is among them.
    """
    for path, leaf in keras.tree.flatten_with_path(tensors):
        if not isinstance(leaf, keras.KerasTensor):
            place = "".join(f"[{part!r}]" for part in path)
            raise ModelError(
                f"Symbolic tensors are needed, but at {place} stands a {type(leaf).__name__}: "
                "give tensors that keras.Input(...) and the layers called on it return."
            )
    return keras_internals.SoFar(tensors)
