"""``class_weight`` and ``sample_weight`` that Keras cannot use."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keraslab.debug._batch import gives_batches
from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._fit_case import FitCase, fit_case
from keraslab.debug._heads import Head
from keraslab.debug._names import count, listed
from keraslab.debug._pairing import as_array, is_numeric, sample_text
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._fit_weights_written import (
    By,
    in_structure,
    keyword_of,
    targets_as_outputs,
    tried,
    without,
)

_ADAPTER = "trainers.data_adapters.array_data_adapter:ArrayDataAdapter.__init__"
_WEIGHED = "losses.loss:reduce_weighted_values"
_ANY_DATA = "trainers.data_adapters:get_data_adapter"


@error_rule(
    "KL721",
    "class-weight-misused",
    origins=(
        _ADAPTER,
        _ANY_DATA,
        "trainers.data_adapters.data_adapter_utils:class_weight_to_sample_weights",
        "trainers.data_adapters.tf_dataset_adapter:*",
        "backend.*.trainer:*",
    ),
)
def class_weight_misused(rule: Rule, evidence: Evidence) -> Finding | None:
    """``class_weight`` for several outputs, beside ``sample_weight``, or that is no dict."""
    case = fit_case(evidence)
    given = case.arguments.get("class_weight") if case is not None else None
    if case is None or given is None or case.function not in ("fit", "train_on_batch"):
        return None
    if "class_weight" not in evidence.text and "class_weight" not in evidence.origin:
        return None
    if len(case.heads) > 1:
        return _several(rule, case, given)
    if case.arguments.get("sample_weight") is not None:
        return _both(rule, case, given)
    if not isinstance(given, Mapping):
        return _no_dict(rule, case, given)
    odd = [key for key in given if not isinstance(key, (int, np.integer))]
    if odd:
        return _say(
            rule,
            case,
            f"class_weight has the keys {listed(odd)}; it takes the numbers of the classes, "
            "from 0 on.",
            f"{odd[0]!r} is no class number",
        )
    if evidence.origin == _ANY_DATA:
        return _say(
            rule,
            case,
            f"class_weight cannot be given with {case.text(case.argument('x'), 'x')}, whose "
            "batches come ready made: they may hold a weight for each sample as their third part.",
            "the batches hold the weights themselves",
        )
    return None


def _say(rule: Rule, case: FitCase, message: str, cause: str, *fixes: Fix) -> Finding:
    """A finding about the argument, which is where the cause stands."""
    return rule.finding(
        message,
        cause=Cause("class_weight", cause, place=_place(case, "class_weight")),
        fixes=fixes,
    )


def _place(case: FitCase, name: str) -> Any:
    source, keyword = case.evidence.source, keyword_of(case, name)
    return source.place_of(keyword) if source is not None and keyword is not None else None


def _several(rule: Rule, case: FitCase, given: Any) -> Finding:
    names = [head.name for head in case.heads]
    return _say(
        rule,
        case,
        f"class_weight is for a model with one output, and this one has {len(names)}, "
        f"{listed(names)}: sample_weight takes a weight for each sample and output.",
        "class_weight does not say which output it is for",
        *_by_output(case, given),
    )


def _by_output(case: FitCase, given: Any) -> Iterator[Fix]:
    """``sample_weight`` for each output, made of its classes."""
    y, node = case.arguments.get("y"), case.argument("y")
    if not isinstance(given, Mapping) or node is None or not isinstance(y, (dict, list, tuple)):
        return
    held = case.argument("class_weight")
    written = case.raw(held, "class_weight")
    names: dict[str, Any] = {case.raw(node, "y"): y}
    texts, chosen = {}, []
    for head in case.heads:
        by = By.of(case, y, node, head)
        if by is None:
            return
        names[by.said] = by.array
        key = head.name if head.name in given else head.index
        inner, said = given.get(key), f"{written}[{key!r}]"
        if isinstance(inner, Mapping) and isinstance(held, ast.Dict):
            said = case.raw(held.values[list(given).index(key)], said)
        if isinstance(inner, Mapping) and by.is_classes:
            names[said] = inner
            texts[head.name] = by.weights(said)
        elif by.is_classes and _is_for(head, by.array, given):
            names[written] = given
            texts[head.name] = by.weights(written)
        else:
            texts[head.name] = by.ones()
            continue
        chosen.append(head.name)
    if not chosen:
        return
    text = in_structure(case, texts, y)
    title = f"weigh the samples of {listed(chosen)} by their classes"
    yield from _changed(case, "class_weight", title, {"sample_weight": text}, names)


def _is_for(head: Head, target: Any, given: Mapping[Any, Any]) -> bool:
    """Whether weights may be those of an output's classes."""
    if head.loss is None or not head.loss.is_classes or not target.size:
        return False
    one_hot = target.ndim > 1 and target.shape[-1] > 1
    classes = target.shape[-1] if one_hot else int(target.max()) + 1
    return all(isinstance(key, (int, np.integer)) and 0 <= key < classes for key in given)


