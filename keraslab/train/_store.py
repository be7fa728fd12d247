"""The store of runs: one SQLite file that all kernels of a person write into."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from keraslab.train._alive import Writer, lives
from keraslab.train._commit import git_commit
from keraslab.train._database import (
    FILE,
    OF_EPOCHS,
    StoreError,
    connect,
    connect_to_read,
    default_path,
)
from keraslab.train._store_recorder import StoreRecorder, json_safe
from keraslab.train._store_writer import known_writer, reason, writer_of

if TYPE_CHECKING:
    from keraslab.train._runs import Runs
    from keraslab.train._stored_run import StoredRun

_T = TypeVar("_T")
Points = dict[tuple[str, str], list[tuple[float, ...]]]


class Store:
    """Keeps runs on this machine, in one SQLite file; several processes may use it at once.

    Args:
        path: A file, or an existing folder in which ``runs.sqlite`` lies. None for the folder
            that the environment variable ``KERASLAB_HOME`` names, or else where the user's
            data belong.

    Attributes:
        path: Of the file. It need not exist yet.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store(folder)
        ...     recorder = store.begin({"name": "digits"})
        ...     recorder.add("train", "loss", 10, 1.0, 0.5, 0.25)
        ...     recorder.close("done")
        ...     found = store.runs()[0]
        ...     found.name, found.status, found.history
        ('digits', 'done', {'loss': [0.25]})
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        if path is None:
            self.path = default_path()
            return
        found = Path(path).expanduser()
        self.path = (found / FILE if found.is_dir() else found).absolute()

    # Writing

    def begin(self, facts: Mapping[str, Any]) -> StoreRecorder:
        """Begin to keep a run. It neither waits for the disk nor raises for it.

        Args:
            facts: ``name``, ``seed``, ``settings``, ``versions`` and so on; what JSON does not
                know is kept as text. ``config`` is kept apart, once for all runs that have the
                same. A value that can be called is called, and left out where that fails.
        """
        given = {key: _called(value) for key, value in facts.items()}
        config = given.pop("config", None)
        known = {key: json_safe(value) for key, value in given.items() if value is not None}
        known.setdefault("started", time.time())
        known.setdefault("commit", git_commit())
        return writer_of(self.path).begin(uuid.uuid4().hex[:12], known, _config(config))

    def flush(self, seconds: float = 4.0) -> bool:
        """Wait until all that this process logged so far is in the file.

        Args:
            seconds: How long to wait at most.

        Returns:
            Whether that came in time.
        """
        writer = known_writer(self.path)
        return writer is None or writer.flush(seconds)

    def delete(self, *ids: str) -> None:
        """Delete runs for good.

        Args:
            *ids: The whole ``id`` of each.

        Raises:
            ValueError: if there are none, or one of the runs is under way; none is deleted then.
            KeyError: if there is no such run; none is deleted then.
            StoreError: if the file cannot be written.
        """
        if not ids:
            raise ValueError(
                "delete(...) takes the runs to delete, or their ids, such as run.id. It deletes "
                "nothing that was not named."
            )
        self.flush()
        found = {run.id: run for run in self._rows("id", ids)}
        for id_ in ids:
            if id_ not in found:
                raise KeyError(f"delete({id_!r}): {self.path} has no run of this id.")
            if found[id_].status == "running":
                raise ValueError(
                    f"delete({id_!r}): the run {found[id_].name!r} is under way. Stop it first."
                )
        try:
            with closing(connect(self.path)) as file:
                file.execute("BEGIN IMMEDIATE")
                file.executemany("DELETE FROM run WHERE id=?", [(id_,) for id_ in set(ids)])
                file.execute(
                    "DELETE FROM config WHERE hash NOT IN "
                    "(SELECT config FROM run WHERE config IS NOT NULL)"
                )
                file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"Nothing was deleted: {reason(error, self.path)}.") from error

    # Reading

    def runs(
        self,
        name: str | None = None,
        *,
        status: str | Iterable[str] | None = None,
        since: datetime | date | timedelta | str | None = None,
        comparison: str | None = None,
        variant: str | None = None,
    ) -> Runs:
        """The runs kept, the last begun first.

        Args:
            name: Of the runs; ``*`` and ``?`` stand for any text, capitals do not matter.
            status: One or several of ``"running"``, ``"done"``, ``"stopped"``, ``"failed"``,
                ``"interrupted"`` and ``"killed"``.
            since: The earliest begin: a date, such as ``"2026-11-23"``, or how long ago.
            comparison: The fingerprint of the comparison that they belong to.
            variant: Of a comparison.

        Raises:
            StoreError: if the file cannot be read.
            ValueError: if a status or a date is none.
        """
        from keraslab.train._runs import Runs

        self.flush()
        found = self._rows("comparison", None if comparison is None else [comparison])
        return Runs(found, self).filter(name, status=status, since=since, variant=variant)

    def _rows(self, column: str, values: Iterable[str] | None) -> list[StoredRun]:
        from keraslab.train._stored_run import StoredRun

        wanted = None if values is None else list(dict.fromkeys(values))
        where = "" if wanted is None else f"WHERE {column} IN ({','.join('?' * len(wanted))})"

        def read(file: sqlite3.Connection) -> list[StoredRun]:
            rows = file.execute(
                "SELECT id, name, status, started, host, boot, pid, born, beat, facts FROM run "
                f"{where} ORDER BY number DESC",
                wanted or (),
            ).fetchall()
            alive: dict[Writer, bool] = {}
            runs = []
            for id_, name, status, started, *by, beat, facts in rows:
                writer = Writer(*by)
                if status == "running":
                    if writer not in alive:
                        alive[writer] = lives(writer, beat)
                    status = "running" if alive[writer] else "killed"
                runs.append(StoredRun(self, id_, name, status, started, json.loads(facts)))
            return runs

        return self._read(read, [])

    def points_of(self, run_id: str, *, epochs_only: bool = False) -> Points:
        """What a run logged: rows of step, epoch, seconds and value under kind and name.

        Args:
            run_id: Of the run.
            epochs_only: Whether those of batches, learning rate and norms are left out.
        """

        def read(file: sqlite3.Connection) -> Points:
            rows = file.execute(
                "SELECT kind, key, data FROM series JOIN points ON points.series=series.number "
                "WHERE run=(SELECT number FROM run WHERE id=?) AND (kind IN (?, ?) OR NOT ?) "
                "ORDER BY series.number, points.number",
                (run_id, *OF_EPOCHS, epochs_only),
            )
            pieces: dict[tuple[str, str], list[bytes]] = {}
            for kind, key, data in rows:
                pieces.setdefault((kind, key), []).append(data)
            return {name: _unpacked(b"".join(data)) for name, data in pieces.items()}

        self.flush()
        return self._read(read, {})

    def last_of(self, ids: Iterable[str]) -> dict[str, dict[tuple[str, str], tuple[float, ...]]]:
        """The last row of each line, by run; of many runs at once, and of long ones, quickly.

        Args:
            ids: Of the runs.
        """
        wanted = list(dict.fromkeys(ids))

        def read(
            file: sqlite3.Connection,
        ) -> dict[str, dict[tuple[str, str], tuple[float, ...]]]:
            found: dict[str, dict[tuple[str, str], tuple[float, ...]]] = {}
            for id_ in wanted:
                rows = file.execute(
                    "SELECT kind, key, substr(data, -32) FROM series JOIN points ON points.number="
                    "(SELECT max(number) FROM points WHERE series=series.number) "
                    "WHERE run=(SELECT number FROM run WHERE id=?) ORDER BY series.number",
                    (id_,),
                )
                found[id_] = {(kind, key): _unpacked(data)[-1] for kind, key, data in rows}
            return found

        return self._read(read, {})

    def config_of(self, run_id: str) -> Any:
        """The config of a run's model; None where none was kept."""

        def read(file: sqlite3.Connection) -> Any:
            row = file.execute(
                "SELECT data FROM config WHERE hash=(SELECT config FROM run WHERE id=?)", (run_id,)
            ).fetchone()
            return None if row is None else json.loads(zlib.decompress(row[0]))

        return self._read(read, None)

    def _read(self, read: Callable[[sqlite3.Connection], _T], empty: _T) -> _T:
        """Read, or give ``empty`` where there is no file yet."""
        try:
            with closing(connect_to_read(self.path)) as file:
                if not file.execute("PRAGMA user_version").fetchone()[0]:
                    return empty  # it is just being made
                return read(file)
        except FileNotFoundError:
            return empty
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"Runs cannot be read: {reason(error, self.path)}.") from error

    def __repr__(self) -> str:
        return f"Store({os.fspath(self.path)!r})"


