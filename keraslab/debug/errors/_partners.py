"""Masks and states given to a layer beside its input, whose form does not fit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug._tensors import tensors_in
from keraslab.graph import keras_internals

_MANY = (layers.MultiHeadAttention, layers.GroupQueryAttention)


def _calls(evidence: Evidence) -> Iterator[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    """The calls of layers in the model that was trained or asked, with what they were given."""
    model: Any = evidence.training.operation if evidence.training is not None else None
    functional = keras_internals.functional_of(model) if model is not None else None
    for node in keras_internals.nodes_of(functional) if functional is not None else ():
        args, kwargs = keras_internals.arguments_of(node)
        yield keras_internals.operation_of(node), tuple(args), dict(kwargs)


def _written(evidence: Evidence, operation: Any, name: str) -> tuple[Source, ast.expr] | None:
    """An argument of a layer's call as it is written, where one such call is sure."""
    source = evidence.source
    if source is None:
        return None
    makers = source.makers_of(operation)
    found, every = [], []
    for call in source.calls():
        held = next((k.value for k in call.keywords if k.arg == name), None)
        ours = any(call.func is each for each in makers)
        every += [held] if held is not None else []
        if held is not None and (ours or source.value_of(call.func) is operation):
            found.append(held)
    found = found or every
    return (source, found[0]) if len(found) == 1 else None


def _plain(source: Source, title: str, edits: list[Edit]) -> Fix:
    fix = Fix(title, "", edits=tuple(edits))
    return Fix(title, changed_lines(source.text, fix), edits=fix.edits)


@error_rule("KL614", "mask-for-each-pair")
def mask_for_each_pair(rule: Rule, evidence: Evidence) -> Finding | None:
    """A mask of ``? × steps`` for an attention that takes one of ``? × steps × steps``."""
    for operation, args, kwargs in _calls(evidence):
        mask = kwargs.get("attention_mask")
        if not isinstance(operation, _MANY) or not isinstance(mask, keras.KerasTensor):
            continue
        if len(args) < 2 or not all(isinstance(each, keras.KerasTensor) for each in args[:2]):
            continue
        said = evidence.name_of(mask) or f"the result of {maker_of(mask).name!r}"
        found = _misfit(mask, said, args[0].shape[1], args[1].shape[1])
        if found is not None:
            message, why, suffix = found
            written = _written(evidence, operation, "attention_mask")
            fixes, place = [], None
            if written is not None:
                source, node = written
                place = source.place_of(node)
                if suffix:
                    text = source.text_of(node)
                    text = f"({text})" if isinstance(node, (ast.BinOp, ast.Compare)) else text
                    edit = source.replace(node, f"{text}{suffix}")
                    fixes.append(_plain(source, "hide the same steps from every step", [edit]))
            name = f"{operation.name!r} {message}"
            return rule.finding(
                name,
                cause=Cause(said, why, place=place),
                tensors=evidence.named((mask,)),
                fixes=tuple(fixes),
            )
    return _mask_inside(rule, evidence)


def _misfit(mask: Any, said: str, queries: Any, keys: Any) -> tuple[str, str, str] | None:
    shape = tuple(mask.shape)
    wanted = shape_text((None, queries, keys))
    message = (
        f"takes an attention_mask that says which step may look at which ({wanted}), and {said} is "
    )
    message += f"{shape_text(shape)}."
    if len(shape) == 2:
        suffix = "[:, None, :]" if shape[1] == keys or None in (shape[1], keys) else ""
        return message, f"{said} says only which steps are there", suffix
    if len(shape) == 3:
        pairs = zip(shape[1:], (queries, keys), strict=True)
        if all(a is None or b is None or a == b or a == 1 for a, b in pairs):
            return None
        return message, f"{said} is {shape_text(shape)}", ""
    return None


