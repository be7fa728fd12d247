"""Sizes that do not fit together inside the call of a person's own layer or model."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source

_GRAPH = re.compile(r"with input shapes: (\[[^\]]*\]), (\[[^\]]*\])")
_EAGER = re.compile(r"[Ii]ncompatible shapes:? *:? (\[[^\]]*\]) vs\.? (\[[^\]]*\])")
_MERGED = re.compile(r"[Rr]eceived shapes (\([^)]*\)) and (\([^)]*\))")
_SIZES = {"units": (layers.Dense,), "filters": (keras.layers.Layer,)}

_Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class _Side:
    """One of the two values that do not fit."""

    node: ast.expr
    shape: _Shape
    layer: Any
    """The layer of ``self`` that gives it, where that is to be seen."""
    attribute: str


@error_rule("KL210", "sizes-differ-inside-a-call")
def sizes_differ_inside(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x * self.expand(...)`` in an own layer, where the two have other sizes."""
    source = evidence.source
    if source is None or _own(source) is None:
        return None
    shapes = _shapes_told(evidence.text)
    pair = _pair(source)
    if shapes is None or pair is None:
        return None
    sides = [
        _Side(node, shape, *_layer_of(evidence, node))
        for node, shape in zip(pair, shapes, strict=True)
    ]
    product = _is_product(source)
    if not product and _fit(*shapes):
        return None
    wanted = [_wanted(sides[1 - i].shape, sides[i].shape, product, i) for i in (0, 1)]
    usable = [i for i in (0, 1) if sides[i].layer is not None and wanted[i] is not None]
    # What no layer of its own gives is what came in; the layer has to follow that.
    wrong = sides[usable[-1]] if usable else sides[1]
    size = wanted[usable[-1]] if usable else None
    texts = [source.text_of(each.node) for each in sides]
    said = [f"{text} ({shape_text(side.shape)})" for text, side in zip(texts, sides, strict=True)]
    fixes = [_of_size(evidence, sides[i], wanted[i]) for i in reversed(usable)]
    name = str(wrong.layer.name) if wrong.layer is not None else source.text_of(wrong.node)
    place = source.place_of(wrong.node)
    why = f"{name} gives {shape_text(wrong.shape)}"
    if size is not None:
        why += f", and {size} values are needed"
        maker = _assigned(source, wrong.attribute)
        place = source.place_of(maker) if maker is not None else place
    verb = "multiplied as matrices" if product else "put together"
    return rule.finding(
        f"{said[0]} and {said[1]} cannot be {verb}: their sizes do not fit.",
        cause=Cause(name, why, place=place),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _own(source: Source) -> Any | None:
    """The person's own layer or model whose method the failing line stands in."""
    held = source.value_of(ast.Name("self", ast.Load()))
    return held if isinstance(held, keras.Layer) else None


def _shapes_told(text: str) -> tuple[_Shape, _Shape] | None:
    found = _GRAPH.search(text) or _EAGER.search(text) or _MERGED.search(text)
    if found is None:
        return None
    batch = (None,) if found.re is _MERGED else ()
    one, two = (
        (*batch, *(int(n) if n.strip().isdecimal() else None for n in _sizes(part)))
        for part in found.groups()
    )
    return one, two


def _sizes(part: str) -> list[str]:
    """What stands between the commas of a shape; ``(5,)`` has one size."""
    return [size for size in part[1:-1].split(",") if size.strip()]


def _pair(source: Source) -> tuple[ast.expr, ast.expr] | None:
    """The two values of the failing expression, as written."""
    node = source.node
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Call) and node.args:
        called, first = source.value_of(node.func), node.args[0]
        if isinstance(called, keras.Layer) and not hasattr(called, "_merge_function"):
            return None  # what fails is inside that layer
        parts = first.elts if isinstance(first, (ast.List, ast.Tuple)) else node.args
        if len(parts) == 2 or (len(parts) > 2 and parts is node.args):
            return parts[0], parts[1]
    return None


