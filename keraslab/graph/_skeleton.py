"""Build a model with no weights allocated, and make it real when it has to run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import keras

from keraslab.graph import keras_internals as internals
from keraslab.graph._scope import (
    COMPILE,
    RECORD,
    Names,
    NeedsPlainBuild,
    Record,
    Scope,
    SkeletonError,
    move,
    unguard,
)

_Model = TypeVar("_Model")
_making_real = threading.RLock()


class Skeleton:
    """What ``with skeleton() as s`` gives: the variables made in it that have no memory yet."""

    def __init__(self, record: Record) -> None:
        self._record = record

    @property
    def variables(self) -> list[Any]:
        """The variables without memory, in the order they were made."""
        return [v for v in self._record.pending if internals.is_pending(v)]


class Built(NamedTuple):
    """What ``build_skeleton`` gives."""

    model: Any
    """What the build function returned."""
    skeleton: bool
    """Whether it was built without weights."""
    reason: str | None
    """Why not, as a sentence; None for a skeleton."""


@contextlib.contextmanager
def skeleton() -> Iterator[Skeleton]:
    """Build models inside this scope without allocating a weight.

    Shapes, parameter counts, ``summary()`` and ``get_config()`` are right; what needs values
    raises a ``SkeletonError`` until ``materialize(model)``. ``compile(...)`` is kept for then.
    Automatic names count from the start, so that each rebuild gives the same ones. Layers made
    before the scope are left as they were. A scope inside a scope joins it.

    Yields:
        A ``Skeleton`` whose ``variables`` have no memory yet.

    Raises:
        SkeletonError: What is built needs real values: a live optimizer or metric, a stateful
            RNN, ``keras.Variable(array)``, ``set_weights()``, ``fit()``.

    Example:
        >>> import keras
        >>> with skeleton():
        ...     model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> model.count_params()
        36
        >>> is_skeleton(model)
        True
        >>> is_skeleton(materialize(model))
        False
    """
    outer = internals.current_hooks()
    if isinstance(outer, Scope):
        yield Skeleton(outer.record)
        return
    if internals.in_stateless_scope():
        raise SkeletonError(
            "skeleton() was entered inside shape inference or another keras.StatelessScope. "
            "Enter it outside."
        )
    scope = Scope()
    try:
        with scope.build() as record:
            yield Skeleton(record)
    except NeedsPlainBuild:
        pass
    if scope.reason is not None:
        raise SkeletonError(f"{scope.reason} Build it without skeleton().")


def build_skeleton(build: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Built:
    """Call ``build(*args, **kwargs)`` without allocating weights, or plainly where it must be.

    An error of the build function comes out as it is, after one call. Only where the scope
    itself may have caused it (a real value was wanted, or ``compile`` was put off before the
    error) is the function called a second time, plainly, and what that call does counts. It
    draws the random numbers of the first call again, so that a seed gives the same model.

    Args:
        build: Any function that returns a model.
        *args: Passed on to ``build``.
        **kwargs: Passed on to ``build``.

    Returns:
        The model, whether it is a skeleton, and if not, the reason.

    Example:
        >>> import keras
        >>> def build(units):
        ...     return keras.Sequential([keras.Input((8,)), keras.layers.Dense(units)])
        >>> build_skeleton(build, units=4).skeleton
        True
    """
    if isinstance(internals.current_hooks(), Scope):
        return Built(build(*args, **kwargs), True, None)
    scope = Scope()
    reason = None
    before = internals.RandomState()
    try:
        with scope.build():
            model = build(*args, **kwargs)
    except NeedsPlainBuild:
        pass
    except Exception as error:
        if scope.reason is None and not scope.compiles and "stateless scope" not in str(error):
            raise
        reason = "The build function needs real weights or a compiled model."
    reason = scope.reason or reason
    if reason is None:
        return Built(model, True, None)
    before.put_back()
    with internals.fresh_names(), internals.listening(Names()):
        model = build(*args, **kwargs)
    return Built(materialize(model), False, reason)


def is_skeleton(model: Any) -> bool:
    """Whether a model (or layer) was built without weights and is not real yet.

    Example:
        >>> import keras
        >>> is_skeleton(keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)]))
        False
    """
    if RECORD in getattr(model, "__dict__", {}):
        return True
    return isinstance(model, keras.Layer) and any(map(internals.is_pending, model.variables))


def materialize(model: _Model) -> _Model:
    """Make a skeleton real, in place.

    Its weights are the ones that a plain build with the same seed gives, and ``compile`` is
    called with what it was given in the scope. Anything else is returned as it is.

    Args:
        model: A model or layer built in ``skeleton()``, or one that holds parts of such.

    Returns:
        The same model.

    Raises:
        SkeletonError: Called inside ``skeleton()``; or a layer made before the scope was since
            built with other shapes.

    Example:
        >>> import keras
        >>> with skeleton():
        ...     model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> materialize(model).get_weights()[0].shape
        (8, 4)
    """
    if not isinstance(model, keras.Layer) or not is_skeleton(model):
        return model
    if internals.in_stateless_scope():
        raise SkeletonError("materialize() was called inside skeleton(). Call it after.")
    with _making_real:
        record = vars(model).get(RECORD)
        pending = [v for v in model.variables if internals.is_pending(v)]
        records = {id(r): r for r in [record, *map(internals.record_of, pending)] if r is not None}
        for each in records.values():
            _give_back_captured(each)
        wanted = {id(v) for v in model.variables}
        for each in records.values():
            # Some variables belong to a layer that a wrapper copied, and to no model.
            everything = each is record and each.only_root == id(model)
            for variable in each.pending:
                if everything or id(variable) in wanted:
                    internals.allocate(variable)
            each.pending = [v for v in each.pending if internals.is_pending(v)]
        for variable in model.variables:
            internals.allocate(variable)
        for part in reversed(internals.parts_of(model)):
            _finish(part)
    return model


def _finish(part: Any) -> None:
    """Take the guard off a model whose weights are there, and compile it."""
    record = vars(part).get(RECORD)
    unguard(part)
    if (given := vars(part).pop(COMPILE, None)) is not None:
        with internals.fresh_names():
            if record is not None:
                internals.use_names(record.names)
            part.compile(*given[0], **given[1])


def _give_back_captured(record: Record) -> None:
    """Let the captured layers themselves stand where their stand-ins do."""
    for other, captured, built_here in record.stand_ins:
        if built_here and captured.built:
            ours = [tuple(w.shape) for w in other.weights]
            theirs = [tuple(w.shape) for w in captured.weights]
            if ours != theirs:
                raise SkeletonError(
                    f"The layer {captured.name!r} was made before the skeleton and has since been "
                    f"built with weights of shapes {theirs}. This skeleton needs {ours}. "
                    "Build it again with a new layer."
                )
    inside = {id(node) for node in record.nodes}
    others: dict[int, Any] = {}
    built: list[Any] = []
    for other, captured, built_here in record.stand_ins:
        if built_here and not captured.built:
            internals.take_state(captured, other)
            built.append(captured)
        others[id(other)] = captured
        internals.move_calls(other, captured, inside)
    if others:
        move(record.made + built, others)
    record.stand_ins, record.nodes, record.made = [], [], []
