"""Who trains the runs of a comparison: this process, processes of this machine, or a cluster."""

from __future__ import annotations

import concurrent.futures
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from keraslab.train._task import Channel, Data, Message, Outcome, Task
from keraslab.train._thread_count import threads_in_use, use_threads
from keraslab.train._work import one_at_a_time

Call = Callable[[Task, Data, Channel], Outcome]
Listener = Callable[[Message], None]

POSSIBLE = (
    "None (in this process, one after the other), 'local' (processes of this machine), any "
    "concurrent.futures.Executor, or a dask.distributed.Client"
)


class Workers(Protocol):
    """What runs tasks; ``open_workers`` makes one, and whoever opened it closes it."""

    kind: str
    """``"serial"``, ``"local"``, ``"executor"`` or ``"dask"``."""
    on_message: Listener | None
    """Called with each message as it comes by workers in this thread, instead of keeping it."""

    @property
    def count(self) -> int:
        """Runs at a time; a cluster may grow and shrink."""

    @property
    def threads(self) -> int | None:
        """Of one run; None where that is not known."""

    def place(self, data: Data) -> None:
        """Bring the data to where the runs are, once, before the first ``submit``.

        Raises:
            TypeError: if something in them cannot be sent to another process; it is named.
        """

    def submit(self, call: Call, task: Task) -> Future[Outcome]:
        """Let a worker do ``call(task, data, channel)``.

        A pool that broke gives a future that holds the error, for ``dead`` to look at.

        Raises:
            TypeError: if something in the task cannot be sent to another process; it is named.
        """

    def blind_to(self, mark: Path) -> list[str]:
        """The workers there now that do not see a file of this machine, or may not write beside it.

        Empty where all do, and where nobody can tell.
        """

    def messages(self) -> list[Message]:
        """What came since the last call, in order for each run; never blocks."""

    def stop(self) -> None:
        """Let all channels say that they are stopping; returns at once."""

    def dead(self, error: BaseException) -> bool:
        """Whether an error of a future means that its worker died, so the run may be repeated."""

    def renew(self) -> None:
        """After a worker died, see to it that the next ``submit`` works; often does nothing.

        Raises:
            RuntimeError: if the executor was given and only its owner can make a new one.
        """

    def close(self) -> None:
        """Stop what still runs and clean up; executors that were given stay open."""


class DirectChannel:
    """A channel within this process; made by ``DirectWorkers``."""

    def __init__(self, workers: DirectWorkers) -> None:
        self._workers = workers

    def send(self, message: Message) -> None:
        """Hand it to who listens, or keep it until it is asked for."""
        listener = self._workers.on_message
        if listener is None:
            self._workers.kept.append(message)
            return
        try:
            listener(message)
        except Exception as error:  # a panel's fault is no fault of the training
            sys.excepthook(type(error), error, error.__traceback__)

    @property
    def stopping(self) -> bool:
        """Whether ``stop`` or ``close`` was called."""
        return self._workers.stopped


class DirectWorkers:
    """What serial and threaded workers have in common: nothing has to be sent anywhere."""

    kind = "serial"
    count = 1

    def __init__(self, threads: int | None) -> None:
        self.on_message: Listener | None = None
        self.stopped = False
        self.kept: deque[Message] = deque()
        use_threads(threads)
        self._data: Data | None = None

    @property
    def threads(self) -> int | None:
        """What this process really uses: its backend may have started with another number."""
        return threads_in_use()

    def place(self, data: Data) -> None:
        """Keep them as they are."""
        self._data = data

    def work(self, call: Call, task: Task) -> Outcome:
        """Do the task in the calling thread, when no other training goes on."""
        if self._data is None:
            raise RuntimeError("place(data) comes before submit().")
        with one_at_a_time():
            outcome = call(task, self._data, DirectChannel(self))
        # What this process holds is the person's as well, not the run's alone.
        return replace(outcome, peak_memory=None) if type(outcome) is Outcome else outcome

    def blind_to(self, mark: Path) -> list[str]:  # noqa: ARG002
        """None: it is this process."""
        return []

    def messages(self) -> list[Message]:
        """What was kept."""
        found = []
        while self.kept:
            found.append(self.kept.popleft())
        return found

    def stop(self) -> None:
        """Set the flag."""
        self.stopped = True

    def dead(self, error: BaseException) -> bool:  # noqa: ARG002
        """This process lives, or nobody could ask."""
        return False

    def renew(self) -> None:
        """There is nothing to renew."""

    def close(self) -> None:
        """Set the flag and let the data go."""
        self.stopped = True
        self._data = None


