"""How far the values of a tensor see, along one axis of the model's input.

The values at place p of a tensor depend on the places from ``low(p)`` to ``high(p)`` of the
input. Both move on with p, and after ``len(lows)`` places the pattern comes again, ``shift``
places further along the input. More than one place in a pattern comes from enlarging, whose
values do not all see equally far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from keraslab.graph._contractions import Unknown

_FAR = 1 << 60
_LONGEST_PATTERN = 1 << 12
_MOST_STEPS = 1 << 16


class Axis(NamedTuple):
    """What one axis of the input is to the places of a tensor."""

    dim: int | None
    """The dimension of the tensor that runs along it; None where none does."""
    shift: int = 1
    lows: tuple[int, ...] = (0,)
    highs: tuple[int, ...] = (0,)
    plain: bool = True
    """Whether that dimension runs along nothing else, such as both axes of an image."""

    @property
    def size(self) -> int | None:
        """The most places of the input that one value depends on; None: all of them."""
        if not self.lows:
            return None
        if len(self.lows) == 1:
            return max(1, self.highs[0] - self.lows[0] + 1)
        # A place that an enlarging convolution leaves empty depends on nothing.
        return max(1, *(h - w + 1 for w, h in zip(self.lows, self.highs, strict=True)))


WHOLE = Axis(None, 0, (), ())


def slide(axis: Axis, window: int, stride: int = 1, dilation: int = 1, start: int = 0) -> Axis:
    """What a window sees that goes along: place p takes those from ``p * stride + start`` on."""
    if not axis.lows or (window == stride == 1 and start == 0):
        return axis
    if axis.dim is None or not axis.plain:
        raise Unknown
    period = len(axis.lows)
    last = start + (window - 1) * dilation
    if period == 1:
        shift = axis.shift
        low = axis.lows[0] + start * shift
        return Axis(axis.dim, shift * stride, (low,), (axis.highs[0] + last * shift,))
    places = period // math.gcd(period, stride)
    if places * window > _MOST_STEPS:
        raise Unknown
    taken = [
        [place * stride + start + step * dilation for step in range(window)]
        for place in range(places)
    ]
    return _gathered(axis, taken, axis.shift * (places * stride // period))


def spread(axis: Axis, factor: int, taken: Sequence[Sequence[int]]) -> Axis:
    """What an enlarged axis sees.

    Args:
        axis: The axis before.
        factor: How many places come from one.
        taken: For the places that come from place 0, which places they take values from.
    """
    if not axis.lows:
        return axis
    if axis.dim is None or not axis.plain:
        raise Unknown
    period = len(axis.lows) * factor
    if period > _LONGEST_PATTERN or period * max(map(len, taken)) > _MOST_STEPS:
        raise Unknown
    places = [
        [place // factor + offset for offset in taken[place % factor]] for place in range(period)
    ]
    return _gathered(axis, places, axis.shift)


def union(one: Axis, two: Axis) -> Axis:
    """What a value sees that comes from the same place of two tensors."""
    if one == two:
        return one
    if not one.lows or not two.lows:
        return WHOLE
    if one.dim != two.dim:
        if one.dim is None or two.dim is None:
            raise Unknown
        # Any place meets any other, such as in scores: from the first one to the last.
        return WHOLE
    if one.shift * len(two.lows) != two.shift * len(one.lows):
        raise Unknown  # their places are not equally far apart
    period = math.lcm(len(one.lows), len(two.lows))
    if period > _LONGEST_PATTERN:
        raise Unknown
    both = [_repeated(axis, period) for axis in (one, two)]
    return Axis(
        one.dim,
        one.shift * (period // len(one.lows)),
        tuple(map(min, *(lows for lows, _ in both))),
        tuple(map(max, *(highs for _, highs in both))),
        one.plain and two.plain,
    )


def _gathered(axis: Axis, taken: Sequence[Sequence[int]], shift: int) -> Axis:
    period = len(axis.lows)

    def moved(ends: tuple[int, ...], place: int) -> int:
        return ends[place % period] + place // period * axis.shift

    return Axis(
        axis.dim,
        shift,
        tuple(min((moved(axis.lows, p) for p in places), default=_FAR) for places in taken),
        tuple(max((moved(axis.highs, p) for p in places), default=-_FAR) for places in taken),
    )


def _repeated(axis: Axis, period: int) -> tuple[Sequence[int], Sequence[int]]:
    if len(axis.lows) == period:
        return axis.lows, axis.highs
    rounds = [turn * axis.shift for turn in range(period // len(axis.lows))]
    return (
        [low + more for more in rounds for low in axis.lows],
        [high + more for more in rounds for high in axis.highs],
    )


# -- where a window starts, and which places an enlarging layer takes


def start_of(padding: str, size: int | None, window: int, stride: int, dilation: int) -> int:
    """The first place, relative to its own, that a window sees."""
    reach = (window - 1) * dilation
    if padding == "causal":
        return -reach
    if padding != "same":
        return 0
    if size is None or stride == 1:
        # Of an unknown size, whole strides are assumed.
        return -(max(reach + 1 - stride, 0) // 2)
    return -(max((-(-size // stride) - 1) * stride + reach + 1 - size, 0) // 2)


def taken_by_transposed(window: int, stride: int, dilation: int, crop: int) -> list[list[int]]:
    """For each of the places made of place 0: which places a transposed convolution takes."""
    if window * stride > _MOST_STEPS:
        raise Unknown
    steps = range(window)
    return [
        [
            (place + crop - step * dilation) // stride
            for step in steps
            if (place + crop - step * dilation) % stride == 0
        ]
        for place in range(stride)
    ]


def taken_by_resizing(factor: int, interpolation: str) -> list[list[int]]:
    """For each of the places made of place 0: which places an interpolation takes."""
    if interpolation == "nearest":
        return [[0]] * factor
    if interpolation not in ("bilinear", "bicubic"):
        raise Unknown
    around = 2 if interpolation == "bicubic" else 1
    taken = []
    for place in range(factor):
        # Place centres: (place + 0.5) / factor - 0.5, in whole numbers.
        below, between = divmod(2 * place + 1 - factor, 2 * factor)
        taken.append(list(range(below + 1 - around, below + around + 1)) if between else [below])
    return taken
