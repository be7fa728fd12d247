"""Which of someone's arrays goes to which input or output of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keraslab.debug._unread import Unread
from keraslab.graph import TensorSpec

WHOLE = 5_000_000
"""Values up to which an array is looked at whole; of a larger one, its first samples."""
FEW = 4096


@dataclass(frozen=True)
class Slot:
    """An input or output of a model, and the array for it."""

    name: str
    spec: TensorSpec
    call: str
    array: np.ndarray[Any, Any] | None = None
    """None where there is none, or where it is none that can be looked at."""


@dataclass(frozen=True)
class Pairing:
    """The arrays that were given, beside the inputs or outputs they are for."""

    slots: tuple[Slot, ...]
    """With arrays only where nothing is wrong with their number and names."""
    given: int
    """How many arrays there are."""
    keys: tuple[str, ...] | None = None
    """The names they have; None where they are no dict."""
    unknown: tuple[str, ...] = ()
    """Names that no input or output has."""
    missing: tuple[str, ...] = ()
    """Inputs or outputs that are not given."""
    listed_for_dict: bool = False
    """Whether a list meets a model whose inputs are a dict."""
    plain: str | None = None
    """What a value is that is no array: ``list``, ``str``."""

    @property
    def fits(self) -> bool:
        """Whether each input or output has its array."""
        return all(slot.array is not None for slot in self.slots)

    @property
    def counted_wrong(self) -> bool:
        """Whether there are more or fewer arrays than inputs or outputs."""
        return self.keys is None and self.plain is None and self.given != len(self.slots)


def pair(
    data: Any,
    names: Sequence[str],
    specs: Sequence[TensorSpec],
    calls: Sequence[str],
    keys: Sequence[str | None],
) -> Pairing:
    """Put arrays beside the inputs or outputs of a model, as Keras does.

    Args:
        data: An array, a list or a dict of them.
        names: What the inputs or outputs are called.
        specs: Their shapes and dtypes.
        calls: Their calls in the graph.
        keys: Their keys, where the model has them in a dict.
    """
    empty = tuple(Slot(*each) for each in zip(names, specs, calls, strict=True))
    if isinstance(data, Mapping) and not hasattr(data, "iloc"):
        given = tuple(str(key) for key in data)
        unknown = tuple(key for key in given if key not in names)
        missing = tuple(name for name in names if name not in given)
        if missing or (unknown and None not in keys):
            return Pairing(empty, len(given), given, unknown, missing)
        found = [as_array(data[name]) for name in names]
        return _filled(empty, found, len(given), given, unknown)
    if isinstance(data, (list, tuple)):
        if any(_is_plain(each) for each in data):
            return Pairing(empty, len(data), plain=type(data[0]).__name__)
        if len(data) != len(names):
            return Pairing(empty, len(data))
        by_order = len(names) > 1 and None not in keys
        return _filled(empty, [as_array(each) for each in data], len(data), None, (), by_order)
    if len(names) != 1:
        return Pairing(empty, 1)
    return _filled(empty, [as_array(data)], 1, None)


def _filled(
    empty: tuple[Slot, ...],
    arrays: list[np.ndarray[Any, Any] | None],
    given: int,
    keys: tuple[str, ...] | None,
    unknown: tuple[str, ...] = (),
    by_order: bool = False,
) -> Pairing:
    slots = tuple(
        Slot(slot.name, slot.spec, slot.call, array)
        for slot, array in zip(empty, arrays, strict=True)
    )
    return Pairing(slots, given, keys, unknown, (), by_order)


def _is_plain(value: Any) -> bool:
    """Whether a value in a list is a number or another list, so that the list is the array."""
    return isinstance(value, (int, float, str, bytes, list, tuple, bool))


def as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """An array, frame or tensor as NumPy; of a very large one, its first samples."""
    try:
        if value is None or isinstance(value, (str, bytes, int, float)):
            return None
        if isinstance(value, (list, tuple)):
            return np.asarray(value)
        if isinstance(value, Unread):
            return value
        if hasattr(value, "iloc"):
            return np.asarray(value.to_numpy())
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        elif not isinstance(value, (np.ndarray, np.generic)):
            if not hasattr(value, "shape"):
                return None
            value = value.numpy() if hasattr(value, "numpy") else value[:FEW]
        return np.asarray(value)
    except Exception:  # an array of someone's own may refuse in any way
        return None


def part_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """As much of an array as is looked at value by value."""
    if array.size <= WHOLE or not array.ndim:
        return array
    each = max(array.size // max(len(array), 1), 1)
    return array[: max(WHOLE // each, 1)]


def is_numeric(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array holds real numbers or truth values."""
    return array.dtype.kind in "biuf"


def sample_text(array: np.ndarray[Any, Any]) -> str:
    """The shape of an array as people write it: ``60000 × 28 × 28``."""
    if isinstance(array, Unread):
        return " × ".join(["?", *map(str, array.shape[1:])])
    return " × ".join(map(str, array.shape)) or "one number"


def is_integer_valued(array: np.ndarray[Any, Any]) -> bool:
    """Whether all values are whole numbers."""
    if array.dtype.kind in "biu":
        return True
    return array.dtype.kind == "f" and bool(np.isfinite(array).all() and (array % 1 == 0).all())