class SerialWorkers(DirectWorkers):
    """One run after the other in the thread that calls ``submit``, which blocks until it is done.

    Args:
        threads: As many as the backend shall use, where it has not started yet.
    """

    def submit(self, call: Call, task: Task) -> Future[Outcome]:
        """Work now, and return a future that is done."""
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(self.work(call, task))
        except Exception as error:
            future.set_exception(error)
        return future


class ThreadWorkers(DirectWorkers):
    """The threads of a ``ThreadPoolExecutor``: one trains at a time, as they share a process."""

    kind = "executor"

    def __init__(self, executor: Executor, threads: int | None) -> None:
        super().__init__(threads)
        self._executor = executor

    def submit(self, call: Call, task: Task) -> Future[Outcome]:
        """Let a thread of the pool do it, with what Keras keeps for the calling thread."""
        from keraslab.graph.keras_internals import capture_thread_state

        state = capture_thread_state()

        def work() -> Outcome:
            with state:
                return self.work(call, task)

        return self._executor.submit(work)


def open_workers(executor: Any = None, threads: int | None = None, runs: int = 1) -> Workers:
    """Make workers of what a user names.

    Args:
        executor: None for this process, ``"local"`` for processes of this machine, a
            ``concurrent.futures.Executor``, or a ``dask.distributed.Client``.
        threads: Of one run; None for 1 in processes, and what a cluster's workers have.
        runs: How many there will be; more workers than that are not started.

    Returns:
        The workers; ``close`` them.

    Raises:
        TypeError: if the executor is nothing that can run tasks.
        ValueError: if ``threads`` is no number from 1, or the executor forks.

    Example:
        >>> workers = open_workers()
        >>> workers.kind, workers.count
        ('serial', 1)
        >>> workers.close()
    """
    if threads is not None and (
        isinstance(threads, bool) or not isinstance(threads, int) or threads < 1
    ):
        raise ValueError(
            f"threads must be a whole number from 1, or None for the default. Received: {threads!r}"
        )
    if executor is None:
        return SerialWorkers(threads)
    if isinstance(executor, str) and executor == "local":
        from keraslab.train._workers_local import LocalWorkers

        return LocalWorkers(threads, runs)
    if "distributed" in sys.modules:
        from keraslab.train._workers_dask import DaskWorkers, client_of

        client = client_of(executor)
        if client is not None:
            given = executor if isinstance(executor, Executor) else None
            return DaskWorkers(client, threads, given)
    if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
        return ThreadWorkers(executor, threads)
    if isinstance(executor, Executor):
        from keraslab.train._workers_executor import ExecutorWorkers

        return ExecutorWorkers(executor, threads)
    raise TypeError(f"executor must be {POSSIBLE}. Received: {_described(executor)}")


def _described(executor: Any) -> str:
    if isinstance(executor, type):
        return f"the class {executor.__name__}; make an object of it: {executor.__name__}(...)"
    given = repr(executor) if isinstance(executor, str) else f"a {type(executor).__name__}"
    if callable(getattr(executor, "get_client", None)):  # a Dask cluster
        return f"{given}; give its client: executor=cluster.get_client()"
    if callable(getattr(executor, "executor", None)):  # a view of ipyparallel
        return f"{given}; give its executor: executor=view.executor"
    return given
