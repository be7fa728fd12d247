"""Generators, maps, sets and views of dicts where a list of tensors belongs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import GeneratorType
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug.errors._rewriting import plain_fix
from keraslab.graph import keras_internals

_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_HELD: tuple[type, ...] = (*_VIEWS, set, frozenset)
_LISTS: tuple[Any, ...] = ([], (), {}, {}.values())
_ITERATORS: tuple[type, ...] = (*{type(iter(each)) for each in _LISTS}, type(reversed([])))
_ONCE: tuple[type, ...] = (GeneratorType, map, zip, filter, reversed, enumerate, *_ITERATORS)
_CALLED: dict[type, str] = {
    GeneratorType: "a generator",
    **dict.fromkeys(_ITERATORS, "an iterator"),
    **dict.fromkeys(_VIEWS, "a view of a dict"),
}
_TAKEN = ("inputs", "outputs", "x", "xs", "arrays", "query", "value", "key")
"""What Keras calls the argument that holds tensors."""


@error_rule("KL124", "iterator-instead-of-list")
def iterator_given(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Add()(f(x) for x in xs)``: a layer takes a list, and nothing that only makes one."""
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call) or evidence.training is not None:
        return None
    if not evidence.tail or not evidence.origin:
        return None
    found = next(_found(evidence, source, call), None)
    if found is None:
        return None
    value, node = found
    held = isinstance(value, _HELD)
    value = _behind(source, node, value) if held else value
    if held and not any(True for each in _in(value) for _ in tensors_in(each)):
        return None
    text = source.text_of(node)
    name = text if len(text) <= 40 and "\n" not in text else "what is given"
    kind = _CALLED.get(type(value), f"a {type(value).__name__}")
    order = ", and keeps no order" if isinstance(value, (set, frozenset)) else ""
    whole = "holds its tensors, but" if held else "only makes its values one by one when asked, and"
    if isinstance(node, ast.Call) and last_name(node.func) == "keys":
        whole = "holds the keys and not the tensors, and"
    work = _taker(evidence, source, call)
    made = Replay(source, evidence.sources[1:]).made(node) if not held else node
    place = source.place_of(made if made is not None else node)
    return rule.finding(
        f"{name} is {kind}: it {whole} is no list{order}, and {work} takes a tensor or a list of "
        "tensors.",
        cause=Cause(work, f"{work} gets {kind} where it takes a list", place=place),
        fixes=tuple(_as_list(evidence, source, node, value)),
    )


def _behind(source: Source, node: ast.expr, value: Any) -> Any:
    """Of the keys of a dict, its values: what ``values()`` would have given."""
    if isinstance(value, type({}.keys())) and isinstance(node, ast.Call):
        function = node.func
        of = source.value_of(function.value) if isinstance(function, ast.Attribute) else None
        return of.items() if type(of) is dict else value
    return value


def _in(value: Any) -> list[Any]:
    """What a set or a view of a dict holds; it has as much afterwards."""
    found = list(value)
    return [part for each in found for part in (each if isinstance(each, tuple) else (each,))]


def _found(evidence: Evidence, source: Source, call: ast.Call) -> Iterator[tuple[Any, ast.expr]]:
    """What Keras was given that makes values one by one, and the part of the line that it is."""
    given: dict[int, Any] = {}
    for step in evidence.tail[:6]:
        for name, value in step.values.items():
            if name == "args" and isinstance(value, (list, tuple)):
                given |= {id(each): each for each in value[:3]}
            elif name in _TAKEN:
                given[id(value)] = value
            elif name == "kwargs" and isinstance(value, dict):
                given |= {id(v): v for k, v in value.items() if k in _TAKEN}
    written = [*call.args, *[k.value for k in call.keywords if k.arg in (None, *_TAKEN)]]
    for value in given.values():
        if isinstance(value, (*_HELD, *_ONCE)):
            for node in written:
                if _is_of(source, node, value):
                    yield value, node


def _is_of(source: Source, node: ast.expr, value: Any) -> bool:
    """Whether an argument as it is written is the one that was given."""
    if source.value_of(node) is value:
        return True
    if isinstance(node, (ast.GeneratorExp, ast.Set, ast.SetComp)):
        return isinstance(value, GeneratorType if isinstance(node, ast.GeneratorExp) else set)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(value, _VIEWS):
        return type(value).__name__ == f"dict_{last_name(node.func)}"
    work = source.value_of(node.func)
    if work in (iter, reversed):
        return isinstance(value, (reversed, *_ITERATORS))
    if work in (*_ONCE, set, frozenset):
        return isinstance(value, work)
    # A function of the person's that gives such a thing.
    return isinstance(value, _ONCE) and not keras_internals.module_in_keras(work)


def _taker(evidence: Evidence, source: Source, call: ast.Call) -> str:
    """What to call the layer, model or function that was given it."""
    failing = evidence.failing
    if source.value_of(call.func) is keras.Model:
        return "keras.Model"
    operation = failing.operation if failing is not None else None
    if isinstance(operation, keras.Layer) and not isinstance(operation, keras.Model):
        assert failing is not None
        return type(failing.operation).__name__
    return source.text_of(call.func)


def _as_list(evidence: Evidence, source: Source, node: ast.expr, value: Any) -> list[Fix]:
    """A list in place of it, where it is made or where it is used."""
    operation = evidence.failing.operation if evidence.failing is not None else None
    spec = getattr(operation, "input_spec", None)
    if spec is not None and not isinstance(operation, keras.Model):
        return []  # a layer that takes one tensor
    if isinstance(value, (zip, enumerate)):
        return []  # it makes tuples
    made = node
    if isinstance(value, _ONCE) and isinstance(node, ast.Name):
        bound = Replay(source, evidence.sources[1:]).made(node)
        made = bound if isinstance(bound, (ast.GeneratorExp, ast.Call)) else node
    text = source.text_of(made)
    if isinstance(made, ast.GeneratorExp):
        around = source.parent_of(made)
        alone = isinstance(around, ast.Call) and source.chars(around)[2:] == source.chars(made)[2:]
        inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
        new = f"([{inner}])" if alone else f"[{inner}]"
        return [plain_fix(source, "make a list of it, with square brackets", made, new)]
    if isinstance(made, ast.Set):
        return [plain_fix(source, "write a list", made, f"[{text[1:-1]}]")]
    if isinstance(value, _VIEWS[2]):
        if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Attribute):
            return []
        text = f"{source.text_of(made.func.value)}.values()"
    first, column, last, end = source.chars(made)
    edit = Edit(first, column, last, end, f"list({text})")
    return [Fix("make a list of it", f"list({text})", edits=(edit,))]
