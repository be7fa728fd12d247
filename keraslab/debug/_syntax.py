"""What is written in someone's code: names, literals, calls and where they stand."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any

import keras

_NO_HOLDERS = (list, tuple, dict, set, str, int, float, bool, type(None), ModuleType)
NOT_ONCE = (
    *(ast.For, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.If, ast.Try),
)
"""What holds code that may run any number of times, or not at all."""
UNKNOWN = object()
"""The value of what cannot be looked up without running code."""


@lru_cache(maxsize=32)
def parsed(text: str) -> ast.Module | None:
    """A text as Python reads it; None where it is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def function_of(call: ast.Call, operation: Any) -> Any | None:
    """The function of Keras that a call names, where it makes and applies an operation.

    Args:
        call: Such as ``ops.concatenate([a, b])`` or ``layers.add([a, b])``.
        operation: The operation that failed.
    """
    name = last_name(call.func)
    plain = type(operation).__name__.lower()
    if not name.islower() or name.replace("_", "") != plain:
        return None
    return getattr(keras.layers, name, None) or getattr(keras.ops, name, None)


def positions_of(kind: Any) -> tuple[str, ...]:
    """The names of the arguments that a class or function takes by position."""
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)


def makes_input(node: ast.Call, operation: Any) -> bool:
    """Whether a call of ``Input`` may have made an input: its shape and name, as far as written."""
    shape = tuple(operation.batch_shape)
    known: dict[str, Any] = {"shape": shape[1:], "batch_shape": shape, "name": operation.name}
    known |= {"batch_size": shape[0]}
    named = [(keyword.arg, keyword.value) for keyword in node.keywords]
    for name, value in [*zip(("shape", "batch_size"), node.args, strict=False), *named]:
        given = literal(value)
        if name in known and given is not UNKNOWN and not is_same(given, known[name]):
            return False
    return True


def last_name(node: ast.AST) -> str:
    """The last part of a dotted name: ``Dense`` of ``keras.layers.Dense``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_inside(inner: Any, outer: Any) -> bool:
    """Whether an expression lies within another."""
    first = (outer.lineno, outer.col_offset) <= (inner.lineno, inner.col_offset)
    return first and (inner.end_lineno, inner.end_col_offset) <= (
        outer.end_lineno,
        outer.end_col_offset,
    )


def stands_alone(statement: ast.stmt, node: ast.AST | None) -> bool:
    """Whether what runs before the statement runs before the expression, and where it can."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.While, ast.AsyncFunctionDef)):
        return False
    scopes = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    for outer in ast.walk(statement):
        if isinstance(outer, scopes) and any(each is node for each in ast.walk(outer)):
            return False
    return True


def called(file: str) -> str:
    """What people call a file: ``cell [3]`` for a notebook's."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    names = shell.compile.format_code_name(file) if shell is not None else None
    if names is None:
        return file
    return str(names[1]).replace("In[", "cell [").replace("In [", "cell [")


def keyword_of(call: ast.Call, name: str) -> ast.expr | None:
    """The value that a call gives to a keyword; None where it gives none."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def literal(node: ast.expr | None) -> Any:
    """The value of an expression that is written out; ``UNKNOWN`` for all else."""
    if node is None:
        return UNKNOWN
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return UNKNOWN


def is_same(given: Any, held: Any) -> bool:
    """Whether a setting as written is the one in a config, which may hold it in long form."""
    if isinstance(held, (list, tuple)) and not isinstance(given, (list, tuple)):
        return all(is_same(given, each) for each in held)
    if isinstance(held, dict) and not isinstance(given, dict):
        return True
    if isinstance(held, (list, tuple)):
        return len(given) == len(held) and all(map(is_same, given, held))
    return bool(given == held)


def path_in(held: Any, value: Any) -> str | None:
    """Where in a plain list, tuple or dict, or in an object's attributes, a value is."""
    if (path := _item_path(held, value)) is not None or type(held) in _NO_HOLDERS:
        return path
    if inspect.isclass(held) or inspect.isroutine(held) or not hasattr(type(held), "__dict__"):
        return None
    try:
        own = dict(vars(held))
    except TypeError:  # it keeps its attributes elsewhere
        return None
    for name, each in own.items():
        if isinstance(name, str) and not name.startswith("_"):
            if each is value:
                return f".{name}"
            if (path := _item_path(each, value)) is not None:
                return f".{name}{path}"
    return None


def _item_path(held: Any, value: Any) -> str | None:
    if type(held) in (list, tuple) or type(held).__name__ == "TrackedList":
        return next((f"[{i}]" for i, each in enumerate(held[:100]) if each is value), None)
    if type(held) is dict:
        return next((f"[{key!r}]" for key, each in held.items() if each is value), None)
    return None


def targets_of(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement gives a value to, with lists and tuples taken apart."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = list(statement.targets)
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign, ast.For)):
        targets = [statement.target]
    while targets:
        each = targets.pop(0)
        if isinstance(each, (ast.Tuple, ast.List)):
            targets += each.elts
        else:
            yield each


def bound_in(statement: ast.stmt, name: str) -> ast.expr | None:
    """The expression that a statement gives to a variable."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name) and target.id == name:
                return statement.value
            if isinstance(target, (ast.Tuple, ast.List)):
                for index, each in enumerate(target.elts):
                    if isinstance(each, ast.Name) and each.id == name:
                        value = statement.value
                        same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(
                            target.elts
                        )
                        return value.elts[index] if same else value  # type: ignore[attr-defined]
    if not isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        return None
    target = statement.target
    return statement.value if isinstance(target, ast.Name) and target.id == name else None
