"""Runs in processes of this machine, kept warm from one comparison to the next."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
import weakref
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass

import keras
import loky

from keraslab.train._folder import folders_used
from keraslab.train._thread_count import thread_environment
from keraslab.train._workers_executor import FolderWorkers

IDLE = 300.0
"""Seconds without a run after which a process ends and gives its memory back."""
GROWTH = 2_000_000_000
"""Bytes by which a process may grow before it is replaced; the next model may just be larger."""
LOOK_EACH = 2.0
"""Seconds between two looks whether the process that started a worker still lives."""


class LocalWorkers(FolderWorkers):
    """As many processes as this machine has cores for.

    Args:
        threads: Of one run; None for 1.
        runs: More processes than that are not started.
    """

    kind = "local"

    def __init__(self, threads: int | None, runs: int) -> None:
        self.threads: int = threads or 1
        self._wanted = max(1, min(loky.cpu_count() // self.threads, runs))
        self._pool: _Pool | None = None
        super().__init__(self.threads)

    @property
    def count(self) -> int:
        """Its processes."""
        return self._held().count

    @property
    def executor(self) -> Executor:
        """The present pool."""
        found: Executor = self._held().executor
        return found

    def renew(self) -> None:
        """Take a new pool where the present one broke."""
        with _lock:
            if self._pool is not None and not self._pool.works():
                _let_go(self._pool, self)
                self._pool = None

    def close(self) -> None:
        """Clean up; the processes stay for the next comparison, or end when nothing comes."""
        super().close()
        with _lock:
            if self._pool is not None:
                _let_go(self._pool, self)
                self._pool = None

    def _held(self) -> _Pool:
        with _lock:
            if self._pool is None:
                self._pool = _take(self._wanted, self.threads, self)
            return self._pool


# The pools of this process: one is enough for comparisons that want the same.


@dataclass(frozen=True)
class _Key:
    threads: int
    backend: str


class _Pool:
    def __init__(self, key: _Key, count: int) -> None:
        self.key = key
        self.count = count
        self.users: weakref.WeakSet[LocalWorkers] = weakref.WeakSet()
        self.executor = loky.ProcessPoolExecutor(
            count,
            timeout=IDLE,
            initializer=_begin,
            initargs=(os.getpid(),),
            env=_environment(key),
        )

    def works(self) -> bool:
        try:
            self.executor.submit(_nothing)
        except (BrokenExecutor, RuntimeError):  # broken, or shut down
            return False
        return True


_lock = threading.RLock()
_pools: list[_Pool] = []


def _take(count: int, threads: int, user: LocalWorkers) -> _Pool:
    key = _Key(threads, keras.backend.backend())
    for pool in list(_pools):
        if pool.key == key and pool.count >= count and pool.works():
            break
        if not pool.users:  # warm, and of no use for this
            _pools.remove(pool)
            pool.executor.shutdown(wait=False)
    else:
        pool = _Pool(key, count)
        _pools.append(pool)
    pool.users.add(user)
    return pool


def _let_go(pool: _Pool, user: LocalWorkers) -> None:
    pool.users.discard(user)


def end_processes() -> None:
    """End the warm processes now, where no comparison uses them; waits until they have ended."""
    with _lock:
        for pool in list(_pools):
            if not pool.users:
                _pools.remove(pool)
                pool.executor.shutdown(wait=True)


def _environment(key: _Key) -> dict[str, str]:
    """Set before a process imports anything; what the user set goes first, threads excepted."""
    preset = {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # else the first process takes all of a GPU
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    preset = {name: os.environ.get(name, value) for name, value in preset.items()}
    return {**preset, **thread_environment(key.threads), "KERAS_BACKEND": key.backend}


# In the processes


def _nothing() -> None:
    """Ask whether a pool works."""


def _begin(parent: int) -> None:
    """An interrupt is for the notebook, and nothing trains on when the notebook has died."""
    loky.process_executor._MAX_MEMORY_LEAK_SIZE = GROWTH
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":  # there an orphan keeps its parent's id
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EACH)
    for folder in folders_used:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
