"""Losses, their weights and metrics that do not belong to the outputs."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._fit_case import LEARNING, FitCase, fit_case
from keraslab.debug._head_mends import works_with
from keraslab.debug._heads import said_of
from keraslab.debug._names import closest, count, listed
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source


def _case(evidence: Evidence) -> FitCase | None:
    case = fit_case(evidence)
    learns = case is not None and case.function in LEARNING
    return case if case is not None and learns and case.found.compiled else None


@error_rule("KL707", "loss-against-outputs")
def loss_against_outputs(rule: Rule, evidence: Evidence) -> Finding | None:
    """Losses under other names than the outputs', or another number of them."""
    case = _case(evidence)
    if case is None or not case.found.losses.fails:
        return None
    share = case.found.losses
    names = [head.name for head in case.heads]
    if isinstance(share.given, Mapping):
        if share.unknown:
            wrong = share.unknown[0]
            near = closest(wrong, share.missing or names)
            message = (
                f"loss has {listed(share.unknown)}, but the outputs are called {listed(names)}."
            )
            cause = f"no output is called {wrong!r}" + (f"; {near!r} may be meant" if near else "")
        else:
            wrong = share.missing[0]
            message = (
                f"loss names {listed(share.given)} and leaves out the output "
                f"{listed(share.missing)}."
            )
            cause = f"the output {wrong!r} has no loss; write None if it needs none"
        pairs = _matched(share.given, names)
    else:
        wrong = "loss"
        message = (
            f"loss is a list of {len(share.given)}, but the model has "
            f"{count(len(names), 'output')}, {listed(names)}."
        )
        cause = "each output needs one loss"
        pairs = None
    return rule.finding(
        message,
        cause=Cause(wrong, cause),
        fixes=tuple(_loss_fixes(case, pairs)),
    )


def _matched(given: Mapping[Any, Any], names: Sequence[str]) -> list[tuple[str, str | None]]:
    """For each output the key that is its own, or was meant to be."""
    # In the order in which the person wrote them.
    names = [*[str(k) for k in given if k in names], *[n for n in names if n not in given]]
    left = [str(key) for key in given if key not in names]
    found: list[tuple[str, str | None]] = []
    for name in names:
        if name in given:
            found.append((name, name))
            continue
        near = closest(name, left)
        if near is not None:
            left.remove(near)
        found.append((name, near))
    bare = [name for name, key in found if key is None]
    if len(bare) == len(left) == 1:
        return [(name, left[0] if key is None else key) for name, key in found]
    return found


def _loss_fixes(case: FitCase, pairs: list[tuple[str, str | None]] | None) -> list[Fix]:
    given = case.found.losses.given
    if pairs is None:
        each = list(given)[: len(case.heads)]
        if len(each) < len(case.heads):
            each += [None] * (len(case.heads) - len(each))
        node = case.compile_argument("loss")
        texts = _element_texts(case, node, each)
        if texts is None:
            return []
        whole = f"[{', '.join(texts)}]"
        return [case.compiling(Fix("one loss for each output", f"loss={whole}"), loss=whole)]
    losses = {name: given.get(key) if key is not None else None for name, key in pairs}
    if not all(
        works_with(losses[head.name], head) for head in case.heads if losses[head.name] is not None
    ):
        return []
    title = "name the outputs of the model"
    renamed = {key: name for name, key in pairs if key is not None and key != name}
    text = _dict_text(case, case.compile_argument("loss"), given, pairs, "None")
    if text is None:
        return []
    fix = Fix(title, f"loss={text}")
    if case.compiled_at is None:
        return [fix]
    source, call = case.compiled_at
    edits: list[Edit | None] = [source.keyword(call, "loss", text, _COMPILE)]
    edits += _renamed(case, source, renamed)
    return [case.fix(fix, source, edits)]


_COMPILE = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")


