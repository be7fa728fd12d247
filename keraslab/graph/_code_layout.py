"""Expressions of Python, and their layout as the formatters Black and Ruff leave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 88


@dataclass(frozen=True, slots=True)
class Text:
    """A name, a number, a formula: what is never broken into lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A list, tuple or dict; the entries of a dict have a key."""

    open: str
    items: tuple[tuple[str, Expr], ...]
    close: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or layer with its arguments; those given by keyword have a key."""

    function: Expr
    items: tuple[tuple[str, Expr], ...]


Expr = Text | Row | Apply


def flat(expr: Expr) -> str:
    """The expression in one line."""
    if isinstance(expr, Text):
        return expr.text
    inner = ", ".join(key + flat(item) for key, item in expr.items)
    if isinstance(expr, Apply):
        return f"{flat(expr.function)}({inner})"
    # The comma makes a tuple of one.
    comma = "," if expr.open == "(" and len(expr.items) == 1 else ""
    return f"{expr.open}{inner}{comma}{expr.close}"


def statement(target: str, expr: Expr) -> list[str]:
    """The lines of ``target = expr``."""
    start = f"{target} = "
    return _lines(start, expr, "", 0)


def _lines(start: str, expr: Expr, end: str, indent: int) -> list[str]:
    """The lines of an expression, the first after ``start``, the last before ``end``."""
    space = " " * indent
    whole = f"{space}{start}{flat(expr)}{end}"
    if len(whole) <= WIDTH or isinstance(expr, Text) or not expr.items:
        if isinstance(expr, Apply) and isinstance(expr.function, Apply) and len(whole) > WIDTH:
            return _lines(start, expr.function, "()" + end, indent)
        return [whole]
    if isinstance(expr, Row):
        comma = expr.open in "[{" or len(expr.items) > 1 or expr.open == "("
        first = f"{space}{start}{expr.open}"
        return [first, *_each(expr.items, indent, comma), f"{space}{expr.close}{end}"]
    function = expr.function
    if not isinstance(function, Apply):
        first = f"{space}{start}{flat(function)}("
        return [first, *_inside(expr.items, indent), f"{space}){end}"]
    return _called(start, function, expr, end, indent)


def _called(start: str, layer: Apply, call: Apply, end: str, indent: int) -> list[str]:
    """The lines of ``layer(...)(...)``: broken in the settings, in what it takes, or in both."""
    space = " " * indent
    head = f"{space}{start}{flat(layer)}("
    tail = f"{space}){flat(Apply(Text(''), call.items))}{end}"
    if len(head) <= WIDTH and (len(call.items) > 1 or not isinstance(call.items[0][1], Text)):
        return [head, *_inside(call.items, indent), f"{space}){end}"]
    first = f"{space}{start}{flat(layer.function)}("
    if len(tail) <= WIDTH and layer.items:
        # Only where the call's own bracket is no way out do formatters keep settings together.
        together = len(head) > WIDTH
        body = _inside(layer.items, indent) if together else _each(layer.items, indent, True)
        return [first, *body, tail]
    return [
        first,
        *_each(layer.items, indent, True),
        f"{space})(",
        *_inside(call.items, indent),
        f"{space}){end}",
    ]


def _inside(items: Sequence[tuple[str, Expr]], indent: int) -> list[str]:
    """Arguments in one line of their own, or else in a line each."""
    line = " " * (indent + 4) + ", ".join(key + flat(item) for key, item in items)
    return [line] if len(line) <= WIDTH else _each(items, indent, len(items) > 1)


def _each(items: Sequence[tuple[str, Expr]], indent: int, comma: bool) -> list[str]:
    end = "," if comma else ""
    return [line for key, item in items for line in _lines(key, item, end, indent + 4)]


def quoted(text: str) -> str:
    """A string in double quotes, where that needs no more escapes than single ones."""
    plain = repr(text)
    body = plain[1:-1].replace("\\'", "'") if plain[0] == "'" else plain[1:-1]
    if text.count('"') > text.count("'"):
        return "'" + body.replace("'", "\\'") + "'"
    return '"' + body.replace('"', '\\"') + '"'
