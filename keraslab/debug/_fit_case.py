"""A ``fit``, ``evaluate`` or ``predict`` that failed: the model, and the arrays it was given."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import FunctionType
from typing import Any

import keras

from keraslab.debug._arrays import Data, pair_data
from keraslab.debug._batch import gives_batches
from keraslab.debug._evidence import TRAINING, Evidence
from keraslab.debug._finding import Edit, Fix, NamedTensor
from keraslab.debug._heads import Head, Heads, all_heads
from keraslab.debug._mend import changed_lines
from keraslab.debug._pairing import Pairing, Slot
from keraslab.debug._source import UNKNOWN, Source, last_name
from keraslab.debug._syntax import literal
from keraslab.debug._unread import Unread, batches_of
from keraslab.graph import Graph, TensorSpec, read_graph
from keraslab.graph.keras_internals import compiled_with

COMPILE = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
"""The arguments of ``compile`` in their order."""


@dataclass(frozen=True)
class Given:
    """Arrays given together: those to learn from, or those to validate with."""

    x: Any
    y: Any
    data: Data
    x_node: ast.expr | None
    y_node: ast.expr | None
    prefix: str = ""
    unread: bool = False
    """Whether the arrays stand for the batches of a dataset, and their values are unknown."""


class FitCase:
    """What a failing training, evaluation or prediction was given.

    Args:
        evidence: What the exception left.
        function: ``fit``, ``predict`` ...; ``__call__`` for a model called on arrays.
        model: The model.
        arguments: What it was called with, by name.
    """

    def __init__(
        self, evidence: Evidence, function: str, model: Any, arguments: Mapping[str, Any]
    ) -> None:
        self.evidence, self.function, self.model = evidence, function, model
        self.arguments = arguments

    @cached_property
    def readable(self) -> bool:
        """Whether the model can be read as a graph."""
        try:
            return bool(self.graph.outputs)
        except Exception:  # a subclassed model, or one that is not built yet
            return False

    @cached_property
    def graph(self) -> Graph:
        """The model as data."""
        return read_graph(self.model)

    @cached_property
    def found(self) -> Heads:
        """The outputs, and how the losses are shared out among them."""
        return all_heads(self.model, self.graph)

    @property
    def heads(self) -> tuple[Head, ...]:
        """The outputs."""
        return self.found.heads

    @cached_property
    def given(self) -> tuple[Given, ...]:
        """The arrays to learn from and those to validate with.

        Where a dataset gives them, they have the shapes of its batches, without the values; none
        where these are not known.
        """
        found = []
        x, y = self.arguments.get("x"), self.arguments.get("y")
        if x is not None and not gives_batches(x):
            data = pair_data(self.graph, self.heads, x, y)
            found.append(Given(x, y, data, self.argument("x"), self.argument("y")))
        elif x is not None:
            found += self._batches(x, self.argument("x"))
        validation = self.arguments.get("validation_data")
        if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
            x, y = validation[0], validation[1]
            if not gives_batches(x):
                node = self.argument("validation_data")
                parts = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [None, None]
                parts = parts if len(parts) >= 2 else [None, None]
                data = pair_data(self.graph, self.heads, x, y)
                found.append(Given(x, y, data, parts[0], parts[1], "validation_data: "))
        elif validation is not None and gives_batches(validation):
            found += self._batches(validation, self.argument("validation_data"))
        return tuple(found)

    def _batches(self, dataset: Any, node: ast.expr | None) -> Iterator[Given]:
        """What the batches of a dataset hold."""
        batches = batches_of(dataset)
        if batches is not None:
            data = pair_data(self.graph, self.heads, *batches, whole=False)
            said = self.text(node, "the dataset")
            yield Given(*batches, data, None, None, f"In the batches of {said}, ", unread=True)

    # Its place in the source.

    @cached_property
    def node(self) -> ast.Call | None:
        """The call of ``fit`` as it is written."""
        source = self.evidence.source
        node = source.node if source is not None else None
        return node if isinstance(node, ast.Call) else None

    def argument(self, name: str) -> ast.expr | None:
        """An argument of the call as it is written."""
        if self.node is None or any(isinstance(each, ast.Starred) for each in self.node.args):
            return None
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value
        names, args = parameters_of(self.model, self.function), self.node.args
        if args and self._model_is_first:
            args = args[1:]
        place = names.index(name) if name in names else len(args)
        return args[place] if place < len(args) else None

    @property
    def _model_is_first(self) -> bool:
        """Whether it is a function that takes the model, such as keraslab's own ``fit``."""
        source = self.evidence.source
        if self.node is None or source is None:
            return False
        if self.node.args and source.value_of(self.node.args[0]) is self.model:
            return True
        function = source.value_of(self.node.func)
        # A method stands in its class, and is not found with its object.
        code = function.__code__ if isinstance(function, FunctionType) else None
        return code is not None and code.co_varnames[:1] == ("model",)

    def part(self, node: ast.expr | None, pairing: Pairing, slot: Slot) -> ast.expr | None:
        """The array of one input or output, where a list, dict or single array is written."""
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == slot.name:
                    return value
            return None
        if isinstance(node, (ast.List, ast.Tuple)):
            index = pairing.slots.index(slot)
            return node.elts[index] if len(node.elts) == len(pairing.slots) else None
        return node if len(pairing.slots) == 1 and pairing.keys is None else None

    def named(self, *arrays: tuple[str, Any]) -> tuple[NamedTensor, ...]:
        """Arrays of the call, for a finding's list of what went in."""
        return tuple(
            NamedTensor(said, TensorSpec(_shape(array), str(array.dtype)), "your data")
            for said, array in arrays
            if array is not None
        )

    def text(self, node: ast.expr | None, otherwise: str) -> str:
        """What an array is called: as it is written, where that is short."""
        source = self.evidence.source
        if node is None or source is None or not isinstance(node, _NAMED):
            return otherwise
        written = source.text_of(node)
        return written if len(written) <= 40 else otherwise

    def raw(self, node: ast.expr | None, otherwise: str) -> str:
        """An expression as it is written, however long."""
        source = self.evidence.source
        return otherwise if node is None or source is None else source.text_of(node)

    @cached_property
    def variables(self) -> dict[str, Any]:
        """The person's variables that the source names, with their values."""
        source = self.evidence.source
        if source is None or source.tree is None:
            return {}
        names = {n.id: n for n in ast.walk(source.tree) if isinstance(n, ast.Name)}
        return {name: source.value_of(node) for name, node in names.items()}

    @cached_property
    def compiled_at(self) -> tuple[Source, ast.Call] | None:
        """The call of ``compile``, where it is found."""
        here = self.evidence.source
        if self.function == "compile" and here is not None and self.node is not None:
            return here, self.node
        for source in self.evidence.sources:
            calls = [call for call in source.calls() if last_name(call.func) == "compile"]
            own = [
                call
                for call in calls
                if isinstance(call.func, ast.Attribute)
                and source.value_of(call.func.value) is self.model
            ]
            # A function's own `model` is another variable than that of the failing line.
            near = [call for call in own if _scope(source, call) is _scope(source, source.node)]
            above = [call for call in near if source.node and call.lineno <= source.node.lineno]
            for found in (own, near, above[-1:], calls, [c for c in calls if self._compiled_so(c)]):
                if len(found) == 1:
                    return source, found[0]
        return None

    def _compiled_so(self, call: ast.Call) -> bool:
        """Whether what a call of ``compile`` says in so many words is what the model was given."""
        held = compiled_with(self.model)
        if held is None or any(keyword.arg is None for keyword in call.keywords):
            return False
        for name, value in held._asdict().items():
            written = _argument_of(call, name)
            if (written is None) != (value is None):
                return False
            said = literal(written)
            if said is not UNKNOWN and said != value:
                return False
        return True

    def compile_argument(self, name: str) -> ast.expr | None:
        """An argument of ``compile`` as it is written."""
        if self.compiled_at is None:
            return None
        return _argument_of(self.compiled_at[1], name)

    # Changes.

    def fix(self, fix: Fix, source: Source | None, edits: list[Edit | None]) -> Fix:
        """A fix with its place in the source, where all of it has one.

        Args:
            fix: What was tried.
            source: Whose text changes.
            edits: The changes; with a None among them it has no place.
        """
        known = tuple(edit for edit in edits if edit is not None)
        if source is None or not known or len(known) < len(edits):
            return fix
        placed = replace(fix, edits=known)
        shown = changed_lines(source.text, placed) or fix.code
        here = self.evidence.source
        same = here is not None and here.file == source.file
        return replace(fix, code=shown, edits=known if same else ())

    def compiling(self, fix: Fix, **written: str) -> Fix:
        """A change of the arguments of ``compile``."""
        if self.compiled_at is None:
            return fix
        source, call = self.compiled_at
        edits = [source.keyword(call, name, text, COMPILE) for name, text in written.items()]
        return self.fix(fix, source, list(edits))

    def layered(self, fix: Fix, head: Head, **settings: Any) -> Fix:
        """A change of the settings of an output's layer."""
        operation = self.graph.call_by_id[head.activated].operation
        made = self.evidence.made_at(operation)
        if made is None:
            return fix
        source, call = made
        names = list(inspect.signature(type(operation).__init__).parameters)[1:]
        edits = [source.keyword(call, k, repr(v), names) for k, v in settings.items()]
        return self.fix(fix, source, list(edits))

    def replacing(self, fix: Fix, node: ast.expr | None, code: str) -> Fix:
        """Another expression in place of an array; ``{}`` in it stands for the array."""
        source = self.evidence.source
        if node is None or source is None or not self.has_names(code):
            return fix
        text = source.text_of(node)
        if code.startswith("{}") and not isinstance(node, (*_NAMED, ast.Call)):
            text = f"({text})"
        return self.written(fix, node, code.format(text))

    def written(self, fix: Fix, node: ast.expr | None, text: str) -> Fix:
        """Another text in place of an expression, where that has a place."""
        source = self.evidence.source
        if node is None or source is None:
            return fix
        return self.fix(fix, source, [source.replace(node, text)])

    def has_names(self, code: str) -> bool:
        """Whether the modules that a piece of code names are imported where it is to stand."""
        source = self.evidence.source
        try:
            tree = ast.parse(code.replace("{}", "_"), mode="eval")
        except SyntaxError:
            return False
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} & {"np", "keras"}
        return source is not None and all(
            source.value_of(ast.Name(name)) is not UNKNOWN for name in names
        )


