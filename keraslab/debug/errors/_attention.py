"""Attention layers called with too few tensors, or with tensors that do not fit."""

from __future__ import annotations

import ast
from typing import Any

from keras import layers

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Edit, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rules import Rule, error_rule
from keraslab.graph import keras_internals

_DOT = (layers.Attention, layers.AdditiveAttention)
_MANY = (layers.MultiHeadAttention, layers.GroupQueryAttention)

_CALLS = (
    "layers.attention.attention:*",
    "layers.attention.additive_attention:*",
    "layers.attention.multi_head_attention:*",
    "layers.attention.grouped_query_attention:*",
)


@error_rule(
    "KL611",
    "attention-without-partner",
    origins=(*_CALLS, "utils.traceback_utils:*"),
)
def attention_without_partner(rule: Rule, evidence: Evidence) -> Finding | None:
    """An attention layer called with one tensor, or in the form of the other kind."""
    failing = evidence.failing
    if failing is None or not isinstance(failing.operation, _DOT + _MANY) or not evidence.tensors:
        return None
    operation, args = failing.operation, failing.args
    in_list = len(args) > 0 and isinstance(args[0], (list, tuple))
    tensors = list(args[0]) if in_list else [a for a in args if hasattr(a, "shape")]
    listed = isinstance(operation, _DOT)
    right_form = in_list if listed else not in_list
    if right_form and len(tensors) > 1:
        return None
    unique = list({id(each): each for each in tensors}.values())
    names = [evidence.says(each) for each in unique]
    name = type(operation).__name__
    wanted = "one list, [query, value]" if listed else "two tensors, (query, value)"
    if len(tensors) == 1:
        message = f"{name} looks from one tensor into another, {wanted}, and got {names[0]} alone."
    else:
        got = "tensors one by one" if listed else "a list"
        message = f"{name} takes {wanted}, and got {got}."
    if len(tensors) == 1:
        title = "let it look into itself (self-attention)"
    else:
        title = "put them into a list" if listed else "give them one by one"
    fix = _in_form(Mender(evidence), title, tensors, listed)
    return rule.finding(
        message,
        cause=evidence.cause(operation, f"{operation.name!r} is called in another form"),
        fixes=(fix,) if fix else (),
    )


def _in_form(mender: Mender, title: str, tensors: list[Any], listed: bool) -> Fix | None:
    """The call with its tensors in the form that the layer takes."""
    evidence = mender.evidence
    source = evidence.source
    assert evidence.failing is not None
    whole = tensors * 2 if len(tensors) == 1 else tensors[:3]
    edits: list[Edit | None] = [None]
    node = source.node if source is not None else None
    if source is not None and isinstance(node, ast.Call) and node.args:
        first, *_ = node.args
        inner = first.elts if isinstance(first, (ast.List, ast.Tuple)) else node.args
        if len(inner) == len(tensors) and not any(isinstance(e, ast.Starred) for e in inner):
            texts = [source.text_of(each) for each in inner]
            if len(texts) == 1:
                texts *= 2
            text = ", ".join(texts[:3])
            line, column, *_ = source.chars(node.args[0])
            *_, last, end = source.chars(node.args[-1])
            edits = [Edit(line, column, last, end, f"[{text}]" if listed else text)]

    def work(*stands: Any) -> Any:
        table = {id(t): s for t, s in zip(evidence.tensors, stands, strict=True)}
        given = [table[id(each)] for each in whole]
        copy = mender.trial.copied(evidence.failing.operation)  # type: ignore[union-attr]
        return copy(given) if listed else copy(*given)

    names = ", ".join(evidence.name_of(each) or "x" for each in whole)
    return mender.offer(
        title, edits, work, code=f"(...)([{names}])" if listed else f"(...)({names})"
    )