def _both(rule: Rule, case: FitCase, given: Any) -> Finding:
    source, mine = case.evidence.source, keyword_of(case, "class_weight")
    other, y, node = keyword_of(case, "sample_weight"), case.arguments.get("y"), case.argument("y")
    fixes: list[Fix] = []
    by = By.of(case, y, node, case.heads[0])
    if by is not None and isinstance(given, Mapping) and by.is_classes:
        written = case.raw(case.argument("class_weight"), "class_weight")
        held = case.raw(case.argument("sample_weight"), "sample_weight")
        text = f"{held} * {by.weights(written)}"
        fix = Fix("multiply the two", f"sample_weight={text}")
        if source is not None and mine is not None and other is not None and case.has_names("np"):
            edits = [source.replace(other, f"sample_weight={text}"), without(case, mine)]
            fix = case.fix(fix, source, [*edits])
        names = {written: given, held: case.arguments.get("sample_weight"), by.said: by.array}
        fixes += tried(case, fix, {"sample_weight": text}, names)
    return _say(
        rule,
        case,
        "class_weight and sample_weight are both given, and Keras takes one of them.",
        "what class_weight says can be part of sample_weight",
        *fixes,
    )


def _no_dict(rule: Rule, case: FitCase, given: Any) -> Finding:
    source, node = case.evidence.source, case.argument("class_weight")
    written = case.raw(node, "class_weight")
    what = f"is {given!r}" if isinstance(given, str) else f"is of type {type(given).__name__}"
    fixes: list[Fix] = []
    text = None
    array = as_array(given)
    if array is not None and array.ndim == 1 and is_numeric(array):
        text, title = f"dict(enumerate({written}))", "number the weights"
    elif given == "balanced":
        by = By.of(case, case.arguments.get("y"), case.argument("y"), case.heads[0])
        text = by.balanced() if by is not None and by.is_classes else None
        title = "weigh each class by how rare it is"
    if text is not None:
        fix = Fix(title, f"class_weight={text}")
        edit = source.replace(node, text) if source is not None and node is not None else None
        if "np." not in text or case.has_names("np"):
            fix = case.fix(fix, source, [edit])
        names = {written: given, case.raw(case.argument("y"), "y"): case.arguments.get("y")}
        fixes += tried(case, fix, {"class_weight": text}, names)
    return _say(
        rule,
        case,
        f"class_weight {what}; it takes a dict from class number to weight, such as "
        "{0: 1.0, 1: 5.0}.",
        "class_weight is no dict",
        *fixes,
    )


@error_rule(
    "KL722",
    "sample-weight-misused",
    origins=(
        _ADAPTER,
        _ANY_DATA,
        _WEIGHED,
        "utils.traceback_utils:*",
        "trainers.compile_utils:CompileLoss.call*",
    ),
)
def sample_weight_misused(rule: Rule, evidence: Evidence) -> Finding | None:
    """``sample_weight`` in another structure than the outputs, in a shape of its own, or a list."""
    case = fit_case(evidence)
    given = case.arguments.get("sample_weight") if case is not None else None
    if case is None or given is None or gives_batches(case.arguments.get("x")):
        return None
    if case.arguments.get("class_weight") is not None:
        return None
    y, node = case.arguments.get("y"), case.argument("sample_weight")
    said = case.text(node, "sample_weight")
    outputs = [head.name for head in case.heads]
    texts: dict[str, str] = {}
    title = ""
    if isinstance(given, Mapping) and len(outputs) == 1 and not set(given) & set(outputs):
        if not all(isinstance(key, (int, np.integer)) for key in given):
            return None
        texts, title = {"class_weight": case.raw(node, "weights")}, "give it as class_weight"
        message = f"{said} is a dict by class; sample_weight holds a weight for each sample."
        cause = f"{said} is what class_weight takes"
    elif isinstance(given, (list, tuple)) and given and np.ndim(given[0]) == 0:
        texts, title = {"sample_weight": f"np.array({case.raw(node, 'w')})"}, "make it an array"
        message = f"{said} is a list of plain numbers; Keras wants one array."
        cause = f"{said} is no array"
    elif len(outputs) > 1 and isinstance(given, (Mapping, list, tuple)):
        if evidence.origin == _ANY_DATA or not isinstance(y, (dict, list, tuple)):
            return None
        kind = "dict" if case.heads[0].key is not None else "list"
        if _same(given, y) and isinstance(y, Mapping) == (kind == "dict"):
            return None
        verb = (
            f"has {listed(given)}"
            if isinstance(given, Mapping)
            else f"holds {count(len(given), 'array')}"
        )
        form = f"a dict with {listed(y)}" if isinstance(y, Mapping) else f"a list of {len(y)}"
        message = f"{said} {verb}, but the targets are {form}: each needs its own weights."
        if _same(given, y):
            message = (
                f"The outputs of the model are a {kind}, and y and {said} are not: with weights, "
                "Keras looks for both as it finds the outputs."
            )
        cause = f"{said} is not built as the outputs are"
        weights = _as_outputs(case, given, y)
        if weights is not None:
            texts, title = {"sample_weight": weights}, "give each output its weights"
    else:
        array = as_array(given)
        if array is None or array.ndim < 2:
            return None
        if evidence.origin != _ADAPTER and not _has_too_many_axes(case, evidence, array):
            return None
        message = f"{said} is {sample_text(array)}, and "
        if evidence.origin == _ADAPTER:
            message += (
                f"the model has {count(len(outputs), 'output')}, {listed(outputs)}: one array "
                f"holds one weight for each sample, {len(array)}."
            )
            columns = _columns(case, array, y)
            if columns is not None:
                texts, title = {"sample_weight": columns}, "give each output its column"
        else:
            message += f"the loss has one value for each sample, {len(array)}, to weigh."
        cause = f"{said} has {'an axis' if array.ndim == 2 else 'axes'} too many"
    names = {case.raw(node, "w"): given}
    return rule.finding(
        message,
        cause=Cause("sample_weight", cause, place=_place(case, "sample_weight")),
        fixes=tuple(_changed(case, "sample_weight", title, texts, names)) if texts else (),
    )


