"""Layers and models called on tensors of another size than the one they were made for."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import keras
from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._other_input import with_other_input
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._placed import call_of

_SPEC = "layers.input_spec:assert_input_compatibility"
_CONV = "ops.operation_utils:compute_conv_output_shape"


@error_rule("KL504", "layer-made-for-other-width", origins=(_SPEC,))
def other_width(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer with weights called again on a tensor of another width."""
    failing = evidence.failing
    if failing is None or isinstance(failing.operation, keras.Model) or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    axis, width = _axis_of(operation, tensor)
    if width is None or not operation.built:
        return None
    what = "channels" if len(tensor.shape) > 3 else "features"
    name = evidence.says(tensor)
    return rule.finding(
        f"{operation.name!r} has weights for {width} {what} from its first call, and {name} has "
        f"{tensor.shape[axis]} ({shape_text(tensor.shape)}).",
        cause=evidence.cause(
            operation,
            f"{operation.name!r} is one layer for tensors of {width} and of {tensor.shape[axis]} "
            f"{what}; layers that share their weights need equal widths",
        ),
        fixes=tuple(_own_or_fitted(evidence, operation, tensor, axis, width)),
    )


def _axis_of(operation: Any, tensor: Any) -> tuple[int, int | None]:
    spec = getattr(operation, "input_spec", None)
    axes = getattr(spec, "axes", None) or {}
    for axis, width in axes.items():
        there = -len(tensor.shape) <= axis < len(tensor.shape) and width is not None
        if there and tensor.shape[axis] not in (None, width):
            return axis, width
    return -1, None


def _own_or_fitted(
    evidence: Evidence, operation: Any, tensor: Any, axis: int, width: int
) -> list[Fix]:
    mender = Mender(evidence)
    fixes = [_of_its_own(mender, operation, tensor)]
    if axis in (-1, len(tensor.shape) - 1):
        fixes.append(
            rewire.ahead(mender, f"bring it to {width} first", tensor, [to_width(tensor, width)])
        )
    return [fix for fix in fixes if fix is not None]


def to_width(tensor: Any, width: int) -> Step:
    """The layer that changes how many features or channels a tensor has."""
    rank = len(tensor.shape)
    if rank in (4, 5):
        return Step(f"Conv{rank - 2}D", (width, 1))
    return Step("Dense", (width,))


def _of_its_own(mender: Mender, operation: Any, tensor: Any) -> Fix | None:
    """A new layer with the same settings in place of the shared one."""
    import ast

    evidence = mender.evidence
    source, made = evidence.source, evidence.made_at(operation)
    if source is None or made is None or not isinstance(source.node, ast.Call):
        return None
    held, call = made
    if any(keyword.arg == "name" for keyword in call.keywords):
        given = [held.text_of(each) for each in call.args]
        given += [held.text_of(each) for each in call.keywords if each.arg != "name"]
        text = f"{held.text_of(call.func)}({', '.join(given)})"
    else:
        text = held.text_of(call)
    if source.node.func is call or held.file != source.file:
        return None
    return mender.offer(
        f"use a layer of its own for {evidence.says(tensor)}",
        [source.replace(source.node.func, text)],
        lambda *stands: mender.trial.again(*stands),
    )


