"""Keeps a model to the run that trains it in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from keraslab.graph.keras_internals import MUST_RUN

_DISTURBING = (
    *(*MUST_RUN, "compile", "add", "pop"),
    *("save", "save_weights", "export"),
)
"""What would change the weights or the metrics under a training, or read them half changed."""

_held: dict[int, tuple[Any, str]] = {}
_lock = threading.Lock()


class ModelInUseError(RuntimeError):
    """A model is used while a run trains it in the background."""


def in_use(model: Any, name: str, what: str) -> ModelInUseError:
    """The error for using a model too early.

    Args:
        model: the model.
        name: of the run that trains it.
        what: was to be done with it.
    """
    return ModelInUseError(
        f"The model {getattr(model, 'name', '')!r} is being trained by the run {name!r} in the "
        f"background, and {what}() would disturb it. Wait for the run with run.wait(), or end it "
        "with run.stop() and run.wait(). A copy of the model may be used meanwhile: "
        "keras.models.clone_model(model), with weights from model.get_weights()."
    )


def check_free(model: Any, what: str = "fit") -> None:
    """Raise ``ModelInUseError`` where a background run trains the model.

    Args:
        model: any model.
        what: is to be done with it.
    """
    with _lock:
        held = _held.get(id(model))
    if held is not None:
        raise in_use(model, held[1], what)


class Guard:
    """Lets one thread only use a model's methods that would disturb its training.

    The methods are covered on this object alone; its class, its copies and models that share
    its layers are as they were. Calling the model, on data or to wire it into another, stays
    free: it only reads. So does ``keras.saving.save_model``, which knows of no guard.

    Args:
        model: the model.
        name: of the run, for the error.

    Raises:
        ModelInUseError: if another run holds the model.
    """

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self._name = name
        self._thread: int | None = None
        self._covered: list[str] = []
        with _lock:
            held = _held.get(id(model))
            if held is not None:
                raise in_use(model, held[1], "fit")
            _held[id(model)] = (model, name)
        for method in _DISTURBING:
            # One that the person put on the object itself is theirs.
            if callable(getattr(model, method, None)) and method not in vars(model):
                setattr(model, method, self._cover(getattr(model, method), method))
                self._covered.append(method)

    def _cover(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(method)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != self._thread:
                raise in_use(self._model, self._name, name)
            return method(*args, **kwargs)

        return guarded

    @contextmanager
    def held_by_this_thread(self) -> Iterator[None]:
        """Let the calling thread use the model, then let everyone."""
        self._thread = threading.get_ident()
        try:
            yield
        finally:
            self.lift()

    def lift(self) -> None:
        """Take the guard away."""
        while self._covered:
            delattr(self._model, self._covered.pop())
        with _lock:
            _held.pop(id(self._model), None)
