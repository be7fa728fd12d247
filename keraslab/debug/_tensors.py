"""Symbolic tensors: where they are, what made them, what to call them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from keraslab.graph import TensorSpec, keras_internals


def tensors_in(values: Any, depth: int = 6) -> Iterator[Any]:
    """The symbolic tensors in lists, tuples and dicts, in their order."""
    if isinstance(values, keras.KerasTensor):
        yield values
    elif isinstance(values, (list, tuple)) and depth:
        for value in values:
            yield from tensors_in(value, depth - 1)
    elif isinstance(values, dict) and depth:
        for value in values.values():
            yield from tensors_in(value, depth - 1)


def upstream(tensors: list[Any]) -> list[Any]:
    """The layers and operations that lead to tensors, the nearest first."""
    found: dict[int, Any] = {}
    waiting = list(tensors)
    while waiting:
        node = keras_internals.node_of(waiting.pop(0))
        if node is not None and id(node) not in found:
            found[id(node)] = keras_internals.operation_of(node)
            waiting += keras_internals.tensors_in(node)
    return list({id(operation): operation for operation in found.values()}.values())


def spec_of(tensor: Any) -> TensorSpec:
    """The shape and dtype of a symbolic tensor."""
    return TensorSpec(tuple(tensor.shape), str(tensor.dtype))


def shape_text(shape: Any) -> str:
    """A shape as people write it: ``? × 28 × 28``."""
    return TensorSpec(tuple(shape), "").text


def maker_of(tensor: Any) -> Any:
    """The layer or operation that made a symbolic tensor; None where it was made by none."""
    node = keras_internals.node_of(tensor)
    return keras_internals.operation_of(node) if node is not None else None


def maker_name(tensor: Any) -> str:
    """The name of the layer or operation that made a symbolic tensor."""
    maker = maker_of(tensor)
    return str(maker.name) if maker is not None else str(tensor.name)
