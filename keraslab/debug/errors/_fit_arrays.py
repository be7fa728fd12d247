"""Arrays that do not fit the inputs: number, names, shape, dtype, ids, and their lengths."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from keraslab.debug._data_structure import lengths, lengths_sentence, structure_sentence, swapped
from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._fit_case import FitCase, Given, fit_case
from keraslab.debug._head_mends import layer_code
from keraslab.debug._input_forms import fits_shape, input_misfit, lookups_after
from keraslab.debug._misfit import Array, Misfit
from keraslab.debug._names import closest, count, listed
from keraslab.debug._pairing import Slot, as_array, is_numeric, part_of
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._as_trained import as_trained
from keraslab.debug.errors._fit_mapped import mapped
from keraslab.debug.errors._fit_order import other_order
from keraslab.debug.errors._fit_weights_written import weight_lengths
from keraslab.debug.errors._fit_words import declared_as_text
from keraslab.graph import what_if


@error_rule("KL702", "arrays-against-inputs")
def arrays_against_inputs(rule: Rule, evidence: Evidence) -> Finding | None:
    """More or fewer arrays than inputs, other names, or x and y in the wrong places."""
    case = fit_case(evidence)
    for given in case.given if case is not None else ():
        assert case is not None
        pairing, said = given.data.x, given.prefix + case.text(given.x_node, "x")
        if swapped(given.data):
            return _swapped(rule, case, given)
        found = structure_sentence(pairing, said, "input")
        if found is not None:
            wrong = pairing.unknown or pairing.missing or (said,)
            return rule.finding(
                f"{found[0]}",
                cause=Cause(wrong[0], found[1]),
                fixes=tuple(_ordered(case, given)),
            )
        if pairing.listed_for_dict and evidence.origin.startswith("models.functional:"):
            return _listed_for_dict(rule, case, given)
    return None


def _swapped(rule: Rule, case: FitCase, given: Given) -> Finding:
    x, y = case.text(given.x_node, "x"), case.text(given.y_node, "y")
    fix = Fix("swap them", f"{case.function}({y}, {x})")
    source = case.evidence.source
    if source is not None and given.x_node is not None and given.y_node is not None:
        first, second = source.text_of(given.x_node), source.text_of(given.y_node)
        edits = [source.replace(given.x_node, second), source.replace(given.y_node, first)]
        fix = case.fix(fix, source, [*edits])
    return rule.finding(
        f"{x} and {y} look swapped: {y} has the shape of the input, and {x} has not.",
        cause=Cause(x, "the inputs come first, then the targets"),
        fixes=(fix,),
        tensors=case.named(*_arrays(case, given)),
    )


def _ordered(case: FitCase, given: Given) -> Iterator[Fix]:
    """The arrays under the names of the inputs, where they can be told apart."""
    if given.unread:
        yield from mapped(case)
        return
    slots, x = given.data.x.slots, given.x
    source, node = case.evidence.source, given.x_node
    held = case.graph.inputs[0].key is not None
    if isinstance(x, dict):
        left = dict(x)
        pairs = []
        for slot in slots:
            key = slot.name if slot.name in left else _most_like(slot, left)
            if key is None:
                return
            pairs.append((slot, key))
            left.pop(key)
        text = _rewritten(case, node, x, pairs)
        if text is not None:
            yield case.written(Fix("use the names of the inputs", f"x = {text}"), node, text)
        return
    if isinstance(x, (list, tuple)) and len(slots) == 1 and len(x) == 2 and given.y is None:
        array = as_array(x[0])
        if array is not None and fits_shape(array, slots[0].spec.shape):
            text = _elements(case, node)
            code = f"{case.function}({text or 'x, y'})"
            fix = Fix("give inputs and targets one by one", code)
            if text is not None and node is not None and source is not None:
                fix = case.fix(fix, source, [source.replace(node, text)])
            elif node is not None and source is not None and isinstance(node, ast.Name):
                fix = case.fix(fix, source, [source.replace(node, f"*{node.id}")])
            yield fix
        return
    single = not isinstance(x, (list, tuple))
    array = as_array(x) if single else None
    if single and array is not None and case.evidence.source is not None:
        names = [_variable_like(case, slot, x) for slot in slots]
        if all(names) and len(set(names)) == len(names):
            words = [str(name) for name in names]
        elif all(fits_shape(array, slot.spec.shape) for slot in slots):
            words = [case.raw(node, "x")] * len(slots)
        else:
            more = as_trained(case, node, len(slots))
            yield from [more] if more is not None else []
            return
        text = (
            f"{{{', '.join(f'{s.name!r}: {w}' for s, w in zip(slots, words, strict=True))}}}"
            if held
            else f"[{', '.join(words)}]"
        )
        title = f"give {count(len(slots), 'array')}, one for each input"
        if len(set(words)) == 1:
            title = "give the same array to each input, if that is meant"
        yield case.written(Fix(title, f"x = {text}"), node, text)


def _most_like(slot: Slot, left: dict[str, Any]) -> str | None:
    near = closest(slot.name, [str(key) for key in left])
    if near is not None:
        return near
    fitting = []
    for key, value in left.items():
        array = as_array(value)
        if array is not None and fits_shape(array, slot.spec.shape):
            fitting.append(str(key))
    return fitting[0] if len(fitting) == 1 else None


def _rewritten(
    case: FitCase, node: ast.expr | None, x: dict[str, Any], pairs: list[tuple[Slot, str]]
) -> str | None:
    """A dict of arrays as it is written, with other keys."""
    source = case.evidence.source
    if isinstance(node, ast.Dict) and source is not None:
        texts = {
            key.value: source.text_of(value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        if set(texts) == set(x):
            each = [f"{slot.name!r}: {texts[key]}" for slot, key in pairs]
            return f"{{{', '.join(each)}}}"
    said = case.text(node, "x")
    each = [f"{slot.name!r}: {said}[{key!r}]" for slot, key in pairs]
    return f"{{{', '.join(each)}}}"


def _elements(case: FitCase, node: ast.expr | None) -> str | None:
    source = case.evidence.source
    if source is None or not isinstance(node, (ast.Tuple, ast.List)):
        return None
    return ", ".join(source.text_of(each) for each in node.elts)


def _variable_like(case: FitCase, slot: Slot, given: Any) -> str | None:
    """The person's variable that fits an input by its shape, and by its name if several do."""
    array = as_array(given)
    fitting = [
        name
        for name, value in case.variables.items()
        if isinstance(value, np.ndarray)
        and array is not None
        and fits_shape(value, slot.spec.shape)
        and len(value) == len(array)
    ]
    ending = [
        name
        for name in fitting
        if name.lower().endswith(slot.name.lower()) or slot.name.lower() in name.lower()
    ]
    if len(ending) == 1:
        return ending[0]
    return fitting[0] if len(fitting) == 1 else None


