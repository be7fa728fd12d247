"""The receptive field of each call: how much of the input one of its values depends on.

A forward pass carries, for each spatial axis of the input, the interval of places that a
value depends on: as many as it would be in the middle of a large input, so that the figure may
be larger than the input. This is a prediction, where normalisation with stored statistics,
dropout and noise change nothing. Where tensors meet, a value sees all that any of them sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from keraslab.graph import _seeing as seeing
from keraslab.graph._axis import Axis
from keraslab.graph._contractions import Unknown
from keraslab.graph._declared import PerClass, deciding_class, declared_by, worked_out
from keraslab.graph._field import NOTHING, Field, Look, merged, per_step, together
from keraslab.graph._seeing_windows import declared

if TYPE_CHECKING:
    from keraslab.graph._data import Call, Edge, Graph


class Sight(NamedTuple):
    """What every call of a graph sees of its input."""

    sizes: dict[str, tuple[int, ...] | None]
    """For each spatial axis of the input, the most places that one value depends on."""
    whole: frozenset[str]
    """Calls whose values depend on the whole input, whatever its size."""
    unknown: tuple[str, ...]
    """Calls of which it is not known; others without a size have no spatial input."""


def sight_of(graph: Graph) -> Sight:
    """Work out the receptive field of every call.

    Args:
        graph: The graph.

    Returns:
        Sizes per call; None where unknown, and where the input has no spatial axes.
    """
    taken: dict[str, list[Edge]] = {call.id: [] for call in graph.calls}
    for edge in graph.edges:
        taken[edge.target].append(edge)
    fields: dict[str, Field | None] = {}
    images_first = _channels_first(graph)
    without_channels = dict(_without_channels(graph))
    outputs = {call.id: call.outputs for call in graph.calls}
    for call in graph.calls:
        if call.kind == "input":
            shape = call.outputs[0].shape
            dims = without_channels.get(call.id) or _spatial(call, images_first)
            fields[call.id] = Field(tuple([Axis(d) for d in dims]), tuple([shape[d] for d in dims]))
            continue
        before = []
        for edge, spec in zip(taken[call.id], call.inputs, strict=False):
            field = fields[edge.source]
            source = outputs[edge.source][edge.source_index]
            if field and len(source.shape) != len(spec.shape):
                field = per_step(field, len(spec.shape) - len(source.shape))
            before.append(field)
        fields[call.id] = _after(call, before, taken[call.id])
    # Most calls hand on the field of the one before.
    different = {id(field): field for field in fields.values()}
    found = {number: _sizes(field) for number, field in different.items()}
    alls = {number for number, field in different.items() if field is not None and field.all}
    sizes = {key: found[id(field)] for key, field in fields.items()}
    whole = frozenset([key for key, field in fields.items() if id(field) in alls])
    return Sight(sizes, whole, tuple([key for key, field in fields.items() if field is None]))


def _sizes(field: Field | None) -> tuple[int, ...] | None:
    if field is None or not field.axes:
        return None
    sizes = [
        axis.size if axis.lows else extent
        for axis, extent in zip(field.axes, field.extents, strict=True)
    ]
    known = [size for size in sizes if size is not None]
    return tuple(known) if len(known) == len(sizes) else None


def _after(call: Call, before: list[Field | None], taken: list[Edge]) -> Field | None:
    """What the values of a call see, from what its inputs see."""
    present = [field for field in before if field is not None and field.axes]
    if not present and None not in before:
        return NOTHING
    rule = _rule_for(type(call.operation))
    if rule is seeing.no_values:
        return NOTHING
    if len(before) == len(present) == 1 and (
        # Most layers; asked first, since it is asked quickly.
        (rule is together and len(call.inputs[0].shape) == len(call.outputs[0].shape))
        or present[0].all
    ):
        return present[0]
    if rule is None and not (present and all(field.all for field in before if field)):
        return None
    if None in before:
        whole = [field for field in present if field.all]
        return worked_out(merged, whole) if whole and rule is together else None
    if all(field.all for field in present):
        return worked_out(merged, present)
    if rule is None:
        return None
    look = Look(
        call.operation,
        [field for field in before if field is not None],
        [spec.shape for spec in call.inputs],
        [spec.shape for spec in call.outputs],
        [edge.key for edge in taken],
        call.node,
    )
    return worked_out(rule, look)


# -- the input's spatial axes


def _channels_first(graph: Graph) -> bool:
    formats = (getattr(call.operation, "data_format", None) for call in graph.calls)
    return next(filter(None, formats), "channels_last") == "channels_first"


def _spatial(call: Call, images_first: bool) -> range:
    """The dimensions of an input along which its places lie."""
    spec = call.outputs[0]
    rank = len(spec.shape)
    if rank >= 3:
        return range(2, rank) if images_first and rank > 3 else range(1, rank - 1)
    # Whole numbers in a row are a sequence, such as tokens; others are features.
    return range(1, 2) if rank == 2 and "int" in spec.dtype and spec.shape[1] != 1 else range(0)


def _without_channels(graph: Graph) -> Iterator[tuple[str, range]]:
    """Inputs to which the model itself adds the channels of an image, as a last dimension."""
    for edge in graph.edges:
        target = graph.call_by_id[edge.target]
        before, after = edge.spec.shape, target.outputs[0].shape
        if len(before) == 3 and after[1:] == (*before[1:], 1):
            yield edge.source, range(1, 3)


# -- which rule

_RULES = PerClass()


def _rule_for(kind: type) -> Callable[[Look], Field] | None:
    try:
        found: Callable[[Look], Field] | None = _RULES[kind]
    except KeyError:
        found = _RULES[kind] = _find_rule(kind)
    return found


def _find_rule(kind: type) -> Callable[[Look], Field] | None:
    owner = deciding_class(kind)
    if owner is None or declared_by(owner):
        return declared if owner else None
    if not owner.__module__.startswith("keras."):
        return None
    names = [base.__name__ for base in kind.__mro__ if base.__module__.startswith("keras.")]
    if "Layer" in names:
        return next((seeing.LAYERS[name] for name in names if name in seeing.LAYERS), None)
    return seeing.OPERATIONS.get(names[0]) if names else None


def rule_inside(layer: Any) -> Callable[[Look], Field]:
    """The rule of a layer that another one wraps."""
    rule = _rule_for(type(layer))
    if rule is None:
        raise Unknown
    return rule
