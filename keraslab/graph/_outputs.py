"""What a layer or operation makes of other shapes, without being built again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._data import Call, TensorSpec


def outputs_again(
    call: Call, inputs: tuple[TensorSpec, ...], fitting: bool
) -> tuple[TensorSpec, ...]:
    """What a call makes of other inputs.

    Args:
        call: The call, with its inputs before.
        inputs: Its inputs now.
        fitting: Whether only sizes differ that no weight depends on.

    Raises:
        ModelError: It does not take them.
    """
    _check_joined(call, inputs)
    found = _by_rule(call, inputs) if fitting else None
    return found or outputs_made(call, call.operation, inputs)


def outputs_made(
    call: Call, operation: Any, inputs: tuple[TensorSpec, ...]
) -> tuple[TensorSpec, ...]:
    """What an operation makes in the place of a call's own, by calling it.

    Args:
        call: The call.
        operation: Its operation, or another of its kind; one that is not built is.
        inputs: What the call takes now.

    Raises:
        ModelError: It does not take them.
    """
    if call.node is None or len(keras_internals.tensors_in(call.node)) != len(inputs):
        return tuple([replace(spec, shape=(None,) * len(spec.shape)) for spec in call.outputs])
    tensors = [keras.KerasTensor(spec.shape, spec.dtype) for spec in inputs]
    try:
        made = keras_internals.outputs_of(operation, call.node, tensors)
    except Exception as error:  # a stranger's layer may raise anything
        raise ModelError(
            f"{call.name} ({call.type}) does not take {texts(inputs)}: {said(error)}"
        ) from error
    masked = [spec.masked for spec in call.outputs]
    return tuple(
        [
            TensorSpec(tuple(t.shape), str(t.dtype), mask)
            for t, mask in zip(made, masked, strict=True)
        ]
    )


def _by_rule(call: Call, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...] | None:
    """The output of one of Keras' own layers by its own rule, which costs microseconds."""
    kind = type(call.operation)
    if len(call.outputs) != 1 or call.kind != "layer" or not kind.__module__.startswith("keras."):
        return None
    merges = len(inputs) > 1 and kind.__name__ in _MERGES
    if len(inputs) != 1 and not merges:
        return None
    rule = getattr(kind, "compute_output_shape", None)
    if rule is None or rule is keras.layers.Layer.compute_output_shape:
        return None
    try:
        shapes = [spec.shape for spec in inputs]
        shape = tuple(call.operation.compute_output_shape(shapes if merges else shapes[0]))
    except Exception:  # its sentence is the one of the call itself, asked for next
        return None
    for size in shape[1:]:
        if size is not None and size < 1:
            return None
    before = call.outputs[0]
    return (TensorSpec(shape, before.dtype, before.masked),)


_MERGES = frozenset({"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"})


def _check_joined(call: Call, inputs: tuple[TensorSpec, ...]) -> None:
    """Refuse to join what differs elsewhere: ``Concatenate`` looks only where it is built."""
    if type(call.operation) is not keras.layers.Concatenate or not inputs:
        return
    along = call.operation.axis % len(inputs[0].shape)
    for axis, sizes in enumerate(zip(*[spec.shape for spec in inputs], strict=False)):
        if axis != along and len(set(sizes) - {None}) > 1:
            raise ModelError(
                f"{call.name} ({call.type}) does not take {texts(inputs)}: what is joined must "
                "be alike in all other sizes."
            )


def texts(specs: Sequence[TensorSpec]) -> str:
    """The shapes in a row, as people write them."""
    return " and ".join(spec.text for spec in specs)


def said(error: Exception) -> str:
    """The first line of what went wrong."""
    # Keras puts the whole config before what went wrong.
    text = str(error).rpartition("Exception encountered: ")[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
