"""Several tensors, nothing, or a number where one tensor belongs; several results as one."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from keraslab.debug._evidence import Evidence, maker_of
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug.errors._misplaced import (
    Wrong,
    argument,
    called,
    misplaced,
    origin_of,
)
from keraslab.debug.errors._returns import (
    Giver,
    giver_of_nothing,
    items_of,
    makes_tensors,
    returns_of,
    with_return,
)
from keraslab.debug.errors._rewriting import rewritten
from keraslab.debug.errors._values import _after, _name, right_inputs


def _asked_of_none(evidence: Evidence) -> Iterator[Wrong]:
    """What is None where its shape is asked, or where it is taken apart or calculated with."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or evidence.origin or "NoneType" not in evidence.text:
        return
    parts: list[ast.expr] = []
    if isinstance(node, ast.Attribute):
        parts = [node.value] if node.attr in ("shape", "dtype", "ndim") else []
    elif isinstance(node, ast.Subscript):
        parts = [node.value]
    elif isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(source.statement, ast.Assign) and "unpack" in evidence.text:
        yield Wrong(None, source.statement.value, "held")
    for each in parts:
        if source.value_of(each) is None or isinstance(each, ast.Call):
            yield Wrong(None, each, "held")


def _whole(source: Source, wrong: Wrong) -> ast.expr | None:
    """The argument of the failing call that holds what is None."""
    place, name = {"outputs": (1, "outputs")}.get(wrong.role, (0, "inputs"))
    return argument(source.node, place, name)


def _of_giver(rule: Rule, evidence: Evidence, wrong: list[Wrong], giver: Giver) -> Finding:
    """The finding where a function of the person's gave the None."""
    source, definition = evidence.source, giver.node
    assert source is not None
    first = wrong[0]
    name = called(evidence, first) if first.node is not None else "one of these"
    name = name if name != "what is given" else "what is given here"
    if isinstance(definition, ast.Lambda):
        function = definition.body.func if isinstance(definition.body, ast.Call) else None
        ends = f"only calls {last_name(function)}()" if function is not None else "is empty"
    else:
        ends = "ends without return" if giver.always else "can end without return"
        if giver.always and definition is not None and returns_of(definition):
            ends = "returns nothing"
    fixes: list[Fix | None] = []
    if isinstance(definition, ast.FunctionDef) and source.file == giver.file:
        fixes.append(_return(evidence, definition))
    return rule.finding(
        f"{name} is None: {giver.name} {ends}, so it gives nothing to whoever called it.",
        cause=Cause(
            giver.name.removesuffix("()"),
            f"{giver.name} {ends}",
            place=giver.place(source) or evidence.where,
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL105", "nothing-where-a-tensor-belongs")
def nothing_given(rule: Rule, evidence: Evidence) -> Finding | None:
    """None for a tensor, mostly of a function that forgot its ``return``."""
    source = evidence.source
    replay = Replay(source, evidence.sources[1:]) if source is not None else None
    wrong = [each for each in misplaced(evidence) if each.value is None]
    asked = [] if wrong else list(_asked_of_none(evidence))
    wrong = wrong or asked
    if not wrong or source is None or replay is None:
        return None
    first = wrong[0]
    written = [first.node] if first.node is not None else items_of(evidence, _whole(source, first))
    givers = {g for each in written if (g := giver_of_nothing(evidence, each)) is not None}
    if len(givers) == 1 and (not asked or makes_tensors(min(givers, key=str), source)):
        return _of_giver(rule, evidence, wrong, givers.pop())
    if first.node is None or asked:
        return None
    name = called(evidence, first)
    made, place = origin_of(evidence, first)
    fixes: list[Fix | None] = []
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):  # noqa: SIM102
        if made.func.attr in ("append", "extend", "add", "insert", "sort", "update"):
            bound = replay.binding(first.node.id) if isinstance(first.node, ast.Name) else None
            if bound is not None and evidence.failing is not None:
                edit = source.replace(bound[0], source.text_of(made))
                fixes.append(_checked_text(evidence, wrong, bound[0], edit, made))
            return rule.finding(
                f"{name} is None: {made.func.attr}() changes its list and gives nothing back.",
                cause=Cause(name, f"{made.func.attr}() gives None", place=place),
                fixes=tuple(fix for fix in fixes if fix is not None),
            )
    return rule.finding(
        f"{name} is None where a tensor belongs.",
        cause=Cause(name, "this gives None", place=place),
        fixes=tuple(instead(evidence, wrong)),
    )


def _checked_text(
    evidence: Evidence, wrong: list[Wrong], bound: ast.stmt, edit: Edit, made: Any
) -> Fix | None:
    """Use what was put in the list, where that alone is what the layer takes."""
    source, replay = evidence.source, Replay.of(evidence)
    if source is None or replay is None or not made.args or wrong[0].node is None:
        return None
    at = (bound.lineno, bound.col_offset)
    mender = Mender(evidence)
    held = source.text_of(made.func.value)

    def work() -> Any:
        return _after(mender, wrong, {id(None): replay.value(made.args[-1], at)})

    use = source.replace(wrong[0].node, f"{held}[-1]")
    return mender.offer(f"append to {held}, and use its last", [edit, use], work, ())


def _return(evidence: Evidence, definition: ast.FunctionDef) -> Fix | None:
    """The function with a ``return`` at its end."""
    source = evidence.source
    made = with_return(source, definition) if source is not None else None
    if source is None or made is None:
        return None
    edit, what = made
    what = what if what.isidentifier() else "the result"
    fix = Fix(f"return {what} at the end of {definition.name}()", "", edits=(edit,))
    return Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)


