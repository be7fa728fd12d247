"""What an exception leaves behind: the person's line, the failing call, the tensors in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import FrameType, TracebackType
from typing import Any

import keras

from keraslab.debug._finding import Cause, NamedTensor, Place
from keraslab.debug._source import Source, function_of
from keraslab.debug._tensors import maker_name as maker_name
from keraslab.debug._tensors import maker_of as maker_of
from keraslab.debug._tensors import shape_text as shape_text
from keraslab.debug._tensors import spec_of as spec_of
from keraslab.debug._tensors import tensors_in as tensors_in
from keraslab.debug._tensors import upstream as upstream
from keraslab.graph import Graph, keras_internals, read_graph
from keraslab.graph._lines import is_a_persons

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_HEADER = re.compile(r"^Exception encountered when calling [^\n]*\n+")
_ARGUMENTS = re.compile(r"\n+Arguments received by .*", re.DOTALL)
_OPERATION = "ops.operation:Operation.symbolic_call"
_MOST_FRAMES = 200
"""Endless recursion leaves a thousand; the first ones tell."""


@dataclass(frozen=True)
class Step:
    """One frame of Keras or another library on the way to the exception."""

    place: str
    """Where in Keras, such as ``layers.layer:Layer.__call__``; elsewhere, the whole module."""
    values: Mapping[str, Any]
    """The frame's local values."""


@dataclass(frozen=True)
class Applied:
    """A call that Keras was in the middle of."""

    function: str
    """``__call__``, ``fit``, ``predict`` ..."""
    operation: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def tensors(self) -> tuple[Any, ...]:
        """The symbolic tensors among its arguments, in their order."""
        return tuple(tensors_in((self.args, dict(self.kwargs))))


