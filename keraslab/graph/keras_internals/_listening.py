"""Hearing what a build makes and calls."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.src.ops.node import Node

from keraslab.graph.keras_internals._shortcuts import shortcuts

_hooks = threading.local()
_patch_lock = threading.Lock()
_patched: list[tuple[Any, str, Any]] = []
_patch_users = 0
_node_users = 0
_plain_node_init: Any = None

MUST_RUN = {
    "fit": "calls fit()",
    "evaluate": "calls evaluate()",
    "train_on_batch": "calls train_on_batch()",
    "test_on_batch": "calls test_on_batch()",
    "predict": "calls predict()",
    "predict_on_batch": "calls predict_on_batch()",
    "load_weights": "calls load_weights()",
    "set_weights": "calls set_weights()",
}
"""The methods of a model that need the values of its weights, or change them, and why."""


def _owner(cls: Any, name: str) -> Any:
    """The class in the line of ``cls`` that defines ``name`` itself."""
    return next(c for c in cls.__mro__ if name in vars(c))


def _patch_points() -> list[tuple[Any, str, Any]]:
    """What a build scope listens to: (class, method, maker of the listening method)."""

    def operation_init(original: Any) -> Any:
        @functools.wraps(original)
        def __init__(self: Any, name: Any = None) -> None:  # noqa: N807
            original(self, name=name)
            if (hooks := current_hooks()) is not None:
                hooks.made(self, name is None)

        return __init__

    def open_name_scope(original: Any) -> Any:
        @functools.wraps(original)
        def _open_name_scope(self: Any) -> Any:
            if (hooks := current_hooks()) is not None:
                hooks.touched(self)
            return original(self)

        return _open_name_scope

    def variable_init(original: Any) -> Any:
        @functools.wraps(original)
        def __init__(self: Any, initializer: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            given = callable(initializer) or isinstance(initializer, str)
            if not given and (hooks := current_hooks()) is not None:
                hooks.refuse(f"makes {_maker()}, whose value must exist at once")
            original(self, initializer, *args, **kwargs)

        return __init__

    def compile_(original: Any) -> Any:
        @functools.wraps(original)
        def compile(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A001
            hooks = current_hooks()
            if hooks is not None and hooks.compiled(self, args, kwargs):
                return None
            return original(self, *args, **kwargs)

        return compile

    def must_run(reason: str) -> Any:
        def make(original: Any) -> Any:
            @functools.wraps(original)
            def method(self: Any, *args: Any, **kwargs: Any) -> Any:
                if (hooks := current_hooks()) is not None:
                    hooks.refuse(reason)
                return original(self, *args, **kwargs)

            return method

        return make

    variable = _owner(keras.Variable, "__init__")
    return [
        (keras.Operation, "__init__", operation_init),
        (keras.Layer, "_open_name_scope", open_name_scope),
        (variable, "__init__", variable_init),
        (_owner(keras.Model, "compile"), "compile", compile_),
        *[(_owner(keras.Model, n), n, must_run(reason)) for n, reason in MUST_RUN.items()],
        *shortcuts(),
    ]


def _maker() -> str:
    """Who makes the variable that is being made: ``Adam()``, or a plain description."""
    frame: Any = sys._getframe(2)
    kinds = (keras.optimizers.Optimizer, keras.metrics.Metric, keras.Layer)
    while frame is not None:
        made = frame.f_locals.get("self")
        if isinstance(made, kinds):
            return f"{type(made).__name__}()"
        frame = frame.f_back
    return "a keras.Variable from an array"


def current_hooks() -> Any | None:
    """What listens to the builds of this thread; None outside a scope."""
    return getattr(_hooks, "now", None)


def _hear_nodes(more: int) -> None:
    """Let ``Node.__init__`` tell of new nodes as long as anyone listens; the lock is held."""
    global _node_users, _plain_node_init
    if _node_users == 0:
        original = _plain_node_init = Node.__init__

        @functools.wraps(original)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if (hooks := current_hooks()) is not None:
                hooks.called(self)
            for ear in getattr(_hooks, "ears", ()):
                ear(self)

        Node.__init__ = __init__
    _node_users += more
    if _node_users == 0:
        Node.__init__ = _plain_node_init


@contextlib.contextmanager
def hearing_calls(ear: Callable[[Any], None]) -> Iterator[None]:
    """Tell ``ear`` of every node that this thread makes, at the moment it is made.

    Args:
        ear: Is given the node; it must not raise.
    """
    with _patch_lock:
        _hear_nodes(+1)
    _hooks.ears = (*getattr(_hooks, "ears", ()), ear)
    try:
        yield
    finally:
        # Not in the order they came in: a panel may listen to many cells, a magic to one.
        _hooks.ears = tuple(other for other in _hooks.ears if other is not ear)
        with _patch_lock:
            _hear_nodes(-1)


@contextlib.contextmanager
def listening(hooks: Any) -> Iterator[None]:
    """Let ``hooks`` hear what this thread builds; other threads are not heard.

    The listening methods stand in Keras' classes only while some thread is in such a scope,
    and do nothing but pass on in the others.
    """
    global _patch_users
    with _patch_lock:
        if _patch_users == 0:
            for owner, name, make in _patch_points():
                original = vars(owner)[name]
                _patched.append((owner, name, original))
                setattr(owner, name, make(original))
        _patch_users += 1
        _hear_nodes(+1)
    before = current_hooks()
    _hooks.now = hooks
    try:
        yield
    finally:
        _hooks.now = before
        with _patch_lock:
            _hear_nodes(-1)
            _patch_users -= 1
            if _patch_users == 0:
                while _patched:
                    setattr(*_patched.pop())
