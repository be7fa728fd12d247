"""A budget for work on the side: a share of the time, never a fixed rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, thread_time


class Pace:
    """Says when the next redraw is due, so that all of them together stay within a share.

    A redraw that took 2 ms at a share of 2 % is followed by a pause of 100 ms or more.

    Args:
        share: The largest part of the time that may be spent, between 0 and 1.
        shortest: Seconds between two redraws at least; the eye sees no more than about ten.
        clock: Gives the time in seconds.
        work: Gives the seconds that the calling thread has worked, waiting left out: a redraw
            that waits for a busy processor takes nothing from the training.
    """

    def __init__(
        self,
        share: float = 0.02,
        shortest: float = 0.1,
        clock: Callable[[], float] = perf_counter,
        work: Callable[[], float] = thread_time,
    ) -> None:
        if not 0 < share <= 1:
            raise ValueError(
                "LiveCurves(budget=...) is the share of the time that redraws may take: more than "
                f"0 and at most 1. Received: {share}."
            )
        self.share = share
        self.shortest = shortest
        self._clock = clock
        self._work = work
        self.spent = 0.0
        """Seconds spent so far."""
        self._next = -float("inf")

    def due(self) -> bool:
        """Whether the budget allows a redraw now."""
        return self._clock() >= self._next

    @contextmanager
    def redraw(self) -> Iterator[None]:
        """Measure a redraw, and put off the next accordingly."""
        start = self._work()
        try:
            yield
        finally:
            cost = self._work() - start
            self.spent += cost
            now = self._clock()
            owed = max(0.0, self._next - now)  # by work in two parts, before and after a batch
            self._next = now + max(self.shortest, owed + cost * (1 / self.share - 1))