class Evidence:
    """What an exception tells about the code that raised it; it is read, never changed.

    Args:
        error: The exception, with its traceback.
    """

    def __init__(self, error: BaseException) -> None:
        self.error = error
        own: list[tuple[FrameType, int, int]] = []
        tail = 0
        steps: list[Step] = []
        for trace in _traces(error.__traceback__):
            frame = trace.tb_frame
            if is_a_persons(frame.f_code.co_filename):
                own.append((frame, trace.tb_lineno, trace.tb_lasti))
                tail = 0
            elif own:
                steps.append(Step(keras_internals.frame_place(frame), frame.f_locals))
                tail += 1
        self._own, self._tail = own, steps[len(steps) - tail :]
        self.steps: tuple[Step, ...] = tuple(steps)

    @cached_property
    def text(self) -> str:
        """The exception's message, without colours and Keras' list of arguments."""
        text = _ANSI.sub("", str(self.error)).strip()
        return _ARGUMENTS.sub("", _HEADER.sub("", text))

    @property
    def kind(self) -> str:
        """The name of the exception's class."""
        return type(self.error).__name__

    @cached_property
    def origin(self) -> str:
        """Where in Keras it was raised; ``""`` where the person's own code raised it."""
        return next((step.place for step in reversed(self._tail) if ":" in step.place), "")

    @property
    def tail(self) -> tuple[Step, ...]:
        """The steps from the person's innermost line to where it was raised."""
        return tuple(self._tail)

    def came_through(self, place: str) -> Step | None:
        """The last step at a place of Keras, such as ``models.functional:Functional.__init__``."""
        return next((step for step in reversed(self.steps) if step.place == place), None)

    @cached_property
    def applied(self) -> tuple[Applied, ...]:
        """Calls that were going on when it failed, outermost first."""
        found: list[Applied] = []
        inside = False
        for index, step in enumerate(self.steps):
            args = tuple(step.values.get("args") or ())
            kwargs = step.values.get("kwargs") or {}
            if step.place == _OPERATION and index >= len(self.steps) - len(self._tail):
                # `a + b` and `ops.add(a, b)` do not go through a layer's call.
                operation, function = step.values.get("self"), "__call__"
                if inside:
                    continue
            elif step.place == keras_internals.ERROR_HANDLER:
                operation, args = (args[0] if args else None), args[1:]
                function = getattr(step.values.get("fn"), "__name__", "")
                inside = index >= len(self.steps) - len(self._tail)
            else:
                continue
            if isinstance(operation, keras.Operation):
                found.append(Applied(function, operation, args, kwargs))
        return tuple(found)

    @cached_property
    def failing(self) -> Applied | None:
        """The call of a layer or operation that failed, the innermost; None if none was."""
        return next((a for a in reversed(self.applied) if a.function == "__call__"), None)

    @cached_property
    def training(self) -> Applied | None:
        """The ``fit``, ``evaluate``, ``predict`` ... it failed in; None if in none."""
        return next((a for a in self.applied if a.function in TRAINING), None)

    @cached_property
    def tensors(self) -> tuple[Any, ...]:
        """The symbolic tensors that went into the failing call."""
        return self.failing.tensors if self.failing is not None else ()

    @cached_property
    def source(self) -> Source | None:
        """The person's innermost line that is on the way to the exception."""
        return self.sources[0] if self.sources else None

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The person's lines on the way to the exception, innermost first."""
        return tuple(Source(*each) for each in reversed(self._own))

    @property
    def where(self) -> Place | None:
        """The expression that failed."""
        return self.source.place if self.source is not None else None

    # The graph so far.

    @cached_property
    def graph(self) -> Graph | None:
        """What leads to the tensors of the failing call; None where there are none."""
        if not self.tensors:
            return None
        unique = list({id(tensor): tensor for tensor in self.tensors}.values())
        try:
            return read_graph(unique)
        except Exception:  # a stranger's layer may not be readable; the finding stands without
            return None

    def call_of(self, tensor: Any) -> str | None:
        """The id of the call in ``graph`` that made a tensor."""
        node = keras_internals.node_of(tensor)
        calls = self.graph.calls if self.graph is not None and node is not None else ()
        return next((call.id for call in calls if call.node is node), None)

    def upstream(self, tensor: Any) -> list[Any]:
        """The layers and operations that lead to a tensor, the nearest first."""
        return upstream([tensor])

    def inputs_of(self, operation: Any, tensor: Any) -> list[Any]:
        """The tensors that went into the call of an operation that leads to a tensor."""
        waiting, seen = [tensor], set()
        while waiting:
            node = keras_internals.node_of(waiting.pop(0))
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if keras_internals.operation_of(node) is operation:
                return list(keras_internals.tensors_in(node))
            waiting += keras_internals.tensors_in(node)
        return []

    def made_at(self, operation: Any) -> tuple[Source, ast.Call] | None:
        """Where in the person's code a layer was made, where that is sure.

        Where a source holds as many calls of its class as the graph has layers of it, each is
        taken for one, in order.
        """
        likes = [
            each
            for tensor in self.tensors
            for each in reversed(self.upstream(tensor))
            if type(each) is type(operation)
        ]
        if self.failing is not None and type(self.failing.operation) is type(operation):
            likes.append(self.failing.operation)
        likes = list({id(each): each for each in likes}.values())
        failing, source = self.failing, self.source
        if failing is not None and failing.operation is operation and source is not None:
            # `ops.concatenate([a, b])` and `layers.add([a, b])` make what they apply.
            written = source.node
            if isinstance(written, ast.Call) and function_of(written, operation) is not None:
                return source, written
        for source in self.sources:
            calls = source.makers_of(operation)
            if len(calls) == 1:
                return source, calls[0]
            everything = [c for c in source.calls() if source.is_of_class(c, type(operation))]
            by_name = _by_auto_name(source, everything, likes, operation)
            if by_name is not None:
                return source, by_name
            index = next((i for i, each in enumerate(likes) if each is operation), None)
            if index is not None and len(everything) == len(likes) and everything[index] in calls:
                return source, everything[index]
            for held in filter(None, [self._variable_of(operation)]):
                for assignment in source.assigned(held):
                    inside = [c for c in calls if any(n is c for n in ast.walk(assignment))]
                    if len(inside) == 1:
                        return source, inside[0]
                    break
        return None

    def _variable_of(self, operation: Any) -> str | None:
        """A plain variable that holds what an operation made, or the operation itself."""
        for tensor in self.tensors:
            if maker_of(tensor) is operation:
                return self.name_of(tensor)
        return self.name_of(operation)

    def cause(self, operation: Any, sentence: str) -> Cause:
        """A layer or operation above as the cause, with its place where that is known.

        Args:
            operation: The layer or operation.
            sentence: What about it is the cause.
        """
        made = self.made_at(operation)
        calls = self.graph.calls if self.graph is not None else ()
        return Cause(
            name=str(operation.name),
            sentence=sentence,
            call=next((call.id for call in calls if call.operation is operation), None),
            place=made[0].place_of(made[1]) if made is not None else None,
        )

    # Names.

    def name_of(self, value: Any) -> str | None:
        """The variable that holds a value, in the innermost of the person's frames that has it."""
        for source in self.sources:
            if (name := source.name_of(value)) is not None:
                return name
        return None

    def expression_of(self, tensor: Any) -> ast.expr | None:
        """The part of the failing expression that is a tensor of the failing call."""
        if self.source is None or self.source.node is None:
            return None
        node = self.source.expression_of(tensor)
        if node is not None or self.failing is None:
            return node
        # What is written in place, such as `[Dense(4)(a), b]`, has no name: count instead.
        if any(step.place.startswith("models.sequential:") for step in self._tail):
            return None
        call, given_all = self.source.node, self.failing.args
        if isinstance(call, ast.BinOp):
            written_all: list[ast.expr] = [call.left, call.right]
        elif isinstance(call, ast.Call):
            written_all = call.args
        else:
            return None
        layer = isinstance(self.failing.operation, keras.layers.Layer)
        if (layer or isinstance(call, ast.BinOp)) and len(written_all) != len(given_all):
            return None
        pairs: list[tuple[ast.expr, Any]] = []
        for written, given in zip(written_all, given_all, strict=False):
            pairs.append((written, given))
            if isinstance(written, (ast.List, ast.Tuple)) and isinstance(given, (list, tuple)):
                pairs += (
                    zip(written.elts, given, strict=False)
                    if len(written.elts) == len(given)
                    else ()
                )
        return next(
            (w for w, given in pairs if given is tensor and not isinstance(w, ast.Starred)), None
        )

    def says(self, tensor: Any) -> str:
        """What to call a tensor in a sentence: the variable, or the layer that made it."""
        said = (
            "the input"
            if isinstance(maker_of(tensor), keras.layers.InputLayer)
            else "the result of"
        )
        return self.name_of(tensor) or f"{said} {maker_name(tensor)!r}"

    def named(self, tensors: tuple[Any, ...] | None = None) -> tuple[NamedTensor, ...]:
        """The tensors of the failing call, or others, with names and shapes."""
        return tuple(
            NamedTensor(
                self.name_of(tensor) or maker_name(tensor), spec_of(tensor), maker_name(tensor)
            )
            for tensor in (self.tensors if tensors is None else tensors)
        )


