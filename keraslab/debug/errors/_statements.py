"""Changes of whole statements, of definitions and of the calls of them."""

from __future__ import annotations

import ast

from keraslab.debug._finding import Edit
from keraslab.debug._source import Source


def start_of(source: Source, node: ast.AST) -> tuple[int, int, int, int]:
    """First line and column, last line and column, from 0."""
    edit = source.replace(node, "")
    return edit.line, edit.column, edit.end_line, edit.end_column


def without(source: Source, statement: ast.stmt) -> Edit:
    """The source without a statement, and without the line where it stands alone."""
    line, column, end, last = start_of(source, statement)
    lines = source.text.split("\n")
    alone = not lines[line][:column].strip() and not lines[end][last:].strip().strip(";")
    alone = alone or (
        not lines[line][:column].strip() and lines[end][last:].strip().startswith("#")
    )
    if alone and end + 1 < len(lines):
        return Edit(line, 0, end + 1, 0, "")
    return source.replace(statement, "pass")


def with_parameter(source: Source, definition: ast.FunctionDef, name: str) -> Edit:
    """A definition with one more parameter, in front of all others."""
    text = source.text.split("\n")[definition.lineno - 1]
    column = text.index("(", definition.col_offset) + 1
    comma = ", " if definition.args.args or definition.args.kwonlyargs else ""
    return Edit(definition.lineno - 1, column, definition.lineno - 1, column, f"{name}{comma}")


def also_given(source: Source, call: ast.Call, text: str) -> Edit:
    """A call with one more argument, in front of all others."""
    written = source.text_of(call)[len(source.text_of(call.func)) :]
    inside = written[written.index("(") + 1 :]
    comma = "" if inside.strip() == ")" else ", "
    return source.replace(call, f"{source.text_of(call.func)}({text}{comma}{inside}")
