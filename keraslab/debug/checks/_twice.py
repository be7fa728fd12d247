"""Dropouts and activations that stand where they do nothing, or harm."""

from __future__ import annotations

from collections.abc import Iterator

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code
from keraslab.debug.checks._calls import (
    ACTIVATION_OPERATIONS,
    IDLE,
    before,
    is_activation,
    is_keras,
    is_layer,
    next_learned,
    own_activation,
)
from keraslab.graph import Call

_DROPOUTS = ("Dropout", "AlphaDropout", "GaussianDropout")
_BETWEEN = frozenset({"Flatten", "Activation", "ReLU", "Identity", "Reshape"})


@silent_rule("KL955", "dropout-twice", "warning")
def dropout_twice(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Two dropouts with no layer that learns between them."""
    graph = subject.graph
    for call in graph.calls:
        if not is_layer(call, *_DROPOUTS) or not _rate(call):
            continue
        chain = next_learned(subject, call, _BETWEEN)
        if not chain or not is_layer(chain[-1], *_DROPOUTS) or not _rate(chain[-1]):
            continue
        later = chain[-1]
        kept = (1 - _rate(call)) * (1 - _rate(later))
        yield rule.finding(
            f"{call.name!r} (rate {_rate(call):g}) and {later.name!r} (rate {_rate(later):g}) "
            f"drop the same values twice: in training only {kept:.0%} of {call.outputs[0].text} "
            "come through.",
            calls=(call.id, later.id),
            cause=Cause(
                later.name, f"No layer with weights stands before {later.name!r}.", later.id
            ),
            fixes=with_code(
                subject,
                Fix(
                    "one dropout with the rate that is meant",
                    f"x = keras.layers.{call.type}({max(_rate(call), _rate(later)):g})(x)",
                    call.outputs[0].text,
                    0,
                ),
                {"x": call.inputs[0]},
                at=call,
            ),
            graph=graph,
        )


@silent_rule("KL956", "dropout-on-output", "warning")
def dropout_on_output(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A dropout after the last layer that learns: the predictions themselves are dropped."""
    graph = subject.graph
    losses = {head.call for head in subject.heads if head.loss is not None}
    for port in graph.outputs:
        call: Call | None = graph.call_by_id[port.call]
        activated = False
        while call is not None and is_activation(call):
            named = own_activation(call) if call.kind == "layer" else call.type.lower()
            activated |= named in ("softmax", "sigmoid") or is_layer(call, "Softmax")
            call = before(subject, call)
        if call is None or not is_layer(call, *_DROPOUTS) or not _rate(call):
            continue
        # Without a loss or a softmax the model may be a part that others go on from.
        if not activated and port.call not in losses:
            continue
        maker = before(subject, call)
        while maker is not None and is_activation(maker):
            maker = before(subject, maker)
        if maker is None or not is_layer(maker, "Dense", "BaseConv", "EinsumDense"):
            continue
        yield rule.finding(
            f"{call.name!r} (rate {_rate(call):g}) drops what {maker.name!r} "
            f"({maker.outputs[0].text}) predicts: in training some outputs are set to 0 by chance, "
            "and the loss punishes that.",
            calls=(call.id,),
            cause=Cause(call.name, f"{call.name!r} stands after the last layer.", call.id),
            fixes=with_code(
                subject,
                Fix(
                    f"drop before {maker.name!r}",
                    f"x = keras.layers.{call.type}({_rate(call):g})(x)\n"
                    f"outputs = {_word(maker.name)}(x)",
                    port.spec.text,
                    0,
                ),
                {"x": maker.inputs[0], _word(maker.name): maker},
                at=call,
                result="outputs",
            ),
            graph=graph,
        )


def _rate(call: Call) -> float:
    rate = getattr(call.operation, "rate", 0)
    return float(rate) if isinstance(rate, (int, float)) else 0.0


def _word(name: str) -> str:
    return name if name.isidentifier() else "head"


@silent_rule("KL957", "softmax-inside", "warning")
def softmax_inside(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A softmax over the features, of which a Dense layer then makes others."""
    graph = subject.graph
    for call in graph.calls:
        if not _softmax(call) or len(call.outputs[0].shape) != 2:
            continue
        chain = next_learned(subject, call, IDLE | {"BatchNormalization"})
        if not chain or not is_layer(chain[-1], "Dense"):
            continue
        later = chain[-1]
        yield rule.finding(
            f"{call.name!r} squeezes its {call.outputs[0].shape[-1]} values to sum to 1 in the "
            f"middle of {graph.name!r}, and {later.name!r} goes on from there: softmax belongs to "
            "the last layer.",
            calls=(call.id, later.id),
            cause=Cause(call.name, f"{call.name!r} applies softmax.", call.id),
            fixes=with_code(
                subject,
                Fix(
                    "use an activation for hidden layers",
                    f"x = keras.layers.{_hidden(call)}",
                    call.outputs[0].text,
                    0,
                ),
                {"x": call.inputs[0]},
                at=call,
            ),
            graph=graph,
        )


def _hidden(call: Call) -> str:
    if is_layer(call, "Dense"):
        return f'Dense({call.outputs[0].shape[-1]}, activation="relu")(x)'
    return 'Activation("relu")(x)'


def _softmax(call: Call) -> bool:
    if call.kind == "operation":
        return call.type == "Softmax"
    if is_layer(call, "Softmax"):
        return bool(call.operation.axis in (-1, len(call.outputs[0].shape) - 1))
    return is_layer(call, "Dense", "Activation") and own_activation(call) == "softmax"


@silent_rule("KL973", "activation-twice", "style")
def activation_twice(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Two activations in a row, with nothing that learns between."""
    graph = subject.graph
    for call in graph.calls:
        if not is_activation(call):
            continue
        maker = before(subject, call)
        while maker is not None and is_layer(maker, *IDLE):
            maker = before(subject, maker)
        if maker is None or not is_keras(maker):
            continue
        own, first = _named(call), _named(maker)
        if own in (None, "linear") or first in (None, "linear"):
            continue
        useless = (first, own) in _NOTHING or first == own == "relu"
        what = "changes nothing" if useless else f"is applied to what {first} gave"
        yield rule.finding(
            f"{call.name!r} ({own}) follows {maker.name!r} ({first}) with no layer between: it "
            f"{what}.",
            calls=(maker.id, call.id),
            cause=Cause(call.name, f"{maker.name!r} has an activation already: {first}.", call.id),
            fixes=with_code(
                subject,
                Fix(f"leave out {call.name!r}", f"outputs = {_word(maker.name)}(x)"),
                {"x": maker.inputs[0], _word(maker.name): maker},
                at=call,
                result="outputs",
            ),
            graph=graph,
        )


_NOTHING = frozenset(
    {("sigmoid", "relu"), ("softmax", "relu"), ("softplus", "relu"), ("exponential", "relu")}
)


def _named(call: Call) -> str | None:
    """The activation a call applies; None where it applies none, or one not known."""
    if call.kind == "operation":
        return call.type.lower() if call.type in ACTIVATION_OPERATIONS else None
    kinds = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu",
             "Softmax": "softmax"}  # fmt: skip
    found = next((name for kind, name in kinds.items() if is_layer(call, kind)), None)
    if found is not None:
        return found
    kinds_with = ("Activation", "Dense", "BaseConv", "EinsumDense", "BaseSeparableConv")
    return own_activation(call) if is_layer(call, *kinds_with) else None
