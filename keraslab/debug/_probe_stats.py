"""What is counted of the values of one call, over any number of parts of a batch."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from keraslab.graph import Call

Ends = Literal["two", "sign", "share"]

# An output within a hundredth of its limits, where the slope is a hundredth of its largest or
# less: sigmoid between 0 and 1; tanh, which is the same curve, between -1 and 1.
_NEAR = 0.99
_BLOCK = 2**15
_ENDS: dict[str, Ends] = {
    "sigmoid": "two",
    "hard_sigmoid": "two",
    "tanh": "sign",
    "hard_tanh": "sign",
    "softmax": "share",
}
_CUT = ("relu", "relu6")
_CLASSES = {
    "ReLU": "relu",
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "HardSigmoid": "hard_sigmoid",
    "Tanh": "tanh",
    "HardTanh": "hard_tanh",
    "Softmax": "softmax",
}


def activation_name(call: Call) -> str | None:
    """The name of the activation that a call ends with; None without one, or of one's own."""
    operation = call.operation
    if call.type in _CLASSES:
        leaky = call.type == "ReLU" and (operation.negative_slope or operation.threshold)
        return None if leaky else _CLASSES[call.type]
    named = getattr(operation, "activation", None)
    name = getattr(named, "__name__", None)
    return name if name in _ENDS or name in _CUT else None


def bends(call: Call) -> bool:
    """Whether a call ends in a softmax, sigmoid or tanh."""
    return activation_name(call) in _ENDS


class Tally:
    """Mean, spread and the like of one call's output, merged exactly from part to part."""

    def __init__(self, call: Call) -> None:
        name = activation_name(call)
        self._cut = name in _CUT
        self._ends = _ENDS.get(name or "")
        self._unit_axis = _unit_axis(call)
        self._alive: np.ndarray[Any, Any] | None = None
        self._squares = 0.0
        self._full = self._rows = 0
        self._total = self._zeros = 0
        self.count = 0
        """Finite values seen."""
        self.bad = 0
        """Values that are not finite."""
        self.mean = 0.0
        self.low, self.high = math.inf, -math.inf

    def add(self, values: np.ndarray[Any, Any]) -> None:
        """Count the values of one part of the batch."""
        self._total += values.size
        whole = values
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        if not (math.isfinite(low) and math.isfinite(high)):
            finite = np.isfinite(values)
            self.bad += int(values.size - finite.sum())
            values = values[finite]
            low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        self._zeros += int(values.size - np.count_nonzero(values))
        if values.size:
            self.low, self.high = min(self.low, low), max(self.high, high)
            self._merge(values)
        if self._cut and whole.ndim > 1:
            axis = self._unit_axis % whole.ndim
            others = tuple(a for a in range(whole.ndim) if a != axis)
            alive = whole.max(axis=others) != 0  # what is cut at 0 has nothing below
            self._alive = alive if self._alive is None else self._alive | alive
        self._count_full(whole)

    def _merge(self, values: np.ndarray[Any, Any]) -> None:
        """Chan, Golub and LeVeque (1979): two means and sums of squares give those of all."""
        count = values.size
        # In double precision where single could overflow or lose the small difference.
        mean = float(values.mean(dtype=np.float64))
        squares = squared(values, mean)
        both = self.count + count
        step = mean - self.mean
        self._squares += squares + step * step * self.count * count / both
        self.mean += step * count / both
        self.count = both

    def _count_full(self, values: np.ndarray[Any, Any]) -> None:
        if self._ends is None or not values.size:
            return
        if self._ends == "share":  # one share of the softmax takes it all
            if values.shape[-1:] in ((), (1,)):
                return
            values = values.max(axis=-1)
            full = values > _NEAR
        elif self._ends == "two":
            full = (values > _NEAR) | (values < 1 - _NEAR)
        else:
            full = np.abs(values) > 2 * _NEAR - 1
        self._full += int(full.sum())
        self._rows += values.size

    @property
    def std(self) -> float:
        """The standard deviation over all values."""
        return math.sqrt(self._squares / self.count) if self.count else math.nan

    @property
    def zeros(self) -> float:
        """The share of values that are exactly 0."""
        return self._zeros / self._total if self._total else 0.0

    @property
    def saturated(self) -> float | None:
        """The share of values near the ends of the activation; None where it has no ends."""
        return self._full / self._rows if self._rows else None

    @property
    def units(self) -> int | None:
        """How many units or channels may be dead; None where nothing cuts at 0."""
        return None if self._alive is None else int(self._alive.size)

    @property
    def dead(self) -> int | None:
        """How many of them are 0 for every sample and place."""
        return None if self._alive is None else int(self._alive.size - self._alive.sum())


def squared(values: np.ndarray[Any, Any], mean: float = 0.0) -> float:
    """The sum of squared differences from a mean, in double precision.

    Args:
        values: Of any shape.
        mean: What is taken off each.
    """
    flat = values.reshape(-1)
    total = 0.0
    for start in range(0, flat.size, _BLOCK):  # a block stays in the processor's cache
        block = flat[start : start + _BLOCK].astype(np.float64)
        if mean:
            block -= mean
        total += float(np.square(block, out=block).sum())
    return total


def _unit_axis(call: Call) -> int:
    first = getattr(call.operation, "data_format", None) == "channels_first"
    return 1 if first else -1