def runs(
    name: str | None = None,
    *,
    status: str | Iterable[str] | None = None,
    since: datetime | date | timedelta | str | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Runs:
    """List the runs kept on this machine, the last begun first, those of dead kernels too.

    Args:
        name: Of the runs; ``*`` and ``?`` stand for any text, capitals do not matter.
        status: One or several of ``"running"``, ``"done"``, ``"stopped"``, ``"failed"``,
            ``"interrupted"`` and ``"killed"`` (its kernel died).
        since: The earliest begin: a date, such as ``"2026-11-23"``, or how long ago, as a
            ``timedelta``.
        path: Where they are kept, as for ``Store``; None for the usual place.

    Returns:
        A list with ``filter``, ``show``, ``compare`` and ``delete``.

    Raises:
        StoreError: if the file cannot be read.
        ValueError: if a status or a date is none.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     runs(path=folder)
        No runs are kept yet.
    """
    return Store(path).runs(name, status=status, since=since)


def _called(value: Any) -> Any:
    if not callable(value):
        return value
    try:
        return value()
    except Exception:  # the run does without this fact
        return None


def _config(config: Any) -> str | None:
    if config is None:
        return None
    try:
        return config if isinstance(config, str) else json.dumps(config, default=str)
    except (TypeError, ValueError, RecursionError):
        return None


def _unpacked(data: bytes) -> list[tuple[float, ...]]:
    # A piece is whole or not there at all: it came in one transaction.
    return list(struct.iter_unpack("<4d", data))
