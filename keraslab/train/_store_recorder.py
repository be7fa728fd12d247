"""One run on its way into the file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import threading
import time
import zlib
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from keraslab.train._alive import this_process
from keraslab.train._recorder import warn_calmly

BEAT = 10.0
"""Seconds between two signs of life of a run that logs nothing."""
CLOSE_WAIT = 4.0
"""Seconds that the end of a run waits for its last points to be written."""
MOST = 1_000_000
"""Points of one run kept in memory while the file cannot be written."""


class StoreRecorder:
    """Keeps one run as it grows; no method raises or waits for the disk.

    Only ``close`` waits, up to ``CLOSE_WAIT`` seconds, so that what reads next finds all.

    Args:
        wake: has it written now.
        run_id: tells it from all others.
        facts: what is known of it, as JSON takes it.
        config: of the model as JSON; None for none.
    """

    def __init__(
        self, wake: Callable[[], object], run_id: str, facts: dict[str, Any], config: str | None
    ) -> None:
        self.id = run_id
        self._wake = wake
        self._new: deque[tuple[str, str, float, float, float, float]] = deque()
        self._status = "running"
        self.written = threading.Event()
        """Set when the end is in the file, or never will be."""
        self._trouble: str | None = None
        self.told = False
        """Whether what is wrong with the file was said; of one run is enough for a file."""
        # What only the writer's thread touches.
        self._facts = facts
        self._config = config
        self._number: int | None = None
        self._series: dict[tuple[str, str], int] = {}
        self._waiting: dict[tuple[str, str], array[float]] = {}
        self._count = 0
        self._lost = 0
        self._changed = False
        self._writing = ""
        self._kept_status = ""
        self._beat = 0.0
        self._notes: deque[dict[str, Any]] = deque()

    def add(
        self, kind: str, key: str, step: int, epoch: float, seconds: float, value: float
    ) -> None:
        """Keep a point: batches and epochs so far, seconds since the begin, and the value."""
        self._new.append((kind, key, step, epoch, seconds, value))
        if self._trouble is not None:
            self._tell()

    def note(self, **facts: Any) -> None:
        """Keep facts about the run, such as its best epoch."""
        self._notes.append(facts)
        if self._trouble is not None:
            self._tell()

    def close(self, status: str) -> None:
        """The run is over."""
        if self._status != "running":
            return
        self._status = status
        self._wake()
        if self._trouble is None:
            self.written.wait(CLOSE_WAIT)
        if self._trouble is not None:
            self._tell()

    def _tell(self) -> None:
        """Warn once, in the thread that trains, where a person sees it."""
        if self.told:
            return
        self.told = True
        warn_calmly(f"{self._trouble}", stacklevel=4)

    # The writer's side

    def take(self) -> bool:
        """Sort what came in; whether there is something to write."""
        self._writing = self._status  # first: what comes in before the end is to be written
        waiting, new = self._waiting, self._new
        for _ in range(len(new)):
            kind, key, *point = new.popleft()
            if self._count >= MOST and kind == "batch":
                self._lost += 1
                continue
            try:
                packed = array("d", point)
            except (TypeError, ValueError, OverflowError):  # a value that is no number
                self._lost += 1
                continue
            held = waiting.get((kind, key))
            if held is None:
                waiting[kind, key] = packed
            else:
                held.extend(packed)
            self._count += 1
        while self._notes:
            self._facts.update(json_safe(self._notes.popleft()))
            self._changed = True
        if self._lost and self._facts.get("lost_points") != self._lost:
            self._facts["lost_points"] = self._lost
            self._changed = True
        return bool(
            self._number is None
            or waiting
            or self._changed
            or self._writing != self._kept_status
            or time.monotonic() - self._beat > BEAT
        )

    def write(self, to: sqlite3.Connection) -> None:
        """Write it, within a transaction; ``kept`` or ``not_kept`` follows."""
        self._number_now, self._series_now = self._number, dict(self._series)
        if self._number_now is None:
            self._number_now = self._insert(to)
        for (kind, key), values in self._waiting.items():
            series = self._series_now.get((kind, key))
            if series is None:
                row = to.execute(
                    "INSERT INTO series(run, kind, key) VALUES (?, ?, ?) RETURNING number",
                    (self._number_now, plain(kind), plain(key)),
                )
                series = self._series_now[kind, key] = row.fetchone()[0]
            to.execute("INSERT INTO points(series, data) VALUES (?, ?)", (series, _packed(values)))
        to.execute(
            "UPDATE run SET beat=?, status=? WHERE number=?",
            (time.time(), self._writing, self._number_now),
        )
        if self._changed:
            facts = json.dumps(self._facts)
            to.execute("UPDATE run SET facts=? WHERE number=?", (facts, self._number_now))

    def _insert(self, to: sqlite3.Connection) -> int:
        facts, digest = self._facts, None
        if self._config is not None:
            data = self._config.encode()
            digest = hashlib.sha256(data).hexdigest()
            to.execute(
                "INSERT OR IGNORE INTO config VALUES (?, ?)", (digest, zlib.compress(data, 1))
            )
        values = (
            self.id,
            plain(facts.get("name") or "run"),
            self._writing,
            float(facts["started"]),
            *this_process(),
            time.time(),
            plain(facts["comparison"]) if facts.get("comparison") else None,
            json.dumps(facts),
            digest,
        )
        row = to.execute(
            "INSERT INTO run(id, name, status, started, host, boot, pid, born, beat, comparison,"
            " facts, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
            values,
        )
        return int(row.fetchone()[0])

    def kept(self) -> bool:
        """It is in the file; whether the run is over."""
        self._number, self._series = self._number_now, self._series_now
        self._waiting, self._count, self._changed = {}, 0, False
        self._kept_status = self._writing
        self._beat = time.monotonic()
        self._trouble = None
        over = self._kept_status != "running"
        if over:
            self.written.set()
        return over

    def fail(self, why: str) -> None:
        """It could not be written."""
        if self._trouble is None:
            self._trouble = (
                f"The run {self._facts.get('name')!r} is not being kept: {why}. Training goes on. "
                "What is logged is written as soon as the file can be, while this process lives; "
                "store=False keeps no runs, and KERASLAB_HOME names another folder."
            )

    def give_up(self) -> None:
        """It will never be written."""
        self._new = deque(maxlen=0)
        self._notes = deque(maxlen=0)
        self._waiting = {}
        self.written.set()


def json_safe(value: Any) -> Any:
    """A fact as JSON holds it; what JSON does not know, by its text.

    Example:
        >>> json_safe({"lr": 0.1, "shape": (2, 3), 4: len})
        {'lr': 0.1, 'shape': [2, 3], '4': '<built-in function len>'}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value) if isinstance(value, float) else int(value)
    if isinstance(value, dict):
        return {str(key): json_safe(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_safe(each) for each in value]
    if callable(getattr(value, "item", None)) and getattr(value, "shape", None) == ():
        return json_safe(value.item())
    try:
        return str(value)[:1000]
    except Exception:  # a text of its own that fails
        return type(value).__name__


def plain(text: Any) -> str:
    """Text that every file takes."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _packed(values: array[float]) -> bytes:
    if sys.byteorder == "big":
        values = array("d", values)
        values.byteswap()
    return values.tobytes()
