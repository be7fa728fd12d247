"""Does the activation of an output fit its loss?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keraslab.debug._activations import RANGES, softmax_of_one
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._head_mends import layer_code, other_layer, other_loss
from keraslab.debug._heads import BINARY, CLASSES, Head
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.graph import what_if

PROBABILITIES = frozenset({"softmax", "sigmoid", "hard_sigmoid"})
_CLASS_NAME = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
}


def _found(
    rule: Rule, subject: Subject, head: Head, message: str, cause: str, *fixes: Fix | None
) -> Finding:
    return rule.finding(
        message,
        calls=tuple(dict.fromkeys((head.activated, head.call))),
        cause=Cause(head.layer, cause, head.activated),
        fixes=tuple(fix for fix in fixes if fix is not None),
        graph=subject.graph,
    )


def _keras_loss(head: Head, logits: bool = False) -> str | None:
    name = _CLASS_NAME.get(head.loss.name or "") if head.loss else None
    return f"keras.losses.{name}({'from_logits=True' if logits else ''})" if name else None


def _loss(subject: Subject, head: Head, title: str, written: str | None, after: str) -> Fix | None:
    return None if written is None else other_loss(subject.heads, head, title, written, after)


def _right_activation(head: Head) -> str:
    """What turns logits into the probabilities that the loss wants."""
    binary = head.loss is not None and head.loss.name in BINARY
    return "sigmoid" if binary else "softmax"


@silent_rule("KL751", "activated-twice", "error")
def activated_twice(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Probabilities given to a loss that takes logits."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or not loss.from_logits or head.activation not in PROBABILITIES:
            continue
        again = _right_activation(head)
        yield _found(
            rule,
            subject,
            head,
            f"{head.layer!r} already applies {head.activation}, and {loss.said} with "
            f"from_logits=True applies {again} to that once more.",
            f"{head.layer!r} gives probabilities, and the loss was told to expect logits",
            other_layer(subject.graph, head, "give logits", activation="linear"),
            _loss(
                subject,
                head,
                "say that these are probabilities",
                _keras_loss(head),
                head.activation,
            ),
        )


@silent_rule("KL752", "logits-taken-for-probabilities", "error")
def logits_taken_for_probabilities(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Logits given to a loss that takes probabilities."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or not loss.is_classes or loss.from_logits or _is_one_class(head):
            continue
        if head.activation == "linear":
            right = _right_activation(head)
            yield _found(
                rule,
                subject,
                head,
                f"{head.layer!r} applies no activation, and {loss.said} without "
                "from_logits=True takes its output for probabilities.",
                f"{head.layer!r} gives logits, any numbers, not probabilities",
                _loss(
                    subject, head, "say that these are logits", _keras_loss(head, True), "linear"
                ),
                other_layer(
                    subject.graph, head, f"give probabilities by {right}", activation=right
                ),
            )


@silent_rule("KL753", "softmax-of-one", "error")
def softmax_over_one(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A softmax over an axis of size one, in an output or before it."""
    heads = {head.activated: head for head in subject.heads}
    told: set[str] = set()
    for call in subject.graph.calls:
        if not softmax_of_one(call) or call.layer in told:
            continue
        told.add(call.layer)
        fixes: list[Fix | None] = []
        if call.id in heads:
            fixes.append(
                other_layer(
                    subject.graph,
                    heads[call.id],
                    "give the probability of one class by sigmoid",
                    activation="sigmoid",
                )
            )
        elif call.config.get("activation") == "softmax":
            changed = what_if(subject.graph, {call.layer: {"activation": "linear"}})
            spec = changed.call_by_id[call.id].outputs[0]
            code = f"{layer_code(call, activation='linear')}\nlayers.Softmax(axis=1)"
            fixes.append(Fix("apply softmax over the steps", code, spec.text, 0, tried=True))
        yield rule.finding(
            f"{call.name!r} applies softmax over an axis of size 1, which gives 1.0 whatever it "
            "is given.",
            calls=(call.id,),
            cause=Cause(call.name, f"{call.name!r} has one unit: nothing to share out", call.id),
            fixes=tuple(fix for fix in fixes if fix is not None),
            graph=subject.graph,
        )


