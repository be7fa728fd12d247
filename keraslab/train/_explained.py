"""Why a run failed: found out by a room above this one, here or in the process of a worker."""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras

Explains = Callable[[BaseException], Any]

_explain: Explains | None = None
_arrive: Callable[[Any], Any] | None = None


def explain_failures_with(explain: Explains, arrive: Callable[[Any], Any] | None = None) -> None:
    """Say who finds out why a run failed.

    Args:
        explain: makes a finding of an exception, or None. The process of a worker finds it again
            by its module and name, as the frames of an exception cannot be sent.
        arrive: gives a finding that came from another process the names of this one.
    """
    global _explain, _arrive
    _explain, _arrive = explain, arrive


def finding_of(error: BaseException | None) -> Any:
    """What is known about an exception of this process; None where nothing is."""
    if error is None or _explain is None:
        return None
    try:
        return _explain(error)
    except Exception:  # an explanation that fails must not cost the comparison
        return None


def explainer() -> str | None:
    """Where another process finds who explains, as ``module:name``; None where it cannot."""
    name = f"{getattr(_explain, '__module__', None)}:{getattr(_explain, '__qualname__', None)}"
    with suppress(Exception):
        return name if _found(name) is _explain else None
    return None


def explained_here(error: BaseException, by: str | None) -> bytes | None:
    """What is known about an exception, in a worker's process and ready to be sent.

    Args:
        error: With its frames.
        by: What ``explainer()`` gave where the comparison is.

    Returns:
        None where nothing is known, or where it cannot be sent.
    """
    if by is None:
        return None
    try:
        finding = _found(by)(error)
        return None if finding is None else _packed(finding)
    except Exception:  # the run has failed already, and its own error is the one that counts
        return None


def arrived(finding: bytes | None) -> Any:
    """A finding that was sent, made anew; None where there is none or it cannot be read."""
    if finding is None:
        return None
    try:
        found = pickle.loads(finding)
        return found if _arrive is None else _arrive(found)
    except Exception:  # a class that is not known here
        return None


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


class _WithoutLayers(pickle.Pickler):
    """Leaves the layers behind, and with them their weights: words and shapes are what is shown."""

    def reducer_override(self, value: Any) -> Any:
        # A type has a module too, but is one of Python's own things itself.
        if isinstance(value, keras.Operation) or (
            not isinstance(value, type) and type(value).__module__.partition(".")[0] == "keras"
        ):
            return type(None), ()
        return NotImplemented


def _packed(finding: Any) -> bytes:
    raw = io.BytesIO()
    _WithoutLayers(raw, protocol=5).dump(finding)
    return raw.getvalue()
