"""Lists of tensors inside the list that a merge takes."""

from __future__ import annotations

import ast
import re
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._misplaced import is_direct
from keraslab.debug.errors._rewriting import importing
from keraslab.graph import keras_internals

_LISTS = (list, tuple)
_REFUSED = r"expects 1 input|to a shape|has no attribute 'shape'"
"""What Keras says of a list for a layer that takes one tensor."""


@error_rule("KL211", "list-inside-the-list")
def list_inside(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Concatenate()([a, others])`` where ``others`` is itself a list of tensors."""
    source, replay = evidence.source, Replay.of(evidence)
    call = source.node if source is not None else None
    if source is None or replay is None or not isinstance(call, ast.Call):
        return None
    failing = evidence.failing
    if failing is not None and not is_direct(evidence):
        return None
    if not call.args or isinstance(call.args[0], ast.Starred):
        return None
    node = call.args[0]
    given: Any = failing.args[0] if failing is not None and failing.args else replay.value(node)
    if not isinstance(given, _LISTS) or not given or not _is_flat_enough(given):
        return None
    operation: Any = failing.operation if failing is not None else None
    if isinstance(operation, keras.Model) or not _takes_a_list(source, call, operation):
        return None
    inner = next(each for each in given if isinstance(each, (*_LISTS, dict)))
    elements = _elements(node, given)
    written = elements[next(i for i, e in enumerate(given) if e is inner)] if elements else None
    name = source.text_of(written) if written is not None else evidence.name_of(inner)
    kind = "dict" if isinstance(inner, dict) else type(inner).__name__
    count = len(list(tensors_in(inner)))
    many = "1 tensor" if count == 1 else f"{count} tensors"
    what = "one of its elements" if name is None else name if len(name) < 40 else "an element"
    layer = type(operation).__name__ if operation is not None else source.text_of(call.func)
    single = operation is not None and not _merges(operation)
    if single and not re.search(_REFUSED, evidence.text):
        return None
    wants = "one tensor" if single else "a list of tensors"
    flat = tuple(tensors_in(given))
    return rule.finding(
        f"{layer} takes {wants}, and in the list that it gets, {what} is itself a {kind} of "
        f"{many}.",
        cause=Cause(
            name or layer,
            f"{what} is a {kind} of {many} and not a tensor",
            place=source.place_of(written if written is not None else call),
        ),
        tensors=evidence.named(flat),
        fixes=tuple(_fixes(evidence, source, call, given, single)),
    )


def _is_flat_enough(given: Any) -> bool:
    """Whether it holds tensors, and lists of tensors, and nothing else."""
    nested = [each for each in given if isinstance(each, (*_LISTS, dict))]
    for each in nested:
        held = list(each.values()) if isinstance(each, dict) else list(each)
        if not held or not all(isinstance(t, keras.KerasTensor) for t in held):
            return False
    rest = [each for each in given if not isinstance(each, (*_LISTS, dict))]
    return bool(nested) and all(isinstance(each, keras.KerasTensor) for each in rest)


def _merges(operation: Any) -> bool:
    kind = type(operation).__name__
    return kind in ("Concatenate", "Stack") or hasattr(operation, "_merge_function")


def _takes_a_list(source: Source, call: ast.Call, operation: Any) -> bool:
    """Whether it is a merge, or a layer of Keras that takes one tensor."""
    if operation is None:
        return source.value_of(call.func) in (
            *(keras.ops.concatenate, keras.ops.stack, keras.ops.vstack, keras.ops.hstack),
        )
    recurrent = isinstance(operation, (layers.RNN, layers.Bidirectional))
    attends = hasattr(operation, "_compute_attention") or isinstance(operation, layers.Attention)
    ours = keras_internals.module_in_keras(type(operation)) != ""
    return ours and not recurrent and not attends and not isinstance(operation, layers.Lambda)


def _elements(node: ast.expr, given: Any) -> list[ast.expr] | None:
    """The written elements, each beside its value."""
    if not isinstance(node, (ast.List, ast.Tuple)) or len(node.elts) != len(given):
        return None
    return None if any(isinstance(e, ast.Starred) for e in node.elts) else node.elts


def _fixes(
    evidence: Evidence, source: Source, call: ast.Call, given: Any, single: bool
) -> list[Fix]:
    node, mender = call.args[0], Mender(evidence)
    elements = _elements(node, given)
    flat = list(tensors_in(given))
    if elements is not None:
        texts = [_spread(source, e, v) for e, v in zip(elements, given, strict=True)]
        text = f"[{', '.join(texts)}]"
        only = given[0] if len(given) == 1 else None
        if isinstance(only, list) and not isinstance(elements[0], (ast.List, ast.Tuple)):
            text = source.text_of(elements[0])
        edits = [source.replace(node, text)]
    else:
        edits = _extended(source, node, given)
        text = f"keras.tree.flatten({source.text_of(node)})"
        if not edits:
            edits = [source.replace(node, text), *importing(source, text)]
    title = "put its tensors beside the others"
    operation = evidence.failing.operation if evidence.failing is not None else None
    if single and len(flat) == 1:
        name = source.name_of(flat[0])
        text = name if name is not None else f"{text}[0]"
        edits, title = [source.replace(node, text)], "give the tensor itself"
    elif single:
        if elements is None:
            edits = [source.replace(node, text), *importing(source, text)]
        joined = f"{mender.layer('Concatenate')}({text})"
        edits, title = [source.replace(node, joined), *edits[1:]], "join them first"

    def work(*stands: Any) -> Any:
        if operation is None:
            return source.value_of(call.func)(list(stands), **_named(source, call))
        copy = mender.trial.copied(operation)
        if single:
            return copy(stands[0] if len(stands) == 1 else layers.Concatenate()(list(stands)))
        return copy(list(stands))

    fix = mender.offer(title, edits, work, flat)
    return [fix] if fix is not None else []


def _named(source: Source, call: ast.Call) -> dict[str, Any]:
    named = {str(k.arg): source.value_of(k.value) for k in call.keywords}
    if len(call.args) > 1:
        named["axis"] = source.value_of(call.args[1])
    return named


def _spread(source: Source, node: ast.expr, value: Any) -> str:
    """An element of the list, with its brackets left out or a star before it."""
    text = source.text_of(node)
    if isinstance(value, dict):
        return f"*{text}.values()"
    if not isinstance(value, _LISTS):
        return text
    if isinstance(node, (ast.List, ast.Tuple)):
        return ", ".join(source.text_of(each) for each in node.elts)
    return f"*{text}"


def _extended(source: Source, node: ast.expr, given: Any) -> list[Edit]:
    """``xs.extend(more)`` where ``xs.append(more)`` put a list into the list."""
    if not isinstance(node, ast.Name):
        return []
    inner = [each for each in given if isinstance(each, _LISTS)]
    found = []
    for call in source.calls():
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr != "append" or not call.args:
            continue
        if source.value_of(function.value) is given and source.runs_once(call):
            value = source.value_of(call.args[0])
            if any(value is each for each in inner):
                *_, last, end = source.chars(function)
                found.append(Edit(last, end - len("append"), last, end, "extend"))
    return found if len(found) == len(inner) else []
