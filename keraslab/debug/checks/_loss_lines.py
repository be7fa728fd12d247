"""Changes of a line in someone's own loss that keep an axis, tried without running the file."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from keraslab.debug._syntax import keyword_of, last_name, literal, parsed

_REDUCES = frozenset({
    "mean", "sum", "max", "min", "amax", "amin", "prod", "norm", "std", "var", "logsumexp",
    "reduce_mean", "reduce_sum", "reduce_max", "reduce_min", "reduce_prod",
})  # fmt: skip
_FLATTENS = frozenset({"squeeze", "ravel", "flatten"})
_MOST = 12


def other_lines(function: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Lines of a function that keep an axis it takes away, each with the function they make.

    Args:
        function: A function, or the method of an object.
    """
    own = function.__func__ if inspect.ismethod(function) else function
    if not isinstance(own, FunctionType):
        return
    try:
        text = textwrap.dedent(inspect.getsource(own))
    except (OSError, TypeError):  # it was made from a text that is not kept
        return
    tree = parsed(text)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        return
    for node, written in list(_changes(text, tree.body[0]))[:_MOST]:
        lines = text.split("\n")
        row = node.lineno - 1
        if node.end_lineno != node.lineno:
            continue
        line = lines[row].encode()
        new = line[: node.col_offset] + written.encode() + line[node.end_col_offset :]
        lines[row] = new.decode()
        made = _made(own, "\n".join(lines))
        if made is not None:
            bound = made.__get__(function.__self__) if inspect.ismethod(function) else made
            yield lines[row].strip(), bound


def _changes(text: str, function: ast.FunctionDef) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            *first, last = node.slice.elts
            place = literal(last)
            whole = all(isinstance(each, ast.Slice) or literal(each) is ... for each in first)
            if first and whole and type(place) is int:
                end = "" if place == -1 else str(place + 1)
                yield last, f"{place}:{end}"
        elif isinstance(node, ast.Call):
            name = last_name(node.func)
            if name in _REDUCES and keyword_of(node, "keepdims") is None:
                axis = keyword_of(node, "axis") or (node.args[1] if len(node.args) > 1 else None)
                if literal(axis) in (-1, 1):
                    whole_text = ast.get_source_segment(text, node) or ""
                    yield node, f"{whole_text[:-1].rstrip().removesuffix(',')}, keepdims=True)"
            elif name in _FLATTENS or _makes_one_axis(name, node):
                held = node.args[0] if node.args else None
                if isinstance(node.func, ast.Attribute) and name in ("ravel", "flatten", "reshape"):
                    held = held if len(node.args) == (2 if name == "reshape" else 1) else None
                if held is not None:
                    yield node, ast.get_source_segment(text, held) or ""


def _makes_one_axis(name: str, node: ast.Call) -> bool:
    return name == "reshape" and len(node.args) == 2 and literal(node.args[1]) in (-1, (-1,), [-1])


def _made(own: FunctionType, text: str) -> FunctionType | None:
    """The function of another text, with all that it held; nothing of it runs."""
    tree = parsed(text)
    definition = tree.body[0] if tree is not None else None
    if not isinstance(definition, ast.FunctionDef):
        return None
    definition.decorator_list = []
    held = dict(zip(own.__code__.co_freevars, own.__closure__ or (), strict=True))
    outer = ast.parse(f"def _outer({', '.join(held)}):\n    pass")
    around = outer.body[0]
    assert isinstance(around, ast.FunctionDef)
    around.body = [definition]
    codes = list(_codes(compile(ast.fix_missing_locations(outer), "<fix>", "exec"), own.__name__))
    if len(codes) != 1:
        return None
    cells = tuple(held[name] for name in codes[0].co_freevars)
    made = FunctionType(codes[0], own.__globals__, own.__name__, own.__defaults__, cells)
    made.__kwdefaults__ = own.__kwdefaults__
    return made


def _codes(code: CodeType, name: str) -> Iterator[CodeType]:
    """The function of a name in the one that is put around it."""
    for outer in code.co_consts:
        if isinstance(outer, CodeType) and outer.co_name == "_outer":
            for inner in outer.co_consts:
                if isinstance(inner, CodeType) and inner.co_name == name:
                    yield inner
