"""Whose lines started a training, so that an error in its thread can be traced back to them."""

from __future__ import annotations

import sys
from types import FrameType, TracebackType

_MOST = 50
"""Lines that are kept; of an endless recursion the innermost ones tell."""


class Callers:
    """The person's own lines that are at work now.

    In a thread of its own a training has nothing above it: a traceback would end in this library,
    and nobody could say which line is to be changed.
    """

    def __init__(self) -> None:
        from keraslab.graph._lines import is_a_persons

        self._lines: list[tuple[FrameType, int, int]] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and len(self._lines) < _MOST:
            if is_a_persons(frame.f_code.co_filename):
                self._lines.append((frame, frame.f_lasti, frame.f_lineno))
            frame = frame.f_back

    def above(self, error: BaseException) -> BaseException:
        """Put the lines above an error's traceback.

        Args:
            error: What was raised in the thread.

        Returns:
            The error.
        """
        trace = error.__traceback__
        for frame, instruction, line in self._lines:
            trace = TracebackType(trace, frame, instruction, line)
        return error.with_traceback(trace)

    def forget(self) -> None:
        """Let go of the lines, and of all that is alive in them."""
        self._lines.clear()