def _renamed(case: FitCase, source: Source, renamed: Mapping[str, str]) -> list[Edit | None]:
    """The same keys made right in the other arguments, and in the targets of ``fit``."""
    nodes = [case.compile_argument(name) for name in ("loss_weights", "metrics")]
    here = case.evidence.source
    if here is not None and here.file == source.file:
        nodes += [given.y_node for given in case.given]
    edits: list[Edit | None] = []
    for node in dict.fromkeys(_written_out(source, each) for each in nodes):
        for key in node.keys if isinstance(node, ast.Dict) else ():
            if isinstance(key, ast.Constant) and str(key.value) in renamed:
                edits.append(source.replace(key, repr(renamed[str(key.value)])))
    return edits


def _written_out(source: Source, node: ast.expr | None) -> ast.expr | None:
    """An expression, or the one that a variable was last given where the variable is written."""
    if not isinstance(node, ast.Name):
        return node
    made = source.assigned(node.id)
    return made[0].value if made else None


def _dict_text(
    case: FitCase,
    node: ast.expr | None,
    given: Mapping[Any, Any],
    pairs: Sequence[tuple[str, str | None]],
    default: str,
) -> str | None:
    """A dict with the outputs' names, its values as they are written."""
    texts: dict[str, str] = {}
    if isinstance(node, ast.Dict) and case.compiled_at is not None:
        for written, value in zip(node.keys, node.values, strict=True):
            if isinstance(written, ast.Constant):
                texts[str(written.value)] = case.compiled_at[0].text_of(value)
    parts = []
    for name, key in pairs:
        if key is None:
            parts.append(f"{name!r}: {default}")
            continue
        held = given[key]
        if key not in texts and not isinstance(held, (str, int, float, type(None))):
            return None
        parts.append(f"{name!r}: {texts.get(key, repr(held))}")
    return f"{{{', '.join(parts)}}}"


def _element_texts(case: FitCase, node: ast.expr | None, values: Sequence[Any]) -> list[str] | None:
    texts: list[str] = []
    if isinstance(node, (ast.List, ast.Tuple)) and case.compiled_at is not None:
        texts = [case.compiled_at[0].text_of(each) for each in node.elts]
    found = []
    for index, value in enumerate(values):
        if index < len(texts):
            found.append(texts[index])
        elif isinstance(value, (str, int, float, type(None))):
            found.append(repr(value))
        else:
            return None
    return found


@error_rule("KL708", "weights-against-losses")
def weights_against_losses(rule: Rule, evidence: Evidence) -> Finding | None:
    """Loss weights under other names than the losses', or another number of them."""
    case = _case(evidence)
    if case is None or not case.found.weights.fails or case.found.losses.fails:
        return None
    share, losses = case.found.weights, case.found.losses
    trained = [h.name for h in case.heads if losses.of(h.index) is not None]
    given = share.given
    text: str | None
    if isinstance(losses.given, Mapping):
        trained = [str(name) for name in losses.given if name in trained]
    if isinstance(given, Mapping):
        pairs = _matched(given, trained)
        wrong = (share.unknown or share.missing or ("loss_weights",))[0]
        if not isinstance(losses.given, Mapping):
            message = (
                f"loss is one, {said_of(losses.given)}, for all outputs, so Keras wants one "
                f"weight; loss_weights has {listed(given)}."
                if not isinstance(losses.given, (list, tuple))
                else f"loss is a list and loss_weights a dict of another length, {listed(given)}."
            )
        elif share.unknown:
            lacks = [name for name in trained if name not in given]
            rest = f"; {listed(lacks)} {'has' if len(lacks) == 1 else 'have'} none" if lacks else ""
            message = (
                f"loss_weights has {listed(share.unknown)}, but the losses are those of "
                f"{listed(trained)}{rest}."
            )
        else:
            message = (
                f"loss_weights must name every output with a loss; {listed(share.missing)} "
                f"{'is' if len(share.missing) == 1 else 'are'} missing."
            )
        cause = f"{wrong!r} is no output with a loss" if share.unknown else f"{wrong!r} is missing"
        written = case.compile_argument("loss_weights")
        text = _dict_text(case, written, given, pairs, "1.0")
    else:
        many = len(given) if isinstance(given, (list, tuple)) else 1
        given_losses = losses.given
        what = (
            count(len(given_losses), "loss").replace("losss", "losses")
            if isinstance(given_losses, (list, tuple, Mapping))
            else f"one loss, {said_of(given_losses)}, for all outputs"
        )
        wrong = "loss_weights"
        message = f"loss_weights has {count(many, 'weight')}, but there is {what}."
        cause = "each loss needs one weight"
        numbers = list(given) if isinstance(given, (list, tuple)) else [given]
        numbers = [*numbers, *[1.0] * len(trained)][: len(trained)]
        text = f"{{{', '.join(f'{n!r}: {w!r}' for n, w in zip(trained, numbers, strict=True))}}}"
    if text is None:
        return rule.finding(message, cause=Cause(wrong, cause))
    changes = {"loss_weights": text}
    if not isinstance(losses.given, Mapping):
        each = {h.name: losses.of(h.index) for h in case.heads}
        if all(isinstance(loss, (str, type(None))) for loss in each.values()):
            changes["loss"] = repr(each)
    code = ",\n".join(f"{name}={value}" for name, value in sorted(changes.items()))
    fix = case.compiling(Fix("give each loss its weight", code), **changes)
    return rule.finding(message, cause=Cause(wrong, cause), fixes=(fix,))


