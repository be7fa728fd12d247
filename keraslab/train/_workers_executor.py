"""Runs in the processes of an executor, spoken with through a folder."""

from __future__ import annotations

import concurrent.futures
import sys
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

from keraslab.train._folder import Post
from keraslab.train._keras_settings import KerasSettings
from keraslab.train._parcel import FolderParcel, Parcel
from keraslab.train._states import sees
from keraslab.train._task import Channel, Data, Message, Outcome, Task
from keraslab.train._work import Opens, Order, work
from keraslab.train._workers import Call, Listener

ASKED = 30.0
"""Seconds that a worker has to answer whether it sees a file."""
PATIENCE = 10.0
"""Seconds that ``close`` waits for runs to notice that they shall stop."""


class FolderWorkers:
    """What workers with processes of an executor have in common.

    Args:
        threads: Of one run.
    """

    kind = "executor"

    def __init__(self, threads: int | None) -> None:
        self.threads = threads
        self.on_message: Listener | None = None
        self._post = Post()
        self._placed: Opens | None = None
        self._settings: KerasSettings | None = None
        self._futures: set[Future[Outcome]] = set()

    @property
    def executor(self) -> Executor:
        """What runs the tasks now."""
        raise NotImplementedError

    def place(self, data: Data) -> None:
        """Write the arrays to files, which all processes map into their memory."""
        self._placed = FolderParcel.of(data, "The data", self._post.folder)

    def submit(self, call: Call, task: Task) -> Future[Outcome]:
        """Pack the task and let a process do it."""
        if self._placed is None:
            raise RuntimeError("place(data) comes before submit().")
        if self._settings is None:
            self._settings = KerasSettings.of_this_process()
        order = Order.of(call, task, self._settings, self.threads)
        channel: Channel = self._post.channel
        try:
            future = self.executor.submit(work, order, self._placed, channel)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
            return future
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def blind_to(self, mark: Path) -> list[str]:  # noqa: ARG002
        """None: they are processes of this machine."""
        return []

    def messages(self) -> list[Message]:
        """Read what the files gained."""
        return self._post.messages()

    def stop(self) -> None:
        """Leave a file for the workers to see."""
        self._post.stop()

    def dead(self, error: BaseException) -> bool:
        """Whether the pool broke, which ends all that it runs."""
        return isinstance(error, BrokenExecutor)

    def close(self) -> None:
        """Stop what runs, wait a little for it, and remove the folder."""
        self._post.stop()
        left = list(self._futures)
        for future in left:
            future.cancel()
        concurrent.futures.wait(left, timeout=PATIENCE)
        self._post.close()


class ExecutorWorkers(FolderWorkers):
    """The processes of an executor that a user made.

    Args:
        executor: Any; a pool of processes of this machine gets the data as files, and others,
            whose processes may be anywhere, with each run.
        threads: Of one run; None for what the processes have.

    Raises:
        ValueError: if it forks.
    """

    def __init__(self, executor: Executor, threads: int | None) -> None:
        if start_method_of(executor) == "fork":
            raise ValueError(
                "executor forks this process, and a fork hangs once TensorFlow was used. Give "
                "executor='local', or ProcessPoolExecutor(mp_context="
                "multiprocessing.get_context('spawn'))."
            )
        super().__init__(threads)
        self._executor = executor

    @property
    def executor(self) -> Executor:
        """The one that was given."""
        return self._executor

    @property
    def count(self) -> int:
        """Its processes, where it tells."""
        found = getattr(self._executor, "_max_workers", None)  # no public name tells it
        return found if isinstance(found, int) and found > 0 else 1

    def place(self, data: Data) -> None:
        """Write files, or pack the data to go with each run."""
        if _of_this_machine(self._executor):
            super().place(data)
        else:
            self._placed = Parcel.of(data, "The data")

    def blind_to(self, mark: Path) -> list[str]:
        """Ask one of those whose processes may be anywhere; all are taken to be alike."""
        if _of_this_machine(self._executor):
            return []
        try:
            seen = self._executor.submit(sees, str(mark)).result(ASKED)
        except Exception:  # it is busy, or broken: the runs themselves will tell
            return []
        return [] if seen else [f"those of the {type(self._executor).__name__}"]

    def renew(self) -> None:
        """Only its owner can."""
        raise RuntimeError(
            f"A worker process of the {type(self._executor).__name__} died, and with it the "
            "whole pool. Make a new executor and compare again: finished runs are kept. "
            "executor='local' and Dask replace dead workers by themselves."
        )


def start_method_of(executor: Executor) -> str | None:
    """How a pool of processes starts them, for pools that tell; there is no public name for it."""
    context: Any = getattr(executor, "_mp_context", None)
    method = getattr(context, "get_start_method", None)
    return str(method()) if callable(method) else None


def _of_this_machine(executor: Executor) -> bool:
    kinds: list[type] = [concurrent.futures.ProcessPoolExecutor]
    if "loky" in sys.modules:
        import loky

        kinds.append(loky.ProcessPoolExecutor)
    return isinstance(executor, tuple(kinds))
