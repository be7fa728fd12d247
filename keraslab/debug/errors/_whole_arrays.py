"""An ``Input`` made with the shape of a whole array, where a layer fails before any training."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import TRAINING, Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Finding
from keraslab.debug._mend import Mender
from keraslab.debug._rules import Rule
from keraslab.debug._source import UNKNOWN, Source, last_name
from keraslab.debug._syntax import keyword_of
from keraslab.debug.errors._values import roots_of

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEEPEST = 8
_ARRAYS = ("numpy", "pandas", "polars", "tensorflow", "torch", "jax", "jaxlib")


@dataclass(frozen=True)
class _Whole:
    """The shape of an array as it is written, and the array."""

    node: ast.expr
    held: ast.expr
    value: Any


def counted_while_built(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Input(x.shape)`` above a layer that takes tensors of one axis fewer.

    One picture may as well be declared by its own shape: that the first axis counts samples is
    only said where the array is trained on, or has an answer for each row.

    Args:
        rule: What finds it.
        evidence: What the exception left.
    """
    failing = evidence.failing
    if failing is None or evidence.training is not None or not evidence.tensors:
        return None
    for root in roots_of(evidence, list(evidence.tensors)):
        entry = maker_of(root)
        made = evidence.made_at(entry) if isinstance(entry, layers.InputLayer) else None
        sizes = tuple(root.shape[1:])
        if made is None or len(sizes) < 2 or None in sizes:
            continue
        source, call = made
        written = keyword_of(call, "shape") or (call.args[0] if call.args else None)
        whole = _whole(evidence, source, written, sizes) if written is not None else None
        if whole is None or not _counts_samples(evidence, source, whole):
            continue
        found = _found(rule, evidence, root, source, call, whole)
        if found is not None:
            return found
    return None


def _found(
    rule: Rule, evidence: Evidence, root: Any, source: Source, call: ast.Call, whole: _Whole
) -> Finding | None:
    """The finding, where the failing call works on an input without the first size."""
    mender, entry, sizes = Mender(evidence), maker_of(root), tuple(root.shape[1:])
    new = keras.KerasTensor((root.shape[0], *sizes[1:]), dtype=root.dtype)

    def again() -> Any:
        changed = {id(entry): lambda: new}
        return mender.trial.again(*rewire.replayed(evidence, mender.trial, changed))

    said, text = source.text_of(whole.held), source.text_of(whole.node)
    edit = source.replace(whole.node, f"{text}[1:]")
    title = f"leave the {sizes[0]} samples out"
    fix = mender.offer(title, [edit], again, (), f"keras.Input({text}[1:])", source)
    if fix is None:
        return None
    made, one = " × ".join(map(str, sizes)), " × ".join(map(str, sizes[1:]))
    return rule.finding(
        f"The input {entry.name!r} ({shape_text(root.shape)}) is declared as {made}, the shape of "
        f"all of {said}: its {sizes[0]} samples are no part of the shape of one, {one}.",
        cause=Cause(
            text, f"{text} counts the samples too", evidence.call_of(root), source.place_of(call)
        ),
        fixes=(fix,),
    )


def _whole(
    evidence: Evidence, source: Source, node: ast.expr, sizes: tuple[Any, ...]
) -> _Whole | None:
    """The array whose shape an expression is, through variables and parameters."""
    for _ in range(_DEEPEST):
        if isinstance(node, ast.Name):
            held_by = bound(source, node)
            if held_by is None:
                return None
            node = held_by
            continue
        held = None
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            held = node.value
        elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            if ast.unparse(node.func) in ("np.shape", "numpy.shape"):
                held = node.args[0]
            elif ast.unparse(node.func) in ("tuple", "list"):
                node = node.args[0]
                continue
        if held is None:
            return None
        for each in evidence.sources:
            value = each.value_of(held) if each.file == source.file else UNKNOWN
            if value is UNKNOWN or isinstance(value, keras.KerasTensor):
                continue
            if _shape(value) == sizes:
                return _Whole(node, held, value)
        return None
    return None


def _shape(value: Any) -> tuple[Any, ...] | None:
    """The shape of an array or a table; None of anything else."""
    # A stranger's object may do anything when asked for an attribute.
    known = type(value).__module__.partition(".")[0] in _ARRAYS
    shape = getattr(value, "shape", None) if known else None
    return tuple(shape) if isinstance(shape, (tuple, list)) else None


def bound(source: Source, name: ast.Name) -> ast.expr | None:
    """The one expression that a variable or parameter holds; None where there may be others."""
    scope = _function_around(source, name)
    if scope is not None:
        own = list(_assigned(scope, name.id))
        if own:
            return own[0] if len(own) == 1 else None
        arguments = scope.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        if name.id in (*names, *(a.arg for a in arguments.kwonlyargs)):
            return _given(source, scope, name.id, names)
    everywhere = [
        value
        for each in getattr(source.tree, "body", [])
        if not isinstance(each, (*_DEFINITION, ast.ClassDef))
        for value in _assigned(each, name.id)
    ]
    return everywhere[0] if len(everywhere) == 1 else None


def _given(source: Source, scope: Any, name: str, names: list[str]) -> ast.expr | None:
    """What the one call of a function gives one of its parameters."""
    called, holder = scope.name, source.parent_of(scope)
    if called == "__init__" and isinstance(holder, ast.ClassDef):
        called = holder.name
    calls = [each for each in source.calls() if last_name(each.func) == called]
    if len(calls) != 1 or any(isinstance(each, ast.Starred) for each in calls[0].args):
        return None
    by_name = keyword_of(calls[0], name)
    if by_name is not None or name not in names:
        return by_name
    index = names.index(name) - (isinstance(holder, ast.ClassDef) and names[0] == "self")
    return calls[0].args[index] if index < len(calls[0].args) else None


def _function_around(source: Source, node: ast.AST) -> Any | None:
    held: ast.AST | None = node
    while held is not None and not isinstance(held, _DEFINITION):
        held = source.parent_of(held)
    return held


def _assigned(inside: ast.AST, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(inside):
        if isinstance(node, ast.Assign):
            if any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                yield node.value
            continue
        target = getattr(node, "target", None)
        value: ast.expr | None = getattr(node, "value", None)
        if value is not None and isinstance(target, ast.Name) and target.id == name:
            yield value


def _counts_samples(evidence: Evidence, source: Source, whole: _Whole) -> bool:
    """Whether the first axis counts samples: the array is trained on, or has as many answers."""
    held = ast.dump(whole.held)
    for call in source.calls():
        trained = isinstance(call.func, ast.Attribute) and call.func.attr in TRAINING
        first = keyword_of(call, "x") or (call.args[0] if call.args else None)
        parts = first.elts if isinstance(first, (ast.List, ast.Tuple)) else [first]
        parts = list(first.values) if isinstance(first, ast.Dict) else parts
        if trained and any(p is not None and ast.dump(p) == held for p in parts):
            return True
    sizes = tuple(whole.value.shape)
    return any(
        shape is not None
        and 1 <= len(shape) <= 2
        and shape[:1] == sizes[:1]
        # A mask has a value for each position of the one picture.
        and shape != sizes[: len(shape)] * (len(shape) > 1)
        for value in _named(evidence, source)
        if value is not whole.value
        for shape in [_shape(value)]
    )


def _named(evidence: Evidence, source: Source) -> Iterator[Any]:
    """The values of the variables that a source names."""
    names = {n.id for n in ast.walk(source.tree or ast.Pass()) if isinstance(n, ast.Name)}
    for name in sorted(names):
        for each in evidence.sources:
            yield each.value_of(ast.Name(name, ast.Load()))
