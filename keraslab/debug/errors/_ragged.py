"""Samples of different length where one array is wanted."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source, last_name
from keraslab.debug.errors._rewriting import plain_fix

_SAYS = ("inhomogeneous", "non-rectangular", "Invalid dtype: object", "Unsupported object type")
_MAKERS = ("array", "asarray", "convert_to_tensor", "stack", "constant")


@error_rule("KL720", "samples-of-other-length")
def samples_of_other_length(rule: Rule, evidence: Evidence) -> Finding | None:
    """Lists of different length as one array."""
    source = evidence.source
    node = source.node if source is not None else None
    told = any(each in evidence.text for each in _SAYS)
    if source is None or not isinstance(node, ast.Call) or not told:
        return None
    replay = Replay(source, evidence.sources[1:])
    for written in [*node.args, *[k.value for k in node.keywords]]:
        value: Any = source.value_of(written)
        value = replay.value(written) if value is UNKNOWN else value
        lengths = _lengths(value)
        if lengths is None:
            continue
        name = source.text_of(written)
        said = name if len(name) < 40 else "the list"
        made = replay.made(written)
        pad = f'{source.written("utils", "pad_sequences")}({{}}, padding="post")'
        numbers = [each for row in value for each in row]
        if any(isinstance(each, (float, np.floating)) for each in numbers):
            pad = pad[:-1] + ', dtype="float32")'
        held: ast.expr = written
        if last_name(node.func) in _MAKERS:
            held, inner = node, written
        elif isinstance(made, ast.Call) and last_name(made.func) in _MAKERS and made.args:
            held, inner = made, made.args[0]
        else:
            inner = written
        flat = all(np.ndim(each) == 0 for each in numbers)
        title = "fill the short ones up with zeros, to one length"
        fix = plain_fix(source, title, held, pad.format(source.text_of(inner)))
        first, other = lengths
        return rule.finding(
            f"{said} holds samples of different length, such as {first} and {other}; an array has "
            "one length for all.",
            cause=Cause(
                said,
                f"{said} has samples of {first} and of {other} values",
                place=_place(source, made, written),
            ),
            fixes=(fix,) if flat else (),
        )
    return None


def _place(source: Source, made: ast.expr | None, written: ast.expr) -> Any:
    return source.place_of(made if made is not None else written)


def _lengths(value: Any) -> tuple[int, int] | None:
    """Two lengths that differ among the parts of a list or of an array of lists."""
    if not isinstance(value, (list, tuple)) and str(getattr(value, "dtype", "")) != "object":
        return None
    if isinstance(value, np.ndarray) and value.ndim != 1:
        return None
    parts = list(value)[:1000]
    if not parts or not all(isinstance(each, (list, tuple, np.ndarray)) for each in parts):
        return None
    sizes = [len(each) for each in parts]
    other = next((n for n in sizes if n != sizes[0]), None)
    return (sizes[0], other) if other is not None else None
