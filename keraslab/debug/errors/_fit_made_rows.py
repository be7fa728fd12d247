"""One-hot rows that were made with too few or too many columns: the call that made them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from keraslab.debug._finding import Cause, Fix
from keraslab.debug._fit_case import FitCase
from keraslab.debug._heads import Head
from keraslab.debug._labels import label_misfit
from keraslab.debug._misfit import Array
from keraslab.debug._pairing import is_numeric
from keraslab.debug._source import Source, last_name
from keraslab.debug._syntax import keyword_of

_SAME = frozenset({"astype", "copy", "reshape", "to_numpy", "numpy", "tolist"})
_DEPTH = 6


@dataclass(frozen=True)
class Made:
    """What made one-hot rows, and what to say of it."""

    cause: Cause
    fixes: tuple[Fix, ...]


def made_rows(case: FitCase, node: ast.expr | None, head: Head, target: Array) -> Made | None:
    """The call that counted the classes, where rows have another number of columns than wanted.

    Args:
        case: The training.
        node: The targets as written.
        head: The output.
        target: Its targets.
    """
    units = head.units
    if units is None or node is None or target.ndim != 2 or target.shape[1] == units:
        return None
    sources = case.evidence.sources
    for source, caller in zip(sources, (*sources[1:], None), strict=True):
        found = _origin(source, node, _DEPTH)
        if found is not None:
            return _said(case, source, found, head, target, units)
        node = _given(source, node, caller) if caller is not None else None
        if node is None:
            break
    return None


def _given(source: Source, node: ast.expr, caller: Source) -> ast.expr | None:
    """What a caller gave for a variable that is an argument of the function."""
    outer: ast.AST | None = source.node
    while outer is not None and not isinstance(outer, ast.FunctionDef):
        outer = source.parent_of(outer)
    call = caller.node
    if outer is None or not isinstance(node, ast.Name) or not isinstance(call, ast.Call):
        return None
    names = [each.arg for each in outer.args.args]
    if isinstance(call.func, ast.Attribute) and names[:1] == ["self"]:
        names = names[1:]
    if node.id not in names or last_name(call.func) != outer.name:
        return None
    place = names.index(node.id)
    return keyword_of(call, node.id) or (call.args[place] if place < len(call.args) else None)


def _said(
    case: FitCase, source: Source, found: ast.expr, head: Head, target: Array, units: int
) -> Made | None:
    place = source.place_of(found)
    columns = target.shape[1]
    name = "np.eye"
    if isinstance(found, ast.Call):
        name = last_name(found.func)
        if keyword_of(found, "num_classes") is not None or len(found.args) > 1:
            return None
    if name == "get_dummies":
        sentence = "get_dummies makes a column for each value that it sees"
        return Made(Cause(name, sentence, head.call, place), ())
    sentence = f"{name} makes {columns} columns, for the classes 0 to {columns - 1}"
    fixes: list[Fix] = []
    first_is_empty = columns == units + 1 and is_numeric(target) and not target[:, 0].any()
    if isinstance(found, ast.Call) and columns < units:
        fix = Fix("make a column for each class", f"{name}(..., num_classes={units})")
        edit = source.keyword(found, "num_classes", str(units), ("x", "num_classes"))
        fixes += _tried(case.fix(fix, source, [edit]), head, target, units)
        sentence = f"{name} counts the classes that it sees, up to {columns - 1}"
    elif isinstance(found, ast.Subscript) and columns < units:
        size = _size_of(found)
        fix = Fix("make a column for each class", f"np.eye({units})[...]")
        sized = source.replace(size, str(units)) if size is not None else None
        fixes += _tried(case.fix(fix, source, [sized]), head, target, units)
    elif isinstance(found, ast.Call) and first_is_empty:
        labels = found.args[0] if found.args else keyword_of(found, "x")
        if labels is None:
            return None
        text = source.text_of(labels)
        plain = isinstance(labels, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
        less = f"{text} - 1" if plain else f"({text}) - 1"
        fix = Fix("number the classes from 0", f"{name}({less})")
        edit = source.replace(labels, less)
        if _is_array(source, labels):
            fixes += _tried(case.fix(fix, source, [edit]), head, target, units)
        sentence = f"{name} makes a column for class 0 too, and the classes start at 1"
    return Made(Cause(name, sentence, head.call, place), tuple(fixes))


def _is_array(source: Source, node: ast.expr) -> bool:
    """Whether 1 can be subtracted from it; of what is not known, it mostly can."""
    return not isinstance(source.value_of(node), (list, tuple))


def _tried(fix: Fix, head: Head, target: Array, units: int) -> Iterator[Fix]:
    """The change, where rows with that many columns fit the output."""
    more = units - target.shape[1]
    rows = np.pad(target, ((0, 0), (0, more))) if more > 0 else target[:, -more:]
    if label_misfit(head, rows) is None:
        yield replace(fix, tried=True, result=" × ".join(map(str, rows.shape)))


def _origin(source: Source, node: ast.expr, depth: int) -> ast.expr | None:
    """The ``to_categorical(...)`` or ``np.eye(...)[...]`` that an expression comes from."""
    if depth == 0:
        return None
    if isinstance(node, ast.Call):
        if last_name(node.func) in ("to_categorical", "get_dummies"):
            return node
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SAME:
            return _origin(source, node.func.value, depth - 1)
        wrapped = last_name(node.func) in ("array", "asarray") and len(node.args) == 1
        if wrapped:
            return _origin(source, node.args[0], depth - 1)
        returned = _returned(source, node)
        return _origin(source, returned, depth - 1) if returned is not None else None
    if isinstance(node, ast.Subscript):
        if _size_of(node) is not None:
            return node
        parts = isinstance(node.slice, (ast.Slice, ast.Name))
        return _origin(source, node.value, depth - 1) if parts else None
    if isinstance(node, ast.Name):
        value = _assigned(source, node)
        return _origin(source, value, depth - 1) if value is not None else None
    return None


def _size_of(node: ast.Subscript) -> ast.expr | None:
    """The size in ``np.eye(size)[numbers]``."""
    made = node.value
    if not isinstance(made, ast.Call) or last_name(made.func) not in ("eye", "identity"):
        return None
    return made.args[0] if len(made.args) == 1 else None


def _assigned(source: Source, name: ast.Name) -> ast.expr | None:
    """What was assigned to a variable last before a place, one of several names included."""
    best: tuple[int, ast.expr] | None = None
    for each in ast.walk(source.tree) if source.tree is not None else ():
        if not isinstance(each, ast.Assign) or (each.end_lineno or 0) >= name.lineno:
            continue
        for target in each.targets:
            value = _part(source, target, each.value, name.id)
            if value is not None and (best is None or each.lineno > best[0]):
                best = (each.lineno, value)
    return best[1] if best is not None else None


def _part(source: Source, target: ast.expr, value: ast.expr, name: str) -> ast.expr | None:
    if isinstance(target, ast.Name):
        return value if target.id == name else None
    if not isinstance(target, (ast.Tuple, ast.List)):
        return None
    names = [each.id if isinstance(each, ast.Name) else "" for each in target.elts]
    if isinstance(value, ast.Call):
        value = _returned(source, value) or value
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    if name in names and len(parts) == len(names):
        return parts[names.index(name)]
    for inner, part in zip(target.elts, parts, strict=False):
        found = _part(source, inner, part, name) if not isinstance(inner, ast.Name) else None
        if found is not None:
            return found
    return None


def _returned(source: Source, call: ast.Call) -> ast.expr | None:
    """What a function of this source returns, where that is one expression."""
    if not isinstance(call.func, ast.Name) or source.tree is None:
        return None
    for each in ast.walk(source.tree):
        if isinstance(each, ast.FunctionDef) and each.name == call.func.id:
            returns = [node for node in ast.walk(each) if isinstance(node, ast.Return)]
            return returns[0].value if len(returns) == 1 else None
    return None
