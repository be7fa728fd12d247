"""What stands where a tensor belongs, and which part of the person's line it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Place
from keraslab.debug._replay import Replay
from keraslab.debug._source import UNKNOWN, Source, function_of, last_name
from keraslab.graph import keras_internals

MODEL = "models.functional:Functional.__init__"


@dataclass(frozen=True)
class Wrong:
    """A value that is no symbolic tensor, where one belongs."""

    value: Any
    node: ast.expr | None
    """The part of the failing expression that it is."""
    role: str
    """``given`` to a layer or operation, ``inputs`` or ``outputs`` of a model, ``operand``."""
    beside: tuple[Any, ...] = ()
    """The symbolic tensors that stand beside it."""


def misplaced(evidence: Evidence) -> list[Wrong]:
    """The values that stand where tensors belong in the failing call; empty where not sure."""
    source = evidence.source
    if source is None:
        return []
    step = evidence.came_through(MODEL)
    if step is not None and evidence.origin in (MODEL, "ops.function:Function.__init__"):
        call = source.node if isinstance(source.node, ast.Call) else None
        found = []
        for place, role in enumerate(("inputs", "outputs")):
            written = argument(call, place, role)
            found += _wrongs(source, written, step.values.get(role), role)
        return found
    if evidence.failing is not None:
        return _given(evidence, source) if is_direct(evidence) else []
    if isinstance(source.node, ast.BinOp):
        sides = (source.node.left, source.node.right)
        values = [source.value_of(side) for side in sides]
        if any(value is UNKNOWN for value in values):
            held = [s.values for s in evidence.tail if "x1" in s.values and "x2" in s.values]
            values = [held[0]["x1"], held[0]["x2"]] if held else []
        if not any(isinstance(value, keras.KerasTensor) for value in values):
            return []
        return [
            Wrong(value, side, "operand", tuple(v for v in values if v is not value))
            for side, value in zip(sides, values, strict=True)
            if not isinstance(value, keras.KerasTensor)
        ]
    if isinstance(source.node, ast.Call) and evidence.origin.startswith(("ops.", "backend.")):
        work = source.value_of(source.node.func)
        if keras_internals.module_in_keras(work).startswith("ops"):
            return [
                Wrong(source.value_of(each), each, "given")
                for each in source.node.args[:1]
                if source.value_of(each) is not UNKNOWN
            ]
    return []


def _given(evidence: Evidence, source: Source) -> list[Wrong]:
    failing, call = evidence.failing, source.node
    assert failing is not None
    written = list(call.args) if isinstance(call, ast.Call) else []
    found: list[Wrong] = []
    for index, given in enumerate(failing.args):
        node = written[index] if index < len(written) else None
        found += _wrongs(source, node, given, "given")
    for name, given in failing.kwargs.items():
        if name in ("inputs", "x", "query", "value", "key"):
            found += _wrongs(source, argument(call, 99, name), given, "given")
    return found


def _wrongs(source: Source, node: ast.expr | None, value: Any, role: str) -> list[Wrong]:
    leaves = list(pairs(source, node, value))
    tensors = tuple(leaf for leaf, _ in leaves if isinstance(leaf, keras.KerasTensor))
    return [
        Wrong(leaf, written, role, tensors)
        for leaf, written in leaves
        if not isinstance(leaf, keras.KerasTensor)
    ]


def pairs(source: Source, node: ast.expr | None, value: Any) -> Iterator[tuple[Any, Any]]:
    """The leaves of lists, tuples and dicts, each with the part of the code that it is."""
    made = node
    if isinstance(node, ast.Name) and isinstance(value, (list, tuple, dict)):
        made = Replay(source).made(node)
    if isinstance(value, (list, tuple)) and len(value):
        elements: list[Any] = [None] * len(value)
        if isinstance(made, (ast.List, ast.Tuple)) and len(made.elts) == len(value):
            elements = [None if isinstance(e, ast.Starred) else e for e in made.elts]
        for each, element in zip(value, elements, strict=True):
            yield from pairs(source, element, each)
    elif isinstance(value, dict) and value:
        written = dict.fromkeys(value)
        if isinstance(made, ast.Dict):
            named = {
                key.value: each
                for key, each in zip(made.keys, made.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            written |= {key: named.get(key) for key in value}
        for key, each in value.items():
            yield from pairs(source, written[key], each)
    else:
        yield value, node


def is_direct(evidence: Evidence) -> bool:
    """Whether the failing expression is itself the call of the layer that failed."""
    failing, source = evidence.failing, evidence.source
    if failing is None or source is None or not isinstance(source.node, ast.Call):
        return False
    called = source.value_of(source.node.func)
    if called is failing.operation:
        return True
    if isinstance(called, (type, keras.Layer)):
        return False
    if function_of(source.node, failing.operation) is not None:  # layers.add([a, b])
        return True
    function = source.node.func
    if isinstance(function, ast.Call):
        made = source.value_of(function.func)
        return made is UNKNOWN or made is type(failing.operation) or not isinstance(made, type)
    return called is UNKNOWN or not isinstance(failing.operation, keras.Layer)


def argument(call: ast.AST | None, place: int, name: str) -> ast.expr | None:
    """An argument of a call as it is written, by its place or its name."""
    if not isinstance(call, ast.Call):
        return None
    if place < len(call.args):
        node = call.args[place]
        return None if isinstance(node, ast.Starred) else node
    return next((each.value for each in call.keywords if each.arg == name), None)


def origin_of(evidence: Evidence, wrong: Wrong) -> tuple[ast.expr | None, Place | None]:
    """The expression that made a misplaced value, and its place."""
    source = evidence.source
    if source is None or wrong.node is None:
        if isinstance(wrong.value, keras.Layer):
            made = evidence.made_at(wrong.value)
            if made is not None and source is not None and made[0].file == source.file:
                return made[1], made[0].place_of(made[1])
        return None, None
    made_by = Replay(source, evidence.sources[1:]).made(wrong.node) or wrong.node
    return made_by, source.place_of(made_by)


def called(evidence: Evidence, wrong: Wrong) -> str:
    """What to call a misplaced value in a sentence: the text of a short expression."""
    source = evidence.source
    if source is not None and wrong.node is not None:
        text = source.text_of(wrong.node)
        if len(text) <= 40 and "\n" not in text:
            return text
    name = evidence.name_of(wrong.value) if wrong.value is not None else None
    return name or last_name(getattr(wrong.node, "func", ast.Constant(0))) or "what is given"
