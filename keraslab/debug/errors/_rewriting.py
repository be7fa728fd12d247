"""Other expressions to offer in place of one, each read again on stand-ins first."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, tensors_in
from keraslab.debug._finding import Edit, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._replay import Replay
from keraslab.debug._source import UNKNOWN, Source
from keraslab.graph import skeleton


def rewritten(
    evidence: Evidence,
    title: str,
    node: ast.expr,
    text: str,
    then: Callable[[Any], Any] | None = None,
    mender: Mender | None = None,
) -> Fix | None:
    """A fix that writes something else in place of an expression.

    It is offered where the new expression, or the call around it, gives a tensor or a layer.

    Args:
        evidence: What the exception left.
        title: What it does, in a few words.
        node: The expression.
        text: The new one.
        then: Takes the new value and gives the tensors that result.
        mender: Whose trial runs ``then``.
    """
    source, replay, new = evidence.source, Replay.of(evidence), parsed(text)
    if source is None or replay is None or new is None:
        return None
    at = (node.lineno, node.col_offset)
    around = _around(source, node, text)
    seen: list[Any] = []

    def work() -> Any:
        # A call around it shows more: layers.Dense(units=3)(x) gives a shape, its first half none.
        value = replay.value(around if around is not None and then is None else new, at)
        seen.append(value)
        value = value if then is None else then(value)
        return value if list(tensors_in(value)) else None

    edit = source.replace(node, text)
    fix = (mender or Mender(evidence)).offer(title, [edit], work, (), text)
    if fix is not None or then is not None:
        return fix
    last = seen[-1] if seen else UNKNOWN
    known = isinstance(last, (keras.Layer, int, str, tuple, list)) and last is not UNKNOWN
    if known or (around is not None and _makes(replay, new, at)):
        bare = Fix(title, text, edits=(edit,))
        return Fix(title, changed_lines(source.text, bare) or text, edits=(edit,))
    return None


def _makes(replay: Replay, new: ast.expr, at: tuple[int, int]) -> bool:
    """Whether an expression makes a layer."""
    try:
        with skeleton():
            return isinstance(replay.value(new, at), keras.Layer)
    except Exception:  # whatever it raises, it is not one to offer
        return False


def _around(source: Source, node: ast.expr, text: str) -> ast.expr | None:
    """The call of what an expression makes, with another text in the expression's place."""
    for call in source.calls():
        if call.func is node:
            before = source.text_of(call)
            held = source.text_of(node)
            return parsed(text + before[len(held) :]) if before.startswith(held) else None
    return None


def parsed(text: str) -> ast.expr | None:
    """An expression; None where the text is none."""
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError):
        return None


def parameters_of(work: Any) -> list[str]:
    """The names that a class of layers, or a function, takes."""
    found: dict[str, None] = {}
    kinds = inspect.getmro(work) if inspect.isclass(work) else (work,)
    for kind in kinds:
        function = kind.__dict__.get("__init__") if inspect.isclass(kind) else kind
        try:
            parameters = inspect.signature(function).parameters.values() if function else ()
        except (TypeError, ValueError):
            continue
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        found |= {p.name: None for p in parameters if p.kind in named and p.name != "self"}
        if function and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    if inspect.isclass(work):
        found |= dict.fromkeys(("input_shape", "batch_input_shape", "batch_shape"))
    return list(found)


def plain_fix(source: Source, title: str, node: ast.AST, text: str) -> Fix:
    """A change of words alone, where there is nothing to try."""
    fix = Fix(title, text, edits=(source.replace(node, text),))
    return Fix(title, changed_lines(source.text, fix) or text, edits=fix.edits)


def importing(source: Source, text: str) -> list[Edit]:
    """``import keras`` above all else, where new text names it and the code never does.

    Args:
        source: Whose text changes.
        text: What is written anew.
    """
    named = re.search(r"(?<![\w.])keras\.", text) is not None
    if not named or source.value_of(ast.Name("keras", ast.Load())) is not UNKNOWN:
        return []
    body = source.tree.body if source.tree is not None else []
    for each in body:
        future = isinstance(each, ast.ImportFrom) and each.module == "__future__"
        says = isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
        if not future and not says:
            return [Edit(each.lineno - 1, 0, each.lineno - 1, 0, "import keras\n")]
    return []
