"""What one build without weights hears, keeps, and leaves behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from keraslab.blocks import trial_build
from keraslab.graph import keras_internals as internals
from keraslab.graph._collection import full_collection_put_off

RECORD = "_keraslab_skeleton"
COMPILE = "_keraslab_compile"

GUARDED = (*internals.MUST_RUN, "save", "save_weights", "get_weights", "export")


class SkeletonError(RuntimeError):
    """A model without weights was asked for what needs them, or cannot be built without."""


class NeedsPlainBuild(BaseException):
    """Ends a build that cannot do without real values.

    Not an ``Exception``, since Keras and build functions catch these to try something else.
    """


class Record:
    """What is known about the models of one build until they are made real."""

    def __init__(self) -> None:
        self.pending: list[Any] = []
        self.names: dict[str, int] = {}
        self.only_root: int | None = None
        """The id of the one model that holds all others; None where there are more."""
        self.stand_ins: list[tuple[Any, Any, bool]] = []
        """(what the skeleton holds, the captured layer, whether that was not built)."""
        self.nodes: list[Any] = []
        self.made: list[Any] = []

    def error(self, action: str = "this") -> SkeletonError:
        """The error for whatever needs weights."""
        error = SkeletonError(
            f"The model is a skeleton: it has no weights, and {action} needs them. "
            "Make it real first: keraslab.materialize(model)."
        )
        internals.calm(error)
        return error


class Names:
    """Keeps automatic names apart from the names of layers that were made before.

    Names are counted from the start in each build, so that a rebuild gives the same ones. A
    layer from outside may carry one of them; then the new layer takes the next name.
    """

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}
        self._automatic: dict[str, Any] = {}
        self._taken: set[str] = set()
        self._seen: set[int] = set()

    def made(self, operation: Any, automatic: bool) -> None:
        """A layer or operation was made in this build."""
        self._made[id(operation)] = operation
        if automatic:
            internals.rename(operation, self._taken)
            self._automatic[operation.name] = operation

    def called(self, node: Any) -> None:
        """A layer or operation was called on symbolic tensors."""
        self._meet(node.operation)
        for maker in internals.makers_of(node):
            self._meet(maker)

    def touched(self, layer: Any) -> None:
        """A layer is about to be built or called."""
        self._meet(layer)

    def compiled(self, _model: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> bool:
        """Whether ``compile`` was taken over; here it is not."""
        return False

    def refuse(self, reason: str) -> None:
        """Something needs real values; a plain build has them."""

    def is_own(self, operation: Any) -> bool:
        """Whether an operation was made in this build."""
        return id(operation) in self._made

    def _meet(self, operation: Any) -> None:
        """Keep the names of a captured operation, and of all it depends on, free for them."""
        waiting = [operation]
        while waiting:
            found = waiting.pop()
            if id(found) in self._made or id(found) in self._seen:
                continue
            self._seen.add(id(found))
            self._taken.add(found.name)
            if (own := self._automatic.pop(found.name, None)) is not None:
                internals.rename(own, self._taken)
                self._automatic[own.name] = own
            for node in internals.inbound_nodes(found):
                waiting.extend(internals.makers_of(node))


class Scope(Names):
    """Hears a build without weights and puts captured layers back when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record()
        self.reason: str | None = None
        self.compiles = False
        self._nodes: list[Any] = []
        self._captured: dict[int, tuple[Any, internals.Before | None]] = {}

    def called(self, node: Any) -> None:
        """Keep the node, to take it out of captured operations' lists later."""
        self._nodes.append(node)
        if not self.is_own(node.operation):
            self._captured.setdefault(id(node.operation), (node.operation, None))
        super().called(node)

    def touched(self, layer: Any) -> None:
        """Keep what a captured layer is, before it is built here."""
        if not self.is_own(layer) and id(layer) not in self._captured:
            super().touched(layer)
            for part in internals.parts_of(layer) if not layer.built else [layer]:
                if not self.is_own(part) and id(part) not in self._captured:
                    before = None if part.built else internals.Before(part)
                    self._captured[id(part)] = (part, before)

    def compiled(self, _model: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> bool:
        """Keep what ``compile`` was given, for when the model is made real."""
        live = (keras.optimizers.Optimizer, keras.metrics.Metric)
        for value in keras.tree.flatten((_args, _kwargs)):
            if isinstance(value, live):
                self.refuse(f"compiles with a live {type(value).__name__} object")
        self.compiles = True
        vars(_model)[COMPILE] = (_args, _kwargs)
        return True

    def refuse(self, reason: str) -> None:
        """End the build with the reason why it needs real values."""
        self.reason = self.reason or f"The build function {reason}."
        raise NeedsPlainBuild(self.reason)

    @contextlib.contextmanager
    def build(self) -> Iterator[Record]:
        """Build inside; when left, captured layers are as before and models are guarded."""
        done = False
        record = self.record
        with full_collection_put_off(), internals.fresh_names() as names:
            try:
                with (
                    trial_build(),
                    internals.listening(self),
                    internals.without_weights(self) as pending,
                ):
                    yield record
                done = True
            finally:
                record.names = dict(names)
                self._put_back()
                if done and self.reason is None:
                    record.pending = [v for v in pending if internals.is_pending(v)]
                    self._guard_models()
                self._made.clear()
                self._automatic.clear()

    def _put_back(self) -> None:
        inside = {id(node) for node in self._nodes}
        makers = [maker for node in self._nodes for maker in internals.makers_of(node)]
        others: dict[int, Any] = {}
        for captured, before in self._captured.values():
            built_here = before is not None and captured.built
            nodes = internals.inbound_nodes(captured)
            if built_here or any(id(node) in inside for node in nodes):
                other = others[id(captured)] = internals.stand_in_for(captured)
                self.record.stand_ins.append((other, captured, built_here))
                for node in nodes:
                    if id(node) in inside:
                        internals.call_instead(node, other)
            if before is not None:
                before.put_back(captured)
            internals.forget_nodes(captured, inside)
        for maker in {id(m): m for m in makers if not self.is_own(m)}.values():
            internals.forget_nodes(maker, inside)
        if others:
            self.record.nodes, self.record.made = self._nodes, list(self._made.values())
            move([*self.record.made, *others.values()], others)

    def _guard_models(self) -> None:
        models = [made for made in self._made.values() if isinstance(made, keras.Model)]
        models += [o for o, _, new in self.record.stand_ins if new and isinstance(o, keras.Model)]
        inner = {id(part) for model in models for part in internals.parts_of(model)[1:]}
        roots = [model for model in models if id(model) not in inner]
        self.record.only_root = id(roots[0]) if len(roots) == 1 else None
        for model in models:
            guard(model, self.record)


def guard(model: Any, record: Record) -> None:
    """Make a skeleton say what to do when it is asked for what needs weights."""

    def refusal(name: str) -> Any:
        def refuse(*_args: Any, **_kwargs: Any) -> None:
            raise record.error(f"{name}()")

        return refuse

    vars(model)[RECORD] = record
    vars(model).update({name: refusal(name) for name in GUARDED})


def unguard(model: Any) -> None:
    """Give a model its own methods back."""
    if vars(model).pop(RECORD, None) is not None:
        for name in GUARDED:
            vars(model).pop(name, None)


def move(holders: list[Any], others: dict[int, Any]) -> None:
    """Put other operations into everything that was made, by the id of the old ones."""
    for holder in holders:
        internals.replace_parts(holder, others)
    for holder in holders:
        internals.recount_nodes(holder)
