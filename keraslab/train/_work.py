"""What every worker does around a task, wherever it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from keraslab.train._explained import explained_here, explainer
from keraslab.train._keras_settings import KerasSettings
from keraslab.train._parcel import pack, unpack
from keraslab.train._task import Channel, Data, Outcome, Task
from keraslab.train._texts import know_texts
from keraslab.train._thread_count import use_threads

_TRAINING = threading.RLock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other run of a comparison trains in this process.

    Two trainings in one process would share its threads and Keras' global state, so neither
    their times nor their numbers would be their own.
    """
    with _TRAINING:
        yield


class Opens(Protocol):
    """Data that were placed."""

    def open(self) -> Any:
        """The data, made anew for one run."""


@dataclass(frozen=True)
class Order:
    """A task as it is sent: all but the data and the channel."""

    packed: bytes
    threads: int | None

    @classmethod
    def of(
        cls,
        call: Callable[[Task, Data, Channel], Outcome],
        task: Task,
        settings: KerasSettings,
        threads: int | None,
    ) -> Order:
        """Pack it.

        Raises:
            TypeError: if something in the task cannot be pickled.
        """
        what = f"The run of variant {task.variant!r} (seed {task.seed})"
        return cls(pack((call, task, settings, explainer()), what), threads)


def work(order: Order, data: Opens | Data, channel: Channel) -> Outcome:
    """Do it in the process of a worker.

    Args:
        order: What to do.
        data: What was placed.
        channel: How to speak meanwhile.
    """
    with one_at_a_time():
        _fix(order.threads)
        call, task, settings, by = unpack(order.packed)
        know_texts(task.texts)
        with settings.applied():
            outcome: Outcome = call(task, data if isinstance(data, Data) else data.open(), channel)
            error = outcome.exception if isinstance(outcome, Outcome) else None
            if error is None:
                return outcome
            # Not every exception can be pickled, and its frames never: what they tell goes along.
            return replace(outcome, exception=None, finding=explained_here(error, by))


def _fix(threads: int | None) -> None:
    """Other numbers of threads give other weights, so a wrong one is no small matter."""
    found = use_threads(threads)
    if threads is not None and found is not None and found != threads:
        raise RuntimeError(
            f"A worker was to train with threads={threads}, but its backend has started with "
            f"{found} before, and keeps that. Give threads={found}, or start the workers anew "
            "(Dask: client.restart())."
        )
