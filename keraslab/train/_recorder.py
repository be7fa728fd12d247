"""Where a run's points go besides its curves: nowhere, or to whatever keeps runs."""

from __future__ import annotations

import logging
import os
import uuid
import warnings
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

_log = logging.getLogger("keraslab")


class Recorder(Protocol):
    """Keeps one run as it grows; no method may raise or block."""

    @property
    def id(self) -> str:
        """Tells this run from all others."""

    def add(
        self, kind: str, key: str, step: int, epoch: float, seconds: float, value: float
    ) -> None:
        """Keep a point: batches and epochs so far, seconds since the begin, and the value."""

    def note(self, **facts: Any) -> None:
        """Keep facts about the run, such as its best epoch."""

    def close(self, status: str) -> None:
        """The run is over."""


class Opens(Protocol):
    """What keeps runs: ``begin`` gives the recorder of a new one."""

    def begin(self, facts: Mapping[str, Any]) -> Recorder:
        """Begin to keep a run of these facts: name, settings, seed, versions and so on."""


class Forgets:
    """A recorder that keeps nothing."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex[:12]

    def add(
        self, kind: str, key: str, step: int, epoch: float, seconds: float, value: float
    ) -> None:
        """Keep nothing."""

    def note(self, **facts: Any) -> None:
        """Keep nothing."""

    def close(self, status: str) -> None:
        """Keep nothing."""


Keeps: TypeAlias = bool | str | os.PathLike[str] | Opens | None
"""What ``store=`` takes."""


def open_recorder(store: Keeps, facts: Mapping[str, Any]) -> Recorder:
    """Begin to keep a run; where that fails, warn and keep nothing.

    Args:
        store: True for the store of this machine, False or None for none, or a store or its path.
        facts: What is known at the begin.
    """
    if store is None or store is False:
        return Forgets()
    try:
        opens = _store(store) if isinstance(store, bool | str | os.PathLike) else store
        return opens.begin(facts)
    except Exception as error:  # a disk that is full must not cost the training
        warnings.warn(
            f"The run {facts.get('name')!r} is not kept: {error}. Training goes on; give "
            "store=False to keep no runs.",
            stacklevel=4,
        )
        return Forgets()


def warn_calmly(text: str, stacklevel: int = 1) -> None:
    """Warn, but never end the training where warnings are errors.

    Args:
        text: What is to be said.
        stacklevel: Of the caller, as for ``warnings.warn``.
    """
    try:
        warnings.warn(text, stacklevel=stacklevel + 1)
    except Warning:
        _log.warning("%s", text)


def _store(path: bool | str | os.PathLike[str]) -> Opens:
    from keraslab.train._store import Store

    return Store(None if isinstance(path, bool) else path)
