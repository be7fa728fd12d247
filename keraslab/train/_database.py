"""The SQLite file that holds runs: where it lies, how it is opened, what is in it."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from urllib.request import pathname2url

FILE = "runs.sqlite"
VERSION = 1
OF_EPOCHS = ("train", "validation")
"""Kinds of lines that have a value per epoch; the others are ``"batch"`` and ``"value"``."""
_OURS = 0x6B6C6162  # "klab" in ASCII, SQLite's application_id

_SCHEMA = """
CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    started REAL NOT NULL,
    host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, born TEXT NOT NULL,
    beat REAL NOT NULL,
    comparison TEXT,
    facts TEXT NOT NULL,
    config TEXT REFERENCES config(hash)
);
CREATE TABLE config (hash TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE series (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run(number) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    UNIQUE (run, kind, key)
);
CREATE TABLE points (
    number INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series(number) ON DELETE CASCADE,
    data BLOB NOT NULL
);
CREATE INDEX points_of ON points(series);
CREATE INDEX run_comparison ON run(comparison);
"""

_NETWORK = (
    " nfs cifs smb smbfs smb2 smb3 9p afs coda lustre gpfs beegfs ceph glusterfs ncpfs ocfs2 "
    "pvfs2 orangefs virtiofs davfs vboxsf vmhgfs prl_fs fuse "
)
"""File systems on which the memory that WAL shares between processes cannot be relied on."""


class StoreError(RuntimeError):
    """A file of runs that cannot be used, with the way out."""


def default_path() -> Path:
    """Where runs are kept: in ``KERASLAB_HOME``, or else where the user's data belong."""
    home = os.environ.get("KERASLAB_HOME")
    if home:
        return Path(home).expanduser() / FILE
    from platformdirs import user_data_path

    return user_data_path("keraslab", appauthor=False) / FILE


def connect(path: Path, *, wait: float = 5.0, wal: bool | None = None) -> sqlite3.Connection:
    """Open the file to write, and make it where there is none.

    Args:
        path: of the file.
        wait: Seconds to wait for another process that writes.
        wal: Whether to write ahead; None to do so unless the file lies on a network.

    Raises:
        OSError: if its folder cannot be made.
        sqlite3.Error: if it cannot be opened or made.
        StoreError: if it holds something else, or comes from a newer version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # One thread at a time uses it, but not always the one that opened it.
    opened = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        _check(opened, path)
        _journal(opened, not on_network(path) if wal is None else wal)
        opened.execute("PRAGMA synchronous=NORMAL")
        opened.execute("PRAGMA foreign_keys=ON")
        _make(opened, path)
    except BaseException:
        opened.close()
        raise
    return opened


def connect_to_read(path: Path, *, wait: float = 5.0) -> sqlite3.Connection:
    """Open the file to read, on a read-only disk too.

    Raises:
        FileNotFoundError: if there is none.
        sqlite3.Error: if it cannot be opened.
        StoreError: if it holds something else, or comes from a newer version.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    uri = "file:" + pathname2url(os.fspath(path.absolute()))
    # Where nothing can be written, the file is taken as it is, without what others write now.
    for options in ("?mode=rw", "?mode=ro", "?immutable=1"):
        opened = sqlite3.connect(
            uri + options, uri=True, timeout=wait, isolation_level=None, check_same_thread=False
        )
        try:
            _check(opened, path)
            opened.execute("PRAGMA query_only=ON")
            return opened
        except sqlite3.OperationalError as error:
            opened.close()
            if options == "?immutable=1" or "locked" in str(error):
                raise
        except BaseException:
            opened.close()
            raise
    raise AssertionError("the last way returned or raised")


def journal_of(opened: sqlite3.Connection) -> str:
    """How it keeps what is being written: ``"wal"``, ``"truncate"`` and so on."""
    return str(opened.execute("PRAGMA journal_mode").fetchone()[0])


def on_network(path: Path, mounts: str | None = None) -> bool:
    """Whether a file lies on a network, as far as this system tells.

    Args:
        path: of the file, or of one to be made.
        mounts: what Linux says of its mounts; None to ask it.

    Example:
        >>> on_network(Path("/home/ada/runs.sqlite"), "s:/home /home nfs4 rw 0 0")
        True
        >>> on_network(Path("/tmp/runs.sqlite"), "/dev/a / ext4 rw 0 0")
        False
    """
    whole = os.path.realpath(path)
    if sys.platform == "win32":
        return whole.startswith("\\\\")
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text("utf-8", "replace")
        except OSError:
            return False
    best, kind = "", ""
    for row in mounts.splitlines():
        place, found = [*row.split(" "), "", ""][1:3]
        place = place.replace("\\040", " ")
        inside = whole == place or whole.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, found
    return bool(kind) and f" {kind.rstrip('4').partition('.')[0]} " in _NETWORK


def _check(opened: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no file of ours; an empty one is."""
    (owner,) = opened.execute("PRAGMA application_id").fetchone()
    (version,) = opened.execute("PRAGMA user_version").fetchone()
    (tables,) = opened.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and owner != _OURS:
        raise StoreError(
            f"{path} is a database of something else. Give the path of a file that keraslab "
            "made, or of one that does not exist yet."
        )
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer keraslab. Update keraslab, or set KERASLAB_HOME to "
            "another folder."
        )


def _journal(opened: sqlite3.Connection, wal: bool) -> None:
    """Write ahead where that works; else keep an undo file, which works everywhere."""
    if wal:
        try:
            if opened.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "readonly" in str(error):
                raise
    opened.execute("PRAGMA journal_mode=TRUNCATE")


def _make(opened: sqlite3.Connection, path: Path) -> None:
    if opened.execute("PRAGMA user_version").fetchone()[0]:
        return
    opened.execute("BEGIN IMMEDIATE")  # two kernels may make it at once
    try:
        _check(opened, path)
        if not opened.execute("PRAGMA user_version").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                opened.execute(statement)
            opened.execute(f"PRAGMA application_id={_OURS}")
            opened.execute(f"PRAGMA user_version={VERSION}")
        opened.execute("COMMIT")
    except BaseException:
        if opened.in_transaction:
            opened.execute("ROLLBACK")
        raise
