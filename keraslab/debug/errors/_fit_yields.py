"""The line of someone's own code that gives a batch: ``yield x, y`` or ``return x, y``."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keraslab.debug._fit_case import FitCase
from keraslab.debug._source import UNKNOWN, Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, eq=False)
class Given:
    """What a generator or dataset gives, as it is written."""

    source: Source
    function: str
    """The generator, or the class of the dataset."""
    verb: str
    """``yields`` or ``returns``."""
    node: ast.expr
    """The whole batch."""
    live: bool
    """Whether the source knows the values of the batch that was given last."""

    def text(self, node: ast.expr) -> str:
        """A part of it as it is written."""
        return self.source.text_of(node)

    def value(self, node: ast.expr) -> Any:
        """The array that a part of it stood for; ``UNKNOWN`` where it would have to be run."""
        return _value(node, self.source) if self.live else UNKNOWN


def given_by(case: FitCase) -> Given | None:
    """The line that gave the batches of a training; None where it is not sure.

    Nothing is taken from a generator, and no method of a dataset is called.

    Args:
        case: The training, evaluation or prediction.
    """
    x = case.arguments.get("x")
    code: types.CodeType | None = None
    frame: types.FrameType | None = None
    kind: type[ast.Yield] | type[ast.Return] = ast.Yield
    if isinstance(x, types.GeneratorType):
        code, frame = x.gi_code, x.gi_frame
    elif isinstance(x, keras.utils.PyDataset):
        code, kind = getattr(type(x).__getitem__, "__code__", None), ast.Return
    if code is None:
        return None
    verb = "yields" if kind is ast.Yield else "returns"
    source = next((s for s in case.evidence.sources if s.file == code.co_filename), None)
    if frame is not None:
        source = Source(frame, frame.f_lineno, frame.f_lasti)
    if source is None or source.tree is None:
        return None
    name = type(x).__name__ if frame is None and verb == "returns" else code.co_name
    if name == "<genexpr>":
        found: list[ast.expr] = [
            node.elt
            for node in ast.walk(source.tree)
            if isinstance(node, ast.GeneratorExp) and node.lineno == code.co_firstlineno
        ]
        name = "the generator"
    else:
        body = _function_at(source.tree, code)
        found = [node.value for node in _within(body) if isinstance(node, kind) and node.value]
        found = [_written_out(node, body) for node in found]
    if frame is not None and len(found) > 1:
        found = [n for n in found if n.lineno <= frame.f_lineno <= (n.end_lineno or 0)] or found
    if not found or len({_form(node) for node in found}) > 1:
        return None
    return Given(source, name, verb, found[0], frame is not None)


def _function_at(tree: ast.Module, code: types.CodeType) -> ast.AST | None:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *[each.lineno for each in node.decorator_list]])
            if first == code.co_firstlineno:
                return node
    return None


def _within(body: ast.AST | None) -> Iterator[ast.AST]:
    """The parts of a function, without those of functions inside it."""
    for node in ast.iter_child_nodes(body) if body is not None else ():
        if not isinstance(node, _FUNCTIONS):
            yield node
            yield from _within(node)


def _written_out(node: ast.expr, body: ast.AST | None) -> ast.expr:
    """What a variable was given, where it is given something in one place only."""
    if not isinstance(node, ast.Name):
        return node
    stored = [n for n in _within(body) if isinstance(n, ast.Name) and n.id == node.id]
    made = [
        each.value
        for each in _within(body)
        if isinstance(each, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == node.id for t in each.targets)
    ]
    times = sum(isinstance(each.ctx, ast.Store) for each in stored)
    structure = (ast.Tuple, ast.List, ast.Dict)
    return made[0] if times == 1 and len(made) == 1 and isinstance(made[0], structure) else node


def _form(node: ast.expr) -> str:
    """The structure of a batch."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return f"{type(node).__name__}({','.join(map(_form, node.elts))})"
    if isinstance(node, ast.Dict):
        return f"Dict({[ast.unparse(key) if key else '**' for key in node.keys]})"
    return "*"


def _value(node: ast.AST, source: Source) -> Any:
    """The value of a name, a part of an array, or an array in another dtype."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Constant)):
        return source.value_of(node)
    if isinstance(node, ast.Subscript):
        held, key = _value(node.value, source), _key(node.slice, source)
        known = type(held) is np.ndarray and key is not UNKNOWN
        return held[key] if known else source.value_of(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        held = _value(node.func.value, source)
        arguments = [_value(each, source) for each in node.args]
        plain = type(held) is np.ndarray and node.func.attr == "astype" and not node.keywords
        if plain and all(isinstance(each, str) for each in arguments):
            return held.astype(*arguments)
    return UNKNOWN


def _key(node: ast.AST, source: Source) -> Any:
    if isinstance(node, ast.Tuple):
        parts = [_key(each, source) for each in node.elts]
        return UNKNOWN if any(each is UNKNOWN for each in parts) else tuple(parts)
    if isinstance(node, ast.Slice):
        ends = [
            None if each is None else _value(each, source)
            for each in (node.lower, node.upper, node.step)
        ]
        return slice(*ends) if all(e is None or isinstance(e, int) for e in ends) else UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        held = _key(node.operand, source)
        return -held if isinstance(held, int) else UNKNOWN
    held = _value(node, source)
    return held if held is None or isinstance(held, (int, np.ndarray)) else UNKNOWN