def _shape(array: Any) -> tuple[int | None, ...]:
    return (None, *array.shape[1:]) if isinstance(array, Unread) else tuple(array.shape)


LEARNING = frozenset({"fit", "evaluate", "train_on_batch", "test_on_batch"})
"""What compares outputs with targets."""
_NAMED = (ast.Name, ast.Attribute, ast.Subscript)


def _argument_of(call: ast.Call, name: str) -> ast.expr | None:
    found = next((k.value for k in call.keywords if k.arg == name), None)
    place = COMPILE.index(name)
    return found or (call.args[place] if place < len(call.args) else None)


def _scope(source: Source, node: ast.AST | None) -> ast.AST | None:
    """The function that an expression stands in; None at the top of the file."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    while node is not None and not isinstance(node, functions):
        node = source.parent_of(node)
    return node


def parameters_of(model: Any, function: str) -> list[str]:
    """The names of the arguments of ``fit`` and the like."""
    if function == "__call__":
        return ["x"]
    method = getattr(type(model), function, None)
    try:
        return list(inspect.signature(method).parameters)[1:] if method is not None else []
    except (TypeError, ValueError):
        return []


def fit_case(evidence: Evidence, any_model: bool = False) -> FitCase | None:
    """The training, evaluation or prediction in which it failed; None where it failed in none.

    Args:
        evidence: What the exception left.
        any_model: Whether the model may be one that cannot be read as a graph.
    """
    if "_fit_case" not in vars(evidence):
        found = next(_cases(evidence), None)
        source = evidence.source
        node = source.node if source is not None else None
        # What fails in someone's own loss, layer or callback is not for these rules.
        if found is not None and found.function != "__call__" and isinstance(node, ast.Call):
            found = found if last_name(node.func) == found.function else None
        vars(evidence)["_fit_case"] = found
    kept: FitCase | None = vars(evidence)["_fit_case"]
    return kept if kept is not None and (any_model or kept.readable) else None


def _cases(evidence: Evidence) -> Iterator[FitCase]:
    for applied in evidence.applied:
        model = applied.operation
        if isinstance(model, keras.Model) and applied.function in TRAINING:
            names = parameters_of(model, applied.function)
            arguments = dict(zip(names, applied.args, strict=False)) | dict(applied.kwargs)
            yield FitCase(evidence, applied.function, model, arguments)
    for step in evidence.steps:
        function = step.place.rpartition(".")[2]
        model = step.values.get("self")
        if function in TRAINING and isinstance(model, keras.Model) and ":" in step.place:
            yield FitCase(evidence, function, model, dict(step.values))
    failing = next(iter(evidence.applied), None)
    called = failing is not None and failing.function == "__call__" and failing.args
    plain = failing is not None and not failing.tensors
    if failing is not None and called and plain and isinstance(failing.operation, keras.Model):
        yield FitCase(evidence, "__call__", failing.operation, {"x": failing.args[0]})
