"""Which process on which machine writes a run, and whether it still lives."""

from __future__ import annotations

import os
import platform
import socket
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_PROC = Path("/proc/self/stat").is_file()
STALE = 60.0
"""Seconds without a sign of life after which a writer on another machine counts as dead."""


class Writer(NamedTuple):
    """Tells one process from all others, of other machines and of other boots too."""

    host: str
    boot: str
    pid: int
    born: str
    """When it began, as this machine counts; a process that got the same number later differs."""


def this_process() -> Writer:
    """The process that asks."""
    pid = os.getpid()
    return Writer(socket.gethostname(), _boot(), pid, _born(pid) or "")


def lives(writer: Writer, beat: float) -> bool:
    """Whether a writer still writes.

    On the same machine its process is looked for, which no clock can disturb. Of another
    machine only its last sign of life is known.

    Args:
        writer: who wrote.
        beat: when it last said so, in seconds since 1970 by its own clock.
    """
    if writer.host == socket.gethostname() and writer.boot == _boot():
        born = _born(writer.pid)
        if born is None:
            return False
        if born and writer.born:
            return born == writer.born
    silent = time.time() - beat
    if writer.host == socket.gethostname():
        # Restarted, or a container of the same name, or a system that tells little: a sign of
        # life from times to come says that the clock was set back since, so it is an old one.
        return abs(silent) < STALE
    return silent < STALE


@cache
def _boot() -> str:
    """This boot of this machine, as far as process numbers reach; empty where unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _born(pid: int) -> str | None:
    """When a process began; None where there is none, empty where that cannot be known."""
    if _PROC:
        try:
            # The name in brackets may hold anything; behind it the fields are numbers.
            stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if stat[0] in (b"Z", b"X") else stat[19].decode("ascii")
    return _born_elsewhere(pid)


def _born_elsewhere(pid: int) -> str | None:
    try:
        import psutil  # Jupyter's kernel has it
    except ImportError:
        return "" if pid == os.getpid() or platform.system() == "Windows" else _signalled(pid)
    try:
        process: Any = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return ""


def _signalled(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return ""
    return ""