def _by_auto_name(
    source: Source, calls: list[ast.Call], likes: list[Any], operation: Any
) -> ast.Call | None:
    """The call that made a layer, by the numbers that Keras puts behind names it gives itself.

    Calls that run once, one after another, give rising numbers; a layer whose call is known
    says where the numbers start.
    """
    unnamed = [call for call in calls if not any(k.arg in ("name", None) for k in call.keywords)]
    numbers = {id(each): _number_in(str(each.name)) for each in [*likes, operation]}
    if not all(source.runs_once(call) for call in unnamed):
        return None
    starts = set()
    for each in likes:
        made, number = source.makers_of(each), numbers[id(each)]
        if len(made) == 1 and number is not None and made[0] in unnamed:
            starts.add(number - unnamed.index(made[0]))
    own = numbers[id(operation)]
    if len(starts) != 1 or own is None:
        return None
    place = own - starts.pop()
    found = unnamed[place] if 0 <= place < len(unnamed) else None
    return found if found is not None and source.makes(found, operation) else None


def _number_in(name: str) -> int | None:
    """The number behind a name that Keras gave: 0 for ``dense``, 2 for ``dense_2``."""
    number = name.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


TRAINING = frozenset(
    ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "compile"]
)


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    for _ in range(_MOST_FRAMES):
        if trace is None:
            return
        yield trace
        trace = trace.tb_next
