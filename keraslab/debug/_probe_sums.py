"""Sums of arrays that together may be larger than memory."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from keraslab.debug._probe_stats import squared

_ROOM = 4 * 2**20
"""Bytes of all sums that are kept in memory."""
_BLOCK = 2**18
"""Values of the others that are read and written at a time."""


class Sums:
    """A sum for each key, the first small ones in memory and the others in a temporary file."""

    def __init__(self) -> None:
        self._held: dict[int, np.ndarray[Any, Any]] = {}
        self._places: dict[int, tuple[int, int]] = {}
        self._room, self._end = _ROOM, 0
        self._file: Any = None

    def add(self, key: int, values: np.ndarray[Any, Any]) -> None:
        """Add to the sum of a key.

        Args:
            key: The same for what is added up.
            values: Of one shape for one key; it is not kept.
        """
        flat = values.reshape(-1)
        if key in self._held:
            self._held[key] += flat
        elif key in self._places:
            for start, block in self._blocks(key):
                block += flat[start : start + block.size]
                self._write(self._places[key][0] + block.itemsize * start, block)
        elif flat.size * 4 <= self._room or not self._noted(key, flat):
            self._held[key] = np.array(flat, "float32")
            self._room -= flat.size * 4

    def norms(self) -> Iterator[tuple[int, float]]:
        """The Euclidean norm of each sum."""
        for key, total in self._held.items():
            yield key, squared(total) ** 0.5
        for key in self._places:
            yield key, sum(squared(block) for _, block in self._blocks(key)) ** 0.5

    def close(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()

    def _noted(self, key: int, flat: np.ndarray[Any, Any]) -> bool:
        """Whether the file took the first summand."""
        with contextlib.suppress(OSError):  # a full disk: what it does not take stays in memory
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 — open as long as self
            for start in range(0, flat.size, _BLOCK):
                block = np.ascontiguousarray(flat[start : start + _BLOCK], "float32")
                self._write(self._end + block.itemsize * start, block)
            self._places[key] = self._end, flat.size
            self._end += 4 * flat.size
            return True
        return False

    def _write(self, place: int, block: np.ndarray[Any, Any]) -> None:
        self._file.seek(place)
        rest = block.data.cast("B")
        while rest:
            rest = rest[self._file.write(rest) :]

    def _blocks(self, key: int) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
        place, size = self._places[key]
        for start in range(0, size, _BLOCK):
            block = np.empty(min(_BLOCK, size - start), "float32")
            self._file.seek(place + block.itemsize * start)
            rest = block.data.cast("B")
            while rest:
                rest = rest[self._file.readinto(rest) :]
            yield start, block
