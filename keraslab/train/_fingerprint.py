"""A short text that is the same for the same data, and another for others."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from keraslab.graph.keras_internals import RandomState

BATCHES = 8
"""Of a dataset so many batches are read: all of it may be as long as an epoch."""
_CHUNK = 2**24
_SIZE = 16  # bytes: 2 ** 64 data sets until two of them meet by chance


def fingerprint(data: Any) -> str:
    """What data can be recognised by: a hash of their content.

    Values, their order, shape and type all count; where arrays are kept and in which order a
    dict has its keys does not. Of a ``tf.data.Dataset``, a ``PyDataset`` or another set that is
    read in batches, length and first batches count, and only the length and the kind of values
    where these batches are others each time; the text says so.

    Args:
        data: Arrays, tensors, tables, plain values, and lists, tuples and dicts of them.

    Returns:
        32 digits, with what they stand for behind them if that is not everything.

    Raises:
        TypeError: if there is something else among the data, such as a generator, which can be
            read only once.

    Example:
        >>> fingerprint(np.arange(3)) == fingerprint(np.array([0, 1, 2]))
        True
        >>> fingerprint(np.arange(3)) == fingerprint(np.arange(3.0))
        False
    """
    hasher = _Hasher()
    hasher.add(data)
    notes = "".join(f" ({note})" for note in dict.fromkeys(hasher.notes))
    return hasher.hash.hexdigest() + notes


class _Hasher:
    def __init__(self) -> None:
        self.hash = hashlib.blake2b(digest_size=_SIZE)
        self.notes: list[str] = []
        self._inside: list[int] = []

    def _say(self, kind: str, *facts: object) -> None:
        # With its length, so that no two different pieces in a row can look like two others.
        text = "\0".join([kind, *map(str, facts)]).encode("utf-8", "surrogatepass")
        self.hash.update(len(text).to_bytes(8, "little") + text)

    def add(self, data: Any) -> None:
        if data is None or isinstance(data, bool | int | float | complex | str):
            self._say(type(data).__name__, repr(data))
        elif isinstance(data, bytes | bytearray):
            self._say("bytes", len(data))
            self.hash.update(data)
        elif isinstance(data, np.ndarray | np.generic):
            self._array(np.asarray(data))
        elif id(data) in self._inside:
            raise TypeError("The data hold themselves: a list or dict is inside of itself.")
        else:
            self._inside.append(id(data))
            self._composed(data)
            self._inside.pop()

    def _composed(self, data: Any) -> None:
        if isinstance(data, list | tuple):
            self._say("row", len(data))
            for each in data:
                self.add(each)
        elif isinstance(data, Mapping):
            self._say("dict", len(data))
            for key in sorted(data, key=lambda key: (type(key).__name__, repr(key))):
                self.add(key)
                self.add(data[key])
        elif dataclasses.is_dataclass(data) and not isinstance(data, type):
            for each in dataclasses.fields(data):
                self._say("field", each.name)
                self.add(getattr(data, each.name))
        elif hasattr(data, "columns") and hasattr(data, "dtypes"):  # a table of pandas' kind
            self._say("table", len(data.columns))
            for name in data.columns:
                self.add(name)
                self._array(np.asarray(data[name]))
        elif _in_batches(data):
            self._batches(data)
        else:
            self._array(_as_array(data))

    def _array(self, array: np.ndarray[Any, Any]) -> None:
        self._say("array", array.dtype.descr if array.dtype.names else array.dtype, array.shape)
        if array.dtype.hasobject:
            for each in array.flat:
                self.add(each)
            return
        for chunk in _chunks(array):
            self.hash.update(chunk.reshape(-1).view(np.uint8).data)

    def _batches(self, data: Any) -> None:
        self._say("batches", _length(data))
        # What reading draws, to shuffle or to augment, is drawn again in training. The second
        # reading draws other numbers than the first.
        before = RandomState()
        try:
            first, again = (_first(data) for _ in range(2))
        finally:
            before.put_back()
        if first.hash.digest() == again.hash.digest():
            self.hash.update(first.hash.digest())
            self.notes.append(f"of the length and the first {BATCHES} batches")
        else:
            self._say("kinds", first.kinds)
            self.notes.append("of the length and kind of batches, which are others each time")


class _BatchHasher(_Hasher):
    kinds = ""


def _first(data: Any) -> _BatchHasher:
    hasher = _BatchHasher()
    for place, batch in enumerate(itertools.islice(_read(data), BATCHES)):
        batch = keras.tree.map_structure(_as_array, batch)
        if not place:
            kinds = keras.tree.map_structure(lambda a: f"{a.dtype}{a.shape[1:]}", batch)
            hasher.kinds = repr(kinds)
        hasher.add(batch)
    return hasher


def _in_batches(data: Any) -> bool:
    if isinstance(data, keras.utils.PyDataset):
        return True
    # tf.data.Dataset has an element_spec, torch's DataLoader a batch_size and a length.
    again = hasattr(data, "__iter__") and not isinstance(data, Iterator)
    return again and (hasattr(data, "element_spec") or hasattr(data, "batch_sampler"))


def _read(data: Any) -> Iterator[Any]:
    if isinstance(data, keras.utils.PyDataset):
        return (data[place] for place in range(min(BATCHES, _length(data) or BATCHES)))
    return iter(data)


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except (TypeError, NotImplementedError):  # endless, or not known before it is read
        return None


def _as_array(data: Any) -> np.ndarray[Any, Any]:
    if isinstance(data, np.ndarray):
        return data
    if keras.ops.is_tensor(data):
        return np.asarray(keras.ops.convert_to_numpy(data))
    if hasattr(data, "__array__") or isinstance(data, bool | int | float | str | bytes):
        return np.asarray(data)
    raise TypeError(
        f"A fingerprint of the data needs arrays, tables, tensors, datasets, or lists and dicts of "
        f"them. Received: a {type(data).__name__}."
    )


def _chunks(array: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    """The values in C order, in pieces that lie in one stretch of memory."""
    if array.flags.c_contiguous:
        yield array
    elif array.ndim and array.nbytes > _CHUNK:
        step = max(1, len(array) * _CHUNK // array.nbytes)
        for start in range(0, len(array), step):
            part = array[start : start + step]
            if len(part) > 1 or array.ndim == 1:
                yield np.ascontiguousarray(part)
            else:
                yield from _chunks(part[0])
    else:
        yield np.ascontiguousarray(array)
