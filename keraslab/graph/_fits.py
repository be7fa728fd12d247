"""Whether the weights of a layer go with other sizes of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from keraslab.graph._data import Call, TensorSpec


def fits(call: Call, inputs: tuple[TensorSpec, ...]) -> bool:
    """Whether only sizes differ that no weight depends on."""
    if len(inputs) != len(call.inputs):
        return False
    for new, old in zip(inputs, call.inputs, strict=True):
        if new.shape == old.shape:
            continue
        if len(new.shape) != len(old.shape):
            return False
        for axis in _weight_axes(call.operation, len(new.shape)):
            if new.shape[axis] != old.shape[axis]:
                return False
    return True


def _weight_axes(operation: Any, rank: int) -> Iterable[int]:
    """The axes of its input on which the weights of a layer depend."""
    if not rank:
        return ()
    if isinstance(operation, keras.layers.EinsumDense):
        return range(1, rank)
    if isinstance(operation, keras.layers.PReLU):
        shared = {axis % rank for axis in operation.shared_axes or ()}
        return [axis for axis in range(1, rank) if axis not in shared]
    axis = getattr(operation, "axis", None)
    axes: Sequence[Any] = axis if isinstance(axis, (list, tuple)) else [axis]
    if axes and all(isinstance(one, int) and -rank <= one < rank for one in axes):
        return axes
    return (1 if getattr(operation, "data_format", None) == "channels_first" else -1,)
