"""Runs on a Dask cluster: data scattered once, progress as events, dead workers survived."""

from __future__ import annotations

import concurrent.futures
import re
import threading
import time
import uuid
from collections import deque
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import distributed
from distributed.cfexecutor import ClientExecutor

from keraslab.train._keras_settings import KerasSettings
from keraslab.train._parcel import Parcel
from keraslab.train._states import sees
from keraslab.train._task import Data, Message, Outcome, Task
from keraslab.train._work import Order, work
from keraslab.train._workers import Call, Listener

COUNT_FOR = 1.0
"""Seconds for which the number of workers is believed; asking takes a trip to the scheduler."""
PATIENCE = 10.0
"""Seconds that ``close`` waits for runs to notice that they shall stop."""

_stopped: set[str] = set()
"""In a worker: topics of comparisons that shall stop."""

_FIELDS = [field.name for field in fields(Message)]


def client_of(executor: Any) -> Any:
    """The client of a cluster, or behind the executor that a client made; else None.

    Raises:
        TypeError: if the client is an asynchronous one.
    """
    if isinstance(executor, ClientExecutor):
        executor = executor._client  # no public name leads back
    if not isinstance(executor, distributed.Client):
        return None
    if executor.asynchronous:
        raise TypeError(
            "executor is an asynchronous Client, whose calls have to be awaited. Make a "
            "distributed.Client(...) without asynchronous=True."
        )
    return executor


class LostDataError(RuntimeError):
    """No worker that is left has the data."""

    def __init__(self) -> None:
        super().__init__("the last worker of the cluster that had the data is gone")


