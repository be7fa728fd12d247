"""Inputs whose shape, dtype or name is not what they need to be."""

from __future__ import annotations

import ast
from typing import Any

import keras
import numpy as np
from keras import layers

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Cause, Edit, Finding
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug.errors._misplaced import argument
from keraslab.debug.errors._rewriting import parsed, rewritten

_MADE = "layers.core.input_layer:InputLayer.__init__"


_SHAPED = (
    "backend.common.variables:standardize_shape",
    _MADE,
    "backend.common.keras_tensor:KerasTensor.__*",
)


def _input_call(evidence: Evidence) -> tuple[Source, ast.Call] | None:
    """The call of ``keras.Input`` that failed."""
    source = evidence.source
    if source is None or not isinstance(source.node, ast.Call):
        return None
    return (source, source.node) if _is_input(source, source.node) else None


def _is_input(source: Source, call: ast.Call) -> bool:
    work = source.value_of(call.func)
    return work is keras.Input or work is layers.InputLayer


def _shape_of(call: ast.Call) -> ast.expr | None:
    return argument(call, 0, "shape") or argument(call, 99, "batch_shape")


@error_rule("KL306", "input-made-of-data", origins=_SHAPED)
def made_of_data(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Input(x_train)``, ``keras.Input(x)``: Input takes a shape."""
    found = _input_call(evidence)
    if found is None:
        return None
    source, call = found
    given = [*call.args, *[each.value for each in call.keywords]]
    replay = Replay(source, evidence.sources[1:])
    for node in given:
        value, name = replay.value(node), source.text_of(node)
        if only_tensor(value) is not None:
            fix = rewritten(evidence, f"use {name} itself", call, name)
            said = (
                f"{name} is a tensor already, and layers are called on it as it is; keras.Input() "
                "starts anew, from a shape."
            )
            why = f"{name} is a tensor and no shape"
        elif value is not UNKNOWN and _is_data(value):
            shape = np.shape(value)[1:]
            text = f"{name}.shape[1:]" if hasattr(value, "shape") else repr(tuple(shape))
            made = f"{source.text_of(call.func)}({text})"
            edit = source.replace(call, made)
            new = keras.KerasTensor((None, *shape))
            fix = Mender(evidence).offer(
                f"give it the shape of one sample, {shape_text(shape)}",
                [edit],
                lambda new=new: new,
                (),
            )
            said = (
                f"keras.Input() takes the shape of one sample, {tuple(shape)!r}, and was given the "
                f"data itself: {name} ({_sizes(np.shape(value))}) goes to fit() or predict()."
            )
            why = f"{name} holds the values of {len(value):,} samples, and Input wants a shape"
        else:
            continue
        return rule.finding(
            said,
            cause=Cause(name, why, place=source.place_of(call)),
            fixes=(fix,) if fix is not None else (),
        )
    return None


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _is_data(value: Any) -> bool:
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)):
        return any(isinstance(v, float) for v in value[0])
    several = isinstance(value, np.ndarray) or keras.ops.is_tensor(value)
    return several and len(np.shape(value)) > 0


@error_rule("KL301", "shape-is-not-a-tuple", origins=_SHAPED)
def not_a_tuple(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Input(32)`` and ``shape=(32)``, where a comma is missing."""
    found = _input_call(evidence)
    node = _shape_of(found[1]) if found else None
    if found is None or node is None:
        return None
    source, call = found
    value = Replay(source, evidence.sources[1:]).value(node)
    if value is UNKNOWN:
        step = evidence.came_through(_MADE)
        value = (step.values.get("shape") or step.values.get("batch_shape")) if step else None
        if value is None:
            return None
    if not (
        value is None or (isinstance(value, (int, np.integer)) and not isinstance(value, bool))
    ):
        return None
    text = source.text_of(node)
    others = [source.value_of(each) for each in call.args]
    if len(others) > 1 and all(isinstance(each, int) for each in others):
        numbers = ", ".join(source.text_of(each) for each in call.args)
        text = numbers
        first, last = source.replace(call.args[0], ""), source.replace(call.args[-1], "")
        edits = [
            Edit(first.line, first.column, first.line, first.column, "("),
            Edit(last.end_line, last.end_column, last.end_line, last.end_column, ")"),
        ]
        shape = tuple(others)
    else:
        edits, shape = [_comma(source, call, node)], (value,)
    batched = any(k.arg == "batch_shape" and k.value is node for k in call.keywords)
    if batched:
        shape, edits = (None, *shape), [source.replace(node, f"(None, {text})")]
    full = shape if batched else (None, *shape)
    fix = Mender(evidence).offer("make a tuple of it", edits, lambda: keras.KerasTensor(full), ())
    several = len(shape) > 1 and not batched
    what = "several numbers side by side" if several else "just a number"
    return rule.finding(
        f"A shape is a tuple, and {text} is {what}: write ({text}{'' if several else ','}).",
        cause=Cause("shape", f"{text} is no tuple", place=source.place_of(call)),
        fixes=(fix,) if fix is not None else (),
    )


def _comma(source: Source, call: ast.Call, node: ast.expr) -> Edit:
    """A comma into the brackets around a number, or brackets with a comma."""
    edit, text = source.replace(node, ""), source.text_of(node)
    line = source.text.split("\n")[edit.line]
    before, after = line[: edit.column].rstrip(), line[edit.end_column :].lstrip()
    named = any(each.value is node for each in call.keywords)
    own = before.endswith("(") and after.startswith(")") and (named or before.endswith("(("))
    return source.replace(node, f"{text}," if own else f"({text},)")


@error_rule("KL307", "impossible-shape", origins=_SHAPED)
def impossible_shape(rule: Rule, evidence: Evidence) -> Finding | None:
    """A shape of floats, names, several shapes, or with a negative size."""
    found = _input_call(evidence)
    node = _shape_of(found[1]) if found else None
    if found is None or node is None or not evidence.origin.endswith("standardize_shape"):
        return None
    source, call = found
    replay = Replay(source, evidence.sources[1:])
    value, text = replay.value(node), source.text_of(node)
    parts = node.elts if isinstance(node, (ast.Tuple, ast.List)) else []
    nested = [p for p in parts if isinstance(p, (ast.Tuple, ast.List))]
    if nested and len(nested) == len(parts):
        written = source.text_of(call.func)
        made = [f"{written}({source.text_of(each)})" for each in nested]
        new = made[0] if len(made) == 1 else f"[{', '.join(made)}]"
        why = (
            "holds several shapes; each needs an Input of its own"
            if len(made) > 1
            else "is a list in a list"
        )
        fix = rewritten(
            evidence,
            "one Input for each" if len(made) > 1 else "leave the outer list out",
            call,
            new,
        )
    else:
        spread = [p for p in parts if _is_sizes(replay.value(p))]
        if parts:
            sizes = [_size(replay, source, each) for each in parts]
            shape = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
        elif isinstance(value, str) and value.isdigit():
            shape = f"({int(value)},)"
        elif isinstance(value, dict):
            shape = repr(tuple(value.values()))
        elif isinstance(value, (tuple, list)):
            shape = f"tuple(int(size) for size in {text})"
        else:
            return None
        why = "holds something that is no whole number, 0 or more, and not None"
        if spread:
            held = ", ".join(source.text_of(each) for each in spread)
            why = f"holds {held}, which is several sizes already; a star writes them side by side"
        edit, values = source.replace(node, shape), replay.value(parsed(shape) or node)
        known: Any = values
        if parts:
            both = zip(parts, sizes, strict=True)
            known = [None if size == "None" else replay.value(part) for part, size in both]
            known = [
                one
                for part, value in zip(parts, known, strict=True)
                for one in (value if any(part is each for each in spread) else [value])
            ]
        offered = (
            tuple(int(v) if isinstance(v, (str, float)) else v for v in known)
            if isinstance(known, (list, tuple))
            else None
        )
        fix = (
            Mender(evidence).offer(
                f"write {shape}", [edit], lambda: keras.KerasTensor((None, *offered)), ()
            )
            if offered
            else None
        )
    return rule.finding(
        f"{text} is no shape: it {why}.",
        cause=Cause("shape", f"{text} {why}", place=source.place_of(call)),
        fixes=(fix,) if fix is not None else (),
    )


def _is_sizes(value: Any) -> bool:
    """Whether a value is several sizes: ``(64, 48)`` where one number belongs."""
    return (
        isinstance(value, (tuple, list))
        and bool(value)
        and all(type(size) is int and size >= 0 for size in value)
    )


def _size(replay: Replay, source: Source, node: ast.expr) -> str:
    value, text = replay.value(node), source.text_of(node)
    if _is_sizes(value):
        return f"*{text}"
    if isinstance(value, float):
        return repr(int(value)) if isinstance(node, ast.Constant) else f"int({text})"
    if isinstance(value, str):
        return value if value.isdigit() else "None"
    if value is ... or (isinstance(value, int) and value < 0):
        return "None"
    return text
