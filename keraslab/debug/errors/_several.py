"""Several results or several tensors where one belongs."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, maker_of, shape_text, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._syntax import keyword_of
from keraslab.debug.errors._misplaced import is_direct
from keraslab.graph import keras_internals


@error_rule("KL115", "several-results-as-one")
def several_results(rule: Rule, evidence: Evidence) -> Finding | None:
    """``LSTM(4, return_state=True)(x)`` gives three tensors, used as if they were one."""
    source, replay = evidence.source, Replay.of(evidence)
    if source is None or replay is None:
        return None
    found: list[tuple[ast.expr, Any]] = []
    if isinstance(source.node, ast.BinOp):
        found = [(side, source.value_of(side)) for side in (source.node.left, source.node.right)]
    elif is_direct(evidence) and isinstance(source.node, ast.Call) and evidence.failing is not None:
        if isinstance(evidence.failing.operation, keras.Model):
            return None
        for node, value in zip(source.node.args, evidence.failing.args, strict=False):
            found.append((node, value))
            if isinstance(node, (ast.List, ast.Tuple)) and isinstance(value, (list, tuple)):
                found += list(zip(node.elts, value, strict=False))
    for node, value in found:
        several = isinstance(value, (list, tuple)) and len(value) > 1
        made = (
            replay.made(node) if several and not isinstance(node, (ast.List, ast.Tuple)) else None
        )
        if not isinstance(made, ast.Call) or not all(list(tensors_in([v])) for v in value):
            continue
        if source.value_of(made.func) in (list, tuple, dict):
            continue
        tensors = tuple(tensors_in(value))
        makers = {id(maker_of(tensor)) for tensor in tensors}
        maker = maker_of(tensors[0]).name if len(makers) == 1 and maker_of(tensors[0]) else None
        name = source.text_of(node)
        shapes = ", ".join(shape_text(each.shape) for each in tensors[:5])
        fixes = []
        index = [i for i, each in enumerate(value) if isinstance(each, keras.KerasTensor)]
        for place in index[:1]:
            edit = source.wrap(made, "", f"[{place}]")
            work = lambda v=value, p=place: _with_first(evidence, v, v[p])  # noqa: E731
            fixes.append(Mender(evidence).offer("take the first of them", [edit], work, ()))
            if isinstance(node, ast.Name):
                edit = source.replace(node, f"{name}[{place}]")
                fixes.append(
                    Mender(evidence).offer("take the first of them here", [edit], work, ())
                )
        layer = maker_of(tensors[0]) if maker is not None else None
        said = f"this gives {len(value)} tensors: {shapes}"
        along = ""
        if _gives_state(layer, tensors):
            said = (
                f"{maker!r} has return_state=True and gives its result and its state: "
                f"{len(value)} tensors, {shapes}"
            )
            along = f", the result of {maker!r} and its state, for return_state=True"
            fixes.append(_without_state(evidence, layer, node, value, value[0]))
        return rule.finding(
            f"{name if len(name) < 40 else 'what is given'} is {len(value)} tensors ({shapes}) "
            f"and not one{along}; take the one that is meant, such as the first.",
            cause=Cause(maker or name, said, place=source.place_of(made)),
            tensors=evidence.named(tensors),
            fixes=tuple(fix for fix in fixes if fix is not None),
        )
    return None


def _gives_state(layer: Any, tensors: tuple[Any, ...]) -> bool:
    """Whether a layer gives its state behind its result, and these are all of them."""
    if getattr(layer, "return_state", None) is not True:
        return False
    node = keras_internals.node_of(tensors[0])
    made = keras_internals.tensors_out(node) if node is not None else []
    return [id(each) for each in made] == [id(each) for each in tensors]


def _without_state(
    evidence: Evidence, layer: Any, node: ast.expr, held: Any, first: Any
) -> Fix | None:
    """The layer without ``return_state``, where nothing takes a part of what it gives."""
    source, made = evidence.source, evidence.made_at(layer)
    if source is None or made is None or made[0].file != source.file:
        return None
    given = keyword_of(made[1], "return_state")
    names = [n for n in ast.walk(source.tree or ast.Pass()) if isinstance(n, ast.Name)]
    parts = [source.parent_of(n) for n in names if isinstance(node, ast.Name) and n.id == node.id]
    taken = any(isinstance(p, (ast.Subscript, ast.Starred)) for p in parts)
    if given is None or taken or not _called_once(layer):
        return None
    mender = Mender(evidence)
    return mender.offer(
        "leave out return_state",
        [made[0].keyword(made[1], "return_state", "False")],
        lambda: _with_first(evidence, held, first),
        (),
        "return_state=False",
        made[0],
    )


def _called_once(layer: Any) -> bool:
    """Whether a layer was called only once: else it has no one output."""
    try:
        return layer.output is not None
    except (AttributeError, ValueError):
        return False


def _with_first(evidence: Evidence, held: Any, one: Any) -> Any:
    """What the failing call gives with one tensor in place of several."""
    if evidence.failing is None:
        return one
    return Mender(evidence).trial.instead({id(held): keras.KerasTensor(one.shape, dtype=one.dtype)})


@error_rule("KL104", "several-tensors-for-one-layer")
def several_tensors(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Dense(3)([a, b])``, ``Dense(3)(a, b)``: a layer that takes one tensor got several."""
    source, failing = evidence.source, evidence.failing
    if source is None or failing is None or not is_direct(evidence):
        return None
    layer, call = failing.operation, source.node
    if not isinstance(layer, keras.Layer) or isinstance(layer, keras.Model) or not failing.args:
        return None
    assert isinstance(call, ast.Call)
    merges = hasattr(layer, "_merge_function")
    first = failing.args[0]
    listed = isinstance(first, (list, tuple)) and all(only_tensor(v) is not None for v in first)
    loose = len(failing.args) > 1 and all(only_tensor(v) is not None for v in failing.args)
    if (merges and not loose) or not (listed or loose) or not evidence.tensors:
        return None
    if loose and _takes(layer) > 1:
        return None
    tensors = evidence.tensors
    mender, kind = Mender(evidence), type(layer).__name__
    texts = [source.text_of(each) for each in call.args]
    fixes: list[Fix | None] = []

    def again(value: Any) -> Any:
        copy = mender.trial.copy_of(layer)
        return copy(value)

    stands = [keras.KerasTensor(tuple(t.shape), dtype=t.dtype) for t in tensors]
    span = (call.args[0], call.args[-1])
    if merges:
        edits = (
            [source.wrap(span[0], "[", "")]
            if len(call.args) == 1
            else [_insert(source, span[0], "["), _insert(source, span[1], "]", end=True)]
        )
        fixes.append(mender.offer("put them in one list", edits, lambda: again(stands), ()))
    elif len(tensors) == 1:
        held = call.args[0]
        inner = held.elts[0] if isinstance(held, (ast.List, ast.Tuple)) else None
        text = source.text_of(inner) if inner is not None else f"{texts[0]}[0]"
        edit = source.replace(held, text)
        fixes.append(mender.offer("leave the list out", [edit], lambda: again(stands[0]), ()))
    else:
        for joining, title in (("Concatenate", "join them first"), ("Add", "add them first")):
            made = mender.layer(joining)
            before, after = (f"{made}([", "])") if loose else (f"{made}(", ")")
            edits = [_insert(source, span[0], before), _insert(source, span[1], after, end=True)]
            work = lambda j=joining: again(getattr(keras.layers, j)()(stands))  # noqa: E731
            fixes.append(mender.offer(title, edits, work, ()))
    if not any(fixes):
        return None
    message = (
        f"{kind} takes its tensors in one list, and here they come one by one."
        if merges
        else f"{kind} takes one tensor, and here it gets a list of "
        f"{len(tensors)}; it does not merge them."
        if not loose
        else f"{kind} takes one tensor, and here it gets {len(tensors)}; it does not merge them."
    )
    return rule.finding(
        message,
        cause=Cause(
            str(layer.name),
            f"{len(tensors)} tensor{'s' * (len(tensors) > 1)} in a list or side by side",
            place=source.place_of(call),
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _insert(source: Any, node: ast.expr, text: str, end: bool = False) -> Edit:
    """Text in front of an expression, or behind it."""
    edit = source.replace(node, "")
    line, column = (edit.end_line, edit.end_column) if end else (edit.line, edit.column)
    return Edit(line, column, line, column, text)


def _takes(layer: Any) -> int:
    """How many tensors a layer's call takes by place."""
    names = [n for n in inspect.signature(layer.call).parameters if n not in ("training", "mask")]
    return sum(n in ("inputs", "query", "value", "key", "sequence", "x", "y") for n in names)