class DaskChannel:
    """How a run on the cluster speaks: events on a topic; a word to all workers ends it.

    Args:
        topic: Of the comparison.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._worker: distributed.Worker | None = None

    def __reduce__(self) -> tuple[type[DaskChannel], tuple[str]]:
        return DaskChannel, (self._topic,)

    def send(self, message: Message) -> None:
        """Let it go with what the worker tells the scheduler anyway."""
        with suppress(Exception):  # a training does not fail for its progress
            if self._worker is None:
                self._worker = distributed.get_worker()
            self._worker.log_event(self._topic, _as_plain(message))

    @property
    def stopping(self) -> bool:
        """Whether the word has come; asks nobody."""
        return self._topic in _stopped


class DaskWorkers:
    """The workers of a cluster, each process training one run at a time.

    Args:
        client: Of the cluster.
        threads: Of one run; None for the least that a worker has.
        executor: Made by the client, if a user gave one, with its resources and the like.

    Raises:
        RuntimeError: if no worker is there yet.
    """

    kind = "dask"

    def __init__(self, client: Any, threads: int | None, executor: Executor | None = None) -> None:
        self._client = client
        self._executor: Any = executor or client.get_executor()
        there = client.nthreads()
        if not there:
            raise RuntimeError(
                "The Dask cluster has no workers yet. Wait for some before comparing: "
                "client.wait_for_workers(1)"
            )
        self.threads: int = threads or min(there.values())
        self.on_message: Listener | None = None
        self._counted = (time.monotonic(), len(there))
        self._topic = f"keraslab-{uuid.uuid4().hex}"
        self._came: deque[Message] = deque()
        self._parcel: Parcel | None = None
        self._placed: Any = None  # a Future of the cluster's own kind
        self._settings: KerasSettings | None = None
        self._futures: set[Future[Outcome]] = set()
        self._stopping = False
        self._closed = False
        self._telling: threading.Thread | None = None
        client.subscribe_topic(self._topic, self._hear)

    @property
    def count(self) -> int:
        """Workers there now, at least 1."""
        if time.monotonic() - self._counted[0] > COUNT_FOR:
            self._counted = (time.monotonic(), len(self._client.nthreads()))
        return max(1, self._counted[1])

    def place(self, data: Data) -> None:
        """Send the data to all workers; those that come later fetch them from one another."""
        self._parcel = Parcel.of(data, "The data")
        self._scatter()

    def _scatter(self) -> None:
        self._placed = self._client.scatter(self._parcel, broadcast=True, hash=False)

    def submit(self, call: Call, task: Task) -> Future[Outcome]:
        """Send the task, which names the data and does not hold them."""
        if self._placed is None:
            raise RuntimeError("place(data) comes before submit().")
        if self._settings is None:
            self._settings = KerasSettings.of_this_process()
        order = Order.of(call, task, self._settings, self.threads)
        channel = DaskChannel(self._topic)
        inner: Future[Outcome] = self._executor.submit(
            work,
            order,
            self._placed,
            channel,
            key=_key(task),
            pure=False,  # a run that is repeated is not the one that failed
        )
        self._futures.add(inner)
        inner.add_done_callback(self._futures.discard)
        return self._outer(inner)

    def _outer(self, inner: Future[Outcome]) -> Future[Outcome]:
        """A future that is cancelled only by who holds it; Dask also cancels for lost data."""
        outer: Future[Outcome] = Future()

        def ended(_: Future[Outcome]) -> None:
            with suppress(InvalidStateError):  # it was cancelled meanwhile
                if not inner.cancelled() and inner.exception() is None:
                    outer.set_result(inner.result())
                elif self._stopping and inner.cancelled():
                    outer.cancel()
                elif inner.cancelled():
                    outer.set_exception(LostDataError())
                else:
                    outer.set_exception(inner.exception())

        inner.add_done_callback(ended)
        outer.add_done_callback(lambda _: inner.cancel() if outer.cancelled() else None)
        return outer

    def blind_to(self, mark: Path) -> list[str]:
        """Ask each worker that is there; one that comes later may begin a training anew."""
        seen = self._client.run(sees, str(mark), on_error="return")
        return [address for address, answer in seen.items() if answer is not True]

    def messages(self) -> list[Message]:
        """What the client heard."""
        found = []
        while self._came:
            found.append(self._came.popleft())
        return found

    def stop(self) -> None:
        """Tell all workers, from a thread, because one of them may answer late."""
        self._stopping = True
        if self._telling is None:
            self._telling = threading.Thread(target=self._tell, daemon=True)
            self._telling.start()

    def dead(self, error: BaseException) -> bool:
        """Whether a run killed several workers, or the data went with the last that had them.

        A worker that dies once is no matter: the scheduler gives its run to another.
        """
        lost = (LostDataError, distributed.CancelledError)
        return isinstance(error, (distributed.KilledWorker, *lost)) and not self._stopping

    def renew(self) -> None:
        """Send the data again where no worker has them any more."""
        if self._placed is not None and self._placed.status != "finished":
            self._scatter()

    def close(self) -> None:
        """Stop what runs, wait a little for it, and let the data go; the cluster stays."""
        if self._closed:
            return
        self._closed = True
        left = list(self._futures)
        if left:
            self.stop()
            concurrent.futures.wait(left, timeout=PATIENCE)
            for future in list(self._futures):
                future.cancel()
        if self._telling is not None:
            self._telling.join(PATIENCE)
        self._placed = self._parcel = None
        with suppress(Exception):  # the cluster may be gone
            self._client.unsubscribe_topic(self._topic)

    def _tell(self) -> None:
        with suppress(Exception):  # nobody is left to tell
            self._client.run(_stop, self._topic, on_error="ignore")

    def _hear(self, event: tuple[float, Any]) -> None:
        told = {name: value for name, value in event[1].items() if name in _FIELDS}
        self._came.append(Message(**told))  # the worker adds its name to what is told


def _stop(topic: str) -> None:
    """Leave the word in a worker's process."""
    _stopped.add(topic)


def _key(task: Task) -> str:
    """What the dashboard shows."""
    name = re.sub(r"\W+", "_", task.variant)
    return f"{name}-{task.seed_index}-{uuid.uuid4().hex}"


def _as_plain(message: Message) -> dict[str, Any]:
    """What can travel as an event: numbers of NumPy cannot."""
    plain = {name: getattr(message, name) for name in _FIELDS}
    plain["values"] = {name: float(value) for name, value in message.values.items()}
    for name in ("part", "seconds", "at"):
        plain[name] = float(plain[name])
    return plain
