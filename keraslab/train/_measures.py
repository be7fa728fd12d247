"""What a run of a comparison costs: memory at its peak, and the time of one prediction."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import keras
import numpy as np

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_trained = 0


class PeakMemory:
    """The most that this process held since ``begin``."""

    def __init__(self) -> None:
        global _trained
        self._first = not _trained
        _trained += 1
        self._reset = _forget_peak()

    def bytes(self) -> int | None:
        """The peak; None where an earlier training may have been the one that made it."""
        if self._reset:
            return _high_water()
        if not self._first:
            return None
        try:
            import resource
        except ImportError:  # Windows
            return None
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(most if sys.platform == "darwin" else most * 1024)


def _forget_peak() -> bool:
    try:
        _CLEAR.write_text("5")  # Linux: the high water mark begins anew at what is held now
    except OSError:
        return False
    return _high_water() is not None


def _high_water() -> int | None:
    try:
        for line in _STATUS.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def latency(model: Any, example: Any, *, times: int = 20, seconds: float = 0.5) -> float | None:
    """Seconds of one prediction of one example, as the median of several.

    Args:
        model: The model.
        example: Its input, one example long.
        times: How often it is measured at most.
        seconds: How long that may take.

    Returns:
        None where the model cannot predict.
    """
    try:
        model.predict_on_batch(example)  # traced now
        found: list[float] = []
        until = perf_counter() + seconds
        while len(found) < times and (len(found) < 3 or perf_counter() < until):
            begin = perf_counter()
            model.predict_on_batch(example)
            found.append(perf_counter() - begin)
    except Exception:  # a model with a test_step of its own may have no call
        return None
    return statistics.median(found)


def one_of(x: Any) -> Any:
    """The first example of a batch, as a batch."""
    return keras.tree.map_structure(lambda each: np.asarray(each[:1]), x)