def _listed_for_dict(rule: Rule, case: FitCase, given: Given) -> Finding:
    slots, source, node = given.data.x.slots, case.evidence.source, given.x_node
    names = [slot.name for slot in slots]
    written = list(case.model.input) if isinstance(case.model.input, dict) else names
    words = [f"x[{i}]" for i in range(len(names))]
    if isinstance(node, (ast.List, ast.Tuple)) and source is not None:
        if len(node.elts) == len(names):
            words = [source.text_of(each) for each in node.elts]
    elif node is not None:
        words = [f"{case.raw(node, 'x')}[{i}]" for i in range(len(names))]
    text = f"{{{', '.join(f'{n!r}: {w}' for n, w in zip(written, words, strict=True))}}}"
    return rule.finding(
        f"The model was built with a dict of inputs, {listed(written)}; a list has no names, so "
        "there is no telling which array is which.",
        cause=Cause(case.text(node, "x"), f"the inputs are called {listed(written)}"),
        fixes=(case.written(Fix("give the arrays by name", f"x = {text}"), node, text),),
    )


@error_rule("KL709", "samples-differ")
def samples_differ(rule: Rule, evidence: Evidence) -> Finding | None:
    """Arrays with different numbers of samples."""
    case = fit_case(evidence)
    if case is None or "check_data_cardinality" not in evidence.origin:
        return None
    for given in case.given:
        found = lengths(given.data)
        if not given.prefix:
            found |= weight_lengths(case)
        named = {_word(case, given, said): number for said, number in found.items()}
        message = lengths_sentence(named if len(named) == len(found) else found)
        if message is None:
            continue
        sizes = list(named.values())
        odd = next((k for k, v in named.items() if sizes.count(v) == 1), next(iter(named)))
        return rule.finding(
            given.prefix + message,
            cause=Cause(odd, f"{odd} has {named[odd]:,} samples"),
            fixes=tuple(_cut(case, given, min(sizes))),
            tensors=case.named(*_arrays(case, given)),
        )
    return None