@error_rule("KL505", "model-made-for-other-shape", origins=(_SPEC, _CONV, "models.functional:*"))
def other_shape(rule: Rule, evidence: Evidence) -> Finding | None:
    """A model used as a layer on a tensor of another shape than its input."""
    failing = evidence.failing
    if failing is None or len(evidence.tensors) != 1:
        return None
    operation, (tensor,) = failing.operation, evidence.tensors
    over_steps = isinstance(operation, layers.TimeDistributed)
    model = operation.layer if over_steps else operation
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        return None
    made_for = tuple(model.inputs[0].shape[1:])
    given = tuple(tensor.shape[2:] if over_steps else tensor.shape[1:])
    steps = _fitted(given, made_for)
    if given == made_for:
        return None
    if over_steps:
        steps = [Step("TimeDistributed", inner=step) for step in steps]
    mender = Mender(evidence)
    entry = maker_of(tensor)
    fixes = []
    if isinstance(entry, layers.InputLayer) and not over_steps and None not in made_for:
        title = f"make the input {shape_text((None, *made_for))}"
        fixes.append(with_other_input(mender, title, entry, made_for))
    if steps:
        fixes.insert(0, rewire.ahead(mender, _how(steps), tensor, steps))
    name, single = evidence.says(tensor), over_steps and tuple(tensor.shape[1:]) == made_for
    why = f"is {shape_text(tensor.shape)}, which is not what {model.name!r} was built for"
    if single:
        why = (
            f"is {shape_text(tensor.shape)}, one sample of {model.name!r} without an axis of steps"
        )
    if single and isinstance(entry, layers.InputLayer):
        title = "put an axis of steps, of any number, into the input"
        fix = with_other_input(mender, title, entry, (None, *made_for))
        fixes.append(_any_number(evidence, fix, entry))
    return rule.finding(
        f"The model {model.name!r} takes {shape_text((None, *made_for))}, and {name} is "
        f"{shape_text((None, *given))}{' in each step' if over_steps else ''}.",
        cause=evidence.cause(
            maker_of(tensor) or operation,
            f"{name} {why}",
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _any_number(evidence: Evidence, fix: Fix | None, entry: Any) -> Fix | None:
    """The change of an input with the sizes as they are written, and None in front of them."""
    made = call_of(evidence, entry)
    source = evidence.source
    if fix is None or not fix.edits or made is None or source is None:
        return fix
    call = made[1]
    held = next((k.value for k in call.keywords if k.arg == "shape"), None)
    held = held or (call.args[0] if call.args else None)
    if not isinstance(held, ast.Tuple) or not source.text_of(held).startswith("("):
        return fix
    whole = replace(fix, edits=(source.replace(held, f"(None, {source.text_of(held)[1:]}"),))
    return replace(whole, code=changed_lines(source.text, whole))


def _fitted(given: tuple[Any, ...], wanted: tuple[Any, ...]) -> list[Step]:
    """The layers that bring a sample from one shape to another."""
    if len(given) == len(wanted) - 1 and wanted[-1] == 1:
        shape = tuple(-1 if n is None else n for n in given)
        return [Step("Reshape", ((*shape, 1),))] if shape.count(-1) < 2 else []
    if len(given) != len(wanted) or not given:
        return []
    steps: list[Step] = []
    if given[:-1] != wanted[:-1] and not all(
        w in (None, g) for g, w in zip(given[:-1], wanted[:-1], strict=True)
    ):
        if len(given) == 3 and None not in wanted[:-1]:
            steps.append(Step("Resizing", wanted[:-1]))
        elif len(given) == 2 and None not in (given[0], wanted[0]):
            by = given[0] - wanted[0]
            name, amount = ("Cropping1D", (0, by)) if by > 0 else ("ZeroPadding1D", (0, -by))
            steps.append(Step(name, (amount,)))
        else:
            return []
    if given[-1] != wanted[-1] and None not in (given[-1], wanted[-1]):
        rank = len(given) + 1
        steps.append(Step("Conv2D", (wanted[-1], 1)) if rank == 4 else Step("Dense", (wanted[-1],)))
    return steps


def _how(steps: list[Step]) -> str:
    words = {
        "Resizing": "resize it",
        "Conv2D": "change its channels with a 1x1 convolution",
        "Dense": "change its width with a Dense layer",
        "Reshape": "add an axis for the channel",
        "Cropping1D": "crop it",
        "ZeroPadding1D": "pad it with zeros",
    }
    return " and ".join(words[(step.inner or step).name] for step in steps)
