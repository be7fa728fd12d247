"""Keeping the garbage collector away while a graph or a model is made."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_users = 0
_before = gc.get_threshold()
_SPARSE = (10_000, 20, 1_000_000)
"""Young objects are looked through seldom, and all objects not at all."""


@contextlib.contextmanager
def collection_put_off() -> Iterator[None]:
    """Keep the garbage collector away: with TensorFlow loaded, a full pass costs a picture."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def full_collection_put_off() -> Iterator[None]:
    """Put off full passes alone: what a stranger's code leaves behind is still collected."""
    global _users, _before
    with _lock:
        if _users == 0:
            _before = gc.get_threshold()
            gc.set_threshold(*_SPARSE)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            # Somebody else may have set it since.
            if _users == 0 and gc.get_threshold() == _SPARSE:
                gc.set_threshold(*_before)
