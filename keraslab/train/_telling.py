"""The one callback of a compared run: budget, stop, NaN, what it tells, and its clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import keras

from keraslab.train._control import _seed_epoch
from keraslab.train._numbers import numbers
from keraslab.train._task import Channel, Message, Task

PACE = 0.25
"""Seconds between two messages within an epoch."""


class Telling(keras.callbacks.Callback):  # type: ignore[misc]
    """Watches one training.

    Args:
        task: what is trained.
        channel: where it tells, and who may stop it.
        examples: of each batch of an epoch: a function of the batch's number.
        macs: of one example forward; None where unknown.
        epochs: how many epochs are planned.
        before: seconds that an earlier part of the training took.
        spent: MACs that it spent.
    """

    # In step with the batches, so that a stop or the end of a budget is not a batch late.
    async_safe = False

    def __init__(
        self,
        task: Task,
        channel: Channel,
        examples: Callable[[int], int],
        macs: int | None,
        epochs: int,
        *,
        before: float = 0.0,
        spent: int = 0,
    ) -> None:
        super().__init__()
        self._task = task
        self._channel = channel
        self._examples = examples
        self._macs = macs
        self._epochs = epochs
        self._before = before
        self._seconds = 0.0
        self._since: float | None = None
        self._told = self._begin = perf_counter()
        self.spent = spent
        self.stopped = False
        self.diverged: str | None = None
        self.history: list[dict[str, float]] = []
        self.numbers: list[int] = []
        self.times: list[float] = []
        self.along: list[float] = []

    @property
    def seconds(self) -> float:
        """Of training: neither the first batch, which is traced, nor validation counts."""
        return self._seconds + (0.0 if self._since is None else perf_counter() - self._since)

    def _along(self, epoch: int) -> float:
        """How far the training is on the axis of its budget."""
        budget = self._task.budget
        if budget.seconds is not None:
            return self._before + self.seconds
        return float(epoch if budget.macs is None else self.spent)

    def part(self, epoch: int, batch: int) -> float:
        """How much of the budget is spent when so many batches of an epoch are done."""
        budget = self._task.budget
        if budget.seconds is not None:
            return min(1.0, (self._before + self.seconds) / budget.seconds)
        if budget.macs is not None:
            return min(1.0, self.spent / budget.macs)
        steps = (self.params or {}).get("steps") or 0
        return min(1.0, (epoch + (batch / steps if steps else 0.0)) / self._epochs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Begin with random numbers that only the seed and the epoch's number decide."""
        self._epoch = epoch
        self._cut = False
        _seed_epoch(self._task.seed, epoch)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count, and end the training where it has to end."""
        if self._since is None and not self._seconds:
            self._since = perf_counter()
        if self._macs is not None:
            self.spent += self._macs * self._examples(batch)
        loss = (logs or {}).get("loss")
        if isinstance(loss, float) and not math.isfinite(loss):
            self.diverged = (
                f"The loss became {loss} in epoch {self._epoch + 1}, batch {batch + 1}, and the "
                "training was ended there. A smaller learning rate, clipnorm, or inputs scaled "
                "to about -1 to 1 help most often."
            )
        self.stopped = self.stopped or self._channel.stopping
        budget = self._task.budget
        over = (budget.macs is not None and self.spent >= budget.macs) or (
            budget.seconds is not None and self._before + self.seconds >= budget.seconds
        )
        if self.stopped or self.diverged or over:
            self.model.stop_training = True
        now = perf_counter()
        if now - self._told >= PACE:
            self._told = now
            self._send("progress", batch=batch + 1, values=numbers(logs or {}))

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Validation is no training: the clock stands."""
        if self._since is not None:
            self._seconds += perf_counter() - self._since
            self._since = None

    def on_test_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """Go on counting."""
        self._since = perf_counter()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """End a validation too when asked."""
        if self._channel.stopping:
            self.stopped = True
            self.model.stop_training = self.model.stop_evaluating = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep and tell the epoch's values."""
        if self.stopped:
            return  # its values are of a part of an epoch, and of a part of the validation
        found = numbers(logs or {})
        self.history.append(found)
        self.numbers.append(epoch)
        self.times.append(self._before + perf_counter() - self._begin)
        self.along.append(self._along(epoch + 1))
        self._told = perf_counter()
        self._send("epoch", epoch=epoch + 1, values=found)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """Stop the clock."""
        self.on_test_begin()

    def _send(
        self,
        kind: str,
        *,
        batch: int = 0,
        epoch: int | None = None,
        values: Mapping[str, float],
    ) -> None:
        whole = self._epoch if epoch is None else epoch
        ended = epoch is not None
        self._channel.send(
            Message(
                variant=self._task.variant,
                seed_index=self._task.seed_index,
                kind=kind,
                epoch=whole,
                part=self.part(whole, batch),
                values=values,
                seconds=self.times[-1] if ended else self._before + self.seconds,
                along=self.along[-1] if ended else 0.0,
            )
        )


def history_of(epochs: list[dict[str, float]]) -> dict[str, list[float]]:
    """A list per name, a value per epoch; NaN where an epoch has none."""
    names = dict.fromkeys(name for epoch in epochs for name in epoch)
    return {name: [epoch.get(name, math.nan) for epoch in epochs] for name in names}
