"""One array where a model takes several: the list that the same model was trained on."""

from __future__ import annotations

import ast

from keraslab.debug._evidence import TRAINING
from keraslab.debug._finding import Fix
from keraslab.debug._fit_case import FitCase
from keraslab.debug._source import Source
from keraslab.debug._syntax import keyword_of


def as_trained(case: FitCase, node: ast.expr | None, count: int) -> Fix | None:
    """``predict(a[:5])`` after ``fit([a, b], y)``: as much of the others as of the one.

    Args:
        case: The call that failed.
        node: What it was given.
        count: How many inputs the model has.
    """
    source, call = case.evidence.source, case.node
    if source is None or node is None or not isinstance(call, ast.Call):
        return None
    found = {
        text
        for parts, form in _lists(source, call)
        if len(parts) == count
        for part in parts
        if (text := _alike(source, node, part, parts, form)) is not None
    }
    if len(found) != 1:
        return None
    (text,) = found
    return case.written(Fix(f"give all {count}, as in training", f"x = {text}"), node, text)


def _lists(source: Source, call: ast.Call) -> list[tuple[list[ast.expr], ast.expr]]:
    """What other calls give the same model, where that is written as a list or a dict."""
    holder = ast.dump(call.func.value) if isinstance(call.func, ast.Attribute) else None
    found: list[tuple[list[ast.expr], ast.expr]] = []
    for each in source.calls():
        if each is call or not isinstance(each.func, ast.Attribute):
            continue
        if each.func.attr not in TRAINING or ast.dump(each.func.value) != holder:
            continue
        given = keyword_of(each, "x") or (each.args[0] if each.args else None)
        if isinstance(given, (ast.List, ast.Tuple)):
            found.append((given.elts, given))
        elif isinstance(given, ast.Dict) and None not in given.keys:
            found.append((given.values, given))
    return found


def _alike(
    source: Source, node: ast.expr, part: ast.expr, parts: list[ast.expr], form: ast.expr
) -> str | None:
    """All of a list, cut as one of it is; None where what is given is not of it."""
    cut = ""
    if ast.dump(node) != ast.dump(part):
        if not isinstance(node, ast.Subscript) or ast.dump(node.value) != ast.dump(part):
            return None
        held = source.text_of(node)
        cut = held[len(source.text_of(node.value)) :]
        if not held.startswith(source.text_of(node.value)) or not _along_samples(node.slice):
            return None
    texts = [f"{source.text_of(each)}{cut}" for each in parts]
    if isinstance(form, ast.Dict):
        keys = [source.text_of(key) for key in form.keys if key is not None]
        both = zip(keys, texts, strict=True)
        return f"{{{', '.join(f'{key}: {text}' for key, text in both)}}}"
    return f"[{', '.join(texts)}]"


def _along_samples(index: ast.expr) -> bool:
    """Whether an index takes some samples, and no other axis."""
    return isinstance(index, (ast.Slice, ast.Name))
