"""Writes the points of growing runs into the file, in a thread, each half second."""

from __future__ import annotations

import atexit
import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from keraslab.train._database import StoreError, connect
from keraslab.train._store_recorder import CLOSE_WAIT, StoreRecorder

PERIOD = 0.5
"""Seconds between two writes; a process that is killed loses no more than that."""
LINGER = 2.0
"""Seconds that the file stays open after the last run has ended."""
LOCK_WAIT = 2.5
"""Seconds that a write waits for another process that writes."""
_RETRY = 15.0

_log = logging.getLogger("keraslab")


class FileWriter:
    """One for each file in a process: its thread lives while there are runs to write.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._recorders: list[StoreRecorder] = []
        self._thread: threading.Thread | None = None
        self._file: sqlite3.Connection | None = None
        self._leaving = False
        self._failed = 0
        self._rounds = threading.Condition()
        self._round = 0

    def begin(self, run_id: str, facts: dict[str, Any], config: str | None) -> StoreRecorder:
        """Begin to keep a run."""
        recorder = StoreRecorder(self.wake, run_id, facts, config)
        with self._lock:
            self._recorders.append(recorder)
            if self._thread is None:
                self._leaving = False
                self._thread = threading.Thread(
                    target=self._work, name=f"keraslab {self.path.name}", daemon=True
                )
                self._thread.start()
        self._awake.set()
        return recorder

    def wake(self) -> None:
        """Write now."""
        self._awake.set()

    def flush(self, seconds: float = CLOSE_WAIT) -> bool:
        """Wait until what is there now is written or could not be; whether that came in time."""
        with self._rounds:
            if self._thread is None:
                return True
            # The round under way may have begun too early to see all.
            wanted = self._round + 2
            until = time.monotonic() + seconds
            while self._round < wanted and self._thread is not None:
                self._awake.set()
                self._rounds.wait(0.05)
                if time.monotonic() >= until:
                    return self._round >= wanted
            return True

    def leave(self, seconds: float) -> None:
        """Write what is there, and close the file when no run is under way."""
        self.flush(seconds)
        thread = self._thread
        if thread is not None:
            self._leaving = True
            self._awake.set()
            with self._lock:
                idle = not self._recorders
            if idle:
                thread.join(seconds)

    def _work(self) -> None:
        idle = time.monotonic()
        wait = 0.0
        while True:
            self._awake.wait(wait)
            self._awake.clear()
            with self._lock:
                recorders = list(self._recorders)
            self._write(recorders)
            with self._rounds:
                self._round += 1
                self._rounds.notify_all()
            if recorders:
                idle = time.monotonic()
            # Each failure in a row doubles the wait, so that a dead disk costs nothing.
            wait = min(_RETRY, PERIOD * 2**self._failed)
            with self._lock:
                over = self._leaving or time.monotonic() - idle > LINGER
                if not self._recorders and over:
                    self._close()
                    self._thread = None
                    break
        with self._rounds:
            self._rounds.notify_all()

    def _write(self, recorders: list[StoreRecorder]) -> None:
        """One transaction for all runs; what fails stays to be written."""
        try:
            due = [each for each in recorders if each.take()]
            if not due:
                return
            if self._file is None:
                self._file = connect(self.path, wait=LOCK_WAIT)
            file = self._file
            file.execute("BEGIN IMMEDIATE")
            try:
                for each in due:
                    try:
                        each.write(file)
                    except (TypeError, ValueError) as error:  # of this run alone
                        self._drop(each, f"what is known of it cannot be written ({error})")
                        raise
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError:  # a run was deleted under our hands
            self._drop_deleted(recorders)
        except (TypeError, ValueError):
            _log.debug("one run is left out", exc_info=True)
        except Exception as error:  # whatever it is, the training must not notice
            self._failed = min(self._failed + 1, 6)
            self._close()
            for each in recorders:
                each.fail(reason(error, self.path))
                if each._status != "running":
                    each.written.set()
        else:
            self._failed = 0
            over = [each for each in due if each.kept()]
            with self._lock:
                self._recorders = [each for each in self._recorders if each not in over]

    def _drop_deleted(self, recorders: list[StoreRecorder]) -> None:
        assert self._file is not None
        for each in recorders:
            row = self._file.execute("SELECT 1 FROM run WHERE number=?", (each._number,))
            if each._number is not None and row.fetchone() is None:
                self._drop(each, "it was deleted")

    def _drop(self, recorder: StoreRecorder, why: str) -> None:
        recorder.fail(why)
        recorder.give_up()
        with self._lock:
            self._recorders.remove(recorder)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except sqlite3.Error:
                _log.debug("closing %s", self.path, exc_info=True)


def reason(error: Exception, path: Path) -> str:
    """What is wrong with the file, in words."""
    said = str(error)
    if isinstance(error, StoreError):
        return said.rstrip(".")
    if isinstance(error, sqlite3.Error):
        if "full" in said:
            return f"the disk of {path} is full"
        if "readonly" in said:
            return f"{path} is read-only"
        if "locked" in said or "busy" in said:
            return f"another program keeps {path} locked"
        if "not a database" in said or "malformed" in said:
            return f"{path} is damaged or no file of runs ({said}); move it away"
    return f"{path} cannot be written ({said})"


_writers: dict[Path, FileWriter] = {}
_writers_lock = threading.Lock()
_inherited: list[FileWriter] = []


def writer_of(path: Path) -> FileWriter:
    """The one writer of a file in this process."""
    path = Path(os.path.realpath(path))
    with _writers_lock:
        if path not in _writers:
            _writers[path] = FileWriter(path)
        return _writers[path]


def known_writer(path: Path) -> FileWriter | None:
    """The writer of a file, where this process has one."""
    with _writers_lock:
        return _writers.get(Path(os.path.realpath(path)))


def _after_fork() -> None:
    """A forked process has no thread of ours, and must not touch the file that it inherits."""
    global _writers_lock
    _writers_lock = threading.Lock()
    for writer in _writers.values():
        _inherited.append(writer)  # never collected: closing the file would disturb the parent's
        for recorder in writer._recorders:
            recorder.give_up()
    _writers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _leave_all() -> None:
    for writer in list(_writers.values()):
        writer.leave(3.0)
