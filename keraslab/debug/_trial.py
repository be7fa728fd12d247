"""Try a change on stand-ins of the tensors, with no weights, before it is offered."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, maker_of, spec_of, tensors_in, upstream
from keraslab.debug._finding import Edit, Fix
from keraslab.graph import Graph, TensorSpec, keras_internals, skeleton, what_if
from keraslab.graph._unbuilt import unbuilt


@dataclass(frozen=True)
class Outcome:
    """What a trial gave."""

    specs: tuple[TensorSpec, ...]
    params: int
    """Weights of what the trial made, those of the failing layer apart."""

    @property
    def result(self) -> str:
        """The shapes as people write them."""
        return " and ".join(spec.text for spec in self.specs)


class Trial:
    """Tries changes of a call that failed; nothing of the person's is touched.

    Args:
        evidence: What the exception left.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._copies: list[Any] = []

    def run(self, work: Callable[..., Any], tensors: Sequence[Any] | None = None) -> Outcome | None:
        """Run some work on stand-ins of tensors; None where it fails too.

        Args:
            work: Takes a stand-in for each tensor and returns what results.
            tensors: The tensors, or specs of such; None for those of the failing call.
        """
        given = self._evidence.tensors if tensors is None else tensors
        self._copies = []
        try:
            with skeleton():
                out = list(tensors_in(work(*[stand_in(tensor) for tensor in given])))
                specs = tuple(spec_of(tensor) for tensor in out)
                made = {id(v): v for each in upstream(out) for v in getattr(each, "weights", ())}
                mine = {id(v) for copy in self._copies for v in getattr(copy, "weights", ())}
                sizes = [math.prod(v.shape) for key, v in made.items() if key not in mine]
        except Exception:  # whatever a change raises, it is not one to offer
            return None
        return Outcome(specs, sum(sizes)) if specs else None

    def again(self, *tensors: Any, **settings: Any) -> Any:
        """A copy of the failing layer or operation, applied as it was, on other tensors.

        Args:
            *tensors: As many as went into the failing call.
            **settings: Settings of the layer that change.
        """
        failing = self._evidence.failing
        if failing is None:
            raise ValueError("No layer's call failed.")
        copy = self.copied(failing.operation, **settings)
        left = list(tensors)
        args, kwargs = swapped((failing.args, dict(failing.kwargs)), left)
        return copy(*args, **kwargs)

    def copied(self, operation: Any, **settings: Any) -> Any:
        """As ``copy_of``; the copy's weights do not count as new ones."""
        copy = self.copy_of(operation, **settings)
        self._copies.append(copy)
        return copy

    def instead(self, values: Mapping[int, Any]) -> Any:
        """A copy of the failing layer or operation, applied with other values in some places.

        Args:
            values: By the ``id`` of what went into the failing call, what goes there instead.
        """
        failing = self._evidence.failing
        if failing is None:
            raise ValueError("No layer's call failed.")
        copy = self.copy_of(failing.operation)
        self._copies.append(copy)
        args, kwargs = replaced((failing.args, dict(failing.kwargs)), values)
        return copy(*args, **kwargs)

    def copy_of(self, operation: Any, **settings: Any) -> Any:
        """A copy of a layer or operation with other settings and no weights."""
        config = unbuilt(operation.get_config()) | settings
        return type(operation).from_config(config)

    def upstream(self, operation: Any, **settings: Any) -> list[TensorSpec] | None:
        """The tensors of the failing call after a layer above it has other settings.

        Args:
            operation: A layer that leads to one of the tensors.
            **settings: Its settings that change.
        """
        graph = self._evidence.graph
        call = next((c for c in graph.calls if c.operation is operation), None) if graph else None
        if graph is None or call is None:
            return None
        try:
            changed: Graph = what_if(graph, {call.layer: settings})
        except Exception:  # it leads to something that does not fit together
            return None
        found = []
        for tensor in self._evidence.tensors:
            id_ = self._evidence.call_of(tensor)
            if id_ is None:
                return None
            before = graph.call_by_id[id_].outputs
            index = _index_of(tensor, before)
            found.append(changed.call_by_id[id_].outputs[index])
        return found

    def fix(
        self,
        title: str,
        code: str,
        edits: Sequence[Edit | None],
        work: Callable[..., Any],
        tensors: Sequence[Any] | None = None,
    ) -> Fix | None:
        """A fix, where trying it works.

        Args:
            title: What it does, in a few words.
            code: The code to write.
            edits: The same as changes of the source; with a None among them there are none.
            work: As for ``run``.
            tensors: As for ``run``.
        """
        outcome = self.run(work, tensors)
        if outcome is None:
            return None
        known = tuple(edit for edit in edits if edit is not None)
        whole = known if len(known) == len(edits) else ()
        return Fix(title, code, outcome.result, outcome.params, whole, tried=True)


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Names and random numbers go on from where they were; no warning of a trial is shown."""
    numbers = keras_internals.RandomState()
    try:
        with keras_internals.fresh_names(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        numbers.put_back()


def stand_in(tensor: Any) -> Any:
    """A symbolic tensor of the same shape and dtype that nobody made."""
    return keras.KerasTensor(tuple(tensor.shape), dtype=str(tensor.dtype))


def replaced(value: Any, by: Mapping[int, Any]) -> Any:
    """The same lists, tuples and dicts, stand-ins for its tensors, and other values by ``id``."""
    if id(value) in by:
        return by[id(value)]
    if isinstance(value, keras.KerasTensor):
        return stand_in(value)
    if isinstance(value, (list, tuple)):
        return type(value)(replaced(each, by) for each in value)
    if isinstance(value, Mapping):
        return {key: replaced(each, by) for key, each in value.items()}
    return value


def _index_of(tensor: Any, outputs: Sequence[TensorSpec]) -> int:
    maker = maker_of(tensor)
    if maker is None or len(outputs) == 1:
        return 0
    spec = spec_of(tensor)
    return next((i for i, each in enumerate(outputs) if each.shape == spec.shape), 0)


def swapped(value: Any, left: list[Any]) -> Any:
    """The same lists, tuples and dicts with the next tensors in place of each tensor."""
    if isinstance(value, keras.KerasTensor):
        return left.pop(0)
    if isinstance(value, (list, tuple)):
        return type(value)(swapped(each, left) for each in value)
    if isinstance(value, Mapping):
        return {key: swapped(each, left) for key, each in value.items()}
    return value
