"""Several tensors, nothing, or a number where one tensor belongs; several results as one."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from keraslab.debug._evidence import Evidence, maker_of, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._mend import Mender, changed_lines
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug.errors._misplaced import (
    Wrong,
    argument,
    called,
    misplaced,
    origin_of,
)
from keraslab.debug.errors._rewriting import rewritten
from keraslab.debug.errors._values import _after, _name, right_inputs


@error_rule("KL105", "nothing-where-a-tensor-belongs")
def nothing_given(rule: Rule, evidence: Evidence) -> Finding | None:
    """None for a tensor, mostly of a function that forgot its ``return``."""
    wrong = [each for each in misplaced(evidence) if each.value is None]
    source = evidence.source
    replay = Replay(source, evidence.sources[1:]) if source is not None else None
    if not wrong or source is None or replay is None or wrong[0].node is None:
        return None
    first = wrong[0]
    name = called(evidence, first)
    made, place = origin_of(evidence, first)
    work = source.value_of(made.func) if isinstance(made, ast.Call) else None
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Call):
        work = (
            vars(source.value_of(made.func.func)).get("__call__")
            if inspect.isclass(source.value_of(made.func.func))
            else None
        )
    elif work is not None and not inspect.isroutine(work) and not inspect.isclass(work):
        work = vars(type(work)).get("__call__")  # an object that is called, as a block is
    definition = replay.definition(work) if work is not None else None
    fixes: list[Fix | None] = []
    if definition is not None:
        fixes.append(_return(evidence, replay, definition, wrong))
        last = definition.body[-1]
        message = (
            f"{name} is None: {definition.name}() ends without return, so it gives nothing "
            "to whoever called it."
        )
        cause = Cause(
            definition.name, f"{definition.name}() has no return", place=source.place_of(last)
        )
        return rule.finding(message, cause=cause, fixes=tuple(f for f in fixes if f is not None))
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


def _return(
    evidence: Evidence, replay: Replay, definition: ast.FunctionDef, wrong: list[Wrong]
) -> Fix | None:
    """The function with a ``return`` at its end."""
    source, last = replay.source, definition.body[-1]
    targets = [
        t.id
        for s in ast.walk(definition)
        if isinstance(s, ast.Assign)
        for t in s.targets
        if isinstance(t, ast.Name)
    ]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        edit = source.replace(last, f"return {source.text_of(last)}")
    elif targets:
        line, column = (
            (last.end_lineno or 1) - 1,
            len(source.text.split("\n")[(last.end_lineno or 1) - 1]),
        )
        pad = " " * definition.body[0].col_offset
        edit = Edit(line, column, line, column, f"\n{pad}return {targets[-1]}")
    else:
        return None
    fix = Fix(f"return the result of {definition.name}()", "", edits=(edit,))
    text = fix.apply(source.text)
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    new = next(
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef)
        and (n.name, n.lineno) == (definition.name, definition.lineno)
    )
    mender, node = Mender(evidence), wrong[0].node
    fresh = Replay(source, evidence.sources[1:])
    fresh.definition = lambda _: new  # type: ignore[method-assign,assignment]

    def work() -> Any:
        values = [fresh.value(fresh.made(each.node) or each.node) for each in wrong if each.node]
        tensors = list(tensors_in(values))
        if len(tensors) < len(values):
            raise ValueError("not known")
        same = len(wrong) == 1 and evidence.failing is not None
        return _after(mender, wrong, {id(None): tensors[0]}) if same else tensors

    offered = mender.offer(fix.title, [edit], work, (), source.text_of(node) if node else "")
    if offered is not None:
        return offered
    if not any(
        isinstance(each, (ast.If, ast.For, ast.While, ast.With)) or _is_method(new)
        for each in definition.body
    ) and not _is_method(new):
        return None
    # The body holds more than lines of layers; that a return is missing is certain all the same.
    return Fix(fix.title, changed_lines(source.text, fix), edits=(edit,))


def _is_method(definition: ast.FunctionDef) -> bool:
    return bool(definition.args.args) and definition.args.args[0].arg == "self"


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
