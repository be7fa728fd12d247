"""Where the axis of the samples goes: kept, moved, mixed or lost on the way to an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from keraslab.debug._subject import Subject
from keraslab.debug.checks._calls import constants, is_keras, is_layer, values
from keraslab.graph import Call
from keraslab.graph._known import ELEMENTWISE_OPERATIONS


@dataclass(frozen=True, slots=True)
class Samples:
    """What is known of the samples in one tensor."""

    axis: int | None = None
    """The axis that numbers the samples; None where there is none, or it is not known."""
    rows: Fraction = Fraction(1)
    """How many entries along that axis there are for one sample."""
    culprit: str | None = None
    """The call that reduced, joined or folded the axis of the samples."""
    known: bool = True


UNKNOWN = Samples(known=False)
NONE = Samples()
"""No sample went into it: a constant, or a weight."""
HAS = Samples(axis=0)

REDUCTIONS = frozenset({
    "Mean", "Sum", "Max", "Min", "Amax", "Amin", "Prod", "Std", "Var", "Any", "All", "Argmax",
    "Argmin", "Median", "Quantile", "CountNonzero", "Logsumexp", "LogSumExp", "Norm",
    "Average",
})  # fmt: skip
_SAME = ELEMENTWISE_OPERATIONS | {
    "Softmax", "LogSoftmax", "Cumsum", "Cumprod", "Normalize", "Sort", "OneHot",
    "Flip", "Roll", "OnesLike", "ZerosLike", "Identity", "Pad", "Repeat", "Tile",
}  # fmt: skip


def samples_of(subject: Subject) -> Mapping[str, Samples]:
    """For each call of a graph, where the samples are in what it gives."""
    found: dict[str, Samples] = {}
    for call in subject.graph.calls:
        taken = [found[edge.source] for edge in subject.edges_into[call.id]]
        try:
            found[call.id] = _after(call, taken)
        except (TypeError, ValueError, IndexError):  # settings that were not thought of
            found[call.id] = UNKNOWN
    return found


def _after(call: Call, taken: Sequence[Samples]) -> Samples:
    if call.kind == "input":
        return HAS
    if not taken:
        return NONE if is_keras(call) else UNKNOWN
    if not is_keras(call) or is_layer(call, "Lambda"):
        return UNKNOWN
    if call.kind == "layer":
        return _layer(call, taken)
    if call.type in REDUCTIONS:
        return _reduced(call, taken[0])
    if call.type == "Reshape":
        return _reshaped(call, taken[0])
    if call.type in ("Concatenate", "Stack"):
        return _joined(call, taken)
    if call.type in _SAME:
        return _together(call, taken)
    mover = _MOVERS.get(call.type)
    return UNKNOWN if mover is None else mover(call, taken[0])


def _layer(call: Call, taken: Sequence[Samples]) -> Samples:
    if any(not each.known for each in taken):
        return UNKNOWN
    if call.type == "Concatenate" and call.operation.axis in (0, -len(call.inputs[0].shape)):
        return replace(HAS, rows=Fraction(len(taken)), culprit=call.id)
    held = [each for each in taken if each.axis == 0]
    if held:
        return max(held, key=lambda each: each.rows)
    lost = [each for each in taken if each.culprit]
    return lost[0] if lost else UNKNOWN if any(e.axis for e in taken) else NONE


def _together(call: Call, taken: Sequence[Samples]) -> Samples:
    """Tensors that are set against each other place by place, from the last axis on."""
    if any(not each.known for each in taken):
        return UNKNOWN
    rank = len(call.outputs[0].shape)
    placed = [
        replace(each, axis=each.axis + rank - len(spec.shape))
        for each, spec in zip(taken, call.inputs, strict=True)
        if each.axis is not None
    ]
    if not placed:
        lost = [each for each in taken if each.culprit]
        return lost[0] if lost else NONE
    # Tensors of other ranks set against each other are a matter of broadcasting.
    return min(placed, key=lambda each: each.axis or 0)


def _axes(call: Call, rank: int) -> list[int]:
    axis = getattr(call.operation, "axis", None)
    if axis is None:
        return list(range(rank))
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    return [each % rank for each in axes]


def _reduced(call: Call, taken: Samples) -> Samples:
    if taken.axis is None:
        return taken
    axes = _axes(call, len(call.inputs[0].shape))
    if taken.axis in axes:
        return Samples(culprit=call.id)
    if getattr(call.operation, "keepdims", False):
        return taken
    return replace(taken, axis=taken.axis - sum(axis < taken.axis for axis in axes))


def _joined(call: Call, taken: Sequence[Samples]) -> Samples:
    if any(not each.known for each in taken):
        return UNKNOWN
    held = [each for each in taken if each.axis is not None]
    if not held or len({each.axis for each in held}) > 1:
        lost = [each for each in taken if each.culprit]
        return lost[0] if lost and not held else UNKNOWN if held else NONE
    first = held[0]
    assert first.axis is not None
    rank = len(call.outputs[0].shape)
    axis = int(call.operation.axis) % rank
    if call.type == "Stack":
        return replace(first, axis=first.axis + (axis <= first.axis))
    if axis == first.axis and len(held) == len(taken):
        return replace(first, rows=Fraction(len(taken)), culprit=call.id)
    return UNKNOWN if axis == first.axis else first


def _reshaped(call: Call, taken: Samples) -> Samples:
    if taken.axis != 0 or not taken.known:
        return taken if taken.axis is None else UNKNOWN
    before, after = values(call.inputs[0].shape), values(call.outputs[0].shape)
    first = call.outputs[0].shape[:1]
    if not first:
        return UNKNOWN
    if not before or not after or first[0] is not None:
        return UNKNOWN
    rows = taken.rows * Fraction(before, after)
    return Samples(0, rows, None if rows == 1 else call.id)


def _transposed(call: Call, taken: Samples) -> Samples:
    if taken.axis is None:
        return taken
    rank = len(call.inputs[0].shape)
    axes = getattr(call.operation, "axes", None) or tuple(range(rank))[::-1]
    return replace(taken, axis=[axis % rank for axis in axes].index(taken.axis))


def _swapped(call: Call, taken: Samples) -> Samples:
    rank = len(call.inputs[0].shape)
    one, other = call.operation.axis1 % rank, call.operation.axis2 % rank
    return replace(taken, axis={one: other, other: one}.get(taken.axis, taken.axis))


def _moved(call: Call, taken: Samples) -> Samples:
    rank = len(call.inputs[0].shape)
    source, goal = call.operation.source, call.operation.destination
    pairs = list(
        zip(
            [s % rank for s in (source if isinstance(source, (list, tuple)) else [source])],
            [g % rank for g in (goal if isinstance(goal, (list, tuple)) else [goal])],
            strict=True,
        )
    )
    order = [axis for axis in range(rank) if axis not in [s for s, _ in pairs]]
    for start, end in sorted(pairs, key=lambda pair: pair[1]):
        order.insert(end, start)
    return taken if taken.axis is None else replace(taken, axis=order.index(taken.axis))


def _expanded(call: Call, taken: Samples) -> Samples:
    if taken.axis is None:
        return taken
    rank = len(call.outputs[0].shape)
    axis = call.operation.axis
    axes = [a % rank for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
    kept = [place for place in range(rank) if place not in axes]
    return replace(taken, axis=kept[taken.axis])


def _squeezed(call: Call, taken: Samples) -> Samples:
    if taken.axis is None:
        return taken
    shape = call.inputs[0].shape
    axis = call.operation.axis
    if axis is None:
        gone = [place for place, size in enumerate(shape) if size == 1]
    else:
        gone = [a % len(shape) for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
    if taken.axis in gone:
        return UNKNOWN
    return replace(taken, axis=taken.axis - sum(a < taken.axis for a in gone))


def _picked(call: Call, taken: Samples) -> Samples:
    if taken.axis is None:
        return taken
    (_, key), _ = constants(call)
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(not (p is None or p is Ellipsis or isinstance(p, (int, slice))) for p in parts):
        return UNKNOWN
    rank = len(call.inputs[0].shape)
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        taken_up = sum(part is not None for part in parts) - 1
        parts[at : at + 1] = [slice(None)] * (rank - taken_up)
    place = gives = 0
    for part in [*parts, *[slice(None)] * rank]:
        if part is None:
            gives += 1
        elif place == taken.axis:
            if isinstance(part, int):
                return Samples(culprit=call.id)
            return replace(taken, axis=gives) if part == slice(None) else UNKNOWN
        else:
            place, gives = place + 1, gives + (not isinstance(part, int))
    return UNKNOWN


_MOVERS: dict[str, Any] = {
    "Transpose": _transposed,
    "Swapaxes": _swapped,
    "Moveaxis": _moved,
    "ExpandDims": _expanded,
    "Squeeze": _squeezed,
    "GetItem": _picked,
}
