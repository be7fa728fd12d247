"""Batches of a generator or dataset of one's own that are not built as the model is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._fit_case import LEARNING, FitCase, fit_case
from keraslab.debug._fit_trial import takes
from keraslab.debug._names import closest, count, listed
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN
from keraslab.debug.errors._fit_yields import Given, given_by

_SPEC = "layers.input_spec:assert_input_compatibility"
_TARGETS = "trainers.compile_utils:CompileLoss."
Built = dict[str, list[ast.expr]]
"""The parts of a batch: ``x``, ``y`` and ``sample_weight``, each with its arrays."""


@error_rule(
    "KL724",
    "batch-structure",
    origins=(
        _SPEC,
        f"{_TARGETS}*",
        "trainers.data_adapters.generator_data_adapter:GeneratorDataAdapter.__init__",
        "trainers.data_adapters.py_dataset_adapter:PyDatasetAdapter._standardize_batch",
        "trainers.data_adapters.data_adapter_utils:unpack_x_y_sample_weight",
        "utils.traceback_utils:*",
    ),
)
def batch_structure(rule: Rule, evidence: Evidence) -> Finding | None:
    """A generator that yields ``a, b, y`` for a model with two inputs, and the like."""
    case = fit_case(evidence)
    given = given_by(case) if case is not None else None
    if case is None or given is None:
        return None
    if evidence.origin.startswith("utils.") and "output_signature" not in evidence.text:
        return None
    said = _said(case, given, evidence)
    if said is None:
        return None
    message, cause, built = said
    place = given.source.place_of(given.node)
    at = replace(place, function=None if given.function == "the generator" else place.function)
    return rule.finding(
        message,
        cause=Cause(given.function, cause, place=at),
        fixes=tuple(_fixes(case, given, built)),
    )


def _said(case: FitCase, given: Given, evidence: Evidence) -> tuple[str, str, Built | None] | None:
    """What is wrong with a batch, why, and its parts as they should be; None for nothing."""
    names = [case.graph.call_by_id[port.call].name for port in case.graph.inputs]
    keys = [port.key or name for port, name in zip(case.graph.inputs, names, strict=True)]
    outputs = [head.name for head in case.heads]
    has = f"the model has {count(len(names), 'input')}, {listed(keys)}"
    node, who = given.node, f"{given.function} {given.verb}"
    learns = case.function in LEARNING
    if isinstance(node, ast.Dict):
        held = _by_name(node)
        if given.verb == "returns" or not set(keys) <= set(held):
            return None
        rest = [value for key, value in held.items() if key not in keys]
        built = {"x": [held[key] for key in keys]}
        if learns and len(rest) == len(outputs):
            built["y"] = rest
        return (
            f"{who} a dict by itself; a batch is a tuple, (x, y): the inputs, then the targets.",
            "a batch is a tuple",
            built if learns == ("y" in built) else None,
        )
    if not isinstance(node, (ast.Tuple, ast.List)):
        if "must return a tuple" not in evidence.text:
            return None
        lacks = "(x, y): inputs and targets" if learns else "(x,): the inputs, and a comma"
        alone = None if learns or len(names) > 1 else {"x": [node]}
        return (
            f"{who} {given.text(node)} by itself; a batch is a tuple, {lacks}.",
            "no tuple",
            alone,
        )
    parts = node.elts
    if any(isinstance(each, ast.Starred) for each in ast.walk(node)):
        return None
    nested = [isinstance(each, (ast.Tuple, ast.List, ast.Dict)) for each in parts]
    wanted = len(names) + (len(outputs) if learns else 0)
    many = len(names) > 1 or (learns and len(outputs) > 1)
    received = _received(evidence)
    if many and not any(nested) and len(parts) > 1:
        # A variable may hold several arrays; what Keras met tells whether it did.
        values = [given.value(each) for each in parts]
        one = not any(isinstance(each, (tuple, list, dict)) for each in values)
        if evidence.origin.startswith(_TARGETS):
            known = all(each is not UNKNOWN for each in values)
            named = known and "can't be found in" in evidence.text
            one = one and len(names) == 1 and ("y_true: *" in evidence.text or named)
        else:
            one = one and received in (None, 1)
        return _loose(case, given, has, wanted) if one else None
    first = parts[0] if parts else None
    if isinstance(first, ast.Dict) and "Missing data for input" in evidence.text:
        held = _by_name(first)
        renamed = _renamed(held, keys)
        wrong = [key for key in held if key not in keys]
        return (
            f"{who} x under the names {listed(held)}, but {has}.",
            f"no input is called {wrong[0]!r}" if wrong else "an input is missing",
            {"x": renamed, **_rest(parts[1:])} if renamed is not None else None,
        )
    if any(isinstance(each, ast.List) for each in ast.walk(node)) and (
        evidence.origin != _SPEC and not evidence.origin.startswith(_TARGETS)
    ):
        flat = {"x": _arrays(first), **_rest(parts[1:])} if first is not None else None
        if not any(nested) and len(parts) not in (1, 2, 3):
            return None
        where = "a list" if isinstance(node, ast.List) else "a list in its batches"
        return (
            f"{who} {where}; Keras takes a batch, and what belongs together in it, as tuples.",
            "a list stands where a tuple is wanted",
            flat,
        )
    if received is not None and not isinstance(first, ast.Dict) and received != len(names):
        inside, built_x = _arrays(first), None
        if len(parts) == 1 and len(inside) == wanted:
            built_x = {"x": inside[: len(names)], "y": inside[len(names) :]}
        message = f"{who} x as {count(received, 'array')}, but {has}."
        return message, "x is not built as the inputs are", built_x
    return None


def _received(evidence: Evidence) -> int | None:
    """How many arrays were given to the inputs; None where it did not come so far."""
    step = evidence.came_through(_SPEC)
    return len(keras.tree.flatten(step.values.get("inputs"))) if step is not None else None


def _loose(
    case: FitCase, given: Given, has: str, wanted: int
) -> tuple[str, str, Built | None] | None:
    """Arrays one beside the other, where those of the inputs belong together."""
    assert isinstance(given.node, (ast.Tuple, ast.List))
    parts = given.node.elts
    inputs, outputs = len(case.graph.inputs), len(case.heads)
    if inputs == 1 and len(parts) == 2:  # x and one array of targets for several outputs
        return None
    roles = ["x", "the targets", "weights of the samples"]
    reads = [f"{given.text(each)} as {role}" for each, role in zip(parts, roles, strict=False)]
    shown = f"Keras reads {', '.join(reads[:-1])} and {reads[-1]}"
    shown = shown if len(parts) <= 3 else "a batch has at most 3 parts, x, y and weights"
    also = f", and {outputs} outputs" if outputs > 1 else ""
    message = (
        f"{given.function} {given.verb} {len(parts)} arrays side by side, and {shown}: {has}{also}."
    )
    built: Built | None = None
    if len(parts) in (wanted, wanted + 1) and wanted > inputs:
        built = {"x": parts[:inputs], "y": parts[inputs:wanted]}
        built |= {"sample_weight": parts[wanted:]} if len(parts) > wanted else {}
    elif len(parts) == inputs and wanted == inputs:
        built = {"x": list(parts)}
    elif len(parts) == inputs:
        message = f"{message[:-1]}, and the batch has no targets beside them."
    cause = "the inputs belong together in one tuple" if inputs > 1 else "so do the targets"
    if inputs == 1:
        cause = "the targets belong together in one tuple"
    return message, cause, built


def _by_name(node: ast.Dict) -> dict[str, ast.expr]:
    return {
        str(key.value): value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }


def _arrays(node: ast.expr | None) -> list[ast.expr]:
    if isinstance(node, (ast.Tuple, ast.List)):
        return list(node.elts)
    if isinstance(node, ast.Dict):
        return list(node.values)
    return [node] if node is not None else []


def _rest(parts: Sequence[ast.expr]) -> Built:
    return {name: _arrays(part) for name, part in zip(("y", "sample_weight"), parts, strict=False)}


def _renamed(held: dict[str, ast.expr], keys: Sequence[str]) -> list[ast.expr] | None:
    left = dict(held)
    found = []
    for key in keys:
        near = key if key in left else closest(key, [k for k in left if k not in keys])
        if near is None:
            return None
        found.append(left.pop(near))
    return found


def _fixes(case: FitCase, given: Given, built: Built | None) -> Iterator[Fix]:
    """The batch as it should be written, tried on the batch that was given last."""
    if built is None or len(built["x"]) != len(case.graph.inputs):
        return
    texts = [_text(given, built["x"], [port.key for port in case.graph.inputs])]
    if isinstance(given.node, ast.Tuple) and given.node.elts:
        first = given.node.elts[0]
        if isinstance(first, ast.Dict):  # names were used, and stay
            names = [case.graph.call_by_id[port.call].name for port in case.graph.inputs]
            texts = [_text(given, built["x"], names)]
    targets = built.get("y")
    if targets is not None:
        keys = [head.key for head in case.heads] if len(targets) == len(case.heads) else [None]
        texts.append(_text(given, targets, keys))
    if (weights := built.get("sample_weight")) is not None:
        texts.append(_text(given, weights, [None]))
    text = f"{', '.join(texts)}{',' if len(texts) == 1 else ''}"
    here = given.source.text_of(given.node)
    text = (
        f"({text})"
        if here.startswith("(")
        or given.source.chars(given.node)[0] != (given.source.chars(given.node)[2])
        else text
    )
    word = "yield" if given.verb == "yields" else "return"
    fix = Fix("put together what belongs together", f"{word} {text}")
    fix = case.fix(fix, given.source, [given.source.replace(given.node, text)])
    worked = _works(case, given, built)
    if worked is not False:
        yield replace(fix, tried=bool(worked))


def _text(given: Given, parts: Sequence[ast.expr], keys: Sequence[str | None]) -> str:
    if len(keys) == len(parts) and keys and keys[0] is not None:
        each = zip(keys, parts, strict=True)
        return f"{{{', '.join(f'{key!r}: {given.text(part)}' for key, part in each)}}}"
    texts = [given.text(part) for part in parts]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _works(case: FitCase, given: Given, built: Built) -> bool | None:
    """Whether the last batch can be trained with so; None where its values are not known."""
    arguments: dict[str, Any] = {}
    for name, parts in built.items():
        arrays = [given.value(part) for part in parts]
        if any(each is UNKNOWN or not hasattr(each, "shape") for each in arrays):
            return None
        ports = case.graph.inputs if name == "x" else case.heads
        keys = [each.key for each in ports]
        arguments[name] = tuple(arrays) if len(arrays) > 1 else arrays[0]
        if len(keys) == len(arrays) and keys[0] is not None:
            arguments[name] = dict(zip(keys, arrays, strict=True))
    return takes(case, arguments)