def _arrays(case: FitCase, given: Given) -> Iterator[tuple[str, Any]]:
    for side, pairing, node in (
        ("x", given.data.x, given.x_node),
        ("y", given.data.y, given.y_node),
    ):
        for slot in pairing.slots if pairing is not None else ():
            assert pairing is not None
            held = case.part(node, pairing, slot)
            yield case.text(held, side), slot.array


def _word(case: FitCase, given: Given, said: str) -> str:
    letter, _, name = said.partition(" for ")
    pairing = given.data.x if letter == "x" else given.data.y
    node = given.x_node if letter == "x" else given.y_node
    if letter not in ("x", "y") or pairing is None:
        return said
    slot = next((s for s in pairing.slots if repr(s.name) == name), pairing.slots[0])
    return case.text(case.part(node, pairing, slot), said)


def _cut(case: FitCase, given: Given, least: int) -> Iterator[Fix]:
    """Every array cut to the shortest; only where there is at least a sample."""
    source = case.evidence.source
    words, edits = [], []
    if case.arguments.get("sample_weight") is not None and not given.prefix:
        return
    for node, pairing in ((given.x_node, given.data.x), (given.y_node, given.data.y)):
        for slot in pairing.slots if pairing is not None else ():
            array = slot.array
            if array is None or len(array) == least or pairing is None:
                continue
            held = case.part(node, pairing, slot)
            said = case.text(held, slot.name)
            words.append(f"{said}[:{least}]")
            edits.append(
                source.replace(held, f"{source.text_of(held)}[:{least}]")
                if source is not None and held is not None
                else None
            )
    if words and least:
        fix = Fix("use the samples that all have, if they belong together", ", ".join(words))
        yield case.fix(fix, source, edits)


def _again(slot: Slot, said: str, graph: Any, array: Array) -> Misfit | None:
    return input_misfit(Slot(slot.name, slot.spec, slot.call, array), said, graph)


def _inputs(rule: Rule, evidence: Evidence, *kinds: str) -> Finding | None:
    case = fit_case(evidence)
    for given in case.given if case is not None else ():
        assert case is not None
        for slot in given.data.x.slots:
            node = case.part(given.x_node, given.data.x, slot)
            said = case.text(node, "x" if len(given.data.x.slots) == 1 else slot.name)
            misfit = input_misfit(slot, said, case.graph)
            if misfit is None or misfit.kind not in kinds or slot.array is None:
                continue
            own = [] if _one_of_many(given, misfit) else _mended(case, misfit, slot, node, said)
            fixes = [*declared_as_text(case, slot), *own, *_rows(case, slot)]
            fixes += _other_input(case, slot) if misfit.kind == "shape" else []
            order = [*other_order(case, given)]
            more = " In another order, all arrays fit." if order else ""
            return rule.finding(
                f"{given.prefix}{misfit.message}{more}",
                cause=Cause(said, misfit.cause, slot.call),
                fixes=tuple(order or fixes),
                tensors=case.named((said, slot.array)),
                graph=case.graph,
                calls=(slot.call,),
            )
    return None


