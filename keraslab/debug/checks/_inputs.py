"""Inputs that nothing depends on, and tensors that stand where another was meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import as_model, with_code
from keraslab.debug.checks._calls import is_merge
from keraslab.debug.checks._loops import is_first_turn
from keraslab.debug.checks._wiring import Forgotten, forgotten_beside
from keraslab.graph import Call
from keraslab.graph.keras_internals import tensors_out

_SHAPE_ONLY = frozenset({"OnesLike", "ZerosLike", "FullLike"})
_COMPARING = ("Subtract", "Add", "Average", "Maximum", "Minimum", "Concatenate")


@silent_rule("KL351", "unused-input", "warning")
def unused_input(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """An input of the model on which no output depends."""
    graph = subject.graph
    used = set(subject.output_calls)
    for output in subject.output_calls:
        used |= subject.all_before(output)
    inputs = dict.fromkeys(port.call for port in graph.inputs)
    for call_id in inputs:
        call = graph.call_by_id[call_id]
        if call_id in used and not _only_shape(subject, call_id):
            continue
        name, after = call.name, subject.calls_after(call_id)
        if call_id in used:
            cause = f"Only the shape of {name!r} is used: {after[0].name!r} drops its values."
        elif after:
            cause = (
                f"{name!r} is taken by {after[0].name!r}, and from there no way leads to an output."
            )
        else:
            cause = f"{name!r} is listed in the model's inputs, but no layer on the way takes it."
        yield rule.finding(
            f"Input {name!r} ({call.outputs[0].text}) does not influence any output of "
            f"{graph.name!r}: whatever is fed there, the predictions stay the same.",
            calls=(call_id,),
            cause=Cause(name, cause, call_id),
            fixes=_fixes(rule, subject, call, list(inputs)),
            graph=graph,
        )


def _only_shape(subject: Subject, call_id: str) -> bool:
    after = subject.calls_after(call_id)
    if call_id in subject.output_calls or not after:
        return False
    return all(call.type in _SHAPE_ONLY for call in after)


def _fixes(rule: Rule, subject: Subject, call: Call, inputs: list[str]) -> tuple[Fix, ...]:
    graph = subject.graph
    others = [graph.call_by_id[other] for other in inputs if other != call.id]
    if not others:
        return ()
    if any(port.key for port in graph.inputs):
        rest = "{" + ", ".join(f'"{one.name}": {_variable(one)}' for one in others) + "}"
    else:
        rest = ", ".join(map(_variable, others))
        rest = f"[{rest}]" if len(others) > 1 else rest
    code = f"model = keras.Model({rest}, outputs)"
    tensors = {_variable(o): tensors_out(o.node)[0] for o in others if o.node is not None}
    fixes = [*as_model(rule, subject, Fix("leave it out of the inputs", code), tensors)]
    vectors = [one for one in others if len(one.outputs[0].shape) == 2]
    if vectors and len(call.outputs[0].shape) == 2:
        sizes = [vectors[0].outputs[0].shape[-1], call.outputs[0].shape[-1]]
        result = None
        if None not in sizes:
            result = f"? × {sum(size for size in sizes if size is not None)}"
        joined = f"[{_variable(vectors[0])}, {_variable(call)}]"
        join = Fix(
            f"join it to {vectors[0].name!r} before the layers",
            f"x = keras.layers.Concatenate()({joined})",
            result,
            0,
        )
        names = {_variable(one): one.outputs[0] for one in (vectors[0], call)}
        fixes += with_code(subject, join, names, at=vectors[0])
    return tuple(fixes)


def _variable(call: Call) -> str:
    """What the tensor may be called in code."""
    return re.sub(r"\W", "_", call.name)


@silent_rule("KL352", "same-tensor-twice", "warning")
def same_tensor_twice(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A merge, or a list of inputs, that holds one tensor twice where two were meant."""
    graph = subject.graph
    listed = Counter(port.call for port in graph.inputs)
    for call_id in [call for call, times in listed.items() if times > 1]:
        name = graph.call_by_id[call_id].name
        yield rule.finding(
            f"Input {name!r} is listed {listed[call_id]} times in the inputs of {graph.name!r}, "
            "so that all but one of the arrays given are never looked at.",
            calls=(call_id,),
            cause=Cause(name, f"One keras.Input call made {name!r}; two inputs need two.", call_id),
            fixes=with_code(
                subject,
                Fix(
                    "make an input for each array",
                    f"second = keras.Input({graph.call_by_id[call_id].outputs[0].shape[1:]!r}, "
                    f'name="{name}_2")',
                ),
                {},
                result="second",
            ),
            graph=graph,
        )
    for call in graph.calls:
        if not is_merge(call, *_COMPARING):
            continue
        taken = Counter((e.source, e.source_index) for e in subject.edges_into[call.id])
        twice = [source for source, times in taken.items() if times > 1]
        if (
            not twice
            or _is_meant(call, len(taken))
            or is_first_turn(subject, call, set(twice).__contains__)
        ):
            continue
        name = graph.call_by_id[twice[0][0]].name
        other = forgotten_beside(subject, call)
        # Beside others a tensor may well stand twice; not while one that fits goes to waste.
        if len(taken) > 1 and (other is None or call.kind != "layer"):
            continue
        said = (
            "" if other is None else f", and nothing takes what {other.name!r} ({other.text}) gives"
        )
        yield rule.finding(
            f"{call.name!r} ({call.type}) takes what {name!r} gives {taken[twice[0]]} times: "
            f"{_effect(call, len(taken))}{said}.",
            calls=(call.id,),
            cause=Cause(name, f"The same tensor stands twice in the list: {name!r}.", twice[0][0]),
            fixes=() if other is None else _with_the_other(subject, call, twice[0], other),
            graph=graph,
        )


def _with_the_other(
    subject: Subject, call: Call, twice: tuple[str, int], other: Forgotten
) -> tuple[Fix, ...]:
    edges = subject.edges_into[call.id]
    seen, names = False, []
    for edge in edges:
        again = (edge.source, edge.source_index) == twice
        names.append(other.name if again and seen else subject.graph.call_by_id[edge.source].name)
        seen |= again
    if call.kind != "layer" or not all(name.isidentifier() for name in names):
        return ()
    axis = call.config.get("axis", -1)
    given = f"axis={axis}" if axis != -1 else ""
    code = f"x = keras.layers.{call.type}({given})([{', '.join(names)}])"
    fix = Fix(f"take {other.name!r} instead of the second {names[0]!r}", code)
    specs = dict(zip(names, call.inputs, strict=True)) | {other.name: other.spec}
    return with_code(subject, fix, specs, at=call)


def _is_meant(call: Call, kinds: int) -> bool:
    """One channel made into several, and ``x + x`` for twice x, are written so on purpose."""
    if call.type == "Concatenate":
        return kinds == 1 and call.inputs[0].shape[-1] == 1
    return call.kind == "operation" and call.type in ("Add", "Multiply")


def _effect(call: Call, kinds: int) -> str:
    if kinds > 1:
        return "a second branch was probably meant"
    if call.type == "Subtract":
        return "the result is always 0"
    if call.type == "Add":
        return "the result is the tensor itself, scaled"
    if call.type == "Concatenate":
        return "the second half of the result repeats the first"
    return "the result is the tensor itself"
