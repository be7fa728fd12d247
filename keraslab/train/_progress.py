"""How far a training is, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Literal

Ending = Literal["done", "interrupted", "failed", "cut"]
"""How a ``fit`` ended: by itself, by the user, by an error, or early for a reason unknown."""

_ENDINGS = {
    "interrupted": "Interrupted",
    "failed": "Stopped by an error",
    "cut": "Ended early",
}


def duration(seconds: float) -> str:
    """A span of time as people read it.

    Example:
        >>> duration(83), duration(3725), duration(0.25)
        ('1:23 min', '1:02 h', '0.2 s')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


class Progress:
    """Counts epochs and batches of one ``fit`` and says how far it is.

    Args:
        clock: Gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self.ended: Ending | None = None
        self.begin(None, 1)

    def begin(self, steps: int | None, epochs: int) -> None:
        """Begin a ``fit`` of ``epochs`` epochs of ``steps`` batches; None where unknown."""
        self.steps = steps
        self.epochs = epochs
        self.epoch = 0
        self.batch = 0
        self.size: float | None = None
        """Samples in a batch; None where unknown."""
        self.done = 0
        """Epochs finished in this ``fit``."""
        self.batches = 0
        """Batches finished in this ``fit``."""
        self.validating = False
        self.ended = None
        self._first_epoch: int | None = None
        self._start = self._end = self._clock()
        self._warm: float | None = None
        self._trained = 0.0
        self._since = 0.0
        self._training = False

    def begin_epoch(self, epoch: int) -> None:
        """Begin an epoch, numbered from 0."""
        if self._first_epoch is None:
            self._first_epoch = epoch
        self.epoch, self.batch = epoch, 0
        self._since = self._clock()
        self._training = True

    def end_batch(self, batch: int) -> None:
        """A batch, numbered from 0 in its epoch, is done."""
        self.batches += batch + 1 - self.batch
        self.batch = batch + 1
        if self._warm is None:
            # The first batch compiles the model: it says nothing about the others.
            self._warm = self._since = self._clock()
            self._cold = self.batches

    def begin_validation(self) -> None:
        """The batches of this epoch are done; validation begins."""
        self._pause()
        self.validating = True

    def end_epoch(self) -> None:
        """The epoch is done."""
        self._pause()
        self.validating = False
        self.done += 1

    def _pause(self) -> None:
        if self._training:
            self._trained += self._clock() - self._since
        self._training = False

    def end(self, how: Ending) -> None:
        """The ``fit`` is over."""
        self._pause()
        self.ended = how
        self._end = self._clock()

    @property
    def seconds(self) -> float:
        """Seconds since the ``fit`` began, or that it took."""
        return (self._clock() if self.ended is None else self._end) - self._start

    @property
    def fraction(self) -> float | None:
        """The part that is done, from 0 to 1; None where nobody knows."""
        if self.ended == "done":
            return 1.0
        planned = self.epochs - (self._first_epoch or 0)
        if planned <= 0:
            return None
        if self.steps is None:
            return self.done / planned if self.done else None
        in_epoch = min(self.batches - self.done * self.steps, self.steps) / self.steps
        return min(1.0, max(0.0, (self.done + max(0.0, in_epoch)) / planned))

    @property
    def left(self) -> float | None:
        """Seconds left, validation included; None where nobody knows."""
        if self.ended or self._warm is None or not self.steps:
            return None
        planned = (self.epochs - (self._first_epoch or 0)) * self.steps
        measured = self.batches - self._cold
        if measured < 1:
            return None
        return (self._clock() - self._warm) / measured * max(0, planned - self.batches)

    @property
    def rate(self) -> float | None:
        """Training batches per second, without the first, which compiles; None where unknown."""
        if self._warm is None:
            return None
        spent = self._trained + (self._clock() - self._since if self._training else 0.0)
        measured = self.batches - self._cold
        return measured / spent if measured > 0 and spent > 0 else None

    def text(self) -> str:
        """One line that says where the training is."""
        rate = self.rate
        unit = "batches/s" if self.size is None else "samples/s"
        speed = _rate((rate or 0.0) * (self.size or 1.0), unit)
        where = f"epoch {min(self.epoch + 1, self.epochs)} of {self.epochs}"
        if self.ended == "done":
            trained = f"{self.done} epoch{'' if self.done == 1 else 's'}"
            planned = self.epochs - (self._first_epoch or 0)
            if self.steps and 0 < self.batch < self.steps:
                at = f"{where}, batch {self.batch} of {self.steps}"
                parts = [f"Stopped in {at}, after {duration(self.seconds)}"]
            elif self.done < planned:
                parts = [f"Stopped after {trained} of {planned}, {duration(self.seconds)}"]
            else:
                parts = [f"Trained {trained} in {duration(self.seconds)}"]
        elif self.ended is not None:
            parts = [f"{_ENDINGS[self.ended]} in {where}, after {duration(self.seconds)}"]
        elif self._warm is None:
            return "Preparing the first batch …"
        else:
            batch = f"batch {self.batch}" + (f" of {self.steps}" if self.steps else "")
            parts = [where[0].upper() + where[1:], "validation" if self.validating else batch]
        if rate:
            parts.append(speed)
        left = self.left
        if left is not None:
            parts.append(f"{duration(left)} left")
        return " · ".join(parts)


def _rate(each_second: float, unit: str) -> str:
    if each_second >= 1000:  # the last figures only flicker
        each_second = float(f"{each_second:.3g}")
    return f"{each_second:,.{0 if each_second >= 9.5 else 1}f} {unit}"


def note(not_a_number: Mapping[str, tuple[int, int]]) -> str:
    """One sentence about the values that became NaN or infinite; empty where none did.

    Args:
        not_a_number: Per value, the epoch and the batch where it began, both from 1; batch 0
            is the end of the epoch.

    Example:
        >>> note({"loss": (2, 31), "accuracy": (2, 40)})
        'loss is not a number since epoch 2, batch 31; so is accuracy. The curve has a gap there.'
    """
    if not not_a_number:
        return ""
    first, *others = not_a_number
    epoch, batch = not_a_number[first]
    where = f"epoch {epoch}" + (f", batch {batch}" if batch else "")
    more = ""
    if others:
        named = ", ".join(others[:2]) + (f" and {len(others) - 2} more" if len(others) > 2 else "")
        more = f"; so {'is' if len(others) == 1 else 'are'} {named}"
    gap = "The curve has a gap there." if len(others) < 2 else "The curves have gaps there."
    return f"{first} is not a number since {where}{more}. {gap}"
