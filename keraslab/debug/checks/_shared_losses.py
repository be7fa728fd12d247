"""Losses, their weights and metrics: does each output get the one that was meant?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._head_mends import loss_code, works_with
from keraslab.debug._heads import Head, Heads, said_of
from keraslab.debug._names import closest, listed
from keraslab.debug._recompiled import recompiled
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject

_APART = 1e4
"""Weights this many times apart leave the smaller loss no say."""
_ACCURACY = frozenset(
    {"accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}
)
_LOSSES = {
    "softmax": ("'sparse_categorical_crossentropy'", "'categorical_crossentropy'"),
    "sigmoid": ("'binary_crossentropy'",),
}
_REGRESSING = frozenset({"linear", "relu", "leaky_relu", "elu", "selu", "softplus"})


def _all(subject: Subject) -> Heads | None:
    return subject.all_heads


@silent_rule("KL758", "accuracy-of-a-number", "warning")
def accuracy_of_a_number(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Accuracy counts answers that are exactly right; a number hardly ever is."""
    for head in subject.heads:
        names = [m for m in map(_metric_name, head.metrics) if m in _ACCURACY]
        if head.loss is None or not head.loss.is_distance or not names:
            continue
        if head.activation not in _REGRESSING or _classes_as_numbers(subject, head):
            continue
        yield rule.finding(
            f"{head.layer!r} is trained towards numbers by {head.loss.said}, and accuracy "
            "counts how often they are exactly right, which says nothing.",
            calls=(head.call,),
            cause=Cause("metrics", "accuracy is for classes", head.call),
            fixes=recompiled(rule, subject, _other_metrics(subject.heads, head)),
            graph=subject.graph,
        )


def _other_metrics(heads: tuple[Head, ...], wrong: Head) -> Fix:
    """The metrics as they are, with a distance in place of the accuracy of one output."""
    each: dict[str, str] = {}
    for head in heads:
        kept = [m for m in head.metrics if head is not wrong or _metric_name(m) not in _ACCURACY]
        said = [*map(said_of, kept), *["'mae'"] * (head is wrong)]
        each[head.name] = f"[{', '.join(dict.fromkeys(said))}]"
    if len(heads) == 1:
        return Fix("measure how far off it is", f"metrics={each[wrong.name]}")
    listed = ", ".join(f"{name!r}: {said}" for name, said in each.items() if said != "[]")
    return Fix("measure how far off it is", f"metrics={{{listed}}}")


def _classes_as_numbers(subject: Subject, head: Head) -> bool:
    """Whether the targets are known to be 0 and 1, for which accuracy does mean something."""
    target = subject.data.target(head) if subject.data is not None else None
    if target is None or target.dtype.kind not in "biuf" or not target.size:
        return False
    return bool(((target == 0) | (target == 1)).all())


def _metric_name(metric: Any) -> str:
    name = metric if isinstance(metric, str) else said_of(metric)
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return snake.replace("'", "")


