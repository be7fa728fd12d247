"""Samples of a batch that are mixed with each other, and channels that are not channels."""

from __future__ import annotations

from collections.abc import Iterator

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code
from keraslab.debug.checks._calls import IDLE, before, is_layer, is_operation
from keraslab.debug.checks._samples import REDUCTIONS, samples_of
from keraslab.graph import Call, TensorSpec

_WORDS = {"Mean": "averages", "Sum": "adds up", "GetItem": "picks one of"}


@silent_rule("KL551", "batch-axis-reduced", "error")
def batch_axis_reduced(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """An output in which the axis of the samples is gone: all samples became one."""
    graph = subject.graph
    found = samples_of(subject)
    told: set[str] = set()
    for port in graph.outputs:
        state = found[port.call]
        if not state.known or state.axis is not None or state.culprit is None:
            continue
        call = graph.call_by_id[state.culprit]
        if call.id in told:
            continue
        told.add(call.id)
        name, shape = _said(call), call.inputs[0]
        does = _WORDS.get(call.type, "goes")
        if call.type in REDUCTIONS:
            over = "over the batch" if does != "adds up" else "along the batch"
            how = f"{name} {does} {over} ({_axis(call)} of {shape.text})"
        else:
            how = f"{name} picks one sample of the batch ({shape.text})"
        yield rule.finding(
            f"{how}, so that the output {port.spec.text} is one result for all samples together "
            "instead of one for each.",
            calls=(call.id,),
            cause=Cause(
                call.name,
                "Axis 0 numbers the samples of the batch; the axes of one sample start at 1.",
                call.id,
            ),
            fixes=_other_axes(subject, call),
            graph=graph,
        )


def _axis(call: Call) -> str:
    axis = getattr(call.operation, "axis", None)
    if axis is None:
        return "all axes"
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def _said(call: Call) -> str:
    if call.kind == "operation" and call.type in REDUCTIONS:
        return f"ops.{call.type.lower()}"
    return repr(call.name)


def _other_axes(subject: Subject, call: Call) -> tuple[Fix, ...]:
    if call.type not in REDUCTIONS or call.kind != "operation":
        return ()
    shape = call.inputs[0].shape
    function = call.type.lower()
    fixes: list[Fix] = []
    for axis in range(1, len(shape) - 1) or range(1, len(shape)):
        left = TensorSpec(tuple(s for i, s in enumerate(shape) if i != axis), "float32")
        code = f"x = keras.ops.{function}(x, axis={axis})"
        fix = Fix(f"reduce axis {axis} instead", code, left.text, 0)
        fixes += with_code(subject, fix, {"x": call.inputs[0]}, at=call)
    if len(shape) == 3 and call.type == "Mean":
        result = TensorSpec((shape[0], shape[2]), "float32").text
        code = "x = keras.layers.GlobalAveragePooling1D()(x)"
        fix = Fix("average over the steps with a layer", code, result, 0)
        fixes += with_code(subject, fix, {"x": call.inputs[0]}, at=call)
    return tuple(fixes)


@silent_rule("KL552", "batch-mixed", "warning")
def batch_mixed(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """An output with more or fewer rows than there are samples."""
    graph = subject.graph
    found = samples_of(subject)
    told: set[str] = set()
    for port in graph.outputs:
        state = found[port.call]
        if not state.known or state.rows == 1 or state.culprit is None or state.culprit in told:
            continue
        told.add(state.culprit)
        call = graph.call_by_id[state.culprit]
        before_, after = call.inputs[0], call.outputs[0]
        if call.type == "Concatenate":
            how = f"{call.name!r} joins along axis 0, which numbers the samples"
            cause = "Features are joined along the last axis: axis=-1."
            axis = Fix(
                "join the features", "x = keras.layers.Concatenate(axis=-1)(tensors)", None, 0
            )
            fixes: tuple[Fix, ...] = with_code(subject, axis, {"tensors": call.inputs}, at=call)
        else:
            how = (
                f"{call.name!r} reshapes {before_.text} to {after.text}, in which "
                f"{_rows(float(state.rows))} of the result belong to one sample"
            )
            cause = "The sizes after the first hold not as many values as one sample has."
            fixes = ()
            if call.kind == "operation" and None not in before_.shape[1:]:
                flat = 1
                for size in before_.shape[1:]:
                    flat *= size or 1
                code = f"x = keras.ops.reshape(x, (-1, {flat}))"
                fix = Fix("keep each sample together", code, f"? × {flat}", 0)
                fixes = with_code(subject, fix, {"x": before_}, at=call)
        yield rule.finding(
            f"{how}: the output {port.spec.text} no longer has one row for each sample.",
            calls=(call.id,),
            cause=Cause(call.name, cause, call.id),
            fixes=fixes,
            graph=graph,
        )


def _rows(rows: float) -> str:
    return f"{rows:g} rows" if rows >= 1 else f"only {rows:.3g} of a row"


@silent_rule("KL553", "channels-first", "warning")
def channels_first(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """Images with the channels in front, in a layer that takes the last axis for channels."""
    graph = subject.graph
    told: set[str] = set()
    for call in graph.calls:
        spatial = _spatial(call)
        if not spatial or len(call.inputs) != 1:
            continue
        shape = call.inputs[0].shape
        if len(shape) != spatial + 2 or None in shape[1:]:
            continue
        sizes = [size for size in shape[1:] if size is not None]
        first, last = sizes[0], sizes[-1]
        in_front = call.operation.data_format == "channels_first"
        wrong, right = (last, first) if in_front else (first, last)
        rest = sizes[:-1] if in_front else sizes[1:]
        # As many channels as picture elements along an edge, and an edge as short as channels.
        if wrong not in (1, 3) or right < 16 or min(rest) < 16 or len(set(rest)) > 1:
            continue
        given = _from_input(subject, call)
        if given is None or given.id in told:
            continue
        told.add(given.id)
        name = given.name
        order = (spatial + 1, *range(1, spatial + 1)) if in_front else (*range(2, spatial + 2), 1)
        moved = TensorSpec((None, *[shape[axis] for axis in order]), "float32")
        where = "last" if in_front else "first"
        yield rule.finding(
            f"Input {name!r} ({given.outputs[0].text}) has its {wrong} channels {where}, but "
            f"{call.name!r} takes the {'first' if in_front else 'last'} axis for channels: it sees "
            f"{right} channels in pictures of {' × '.join(map(str, _seen(sizes, in_front)))}.",
            calls=(call.id, given.id),
            cause=Cause(name, f"{name!r} is declared as {given.outputs[0].text}.", given.id),
            fixes=(
                *with_code(
                    subject,
                    Fix(
                        "declare the input with the channels where the layer looks for them",
                        f'{_word(name)} = keras.Input({moved.shape[1:]!r}, name="{name}")',
                        moved.text,
                        0,
                    ),
                    {},
                    at=given,
                    result=_word(name),
                ),
                *with_code(
                    subject,
                    Fix(
                        "or turn the axes",
                        f"x = keras.layers.Permute({order!r})({_word(name)})",
                        moved.text,
                        0,
                    ),
                    {_word(name): given.outputs[0]},
                    at=given,
                ),
            ),
            graph=graph,
        )


def _seen(sizes: list[int], in_front: bool) -> list[int]:
    return sizes[1:] if in_front else sizes[:-1]


def _word(name: str) -> str:
    return name if name.isidentifier() else "inputs"


def _spatial(call: Call) -> int:
    """The number of spatial axes of a convolution or pooling with two or three of them."""
    if not is_layer(
        call, "BaseConv", "BaseDepthwiseConv", "BaseSeparableConv", "BasePooling"
    ) or not hasattr(call.operation, "data_format"):
        return 0
    number = "".join(filter(str.isdigit, call.type[-2:]))
    return int(number) if number in ("2", "3") else 0


def _from_input(subject: Subject, call: Call) -> Call | None:
    """The input that a call takes, prepared perhaps, but not turned."""
    step = before(subject, call)
    preparing = ("Rescaling", "Normalization", "RandomFlip", "RandomRotation", "BatchNormalization")
    while step is not None and step.kind != "input":
        if not is_layer(step, *IDLE, *preparing) and not is_operation(
            step, "Divide", "TrueDivide", "Subtract", "Multiply", "Add", "Cast"
        ):
            return None
        step = before(subject, step)
    return step


@silent_rule("KL554", "normalised-over-batch", "error")
def normalised_over_batch(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A softmax or normalisation along axis 0, which sets the samples against each other."""
    graph = subject.graph
    for call in graph.calls:
        layer = is_layer(call, "Softmax", "LayerNormalization", "UnitNormalization")
        if not layer and not is_operation(call, "Softmax", "LogSoftmax", "Normalize"):
            continue
        axis = getattr(call.operation, "axis", None)
        rank = len(call.inputs[0].shape) if call.inputs else 0
        axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
        if not rank or not any(isinstance(a, int) and a % rank == 0 for a in axes):
            continue
        state = samples_of(subject)[subject.edges_into[call.id][0].source]
        if not state.known or state.axis != 0:
            continue
        made = f"keras.layers.{call.type}()(x)" if layer else f"keras.ops.{call.type.lower()}(x)"
        yield rule.finding(
            f"{call.name!r} works along axis 0 of {call.inputs[0].text}: what it gives for one "
            "sample depends on the others of its batch.",
            calls=(call.id,),
            cause=Cause(call.name, "Axis 0 numbers the samples; classes are the last.", call.id),
            fixes=with_code(
                subject,
                Fix("use the last axis", f"x = {made}", call.outputs[0].text, 0),
                {"x": call.inputs[0]},
                at=call,
            ),
            graph=graph,
        )