def _has_too_many_axes(case: FitCase, evidence: Evidence, array: Any) -> bool:
    """Whether weights have more axes than the values of the loss that they weigh."""
    # What is compiled leaves no frames of Keras, but says so.
    if "ncompatible shapes" not in evidence.text and evidence.came_through(_WEIGHED) is None:
        return False
    axes = max(len(case.heads[0].spec.shape) - 1, 1)
    return len(case.heads) == 1 and array.ndim > axes and array.shape[-1] != 1


def _same(given: Any, y: Any) -> bool:
    """Whether weights and targets are built in the same way."""
    if isinstance(given, Mapping) or isinstance(y, Mapping):
        both = isinstance(given, Mapping) and isinstance(y, Mapping)
        return both and set(given) == set(y)
    return type(given) is type(y) and len(given) == len(y)


def _changed(
    case: FitCase, name: str, title: str, texts: dict[str, str], names: dict[str, Any]
) -> Iterator[Fix]:
    """The arguments as they should be written; with weights by output, the targets as well."""
    keyword, source = keyword_of(case, name), case.evidence.source
    y, node = case.arguments.get("y"), case.argument("y")
    names = names | {case.raw(node, "y"): y}
    given, held = case.arguments.get(name), case.argument(name)
    if isinstance(held, (ast.Dict, ast.List, ast.Tuple)):
        parts = held.values if isinstance(held, ast.Dict) else held.elts
        values = given.values() if isinstance(given, Mapping) else given
        names |= {
            case.raw(part, ""): value for part, value in zip(parts, values or (), strict=False)
        }
    for head in case.heads:
        by = By.of(case, y, node, head)
        names |= {by.said: by.array} if by is not None else {}
    (argument, text), *_ = texts.items()
    edits: list[Edit | None] = [None]
    if keyword is not None and source is not None and case.has_names(text):
        edits = [source.replace(keyword, f"{argument}={text}")]
    if len(case.heads) > 1 and (targets := targets_as_outputs(case)) is not None:
        texts = {"y": targets, **texts}
        edits.append(source.replace(node, targets) if source is not None and node else None)
    fix = Fix(title, "\n".join(f"{each}={written}" for each, written in texts.items()))
    yield from tried(case, case.fix(fix, source, edits), texts, names)


def _as_outputs(case: FitCase, given: Any, y: Any) -> str | None:
    """Weights in the structure of the outputs, as code; 1 for outputs that were given none."""
    node, target = case.argument("sample_weight"), case.argument("y")
    held: dict[str, str] = {}
    order = [head.name for head in case.heads]
    names = list(given) if isinstance(given, Mapping) else order[: len(given)]
    if not set(names) <= set(order) or len(given) > len(order):
        return None
    for index, name in enumerate(names):
        key = name if isinstance(given, Mapping) else index
        held[name] = f"{case.raw(node, 'w')}[{key!r}]"
        if isinstance(node, ast.Dict) and len(node.keys) == len(names):
            held[name] = case.raw(node.values[index], held[name])
        elif isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) == len(names):
            held[name] = case.raw(node.elts[index], held[name])
    for head in case.heads:
        by = By.of(case, y, target, head)
        if by is None:
            return None
        held.setdefault(head.name, by.ones())
    return in_structure(case, held, y)


def _columns(case: FitCase, array: Any, y: Any) -> str | None:
    """The columns of a table of weights, one for each output."""
    if array.ndim != 2 or array.shape[1] != len(case.heads):
        return None
    node = case.argument("sample_weight")
    said = case.raw(node, "w")
    said = said if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) else f"({said})"
    return in_structure(case, {h.name: f"{said}[:, {h.index}]" for h in case.heads}, y)
