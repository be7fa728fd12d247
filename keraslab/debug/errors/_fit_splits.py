"""``validation_split`` of what cannot be split: batches, too few samples, no share."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from keraslab.debug._batch import gives_batches
from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._fit_case import FitCase, fit_case
from keraslab.debug._fit_trial import takes
from keraslab.debug._input_forms import input_misfit
from keraslab.debug._labels import label_misfit
from keraslab.debug._names import count
from keraslab.debug._pairing import as_array
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._fit_weights_written import keyword_of, without

_NAME = "validation_split"


@error_rule(
    "KL725",
    "split-of-no-arrays",
    origins=("trainers.data_adapters.array_slicing:train_validation_split",),
)
def split_of_no_arrays(rule: Rule, evidence: Evidence) -> Finding | None:
    """``validation_split`` with batches, with one sample, or that is no share."""
    case = fit_case(evidence, any_model=True)
    split = case.arguments.get(_NAME) if case is not None else None
    if case is None or not split or case.function != "fit":
        return None
    x, node = case.arguments.get("x"), case.argument("x")
    said = case.text(node, "x")
    keyword, source = keyword_of(case, _NAME), evidence.source
    place = source.place_of(keyword) if source is not None and keyword is not None else None
    if gives_batches(x):
        return rule.finding(
            f"{_NAME} cuts arrays in two, and {said} is a {_kind(x)}, which gives one batch after "
            "the other: validation_data takes the batches to validate with.",
            cause=Cause(_NAME, f"{said} cannot be cut by its samples", place=place),
            fixes=(*_by_batches(case, x, float(split)), *_dropped(case)),
        )
    if not isinstance(split, (int, float)):
        return rule.finding(
            f"{_NAME} is {split!r}; it takes a number between 0 and 1, the share of the samples.",
            cause=Cause(_NAME, f"{_NAME} is no number", place=place),
            fixes=tuple(_as_number(case, split)),
        )
    array = as_array(x[0] if isinstance(x, (list, tuple)) and x else x)
    if array is None or not array.ndim or "not sufficient" not in " ".join(evidence.text.split()):
        return None
    left = "learn from" if int(len(array) * (1 - split)) <= 0 else "validate with"
    return rule.finding(
        f"{_NAME}={split:g} leaves none of the {count(len(array), 'sample')} of {said} to {left}.",
        cause=Cause(
            _NAME,
            f"{_NAME} is no share between 0 and 1" if split >= 1 else f"{said} has too few samples",
            place=place,
        ),
        fixes=tuple(_dropped(case)),
    )


def _kind(x: Any) -> str:
    kind = type(x).__name__
    if hasattr(x, "element_spec"):
        return "tf.data.Dataset"
    return kind if any(letter.isupper() for letter in kind) else kind.replace("_", " ")


def _by_batches(case: FitCase, x: Any, split: float) -> Iterator[Fix]:
    """Some batches of a dataset of known length to validate with, and the others to learn from."""
    parts = _cut(x, split)
    node, keyword = case.argument("x"), keyword_of(case, _NAME)
    if parts is None:
        return
    first, said = parts, case.raw(node, "x")
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript, type(None))):
        said = f"({said})"
    fix = Fix(
        "split its batches (before any shuffle that mixes anew each epoch)",
        f"fit({said}.skip({first}), validation_data={said}.take({first}))",
        tried=_is_taken(case),
    )
    source = case.evidence.source
    if source is not None and node is not None and keyword is not None:
        edits = [
            source.replace(node, f"{said}.skip({first})"),
            source.replace(keyword, f"validation_data={said}.take({first})"),
        ]
        fix = case.fix(fix, source, [*edits])
    yield fix


def _cut(x: Any, split: float) -> int | None:
    """How many batches to validate with, where both parts are known to hold some."""
    if not (hasattr(x, "take") and hasattr(x, "skip") and hasattr(x, "cardinality")):
        return None
    try:
        batches = int(x.cardinality())
        first = max(1, round(batches * split))
        whole = batches > 1 and int(x.take(first).cardinality()) == first
        return first if whole and int(x.skip(first).cardinality()) > 0 else None
    except Exception:  # a dataset of another kind
        return None


def _is_taken(case: FitCase) -> bool:
    """Whether the model takes such batches: their structure, and the shapes of all parts."""
    if not case.readable or not case.given:
        return False
    data = case.given[0].data
    if not data.x.fits or data.y is None or not data.y.fits:
        return False
    if any(input_misfit(slot, slot.name, case.graph) is not None for slot in data.x.slots):
        return False
    for head, slot in zip(case.heads, data.y.slots, strict=True):
        assert slot.array is not None
        if head.loss is None or head.loss.name is None:
            return False
        if label_misfit(head, slot.array) is not None:
            return False
    return True


def _dropped(case: FitCase) -> Iterator[Fix]:
    """The call without the argument."""
    keyword, source = keyword_of(case, _NAME), case.evidence.source
    fix = Fix(f"leave {_NAME} out", f"{case.function}(...)  # without {_NAME}")
    if source is not None and keyword is not None:
        fix = case.fix(fix, source, [without(case, keyword)])
    if gives_batches(case.arguments.get("x")):
        yield replace(fix, tried=_is_taken(case))
    else:
        yield from _tried(case, fix, None)


def _as_number(case: FitCase, split: Any) -> Iterator[Fix]:
    try:
        number = float(split)
    except (TypeError, ValueError):
        return
    if not 0 < number < 1:
        return
    keyword, source = keyword_of(case, _NAME), case.evidence.source
    fix = Fix("give the share as a number", f"{_NAME}={number:g}")
    if source is not None and keyword is not None:
        fix = case.fix(fix, source, [source.replace(keyword, f"{_NAME}={number:g}")])
    yield from _tried(case, fix, number)


def _tried(case: FitCase, fix: Fix, split: float | None) -> Iterator[Fix]:
    """A change of the argument, where Keras takes the call with it."""
    works = takes(case, {**case.arguments, _NAME: split})
    if works is not False:
        yield replace(fix, tried=bool(works))