def _is_product(source: Source) -> bool:
    node = source.node
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    return isinstance(node, ast.Call) and source.text_of(node.func).endswith(("matmul", "dot"))


def _fit(one: _Shape, two: _Shape) -> bool:
    pairs = zip(reversed(one), reversed(two), strict=False)
    return all(a is None or b is None or a == b or 1 in (a, b) for a, b in pairs)


def _wanted(other: _Shape, own: _Shape, product: bool, place: int) -> int | None:
    """How many values the last axis of a side must have to fit the other side."""
    if not own or not other:
        return None
    if product:
        last, first = (own, other) if place == 0 else (other, own)
        if len(first) < 2 or len(last) < 1 or place == 1:
            return None
        return first[-2] if first[-2] != own[-1] else None
    changed = (*own[:-1], other[-1])
    return other[-1] if own[-1] != other[-1] and _fit(changed, other) else None


def _layer_of(evidence: Evidence, node: ast.expr) -> tuple[Any, str]:
    """The layer in an attribute of ``self`` whose result an expression is."""
    source = evidence.source
    assert source is not None
    replay, held = Replay(source, evidence.sources[1:]), node
    for _ in range(8):
        if isinstance(held, ast.Subscript):
            held = held.value
        elif isinstance(held, ast.Name):
            bound = replay.binding(held.id, (held.lineno, held.col_offset))
            if bound is None:
                return None, ""
            held = bound[1]
        elif isinstance(held, ast.Call):
            layer = source.value_of(held.func)
            if isinstance(held.func, ast.Attribute) and isinstance(layer, keras.Layer):
                sized = any(isinstance(getattr(layer, key, None), int) for key in _SIZES)
                if sized:
                    return layer, held.func.attr
            if not held.args:
                return None, ""
            held = held.args[0]
        else:
            return None, ""
    return None, ""


def _assigned(source: Source, attribute: str) -> ast.Call | None:
    """The call that made the layer in ``self.attribute``, where there is one such line."""
    own = _own(source)
    inside = [
        each
        for each in ast.walk(source.tree or ast.Module([], []))
        if isinstance(each, ast.ClassDef) and own is not None and each.name == type(own).__name__
    ]
    found = [
        each.value
        for kind in inside
        for each in ast.walk(kind)
        if isinstance(each, ast.Assign)
        and isinstance(each.value, ast.Call)
        and any(isinstance(t, ast.Attribute) and t.attr == attribute for t in each.targets)
    ]
    return found[0] if len(found) == 1 and isinstance(found[0], ast.Call) else None


def _of_size(evidence: Evidence, side: _Side, size: int | None) -> Fix | None:
    """The layer with as many values as are needed."""
    source = evidence.source
    call = _assigned(source, side.attribute) if source is not None else None
    if source is None or call is None or size is None:
        return None
    key = next((k for k in _SIZES if isinstance(getattr(side.layer, k, None), int)), None)
    if key is None:
        return None
    text = _parameter_of(evidence, size) or str(size)
    edit: Edit = source.keyword(call, key, text, source.positions_of(call, side.layer))
    fix = Fix("", "", edits=(edit,))
    title = f"let {side.layer.name!r} give {size} values"
    return Fix(title, changed_lines(source.text, fix), edits=fix.edits)


def _parameter_of(evidence: Evidence, size: int) -> str | None:
    """The parameter of the own layer's ``__init__`` that was given as this size."""
    source = evidence.source
    own = _own(source) if source is not None else None
    if source is None or own is None:
        return None
    function = type(own).__dict__.get("__init__")
    names = (
        list(function.__code__.co_varnames[1 : function.__code__.co_argcount]) if function else []
    )
    made = [
        call
        for call in source.calls()
        if isinstance(call.func, ast.Name) and call.func.id == type(own).__name__
    ]
    if len(made) != 1:
        return None
    given = dict(zip(names, made[0].args, strict=False))
    given |= {k.arg: k.value for k in made[0].keywords if k.arg in names}
    fitting = [n for n, v in given.items() if isinstance(v, ast.Constant) and v.value == size]
    return fitting[0] if len(fitting) == 1 else None