@error_rule("KL612", "keys-and-values-of-other-length", origins=_CALLS)
def other_keys(rule: Rule, evidence: Evidence) -> Finding | None:
    """Keys that are not as many as the values."""
    failing = evidence.failing
    if failing is None or not isinstance(failing.operation, _MANY) or len(failing.args) < 3:
        return None
    value, key = failing.args[1], failing.args[2]
    if not hasattr(key, "shape") or tuple(value.shape[1:-1]) == tuple(key.shape[1:-1]):
        return None
    mender, source = Mender(evidence), evidence.source
    edits: list[Edit | None] = [None]
    nodes = [evidence.expression_of(each) for each in (value, key)]
    if source is not None and None not in nodes:
        edits = [source.replace(nodes[1], source.text_of(nodes[0]))]  # type: ignore[arg-type]
    names = evidence.says(value), evidence.says(key)
    query = failing.args[0]

    def work(*stands: Any) -> Any:
        table = {id(t): s for t, s in zip(evidence.tensors, stands, strict=True)}
        copy = mender.trial.copied(failing.operation)
        return copy(table[id(query)], table[id(value)], table[id(value)])

    fix = mender.offer(
        f"use {names[0]} for the keys too", edits, work, code=f"(..., {names[0]}, {names[0]})"
    )
    return rule.finding(
        f"Each value has one key, and the values {names[0]} ({shape_text(value.shape)}) are not as "
        f"many as the keys {names[1]} ({shape_text(key.shape)}).",
        cause=evidence.cause(
            _maker(key) or failing.operation, f"the keys {names[1]} are {shape_text(key.shape)}"
        ),
        fixes=(fix,) if fix else (),
    )


def _maker(tensor: Any) -> Any | None:
    node = keras_internals.node_of(tensor)
    return keras_internals.operation_of(node) if node is not None else None


@error_rule("KL613", "mask-of-other-form", origins=_CALLS)
def other_mask(rule: Rule, evidence: Evidence) -> Finding | None:
    """A mask that is not one per tensor of an attention layer."""
    failing = evidence.failing
    if failing is None or not isinstance(failing.operation, _DOT):
        return None
    mask, first = failing.kwargs.get("mask"), failing.args[0] if failing.args else None
    if mask is None or not isinstance(first, (list, tuple)) or len(first) not in (2, 3):
        return None
    flat = mask[0] if isinstance(mask, (list, tuple)) and len(mask) == 1 else mask
    if not hasattr(flat, "shape"):
        return None
    mender, source = Mender(evidence), evidence.source
    fix = None
    node = source.node if source is not None else None
    held = (
        next((k.value for k in node.keywords if k.arg == "mask"), None)
        if isinstance(node, ast.Call)
        else None
    )
    written = held.elts[0] if isinstance(held, (ast.List, ast.Tuple)) and held.elts else held
    if source is not None and held is not None and written is not None:
        text = source.text_of(written)
        if len(flat.shape) == 2:
            fix = mender.offer(
                "give it as the mask of the values",
                [source.replace(held, f"[None, {text}]")],
                lambda *stands: mender.trial.copied(failing.operation)(
                    list(stands[: len(first)]), mask=[None, stands[-1]]
                ),
            )
        elif isinstance(node, ast.Call) and len(flat.shape) == 3:
            fix = _many_headed(mender, node, first, text)
    rank = len(flat.shape)
    return rule.finding(
        f"{type(failing.operation).__name__} takes a list of masks, one of ? × steps for "
        f"each tensor, "
        f"and got {evidence.says(flat)} of {rank} axes ({shape_text(flat.shape)}).",
        cause=evidence.cause(
            _maker(flat) or failing.operation,
            f"{evidence.says(flat)} is {shape_text(flat.shape)}, which is no list of masks",
        ),
        fixes=(fix,) if fix else (),
    )


def _many_headed(mender: Mender, node: ast.Call, tensors: Any, mask: str) -> Fix | None:
    """An attention of one head, which takes a mask for each pair of steps."""
    evidence, source = mender.evidence, mender.evidence.source
    first = node.args[0] if node.args else None
    if source is None or not isinstance(first, (ast.List, ast.Tuple)):
        return None
    width = tensors[0].shape[-1]
    layer = mender.layer("MultiHeadAttention", f"1, {width}")
    given = ", ".join(source.text_of(each) for each in first.elts)
    order = {id(t): i for i, t in enumerate(evidence.tensors)}

    def work(*stands: Any) -> Any:
        copy = layers.MultiHeadAttention(1, width)
        return copy(*[stands[order[id(t)]] for t in tensors], attention_mask=stands[-1])

    return mender.offer(
        "use an attention that takes a mask for each pair of steps",
        [source.replace(node, f"{layer}({given}, attention_mask={mask})")],
        work,
    )