@silent_rule("KL754", "not-probabilities", "error")
def not_probabilities(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """An activation such as relu or tanh before a loss of classes."""
    for head in subject.heads:
        loss, name = head.loss, head.activation
        if loss is None or not loss.is_classes or _is_one_class(head):
            continue
        if name in PROBABILITIES or name in (None, "linear", "softplus", "exponential"):
            continue
        if loss.from_logits and name not in ("relu", "relu6", "tanh", "hard_tanh", "softsign"):
            continue
        right = "linear" if loss.from_logits else _right_activation(head)
        wants = "logits of any size" if loss.from_logits else "probabilities"
        yield _found(
            rule,
            subject,
            head,
            f"{head.layer!r} applies {name}, whose values {_values(name)}, and {loss.said} "
            f"wants {wants}.",
            f"the activation of {head.layer!r} is one for hidden layers",
            other_layer(
                subject.graph,
                head,
                "give logits" if loss.from_logits else f"give probabilities by {right}",
                activation=right,
            ),
        )


def _values(name: str | None) -> str:
    low, high = RANGES.get(name or "", (float("-inf"), float("inf")))
    if high == float("inf"):
        return "have no upper limit" if low == 0 else "can be any"
    return f"lie between {low:g} and {high:g}"


@silent_rule("KL755", "sigmoid-for-one-of-many", "warning")
def sigmoid_for_one_of_many(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Sigmoids with a loss for exactly one class of several."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or loss.name not in CLASSES or loss.from_logits or _is_one_class(head):
            continue
        if head.activation in ("sigmoid", "hard_sigmoid"):
            yield _found(
                rule,
                subject,
                head,
                f"{head.layer!r} gives {head.units} probabilities of their own by "
                f"{head.activation}, and {loss.said} is for exactly one class of {head.units}.",
                f"the {head.units} values of {head.layer!r} need not sum to 1",
                other_layer(subject.graph, head, "let one class win", activation="softmax"),
                _loss(
                    subject,
                    head,
                    "allow several classes at once",
                    None if (loss.name or "").startswith("sparse") else "'binary_crossentropy'",
                    "sigmoid",
                ),
            )


@silent_rule("KL756", "softmax-for-yes-or-no", "warning")
def softmax_for_yes_or_no(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A softmax over several units with a loss that asks each unit by itself."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or loss.name not in BINARY or loss.from_logits:
            continue
        if head.activation == "softmax" and (head.units or 0) > 1:
            yield _found(
                rule,
                subject,
                head,
                f"{head.layer!r} shares one probability among {head.units} classes by softmax, "
                f"and {loss.said} asks each of them by itself.",
                f"the {head.units} values of {head.layer!r} always sum to 1",
                _loss(
                    subject,
                    head,
                    "one class of several",
                    "'categorical_crossentropy'",
                    "softmax",
                ),
                other_layer(subject.graph, head, "several classes at once", activation="sigmoid"),
            )


@silent_rule("KL757", "one-unit-for-classes", "error")
def one_unit_for_classes(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """One unit with a loss that compares several."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or loss.name not in CLASSES or not _is_one_class(head):
            continue
        after = "linear" if loss.from_logits else "sigmoid"
        binary = "keras.losses.BinaryCrossentropy(from_logits=True)"
        yield _found(
            rule,
            subject,
            head,
            f"{head.layer!r} has one unit, and {loss.said} compares several: with one there "
            "is nothing to learn.",
            f"{head.layer!r} needs a unit for each class",
            _loss(
                subject,
                head,
                "two classes, one probability",
                binary if loss.from_logits else "'binary_crossentropy'",
                after,
            )
            if head.activation in ("sigmoid", "linear") and head.activation == after
            else None,
            other_layer(
                subject.graph,
                head,
                "a unit for each of two classes",
                units=2,
                activation="linear" if loss.from_logits else "softmax",
            ),
        )


def _is_one_class(head: Head) -> bool:
    return head.units == 1 and head.loss is not None and head.loss.name in CLASSES


@silent_rule("KL759", "hinge-on-probabilities", "warning")
def hinge_on_probabilities(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A hinge loss, which wants values on both sides of 0, on values that are never below."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or loss.name not in ("hinge", "squared_hinge"):
            continue
        if head.activation in PROBABILITIES or head.activation in ("relu", "relu6"):
            yield _found(
                rule,
                subject,
                head,
                f"{head.layer!r} applies {head.activation}, which is never below 0, and "
                f"{loss.said} wants values below 0 for one of the classes.",
                f"{head.layer!r} cannot give the -1 that {loss.said} asks for",
                other_layer(subject.graph, head, "give values on both sides", activation="tanh"),
                other_layer(subject.graph, head, "give any values", activation="linear"),
            )


@silent_rule("KL760", "rectified-number", "style")
def rectified_number(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A relu on an output that is trained towards numbers."""
    for head in subject.heads:
        if head.loss is None or not head.loss.is_distance or head.activation != "relu":
            continue
        yield _found(
            rule,
            subject,
            head,
            f"{head.layer!r} gives numbers by relu: where it once gives only 0, it has no "
            "gradient and stays there.",
            "relu is flat below 0",
            other_layer(subject.graph, head, "give any number", activation="linear"),
            other_layer(subject.graph, head, "stay above 0, and smooth", activation="softplus"),
        )


@silent_rule("KL768", "cosine-of-one", "error")
def cosine_of_one(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """The angle between vectors of one number."""
    for head in subject.heads:
        loss = head.loss
        if loss is None or loss.name != "cosine_similarity" or head.units != 1:
            continue
        if (loss.settings or {}).get("axis", -1) not in (-1, len(head.spec.shape) - 1):
            continue
        yield _found(
            rule,
            subject,
            head,
            f"{head.layer!r} has one unit, and {loss.said} compares directions: one number has "
            "only its sign.",
            f"{head.layer!r} gives vectors of length 1",
            _loss(subject, head, "compare the numbers", "'mse'", head.activation or "linear"),
        )


_POSITIVE: dict[str, str] = {
    "poisson": "takes the logarithm of it",
    "mean_squared_logarithmic_error": "takes the logarithm of it",
    "kl_divergence": "compares probabilities",
}


@silent_rule("KL769", "loss-needs-positive", "warning")
def loss_needs_positive(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A loss that takes logarithms, on an output that may be negative."""
    may_be_negative = {"linear", "tanh", "softsign", "hard_tanh", "leaky_relu", "elu", "selu"}
    for head in subject.heads:
        loss = head.loss
        if loss is None or loss.name not in _POSITIVE or head.activation not in may_be_negative:
            continue
        right = "softmax" if loss.name == "kl_divergence" else "softplus"
        fixes: list[Any] = [
            other_layer(subject.graph, head, f"stay above 0 by {right}", activation=right)
        ]
        yield _found(
            rule,
            subject,
            head,
            f"{head.layer!r} can give values below 0, and {loss.said} {_POSITIVE[loss.name]}.",
            f"{head.layer!r} applies {head.activation}"
            if head.activation != "linear"
            else f"{head.layer!r} applies no activation",
            *fixes,
        )
