"""What the values of a tensor see of the model's input, and how that is merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from keraslab.graph._axis import (
    WHOLE,
    Axis,
    union,
)
from keraslab.graph._contractions import Shape, Unknown


class Field(NamedTuple):
    """What the values of one tensor see: an axis for each spatial axis of the input."""

    axes: tuple[Axis, ...]
    extents: tuple[int | None, ...]
    """The sizes of the input."""

    @property
    def all(self) -> bool:
        """Whether every value sees the whole input."""
        return bool(self.axes) and not any(axis.lows for axis in self.axes)


NOTHING = Field((), ())


class Look(NamedTuple):
    """One call, as a rule may look at it."""

    operation: Any
    fields: list[Field]
    inputs: list[Shape]
    outputs: list[Shape]
    keys: list[str | None]
    node: Any

    def with_operation(self, operation: Any) -> Look:
        """The same call, of another layer."""
        return self._replace(operation=operation)


def merged(fields: Iterable[Field]) -> Field:
    """What a value sees that is made of values of several tensors at the same place."""
    field = NOTHING
    for other in fields:
        if not field.axes:
            field = other
        elif other.axes and other != field:
            field = _both(field, other)
    return field


def _both(one: Field, two: Field) -> Field:
    if len(one.axes) != len(two.axes):
        if one.all and two.all:
            return Field((WHOLE,), (None,))
        raise Unknown
    return Field(
        tuple(map(union, one.axes, two.axes)),
        tuple(a if a == b else None for a, b in zip(one.extents, two.extents, strict=True)),
    )


def mixed(field: Field, dims: Iterable[int]) -> Field:
    """What a value sees that is made of all values along some dimensions."""
    inside = set(dims)
    return field._replace(axes=tuple([WHOLE if a.dim in inside else a for a in field.axes]))


def moved(field: Field, places: dict[int, int]) -> Field:
    """The same values, whose dimensions stand elsewhere; one that is not named is gone."""
    return field._replace(
        axes=tuple([a._replace(dim=places.get(a.dim)) if a.dim else a for a in field.axes])
    )


def per_step(field: Field, change: int) -> Field:
    """The field where a model inside goes on with each step as a sample, and back.

    The steps then lie along the samples, dimension 0, and all others one further to the front.
    """
    axes = []
    for axis in field.axes:
        dim = axis.dim
        if dim is not None and (dim or change > 0):
            axis = axis._replace(dim=dim + change)
        axes.append(axis)
    return field._replace(axes=tuple(axes))


def along_each(look: Look, dims: Sequence[int], change: Callable[[Axis, int], Axis]) -> Field:
    field = together(look)
    axes = [change(a, dims.index(a.dim)) if a.dim in dims else a for a in field.axes]
    return field._replace(axes=tuple(axes))


def dims_of(look: Look) -> range:
    rank = len(look.inputs[0])
    first = getattr(look.operation, "data_format", None) == "channels_first"
    return range(2, rank) if first else range(1, rank - 1)


def axes_of(value: Any, rank: int) -> list[int]:
    listed = value if isinstance(value, (list, tuple)) else [value]
    return [axis % rank for axis in listed]


def together(look: Look) -> Field:
    """Every value comes from the values at its own place."""
    rank = len(look.outputs[0])
    if len(look.fields) == 1 and len(look.inputs[0]) == rank:
        return look.fields[0]
    return merged(
        field
        if len(shape) == rank
        # Missing dimensions are added in front, as everywhere in array programs.
        else moved(field, {dim: dim + rank - len(shape) for dim in range(1, rank)})
        for field, shape in zip(look.fields, look.inputs, strict=True)
    )