def _mask_inside(rule: Rule, evidence: Evidence) -> Finding | None:
    """The same in the call of a person's own layer."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, ast.Call):
        return None
    held = next((k.value for k in node.keywords if k.arg == "attention_mask"), None)
    if (
        held is None
        or not isinstance(source.value_of(node.func), _MANY)
        or "Logical" not in evidence.text
    ):
        return None
    mask = source.value_of(held)
    if len(getattr(mask, "shape", ())) != 2:
        return None
    text = source.text_of(held)
    edit = source.replace(held, f"{text}[:, None, :]")
    return rule.finding(
        "An attention takes an attention_mask that says which step may look at which "
        f"(? × steps × steps), and {text} is {shape_text(tuple(mask.shape))}.",
        cause=Cause(text, f"{text} says only which steps are there", place=source.place_of(held)),
        fixes=(_plain(source, "hide the same steps from every step", [edit]),),
    )


@error_rule("KL615", "state-of-other-form")
def state_of_other_form(rule: Rule, evidence: Evidence) -> Finding | None:
    """An ``initial_state`` of another width, or of more or fewer parts, than the layer keeps."""
    calls = list(_calls(evidence))
    applied = next(
        (
            a
            for a in reversed(evidence.applied)
            if isinstance(a.operation, (layers.RNN, layers.Bidirectional))
        ),
        None,
    )
    if applied is not None:
        calls.append((applied.operation, applied.args, dict(applied.kwargs)))
    for operation, _, kwargs in calls:
        states = list(tensors_in(kwargs.get("initial_state")))
        wanted = _kept(operation)
        if not states or wanted is None:
            continue
        found = _other_number(evidence, operation, states, wanted) or _other_width(
            evidence, operation, states, wanted
        )
        if found is not None:
            message, cause, fixes = found
            return rule.finding(
                message, cause=cause, tensors=evidence.named(tuple(states)), fixes=tuple(fixes)
            )
    return None


def _kept(operation: Any) -> list[int] | None:
    """How wide each state of a recurrent layer is."""
    if isinstance(operation, layers.Bidirectional):
        inner = _kept(operation.forward_layer)
        return inner * 2 if inner is not None else None
    if not isinstance(operation, (layers.LSTM, layers.GRU, layers.SimpleRNN)):
        return None
    return [int(operation.units)] * (2 if isinstance(operation, layers.LSTM) else 1)


def _other_number(
    evidence: Evidence, operation: Any, states: list[Any], wanted: list[int]
) -> tuple[str, Cause, list[Fix]] | None:
    if len(states) == len(wanted):
        return None
    written = _written(evidence, operation, "initial_state")
    fixes: list[Fix] = []
    place = None
    if written is not None:
        source, node = written
        place, text = source.place_of(node), source.text_of(node)
        new = None
        if isinstance(operation, layers.Bidirectional) and len(states) * 2 == len(wanted):
            one = (
                text if len(states) > 1 or isinstance(node, (ast.List, ast.Tuple)) else f"[{text}]"
            )
            new, title = f"{one} * 2", "start both directions from it"
        elif len(states) == 1:
            one = source.text_of(node.elts[0]) if isinstance(node, ast.List) else text
            new, title = f"[{one}, {one}]", "start both states from it"
        elif len(states) > len(wanted):
            parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
            kept = [source.text_of(each) for each in parts[: len(wanted)]]
            new = f"[{', '.join(kept)}]" if kept else f"{text}[:{len(wanted)}]"
            title = f"start from the first {len(wanted)}"
        if new is not None:
            fixes.append(_plain(source, title, [source.replace(node, new)]))
    many, word = len(wanted), "state" if len(wanted) == 1 else "states"
    kind = type(operation).__name__
    return (
        f"{operation.name!r} ({kind}) keeps {many} {word}, and initial_state gives it "
        f"{len(states)}.",
        Cause(operation.name, f"initial_state holds {len(states)} of {many}", place=place),
        fixes,
    )


def _other_width(
    evidence: Evidence, operation: Any, states: list[Any], wanted: list[int]
) -> tuple[str, Cause, list[Fix]] | None:
    wrong = [s for s, n in zip(states, wanted, strict=True) if s.shape[-1] not in (n, None)]
    if not wrong:
        return None
    state, width = wrong[0], wrong[0].shape[-1]
    made_by = f"the result of {maker_of(state).name!r}"
    held = evidence.name_of(state) or _held_as(evidence, operation, states, state)
    said = f"{held}, {made_by}," if held is not None else made_by
    source = evidence.source
    calls = source.makers_of(operation) if source is not None else []
    fixes, place = [], None
    if source is not None and len(calls) == 1:
        place = source.place_of(calls[0])
        if all(each.shape[-1] == width for each in states) and hasattr(operation, "units"):
            names = source.positions_of(calls[0], operation)
            edit = source.keyword(calls[0], "units", str(width), names)
            fixes.append(_plain(source, f"let {operation.name!r} keep {width} values", [edit]))
    return (
        f"A state of {operation.name!r} is {wanted[0]} values wide, and {said} is {width} wide "
        f"({shape_text(state.shape)}).",
        Cause(operation.name, f"{operation.name!r} keeps {wanted[0]} values", place=place),
        fixes,
    )


def _held_as(evidence: Evidence, operation: Any, states: list[Any], state: Any) -> str | None:
    """The variable that a state was given in, as it is written; None where that is not sure."""
    written = _written(evidence, operation, "initial_state")
    if written is None:
        return None
    source, node = written
    parts: list[ast.expr] = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    index = next(i for i, each in enumerate(states) if each is state)
    if len(parts) != len(states) or any(isinstance(each, ast.Starred) for each in parts):
        return source.text_of(node) if isinstance(node, ast.Name) else None
    named = isinstance(parts[index], (ast.Name, ast.Attribute, ast.Subscript))
    return source.text_of(parts[index]) if named else None