@silent_rule("KL761", "loss-without-weight", "warning")
def loss_without_weight(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A loss weight of 0 or below."""
    for head in subject.heads:
        weight = head.loss.weight if head.loss is not None else None
        if weight is None or weight > 0:
            continue
        what = (
            "does not count in training"
            if weight == 0
            else "counts the other way round: training makes it as large as it can"
        )
        yield rule.finding(
            f"The loss of {head.name!r} has the weight {weight:g}, so it {what}.",
            calls=(head.call,),
            cause=Cause("loss_weights", f"the weight of {head.name!r} is {weight:g}", head.call),
            fixes=recompiled(
                rule, subject, _weights(subject.heads, {head.index: 1.0}, "let it count")
            ),
            graph=subject.graph,
        )


@silent_rule("KL762", "weights-far-apart", "warning")
def weights_far_apart(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Loss weights so different that one loss decides alone."""
    weighted = [(h.loss.weight or 1.0, h) for h in subject.heads if h.loss is not None]
    weighted = [(w, h) for w, h in weighted if w > 0 and math.isfinite(w)]
    if len(weighted) < 2 or len({h.loss.name for _, h in weighted if h.loss}) > 1:
        # Losses of different kinds may need it: one may be large by its nature.
        return
    (low, least), (high, most) = min(weighted, key=_first), max(weighted, key=_first)
    if high >= low * _APART:
        yield rule.finding(
            f"The loss of {most.name!r} weighs {high / low:,.0f} times as much as that of "
            f"{least.name!r}, which hardly counts.",
            calls=(least.call, most.call),
            cause=Cause("loss_weights", f"{least.name!r} has the weight {low:g}", least.call),
            fixes=recompiled(
                rule, subject, _weights(subject.heads, {least.index: high}, "weigh them alike")
            ),
            graph=subject.graph,
        )


def _first(pair: tuple[float, Head]) -> float:
    return pair[0]


def _weights(heads: tuple[Head, ...], changed: Mapping[int, float], title: str) -> Fix:
    weights = {h.index: h.loss.weight or 1.0 for h in heads if h.loss is not None} | dict(changed)
    if len(heads) == 1:
        return Fix(title, f"loss_weights={weights[0]:g}")
    each = [f"{h.name!r}: {weights[h.index]:g}" for h in heads if h.index in weights]
    return Fix(title, f"loss_weights={{{', '.join(each)}}}")


@silent_rule("KL763", "weight-for-no-loss", "error")
def weight_for_no_loss(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Loss weights whose names or number are not those of the losses."""
    found = _all(subject)
    if found is None or found.losses.fails:
        return
    share = found.weights
    if share.unknown or share.missing:
        wrong = share.unknown or share.missing
        names = [h.name for h in found.heads if h.loss is not None]
        if share.unknown:
            near = closest(wrong[0], share.missing or names)
            message = (
                f"loss_weights has {listed(wrong)}, but the losses are those of "
                f"{listed(names)}; {'Keras refuses it' if share.fails else 'Keras goes by order'}."
            )
            cause = f"no loss belongs to {wrong[0]!r}" + (f"; {near!r} does" if near else "")
        else:
            message = f"loss_weights leaves out {listed(wrong)}, which has a loss."
            cause = f"{wrong[0]!r} has no weight"
        yield _about_weights(rule, subject, found, message, cause)
    elif share.fails:
        many = len(share.given) if isinstance(share.given, (list, tuple)) else 1
        yield _about_weights(
            rule,
            subject,
            found,
            f"loss_weights has {many} {'weight' if many == 1 else 'weights'}, but "
            f"loss is {_count(found.losses.given)}.",
            "each loss needs one weight",
        )
    else:
        for head in found.heads:
            weight = share.of(head.index)
            if weight is not None and head.loss is None and found.losses.each:
                yield _about_weights(
                    rule,
                    subject,
                    found,
                    f"{head.name!r} has the loss weight {weight:g} and no loss.",
                    f"compile gave {head.name!r} no loss",
                )


def _count(losses: Any) -> str:
    if isinstance(losses, (list, tuple, Mapping)):
        return f"{len(losses)} losses" if len(losses) != 1 else "one loss"
    return f"one, {said_of(losses)}, for all outputs"


def _about_weights(rule: Rule, subject: Subject, found: Heads, message: str, cause: str) -> Finding:
    given = found.weights.given
    known = [each for each in _values(given) if isinstance(each, (int, float))]
    trained = [head for head in found.heads if found.losses.of(head.index) is not None]
    if len(known) != len(trained):
        known = [*known, *[1.0] * len(trained)][: len(trained)]
    if isinstance(given, Mapping):
        known = _by_name(given, [head.name for head in trained])
    pairs = dict(zip([head.index for head in trained], known, strict=True))
    code = f"loss_weights={{{', '.join(f'{h.name!r}: {pairs[h.index]:g}' for h in trained)}}}"
    if not isinstance(found.losses.given, Mapping) and len(found.heads) > 1:
        each = {head.index: said_of(head.loss.given) for head in trained if head.loss}
        code = f"{loss_code(found.heads, each)},\n{code}"
    if len(found.heads) == 1:
        code = f"loss_weights={known[0]:g}" if known else "loss_weights=None"
    return rule.finding(
        message,
        calls=tuple(head.call for head in found.heads),
        cause=Cause("loss_weights", cause),
        fixes=recompiled(rule, subject, Fix("name the outputs that have a loss", code)),
        graph=subject.graph,
    )


def _by_name(given: Mapping[str, Any], names: list[str]) -> list[float]:
    """The weights for these names, those of names that are nearly right included."""
    left = [str(key) for key in given if key not in names]
    found = []
    for name in names:
        near = name if name in given else closest(name, left)
        weight = given.get(near) if near is not None else None
        found.append(float(weight) if isinstance(weight, (int, float)) else 1.0)
    return found


def _values(given: Any) -> list[Any]:
    if isinstance(given, Mapping):
        return list(given.values())
    return list(given) if isinstance(given, (list, tuple)) else [given]


@silent_rule("KL764", "output-without-loss", "warning")
def output_without_loss(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Weights that only an output without a loss depends on are never trained."""
    found = _all(subject)
    if found is None or not found.compiled or not found.losses.each:
        return
    trained = [head for head in found.heads if head.loss is not None]
    if not trained or any(True for _ in getattr(subject.model, "losses", ())):
        return
    reached = {head.call for head in trained}
    for head in trained:
        reached |= subject.all_before(head.call)
    layers = {subject.graph.call_by_id[call].layer for call in reached}
    for head in found.heads:
        if head.loss is not None:
            continue
        idle = [
            call
            for call in subject.graph.calls
            if call.id in subject.all_before(head.call) | {head.call}
            and call.layer not in layers
            and any(weight.trainable for weight in call.weights)
        ]
        if idle:
            params = sum({call.layer: call.params for call in idle}.values())
            yield rule.finding(
                f"The output {head.name!r} has no loss, so {params:,} weights that lead only "
                f"to it, first those of {idle[0].name!r}, are never trained.",
                calls=(head.call, *[call.id for call in idle if call.id != head.call]),
                cause=Cause("loss", f"compile gave {head.name!r} no loss", head.call),
                fixes=_losses_for(rule, subject, found, head),
                graph=subject.graph,
            )


def _losses_for(rule: Rule, subject: Subject, found: Heads, head: Head) -> tuple[Fix, ...]:
    """The first loss for what an output applies that works with it, and with its targets."""
    for written in _LOSSES.get(head.activation or "", ("'mse'",)):
        code = loss_code(found.heads, {head.index: written})
        fixes = recompiled(rule, subject, Fix("give it a loss", code))
        if fixes:
            return fixes
    return ()


@silent_rule("KL765", "loss-for-no-output", "error")
def loss_for_no_output(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Losses whose names or number are not those of the outputs."""
    found = _all(subject)
    if found is None or not found.losses.fails:
        return
    share = found.losses
    names = [head.name for head in found.heads]
    if isinstance(share.given, Mapping):
        wrong = share.unknown or share.missing
        message = (
            f"loss has {listed(wrong)}, but the outputs are called {listed(names)}."
            if share.unknown
            else f"loss leaves out the output {listed(wrong)}; write None for one without a loss."
        )
        cause = f"no output is called {wrong[0]!r}" if share.unknown else f"{wrong[0]!r} is missing"
    else:
        message = f"loss is a list of {len(share.given)}, but the model has {len(names)} outputs."
        cause = "each output needs one loss"
    yield rule.finding(
        message,
        calls=tuple(head.call for head in found.heads),
        cause=Cause("loss", cause),
        fixes=tuple(
            [f for fix in renamed(found, share.given) for f in recompiled(rule, subject, fix)]
        ),
        graph=subject.graph,
    )


def renamed(found: Heads, given: Any) -> tuple[Fix, ...]:
    """The losses under the names of the outputs, each tried on its output."""
    names = [head.name for head in found.heads]
    losses: dict[int, Any] = {}
    if isinstance(given, Mapping):
        left = [str(key) for key in given if key not in names]
        for head in found.heads:
            near = head.name if head.name in given else closest(head.name, left)
            if near is None and len(left) == 1:
                near = left[0]
            if near in left:
                left.remove(near)
            losses[head.index] = given.get(near) if near is not None else None
    else:
        losses = {head.index: loss for head, loss in zip(found.heads, given, strict=False)}
    if not all(works_with(loss, found.heads[i]) for i, loss in losses.items() if loss is not None):
        return ()
    each = {i: said_of(loss) for i, loss in losses.items() if loss is not None}
    if len(found.heads) == 1:
        only = next(iter(each.values()), None)
        return (Fix("give the one loss", f"loss={only}"),) if only else ()
    return (Fix("name the outputs of the model", loss_code(found.heads, each)),)


@silent_rule("KL766", "loss-not-used", "error")
def loss_not_used(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A list of losses for one output: only the first counts."""
    found = _all(subject)
    if found is None or found.losses.fails or not found.losses.spare:
        return
    given, head = list(found.losses.given), found.heads[0]
    rest = listed([said_of(each).strip("'") for each in given[1:]])
    extra = ", ".join(said_of(each) for each in given[1:])
    yield rule.finding(
        f"The model has one output, so of the losses only the first, {said_of(given[0])}, "
        f"counts: {rest} is not used.",
        calls=(head.call,),
        cause=Cause("loss", "a list holds a loss for each output, not several for one", head.call),
        fixes=recompiled(
            rule,
            subject,
            Fix("watch the others as metrics", f"loss={said_of(given[0])},\nmetrics=[{extra}]"),
        ),
        graph=subject.graph,
    )


@silent_rule("KL767", "losses-by-position", "warning")
def losses_by_position(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A list of losses for a dict of outputs goes by the sorted keys."""
    found = _all(subject)
    if found is None or not found.losses.by_position or not found.losses.each:
        return
    written = list(getattr(subject.model, "output", ()))
    if written == [head.key for head in found.heads]:
        return
    pairs = ", ".join(
        f"{head.name!r} gets {said_of(head.loss.given)}" for head in found.heads if head.loss
    )
    meant = dict(zip(written, found.losses.given, strict=False))
    each = {h.index: said_of(meant[h.key]) for h in found.heads if meant.get(h.key) is not None}
    yield rule.finding(
        f"The outputs are a dict, and a list of losses goes by its sorted keys: {pairs}.",
        calls=tuple(head.call for head in found.heads),
        cause=Cause("loss", f"the outputs were written in the order {listed(written)}"),
        fixes=recompiled(rule, subject, Fix("name the outputs", loss_code(found.heads, each))),
        graph=subject.graph,
    )
