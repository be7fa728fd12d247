"""Targets that do not fit the outputs: number, names, form, range, shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from keraslab.debug._data_structure import structure_sentence
from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._fit_case import FitCase, Given, fit_case
from keraslab.debug._head_mends import other_layer, other_loss
from keraslab.debug._heads import Head
from keraslab.debug._labels import label_misfit
from keraslab.debug._misfit import Array, Misfit
from keraslab.debug._names import closest, count
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._fit_made_rows import made_rows
from keraslab.debug.errors._fit_mapped import mapped
from keraslab.debug.errors._fit_words import numbered


@error_rule("KL706", "targets-against-outputs")
def targets_against_outputs(rule: Rule, evidence: Evidence) -> Finding | None:
    """More or fewer arrays of targets than outputs, or other names."""
    case = fit_case(evidence)
    if case is None or any(head.loss is None for head in case.heads):
        return None
    for given in case.given:
        pairing = given.data.y
        if pairing is None:
            continue
        said = given.prefix + case.text(given.y_node, "y")
        found = structure_sentence(pairing, said, "output")
        if found is None:
            continue
        wrong = (pairing.unknown or pairing.missing or (said,))[0]
        sentence = found[0]
        if pairing.keys is None and pairing.plain is None and pairing.given == 1:
            names = [slot.name for slot in pairing.slots]
            sentence = (
                f"{said} is one array, but the model has {count(len(names), 'output')}, "
                f"{', '.join(map(repr, names))}, each with a loss and in need of a target."
            )
        return rule.finding(
            sentence, cause=Cause(wrong, found[1]), fixes=tuple(_by_name(case, given))
        )
    return None


def _by_name(case: FitCase, given: Given) -> Iterator[Fix]:
    pairing, source, node = given.data.y, case.evidence.source, given.y_node
    if pairing is None:
        return
    if given.unread:
        yield from mapped(case)
        return
    names = [slot.name for slot in pairing.slots]
    if isinstance(given.y, dict):
        left = [str(key) for key in given.y]
        pairs = []
        for name in names:
            near = name if name in left else closest(name, left)
            if near is None and len(left) == 1:
                near = left[0]
            if near is None:
                return
            left.remove(near)
            pairs.append((name, near))
        texts = {key: f"{case.text(node, 'y')}[{key!r}]" for _, key in pairs}
        if isinstance(node, ast.Dict) and source is not None:
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in texts:
                    texts[key.value] = source.text_of(value)
        text = f"{{{', '.join(f'{name!r}: {texts[key]}' for name, key in pairs)}}}"
        yield case.written(Fix("use the names of the outputs", f"y = {text}"), node, text)
        return
    if pairing.given == 1 and not isinstance(given.y, (list, tuple)):
        words = [_variable_for(case, head, given) for head in case.heads]
        said = case.raw(node, "y")
        if any(word is None for word in words):
            # The same targets for all, where they fit them all.
            target = given.y if hasattr(given.y, "shape") else None
            if target is None or any(
                _misfit(head, np.asarray(target), "y") is not None for head in case.heads
            ):
                return
            words = [said] * len(names)
        each = [f"{name!r}: {word}" for name, word in zip(names, words, strict=True)]
        listed_ = case.heads[0].key is None
        text = f"[{', '.join(map(str, words))}]" if listed_ else f"{{{', '.join(each)}}}"
        title = "give each output its targets"
        yield case.written(Fix(title, f"y = {text}"), node, text)


def _variable_for(case: FitCase, head: Head, given: Given) -> str | None:
    """The person's variable that holds the targets of an output, by its name and shape."""
    samples = next((len(s.array) for s in given.data.x.slots if s.array is not None), None)
    fitting = [
        name
        for name, value in case.variables.items()
        if isinstance(value, np.ndarray)
        and value.ndim
        and len(value) == samples
        and value is not given.x
        and _misfit(head, value, name) is None
    ]
    near = [name for name in fitting if head.name.lower() in name.lower()]
    if len(near) == 1:
        return near[0]
    return fitting[0] if len(fitting) == 1 else None


RAISING = frozenset({"one-hot", "numbers", "range", "strings", "shape", "fractions"})


def _misfit(head: Head, target: Array, said: str) -> Misfit | None:
    found = label_misfit(head, target, said)
    return found if found is not None and found.kind in RAISING else None