@error_rule("KL716", "metrics-against-outputs")
def metrics_against_outputs(rule: Rule, evidence: Evidence) -> Finding | None:
    """Metrics that are no list, or do not say which output they are for."""
    case = fit_case(evidence)
    if case is None or not evidence.origin.startswith("trainers.compile_utils:CompileMetrics"):
        return None
    if case.function == "compile":
        return _metrics_no_list(rule, case)
    share = case.found.metrics
    names = [head.name for head in case.heads]
    if not share.fails:
        return None
    given = share.given
    text: str | None
    if isinstance(given, Mapping):
        wrong = share.unknown[0]
        message = (
            f"metrics has {listed(share.unknown)}, but the outputs are called {listed(names)}."
        )
        pairs = [(n, k) for n, k in _matched(given, names) if k is not None]
        text = _dict_text(case, case.compile_argument("metrics"), given, pairs, "[]")
        cause = f"no output is called {wrong!r}"
    else:
        wrong = "metrics"
        held = list(given) if isinstance(given, (list, tuple)) else [given]
        message = (
            f"The model has {count(len(names), 'output')}, {listed(names)}, and metrics is a list "
            f"of {len(held)}: it does not say which output each is for."
        )
        texts = _element_texts(case, case.compile_argument("metrics"), held)
        inner = f"[{', '.join(texts)}]" if texts is not None else ""
        text = f"{{{', '.join(f'{name!r}: {inner}' for name in names)}}}" if inner else None
        cause = "a list of metrics holds one entry for each output"
    fixes = []
    if text is not None:
        fixes.append(case.compiling(Fix("say for which output", f"metrics={text}"), metrics=text))
    return rule.finding(message, cause=Cause(wrong, cause), fixes=tuple(fixes))


def _metrics_no_list(rule: Rule, case: FitCase) -> Finding | None:
    given = case.arguments.get("metrics")
    if given is None or isinstance(given, (list, tuple, dict)):
        return None
    source, node = case.evidence.source, case.argument("metrics")
    text = f"[{source.text_of(node) if source is not None and node is not None else given!r}]"
    fix = Fix("put it in a list", f"metrics={text}")
    if source is not None and node is not None:
        fix = case.fix(fix, source, [source.replace(node, text)])
    return rule.finding(
        f"metrics is {given!r}; Keras wants a list, or a dict by output.",
        cause=Cause("metrics", f"{given!r} is no list"),
        fixes=(fix,),
    )
