"""Names with slashes: every place of the text that writes one changed at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import keras

from keraslab.debug._finding import Edit, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay
from keraslab.debug._source import Source
from keraslab.debug._syntax import keyword_of


def without_slashes(replay: Replay, node: ast.expr) -> Fix | None:
    """The slashes of a name written as underscores, where it is put together.

    Names of the same kind follow on the next lines, so they are changed as well.

    Args:
        replay: Of the frame that made the layer.
        node: What the layer was given as name.
    """
    source = replay.source
    edits: dict[tuple[int, int], Edit] = {}
    for each in [node, *_names(source)]:
        for part in _written(replay, each):
            edit = source.replace(part, _plain(source, part))
            edits[edit.line, edit.column] = edit
    if not any(True for _ in _written(replay, node)):
        return None
    fix = Fix("write _ in place of /", "", edits=tuple(edits.values()))
    return Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)


def in_each_name(source: Source, node: ast.expr) -> Fix:
    """The slashes taken out of every name that is made of the same values.

    Args:
        source: Of the frame that made the layer.
        node: What the layer was given as name.
    """
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    edits = []
    for each in [node, *[n for n in _names(source) if n is not node]]:
        if used & {n.id for n in ast.walk(each) if isinstance(n, ast.Name)}:
            text = f'str({source.text_of(each)}).replace("/", "_")'
            edits.append(source.replace(each, text))
    fix = Fix("write _ in place of /", "", edits=tuple(edits))
    return Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)


def _names(source: Source) -> Iterator[ast.expr]:
    """What the text gives to layers and inputs of Keras as their name."""
    for call in source.calls():
        name, work = keyword_of(call, "name"), source.value_of(call.func)
        kind = isinstance(work, type) and issubclass(work, keras.Layer)
        if name is not None and (kind or work is keras.Input):
            yield name


def _written(replay: Replay, node: ast.expr) -> Iterator[ast.expr]:
    """The pieces of text with a slash that a name is put together of."""
    source = replay.source
    made = replay.made(node) if isinstance(node, ast.Name) else node
    if made is None:
        return
    inner: list[ast.expr] = []
    for part in ast.walk(made):
        if isinstance(part, ast.Call):
            definition = replay.definition(source.value_of(part.func))
            if definition is not None:
                inner += [v for v in _returned(definition) if v is not None]
    for whole in [made, *inner]:
        yield from _pieces(whole)


def _returned(definition: ast.FunctionDef) -> list[Any]:
    kinds = (ast.Return, ast.Assign, ast.AugAssign)
    return [each.value for each in ast.walk(definition) if isinstance(each, kinds)]


def _pieces(node: ast.expr) -> Iterator[ast.expr]:
    """Constants and formatted texts with a slash, the outermost."""
    if isinstance(node, ast.JoinedStr):
        parts = [v for v in node.values if isinstance(v, ast.Constant)]
        inside = [v for v in node.values if isinstance(v, ast.FormattedValue)]
        divides = any(isinstance(n, (ast.Div, ast.FloorDiv)) for v in inside for n in ast.walk(v))
        if any("/" in str(v.value) for v in parts) and not divides:
            yield node
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and "/" in node.value:
            yield node
    else:
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.expr):
                yield from _pieces(each)


def _plain(source: Source, node: ast.expr) -> str:
    return source.text_of(node).replace("/", "_")