def instead(evidence: Evidence, wrong: list[Wrong]) -> list[Fix]:
    """The nearest tensors in place of what is none."""
    source, replay = evidence.source, Replay.of(evidence)
    node = wrong[0].node
    if source is None or replay is None or node is None or len({id(w.value) for w in wrong}) > 1:
        return []
    mender, fixes = Mender(evidence), []
    for name in replay.tensors_before(source.statement or node)[:8]:
        tensor = only_tensor(source.value_of(_name(name)))
        if tensor is None or any(tensor is each for each in wrong[0].beside):
            continue
        edits = [source.replace(each.node, name) for each in wrong if each.node is not None]
        work = lambda t=tensor: _after(mender, wrong, {id(w.value): t for w in wrong})  # noqa: E731
        fix = mender.offer(f"use {name}", edits, work, ())
        fixes += [fix] if fix is not None else []
    return fixes[:2]


@error_rule("KL106", "value-instead-of-tensor")
def value_given(rule: Rule, evidence: Evidence) -> Finding | None:
    """A number, a name, a shape or a function where a tensor belongs."""
    source = evidence.source
    kinds = (int, float, str, bytes)
    wrong = [
        each
        for each in misplaced(evidence)
        if isinstance(each.value, kinds) or inspect.isroutine(each.value)
    ]
    if not wrong or source is None or evidence.training is not None:
        return None
    first = wrong[0]
    call = source.node if isinstance(source.node, ast.Call) else None
    whole = argument(call, 1, "outputs") if first.role == "outputs" else argument(call, 0, "inputs")
    value = source.value_of(whole) if whole is not None else None
    text = source.text_of(whole) if whole is not None else called(evidence, first)
    fixes: list[Fix | None] = []
    if first.role == "inputs":
        fixes += right_inputs(evidence, first)
    if inspect.isroutine(first.value):
        what, name = "a function, which is not called yet", called(evidence, first)
        replay = Replay(source, evidence.sources[1:])
        for held in (
            replay.tensors_before(source.statement or source.node)[:4] if first.node else []  # type: ignore[arg-type]
        ):
            then = lambda v: _after(Mender(evidence), [first], {id(first.value): v})  # noqa: E731
            fixes.append(
                rewritten(evidence, f"call it on {held}", first.node, f"{name}({held})", then)  # type: ignore[arg-type]
            )
        if not any(fixes):
            fixes.append(_applied(evidence, replay, first))
    elif isinstance(first.value, str):
        what, name = "a name, a piece of text", repr(first.value)
        fixes += _by_name(evidence, wrong) or instead(evidence, wrong)
    elif whole is not None and _is_shape(whole, value):
        what, name = "a shape, a few numbers", text
        if isinstance(whole, ast.Attribute):
            held = source.value_of(whole.value)
            fixes.append(
                rewritten(
                    evidence,
                    "use the tensor itself",
                    whole,
                    source.text_of(whole.value),
                    lambda v: _onto(evidence, v),
                )
            )
            name = source.text_of(whole) if held is not None else text
        elif not fixes:
            made = f"{source.written('', 'Input')}({text})"
            fixes.append(
                rewritten(
                    evidence,
                    "make an Input of that shape",
                    whole,
                    made,
                    lambda v: _onto(evidence, v),
                )
            )
    else:
        what, name = "a number", called(evidence, first)
        fixes += instead(evidence, wrong)
    return rule.finding(
        f"{name} is {what}, and a layer works on tensors: start from keras.Input or from what "
        "another layer gave.",
        cause=Cause(name, f"{name} is {what}", place=origin_of(evidence, first)[1] or source.place),
        fixes=tuple([fix for fix in fixes if fix is not None][:2]),
    )