def _one_of_many(given: Given, misfit: Misfit) -> bool:
    """Whether an array that lacks the batch's axis comes with targets for more than one sample."""
    slots = given.data.y.slots if given.data.y is not None else ()
    arrays = [slot.array for slot in slots if slot.array is not None and slot.array.ndim]
    return misfit.kind == "batch-axis" and any(len(array) != 1 for array in arrays)


def _mended(
    case: FitCase, misfit: Misfit, slot: Slot, node: ast.expr | None, said: str
) -> Iterator[Fix]:
    again = partial(_again, slot, said, case.graph)
    array = slot.array
    for mend in misfit.mends if array is not None else ():
        try:
            assert array is not None
            changed = np.asarray(mend.apply(array))
            if again(changed) is not None:
                continue
        except Exception:  # a change that fails is not offered
            continue
        fix = Fix(
            mend.title,
            f"{said} = {mend.code.format(said)}",
            " × ".join(map(str, changed.shape)),
            tried=True,
        )
        yield case.replacing(fix, node, mend.code)


def _rows(case: FitCase, slot: Slot) -> Iterator[Fix]:
    """An embedding with a row for every id."""
    array = slot.array
    if array is None or not is_numeric(array) or not array.size:
        return
    low, high = part_of(array).min(), part_of(array).max()
    for call in lookups_after(case.graph, slot.call):
        rows = call.config.get("input_dim")
        if not isinstance(rows, int) or low < 0 or high < rows:
            continue
        size = int(high) + 1
        fix = Fix(
            f"give {call.name!r} a row for each id",
            layer_code(call, input_dim=size),
            call.outputs[0].text,
            (size - rows) * int(call.config.get("output_dim", 0)),
        )
        made = case.evidence.made_at(call.operation)
        if made is not None:
            source, node = made
            names = list(inspect.signature(type(call.operation).__init__).parameters)[1:]
            fix = case.fix(fix, source, [source.keyword(node, "input_dim", repr(size), names)])
        yield fix


def _other_input(case: FitCase, slot: Slot) -> Iterator[Fix]:
    """An input of the array's shape, where the rest of the model fits together with it."""
    array = slot.array
    if array is None or array.ndim != len(slot.spec.shape) or array.ndim < 2:
        return
    name = case.graph.call_by_id[slot.call].name
    sizes = tuple(array.shape[1:])
    try:
        changed = what_if(case.graph, sizes={name: sizes})
    except Exception:  # the model has no use for that shape, or its weights stand against it
        changed = None
    made = case.evidence.made_at(case.graph.call_by_id[slot.call].operation)
    result = changed.outputs[0].spec.text if changed is not None else None
    if changed is None:
        return
    code = f"keras.Input({sizes!r}, name={name!r})"
    fix = Fix("declare the input in that shape", code, result, tried=True)
    if made is not None:
        source, node = made
        fix = case.fix(fix, source, [source.keyword(node, "shape", repr(sizes), ["shape"])])
    yield fix


@error_rule("KL710", "arrays-not-numbers")
def arrays_not_numbers(rule: Rule, evidence: Evidence) -> Finding | None:
    """Text, dates or Python objects where numbers are wanted."""
    return _inputs(rule, evidence, "strings", "ragged")


@error_rule("KL711", "input-shape-differs")
def input_shape_differs(rule: Rule, evidence: Evidence) -> Finding | None:
    """An array of another shape than the input, or without an axis for the batch."""
    return _inputs(rule, evidence, "shape", "batch-axis")


@error_rule("KL717", "ids-out-of-range")
def ids_out_of_range(rule: Rule, evidence: Evidence) -> Finding | None:
    """Ids that an embedding has no row for."""
    if evidence.kind != "InvalidArgumentError" and "indices" not in evidence.text:
        return None
    return _inputs(rule, evidence, "ids", "fractions")