def _labels(rule: Rule, evidence: Evidence, *kinds: str) -> Finding | None:
    case = fit_case(evidence)
    for given in case.given if case is not None else ():
        assert case is not None
        pairing = given.data.y
        for head in case.heads if pairing is not None else ():
            assert pairing is not None
            slot = pairing.slots[head.index]
            if slot.array is None or not slot.array.ndim:
                continue
            node = case.part(given.y_node, pairing, slot)
            said = case.text(
                node, "y" if len(pairing.slots) == 1 else f"the target of {head.name!r}"
            )
            misfit = _misfit(head, slot.array, said)
            if misfit is None or misfit.kind not in kinds:
                continue
            own = [] if given.unread else list(_mended(case, misfit, head, slot.array, node, said))
            other = list(_headed(case, misfit, head))
            own = [*numbered(case, head)] or own if misfit.kind == "strings" else own
            made = made_rows(case, node, head, slot.array) if misfit.kind == "shape" else None
            message, cause = misfit.message, Cause(said, misfit.cause, head.call)
            if made is not None:
                message, cause = f"{message} {made.cause.sentence}.", made.cause
                own = [*made.fixes, *own]
            return rule.finding(
                given.prefix + message,
                cause=cause,
                fixes=tuple([*other, *own] if misfit.loss_first else [*own, *other]),
                tensors=case.named((said, slot.array)),
                graph=case.graph,
                calls=(head.call,),
            )
    return None


def _mended(
    case: FitCase, misfit: Misfit, head: Head, array: Array, node: ast.expr | None, said: str
) -> Iterator[Fix]:
    for mend in misfit.mends:
        try:
            changed = np.asarray(mend.apply(array))
            if _misfit(head, changed, said) is not None:
                continue
        except Exception:  # a change that fails is not offered
            continue
        shape = " × ".join(map(str, changed.shape))
        fix = Fix(mend.title, f"{said} = {mend.code.format(said)}", shape, tried=True)
        yield case.replacing(fix, node, mend.code)


def _headed(case: FitCase, misfit: Misfit, head: Head) -> Iterator[Fix]:
    """Other losses and other settings of the last layer."""
    for title, written in misfit.losses:
        fix = other_loss(case.heads, head, title, written)
        text = _loss_text(case, head, written)
        if fix is not None:
            yield case.compiling(fix, loss=text) if text is not None else fix
    for title, settings in misfit.settings:
        fix = other_layer(case.graph, head, title, **settings)
        if fix is not None:
            yield case.layered(fix, head, **settings)


def _loss_text(case: FitCase, head: Head, written: str) -> str | None:
    """The ``loss`` of ``compile`` as written, with another one for this output."""
    if case.compiled_at is None:
        return None
    source = case.compiled_at[0]
    if written.startswith("keras.losses."):
        name, _, rest = written.removeprefix("keras.losses.").partition("(")
        written = f"{source.written('losses', name)}({rest}"
    node = case.compile_argument("loss")
    if len(case.heads) == 1 and not isinstance(node, (ast.Dict, ast.List)):
        return written
    if isinstance(node, ast.Dict):
        parts = []
        for key, value in zip(node.keys, node.values, strict=True):
            own = isinstance(key, ast.Constant) and key.value == head.name
            if key is None:
                return None
            parts.append(f"{source.text_of(key)}: {written if own else source.text_of(value)}")
        return f"{{{', '.join(parts)}}}"
    if isinstance(node, ast.List) and len(node.elts) == len(case.heads):
        texts = [source.text_of(each) for each in node.elts]
        texts[head.index] = written
        return f"[{', '.join(texts)}]"
    return None


@error_rule("KL703", "labels-one-hot")
def labels_one_hot(rule: Rule, evidence: Evidence) -> Finding | None:
    """One-hot rows with a loss that takes class numbers."""
    return _labels(rule, evidence, "one-hot")


@error_rule("KL704", "labels-not-one-hot")
def labels_not_one_hot(rule: Rule, evidence: Evidence) -> Finding | None:
    """Class numbers with a loss that takes one-hot rows."""
    return _labels(rule, evidence, "numbers")


@error_rule("KL705", "label-out-of-range")
def label_out_of_range(rule: Rule, evidence: Evidence) -> Finding | None:
    """A class number that the output has no unit for."""
    return _labels(rule, evidence, "range", "fractions")


@error_rule("KL712", "target-shape-differs")
def target_shape_differs(rule: Rule, evidence: Evidence) -> Finding | None:
    """Targets of another shape or kind than the output."""
    return _labels(rule, evidence, "shape", "strings")
