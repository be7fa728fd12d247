"""One training of a comparison as plain data: what a worker is told, tells, and gives back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Budget:
    """When a training ends: exactly one of these is given."""

    epochs: int | None = None
    macs: int | None = None
    """Multiply-accumulates of all examples seen, forward; the way back is not counted."""
    seconds: float | None = None
    """Of training, without building, tracing the first batch, and testing."""

    @property
    def kind(self) -> str:
        """Which one: ``"epochs"``, ``"macs"`` or ``"seconds"``."""
        return "epochs" if self.epochs else "macs" if self.macs else "seconds"


@dataclass(frozen=True)
class Task:
    """One variant with one seed. All of it can be pickled."""

    variant: str
    seed_index: int
    seed: int
    build: bytes | Callable[[], Any]
    """A function without arguments that gives a compiled model, as cloudpickle wrote it; itself
    only where it never leaves this process."""
    budget: Budget
    fit: Mapping[str, Any] = field(default_factory=dict)
    """More for ``model.fit``: batch_size and so on."""
    threads: int | None = None
    """Of one training; None for as many as the process has."""
    score: str | None = None
    """Which value of the test is the score; None for the first metric, or else the loss."""
    state: str | None = None
    """A file to go on from and to leave the training's state in, where all workers see it."""
    until: int | None = None
    """End after this epoch, to go on later; None for the whole budget."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Of cells and scripts that the function was written in, by the names of their files."""


@dataclass(frozen=True)
class Data:
    """What all runs of a comparison train on, and what they are tested with in the end."""

    train: tuple[Any, ...]
    validation: tuple[Any, ...] | None
    test: tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a task: plain values, never a model."""

    status: str
    """``"done"``, ``"stopped"`` or ``"failed"``; with ``until``, ``"paused"``."""
    score: float | None = None
    test: Mapping[str, float] = field(default_factory=dict)
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    times: Sequence[float] = ()
    """Seconds since the begin at the end of each epoch."""
    along: Sequence[float] = ()
    """How much of its budget was spent at the end of each epoch, in the unit of the budget."""
    seconds: float = 0.0
    """Of training, as in ``Budget``."""
    cpu_seconds: float = 0.0
    whole_seconds: float = 0.0
    """From the task's begin to its end."""
    latency: float | None = None
    """Seconds of one prediction of one example: the median of several."""
    peak_memory: int | None = None
    """Bytes that the process held at most, where it trained nothing else; None if unknown."""
    macs: int | None = None
    """Spent, as in ``Budget``."""
    threads: int | None = None
    """That the training really had."""
    versions: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    error: str | None = None
    """Class and message of what ended it, in one line."""
    traceback: str | None = None
    exception: BaseException | None = None
    """Itself, where it was raised in this process."""
    finding: bytes | None = None
    """What was found about it in another process, where it had its frames."""

    def __getstate__(self) -> dict[str, Any]:
        """Without the exception, which may be of a kind that cannot be sent."""
        return {**self.__dict__, "exception": None}


@dataclass(frozen=True)
class Message:
    """What a run tells while it goes on."""

    variant: str
    seed_index: int
    kind: str
    """``"began"``, ``"progress"`` (a part of an epoch), ``"epoch"`` or ``"ended"``."""
    epoch: int = 0
    """Epochs that are whole so far."""
    part: float = 0.0
    """Of the whole budget, 0 to 1."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Of the epoch: ``loss``, ``val_loss`` and so on."""
    seconds: float = 0.0
    """Since the begin at the end of an epoch; within one, of training as in ``Budget``."""
    along: float = 0.0
    """How much of the budget was spent at the end of the epoch, in its unit."""
    at: float = field(default_factory=time.time)


class Channel(Protocol):
    """How a worker speaks with whoever started the comparison; made anew in each worker."""

    def send(self, message: Message) -> None:
        """Tell; never blocks for long, and never raises."""

    @property
    def stopping(self) -> bool:
        """Whether the run shall end after its present batch."""
