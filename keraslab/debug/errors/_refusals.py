"""Settings that a layer refuses when it is made, or that exclude each other."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Mapping
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug.errors._constructors import _constructor
from keraslab.debug.errors._rewriting import plain_fix, rewritten


def _written(evidence: Evidence, call: ast.Call, kind: Any) -> dict[str, tuple[ast.expr, Any]]:
    """The settings of a layer as they are written, with their values where these are known."""
    source = evidence.source
    assert source is not None
    names = [n for n in inspect.signature(kind.__init__).parameters if n != "self"]
    nodes = dict(zip(names, call.args, strict=False))
    nodes |= {k.arg: k.value for k in call.keywords if k.arg is not None}
    replay = Replay(source, evidence.sources[1:])
    return {name: (node, replay.value(node)) for name, node in nodes.items()}


def _name(call: ast.Call, kind: Any) -> str:
    """The name that a layer was to get, or its class."""
    held = next((k.value for k in call.keywords if k.arg == "name"), None)
    given = held.value if isinstance(held, ast.Constant) else None
    return given if isinstance(given, str) else str(kind.__name__)


def _refused(
    evidence: Evidence, kinds: tuple[type, ...] = (keras.Layer,)
) -> tuple[Source, ast.Call, Any, Mapping[str, tuple[ast.expr, Any]]] | None:
    source = evidence.source
    call, kind = _constructor(evidence)
    if source is None or call is None or kind is None or not issubclass(kind, kinds):
        return None
    return source, call, kind, _written(evidence, call, kind)


@error_rule(
    "KL516", "permute-counts-from-one", origins=("layers.reshaping.permute:Permute.__init__",)
)
def permute_counts(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Permute((0, 2, 1))``, which counts the batch, or names an axis twice."""
    found = _refused(evidence, (keras.layers.Permute,))
    if found is None or "dims" not in found[3]:
        return None
    source, call, kind, written = found
    node, dims = written["dims"]
    if not isinstance(dims, (list, tuple)) or not all(isinstance(d, int) for d in dims):
        return None
    said, many = _name(call, kind), len(dims)
    other: list[tuple[int, ...]] = []
    if sorted(dims) == list(range(many)) and dims[0] == 0:
        why = "0 stands for the batch, which Permute leaves where it is"
        other.append(tuple(dims[1:]))
    elif len(set(dims)) == many:
        why = "it counts the axes from 1, without the batch"
        ranked = sorted(d if d >= 0 else d + 100 for d in dims)
        other.append(tuple(ranked.index(d if d >= 0 else d + 100) + 1 for d in dims))
    else:
        why = "an axis stands in it twice"
        missing = [d for d in range(1, many + 1) if d not in dims]
        if len(missing) == 1:
            twice = next(i for i, d in enumerate(dims) if d in dims[:i])
            other.append((*dims[:twice], missing[0], *dims[twice + 1 :]))
    fixes = [
        rewritten(evidence, f"count from 1: {each!r}", node, repr(each)) for each in other if each
    ]
    return rule.finding(
        f"{said!r} cannot put the axes in the order {source.text_of(node)}: {why}.",
        cause=Cause(said, f"{source.text_of(node)}: {why}", place=source.place_of(call)),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL517", "settings-exclude-each-other", origins=("layers.convolutional.*:*.__init__",))
def settings_exclude(rule: Rule, evidence: Evidence) -> Finding | None:
    """Strides with a dilation, filters that do not divide into the groups."""
    found = _refused(evidence)
    if found is None:
        return None
    source, call, kind, written = found
    said = _name(call, kind)

    def larger(name: str) -> bool:
        value = written[name][1] if name in written else 1
        sizes = value if isinstance(value, (list, tuple)) else [value]
        return any(isinstance(each, int) and each > 1 for each in sizes)

    fixes: list[Fix | None] = []
    if larger("strides") and larger("dilation_rate"):
        one, two = (source.text_of(written[n][0]) for n in ("strides", "dilation_rate"))
        message = f"{said!r} can either skip positions (strides={one}) or spread its kernel "
        message += f"(dilation_rate={two}), not both at once."
        why = f"strides={one} and dilation_rate={two}"
        for name, title in (("strides", "keep the dilation"), ("dilation_rate", "keep strides")):
            fixes.append(rewritten(evidence, title, written[name][0], "1"))
    elif (sizes := _sizes(written)) is not None and sizes[0] % sizes[1]:
        filters, groups = sizes
        message = f"{said!r} has {filters} filters in {groups} groups, and {filters} cannot be "
        message += f"divided by {groups}."
        why = f"filters={filters} and groups={groups}"
        up = groups * math.ceil(filters / groups)
        fixes.append(rewritten(evidence, f"make it {up} filters", written["filters"][0], str(up)))
        common = str(math.gcd(filters, groups))
        fixes.append(rewritten(evidence, f"use {common} groups", written["groups"][0], common))
    elif "output_padding" in written and "output_padding" in evidence.text:
        given = source.text_of(written["output_padding"][0])
        message = f"{said!r} adds {given} at the end (output_padding), and that must be less than "
        message += "its strides."
        why = f"output_padding={given}"
        node = written["output_padding"][0]
        strides = written["strides"][1] if "strides" in written else 1
        if isinstance(strides, int):
            fixes.append(rewritten(evidence, f"add {strides - 1}", node, str(strides - 1)))
    else:
        return None
    return rule.finding(
        message,
        cause=Cause(said, why, place=source.place_of(call)),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _sizes(written: Mapping[str, tuple[ast.expr, Any]]) -> tuple[int, int] | None:
    if "filters" not in written or "groups" not in written:
        return None
    filters, groups = written["filters"][1], written["groups"][1]
    whole = isinstance(filters, int) and isinstance(groups, int) and groups > 1
    return (filters, groups) if whole else None


@error_rule("KL518", "padding-is-a-word")
def padding_is_a_word(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Conv2D(8, 3, padding=1)``, as other libraries write it."""
    source, failing = evidence.source, evidence.failing
    if source is None or "pad" not in f"{evidence.origin} {evidence.text}":
        return None
    call: Any
    call, kind = _constructor(evidence)
    if call is None and failing is not None and hasattr(failing.operation, "padding"):
        made = evidence.made_at(failing.operation)
        kind = type(failing.operation)
        if made is None or made[0].file != source.file:
            return None
        call = made[1]
    if call is None or not (kind.__name__.find("Conv") >= 0 or "Pooling" in kind.__name__):
        return None
    held = _written(evidence, call, kind).get("padding")
    if held is None or isinstance(held[1], str) or held[1] is UNKNOWN:
        return None
    node, value = held
    word = "same" if value else "valid"
    said = source.text_of(node)
    fix = plain_fix(source, f'write padding="{word}"', node, f'"{word}"')
    name = _name(call, kind)
    return rule.finding(
        f'The padding of {name!r} is "valid" (none) or "same" (as much as keeps the size), not '
        f"{said}.",
        cause=Cause(name, f"padding={said}", place=source.place_of(call)),
        fixes=(fix,),
    )


@error_rule("KL519", "size-not-whole", origins=("backend.common.variables:standardize_shape",))
def size_not_whole(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Conv2D(n / 2, 3)``: half of a whole number is a fraction in Python."""
    source, failing = evidence.source, evidence.failing
    made = evidence.made_at(failing.operation) if failing is not None else None
    if source is None or failing is None or made is None or made[0].file != source.file:
        return None
    operation, call = failing.operation, made[1]
    for name, (node, _) in _written(evidence, call, type(operation)).items():
        value = getattr(operation, name, None)
        if not isinstance(value, float):
            continue
        text = source.text_of(node)
        halved = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        new = f"int({text})"
        if isinstance(node, ast.BinOp) and halved:
            new = f"{source.text_of(node.left)} // {source.text_of(node.right)}"
        fix = plain_fix(source, "make it a whole number", node, new)
        return rule.finding(
            f"{operation.name!r} cannot have {value} {name}: / gives a fraction, and // a whole "
            "number."
            if halved
            else f"{operation.name!r} cannot have {value} {name}: that is no whole number.",
            cause=evidence.cause(operation, f"{name} is {text}, which is {value}"),
            fixes=(fix,),
        )
    return None


@error_rule("KL606", "no-layer-for-two-directions")
def two_directions(rule: Rule, evidence: Evidence) -> Finding | None:
    """``Bidirectional(Dense(4))``: a layer that does not work through steps."""
    found = _refused(evidence, (keras.layers.Bidirectional,))
    if found is None or not evidence.origin:
        return None
    source, call, _, written = found
    held = written.get("layer")
    inner = held[0] if held is not None else None
    kind = source.value_of(inner.func) if isinstance(inner, ast.Call) else None
    if inner is None or not inspect.isclass(kind) or issubclass(kind, keras.layers.RNN):
        return None
    if not issubclass(kind, keras.Layer) or "Bidirectional" in kind.__name__:
        return None
    fix = rewritten(evidence, f"use the {kind.__name__} by itself", call, source.text_of(inner))
    return rule.finding(
        f"Bidirectional reads a sequence forwards and backwards, and {kind.__name__} does not "
        "work through steps.",
        cause=Cause(kind.__name__, "it has no direction", place=source.place_of(call)),
        fixes=(fix,) if fix is not None else (),
    )
