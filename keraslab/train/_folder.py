"""A folder through which processes of one machine speak: no server, no thread, and no queue.

A worker adds a line to a file of its own for each message, and looks for the file that asks it
to stop. What a process that was killed left behind can be read like everything else.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
import weakref
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from keraslab.train._task import Message

LOOK_EACH = 0.05
"""Seconds between two looks whether to stop."""
_STOP = "stop"

folders_used: set[str] = set()
"""Of comparisons that runs in this process spoke with."""


class FolderChannel:
    """How a worker that sees the folder speaks; where it does not, it is silent.

    Args:
        folder: Of the ``Post``.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._there: bool | None = None
        self._stopping = False
        self._looked = -LOOK_EACH

    def __reduce__(self) -> tuple[type[FolderChannel], tuple[str]]:
        return FolderChannel, (self._folder,)

    def send(self, message: Message) -> None:
        """Add a line to this process' file."""
        if not self._seen():
            return
        line = json.dumps(asdict(message), default=float) + "\n"
        name = f"{socket.gethostname()}-{os.getpid()}.jsonl"
        with suppress(OSError), open(os.path.join(self._folder, name), "ab") as file:
            file.write(line.encode())

    @property
    def stopping(self) -> bool:
        """Whether the file is there, or the folder is gone with whoever made it."""
        if self._stopping or not self._seen():
            return self._stopping
        now = time.monotonic()
        if now - self._looked >= LOOK_EACH:
            self._looked = now
            self._stopping = os.path.exists(os.path.join(self._folder, _STOP)) or not (
                os.path.isdir(self._folder)
            )
        return self._stopping

    def _seen(self) -> bool:
        if self._there is None:
            self._there = os.path.isdir(self._folder)
            folders_used.add(self._folder)
        return self._there


class Post:
    """The other end: makes the folder, reads what came, and removes it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="keraslab-compare-"))
        self._read: dict[str, int] = {}
        # Also when the process ends without close().
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @property
    def channel(self) -> FolderChannel:
        """For a worker."""
        return FolderChannel(str(self.folder))

    def messages(self) -> list[Message]:
        """What came since the last call; a line that is not whole yet waits."""
        found = []
        for path in sorted(self.folder.glob("*.jsonl")):
            before = self._read.get(path.name, 0)
            with suppress(OSError):
                if path.stat().st_size <= before:
                    continue
                with path.open("rb") as file:
                    file.seek(before)
                    raw = file.read()
                whole = raw[: raw.rfind(b"\n") + 1]
                self._read[path.name] = before + len(whole)
                found += [Message(**json.loads(line)) for line in whole.splitlines()]
        return found

    def stop(self) -> None:
        """Leave the file."""
        with suppress(OSError):
            (self.folder / _STOP).touch()

    def close(self) -> None:
        """Remove the folder."""
        self._remove()
