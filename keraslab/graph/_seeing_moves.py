"""What values see that move to other places, such as by reshaping and slicing."""

from __future__ import annotations

from collections.abc import Iterable

from keraslab.graph import keras_internals
from keraslab.graph._axis import (
    slide,
)
from keraslab.graph._contractions import Shape, Unknown, known
from keraslab.graph._field import (
    Field,
    Look,
    axes_of,
    merged,
    mixed,
    moved,
)

# -- values that move


def flattened(look: Look) -> Field:
    field = merged(look.fields)
    if len(look.inputs[0]) <= 2:
        return field
    return field._replace(
        axes=tuple([a._replace(dim=1, plain=False) if a.dim else a for a in field.axes])
    )


def permuted(look: Look) -> Field:
    return moved(merged(look.fields), {old: new + 1 for new, old in enumerate(look.operation.dims)})


def transpose(look: Look) -> Field:
    order = look.operation.axes or range(len(look.inputs[0]))[::-1]
    return moved(merged(look.fields), {old: new for new, old in enumerate(order)})


def reshaped(look: Look) -> Field:
    field = merged(look.fields)
    before, after = look.inputs[0][1:], look.outputs[0][1:]
    groups = _groups(before, after)
    axes = []
    for axis in field.axes:
        if not axis.dim:
            axes.append(axis)
            continue
        dim = axis.dim - 1
        olds, news = next(group for group in groups if dim in group[0])
        real_old = [d for d in olds if before[d] != 1]
        real_new = [d for d in news if after[d] != 1]
        if not real_old and news:
            real_old, real_new = [axis.dim - 1], [news[0]]
        if len(real_new) != 1:
            raise Unknown
        plain = axis.plain and real_old == [axis.dim - 1]
        axes.append(axis._replace(dim=real_new[0] + 1, plain=plain))
    return field._replace(axes=tuple(axes))


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Which dimensions become which: the smallest runs that hold equally many values.

    Dimensions of size 1 hold no order; they go along with the run before them.
    """
    if before.count(None) != after.count(None):
        raise Unknown
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        olds: list[int] = []
        news: list[int] = []
        left = right = 1
        while not olds or not news or left != right:
            # An unknown size is one that no other number of values equals.
            if j == len(after) or (i < len(before) and (not olds or left < right)):
                size = before[i]
                olds.append(i)
                i, left = i + 1, -1 if size is None else left * size
            else:
                size = after[j]
                news.append(j)
                j, right = j + 1, -1 if size is None else right * size
        for dims, sizes, at in ((olds, before, i), (news, after, j)):
            while at < len(sizes) and sizes[at] == 1:
                dims.append(at)
                at += 1
        i, j = olds[-1] + 1, news[-1] + 1
        groups.append((olds, news))
    return groups


def expanded(look: Look) -> Field:
    rank = len(look.outputs[0])
    new = set(axes_of(look.operation.axis, rank))
    old = [dim for dim in range(rank) if dim not in new]
    return moved(merged(look.fields), dict(enumerate(old)))


def without(look: Look, gone: Iterable[int]) -> Field:
    stay = [dim for dim in range(len(look.inputs[0])) if dim not in set(gone)]
    return moved(merged(look.fields), {dim: place for place, dim in enumerate(stay)})


def squeezed(look: Look) -> Field:
    shape = look.inputs[0]
    axis = look.operation.axis
    ones = [d for d, size in enumerate(shape) if size == 1]
    return without(look, ones if axis is None else axes_of(axis, len(shape)))


def stacked(look: Look) -> Field:
    field, rank = merged(look.fields), len(look.outputs[0])
    new = look.operation.axis % rank
    return moved(field, {dim: dim + (dim >= new) for dim in range(rank)})


def reduced(look: Look) -> Field:
    rank = len(look.inputs[0])
    axis = look.operation.axis
    dims = list(range(rank)) if axis is None else axes_of(axis, rank)
    if 0 in dims:
        raise Unknown  # over the samples
    field = mixed(merged(look.fields), dims)
    if look.operation.keepdims:
        return field
    return without(look._replace(fields=[field]), dims)


def item(look: Look) -> Field:
    """A slice such as ``x[:, 0]`` or ``x[:, 2::2]``."""
    key = keras_internals.arguments_of(look.node)[0][1]
    parts = list(key) if isinstance(key, tuple) else [key]
    rank = len(look.inputs[0])
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (rank - len(parts) + 1)
    field = merged(look.fields)
    places: dict[int, int] = {}
    sliced: dict[int, tuple[int, int]] = {}
    for dim, part in enumerate([*parts, *[slice(None)] * (rank - len(parts))]):
        if isinstance(part, slice):
            sliced[dim] = _first_and_step(part, look.inputs[0][dim])
            places[dim] = len(places)
        elif not isinstance(part, int):
            raise Unknown
    axes = [
        slide(a, 1, sliced[a.dim][1], start=sliced[a.dim][0])
        if a.dim in sliced and sliced[a.dim] != (0, 1)
        else a
        for a in field.axes
    ]
    return moved(field._replace(axes=tuple(axes)), places)


def _first_and_step(part: slice, size: int | None) -> tuple[int, int]:
    first, step = part.start or 0, part.step or 1
    if first < 0:
        first = max(0, first + known(size))
    if not isinstance(first, int) or not isinstance(step, int) or step < 1:
        raise Unknown
    return first, step