def _applied(evidence: Evidence, replay: Replay, wrong: Wrong) -> Fix | None:
    """``block(64)`` that gave a function: called on the tensor that there was before."""
    source, (made, _) = replay.source, origin_of(evidence, wrong)
    try:
        needed = [
            p
            for p in inspect.signature(wrong.value).parameters.values()
            if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
        ]
    except (TypeError, ValueError):
        return None
    if not isinstance(made, ast.Call) or len(needed) != 1:
        return None
    before = replay.tensors_before(made)
    # The variable itself held the tensor, or it still does under another name.
    own = [wrong.node.id] if isinstance(wrong.node, ast.Name) else []
    near = [n for n in before if only_tensor(source.value_of(_name(n))) is not None]
    names = [n for n in own if n in before] + near
    if not names:
        return None
    fix = Fix(f"call it on {names[0]}", "", edits=(source.wrap(made, "", f"({names[0]})"),))
    return Fix(fix.title, changed_lines(source.text, fix), edits=fix.edits)


def _is_shape(node: ast.expr, value: Any) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        return True
    numbers = node.elts if isinstance(node, (ast.Tuple, ast.List)) else []
    literal = bool(numbers) and all(isinstance(e, ast.Constant) for e in numbers)
    return literal or (
        isinstance(value, tuple) and all(isinstance(v, (int, type(None))) for v in value)
    )


def _onto(evidence: Evidence, tensor: Any) -> Any:
    """The failing layer on a tensor."""
    failing = evidence.failing
    if failing is None:
        return tensor
    return Mender(evidence).trial.copy_of(failing.operation)(tensor)


def _by_name(evidence: Evidence, wrong: list[Wrong]) -> list[Fix | None]:
    """The tensors whose layers, or variables, have the names that were given."""
    source = evidence.source
    assert source is not None
    held = {n.id for n in ast.walk(source.tree or ast.Module([], [])) if isinstance(n, ast.Name)}
    edits, found = [], {}
    for each in wrong:
        names = [n for n in sorted(held) if only_tensor(source.value_of(_name(n))) is not None]
        fitting = [n for n in names if n == each.value]
        fitting += [
            n
            for n in names
            if getattr(maker_of(source.value_of(_name(n))), "name", None) == each.value
        ]
        if not fitting or each.node is None:
            return []
        edits.append(source.replace(each.node, fitting[0]))
        found[id(each.value)] = source.value_of(_name(fitting[0]))
    mender = Mender(evidence)
    return [
        mender.offer("give the tensors themselves", edits, lambda: _after(mender, wrong, found), ())
    ]
