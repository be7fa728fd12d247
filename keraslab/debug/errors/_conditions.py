"""Symbolic tensors as conditions, and as things to go through."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay, holds_tensor, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._foreign import ops_path
from keraslab.debug.errors._rewriting import plain_fix, rewritten

_TENSOR = "backend.common.keras_tensor:KerasTensor."


def _alone(evidence: Evidence) -> bool:
    """Whether the person's own line asked the tensor, and not Keras on its way."""
    return len(evidence.tail) == 1


def _said(rule: Rule, evidence: Evidence, message: str, why: str, node: Any, fixes: Any) -> Finding:
    source = evidence.source
    assert source is not None
    name = source.text_of(node) if node is not None else source.place.text
    found = [n for n in ast.walk(node) if isinstance(n, ast.Name)] if node is not None else []
    tensors = {n.id: t for n in found if (t := only_tensor(source.value_of(n))) is not None}
    return rule.finding(
        message,
        cause=Cause(
            next(iter(tensors), name),
            why,
            place=source.place_of(node) if node is not None else source.place,
        ),
        tensors=evidence.named(tuple(tensors.values())),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL110", "tensor-as-condition", origins=(_TENSOR + "__bool__",))
def as_condition(rule: Rule, evidence: Evidence) -> Finding | None:
    """``if x > 0:``, ``a and b``, ``max(a, b)`` on symbolic tensors."""
    source = evidence.source
    if source is None or not _alone(evidence):
        return None
    statement, node = source.statement, source.node
    test = _test(statement, node)
    if test is None:
        return None
    text = source.text_of(test)
    fixes = _conditions(evidence, source, statement, test)
    message = (
        f"{text} is decided while the model is built, when {_names(source, test)} has no numbers "
        "yet; a choice between values belongs into the graph."
    )
    return _said(rule, evidence, message, f"{text} is neither true nor false yet", test, fixes)


def _names(source: Source, node: ast.AST) -> str:
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    held = [n for n in names if holds_tensor(source.value_of(ast.Name(n, ast.Load())))]
    return held[0] if held else "the tensor"


def _test(statement: ast.stmt | None, node: ast.expr | None) -> ast.expr | None:
    """The whole condition that a tensor was asked for."""
    if node is not None:
        for outer in ast.walk(statement) if statement is not None else ():
            if (
                isinstance(outer, (ast.IfExp, ast.BoolOp))
                or (isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.Not))
            ) and any(each is node for each in ast.walk(outer)):
                return outer
        return node
    if isinstance(statement, (ast.If, ast.While, ast.Assert)):
        return statement.test
    found = (
        [n for n in ast.walk(statement) if isinstance(n, (ast.IfExp, ast.BoolOp))]
        if statement
        else []
    )
    return found[0] if found else None


def _conditions(
    evidence: Evidence, source: Source, statement: ast.stmt | None, test: ast.expr
) -> list[Fix | None]:
    where = ops_path(source, "ops.where")
    text = source.text_of(test)
    bare = only_tensor(source.value_of(test)) is not None
    if isinstance(test, ast.IfExp):
        parts = [source.text_of(each) for each in (test.test, test.body, test.orelse)]
        if only_tensor(source.value_of(test.test)) is not None:
            return [
                plain_fix(source, "ask whether there is one", test.test, f"{parts[0]} is not None")
            ]
        return [rewritten(evidence, "choose for each value", test, f"{where}({', '.join(parts)})")]
    if isinstance(test, ast.UnaryOp):
        held = source.text_of(test.operand)
        if only_tensor(source.value_of(test.operand)) is None:
            path = ops_path(source, "ops.logical_not")
            return [rewritten(evidence, "do it for each value", test, f"{path}({held})")]
        return [plain_fix(source, "ask whether there is none", test, f"{held} is None")]
    if isinstance(test, ast.BoolOp):
        left, right = source.text_of(test.values[0]), source.text_of(test.values[-1])
        is_or = isinstance(test.op, ast.Or)
        if is_or and only_tensor(source.value_of(test.values[0])) is not None:
            one = plain_fix(
                source,
                "ask whether there is one",
                test,
                f"{left} if {left} is not None else {right}",
            )
            return [one]
        path = ops_path(source, "ops.logical_or" if is_or else "ops.logical_and")
        made = rewritten(evidence, "do it for each value", test, f"{path}({left}, {right})")
        if isinstance(statement, ast.If) and statement.test is test and made is not None:
            combined = _branches(evidence, source, statement, f"{path}({left}, {right})")
            return [combined]
        return [made]
    if isinstance(test, ast.Call):
        name = test.func.id if isinstance(test.func, ast.Name) else ""
        twin = {"max": "maximum", "min": "minimum"}.get(name)
        if twin is not None and len(test.args) == 2:
            inside = ", ".join(source.text_of(each) for each in test.args)
            path = ops_path(source, f"ops.{twin}")
            return [rewritten(evidence, f"use keras.ops.{twin}", test, f"{path}({inside})")]
        return []
    if isinstance(statement, ast.If):
        if bare:
            return [plain_fix(source, "ask whether there is one", test, f"{text} is not None")]
        return [_branches(evidence, source, statement, text)]
    if isinstance(statement, ast.While) and len(statement.body) == 1:
        only = statement.body[0]
        if isinstance(only, ast.Assign) and isinstance(only.targets[0], ast.Name):
            name, body = only.targets[0].id, source.text_of(only.value)
            path = ops_path(source, "ops.while_loop")
            line = f"{name} = {path}(lambda {name}: {text}, lambda {name}: {body}, ({name},))[0]"
            return [plain_fix(source, "loop inside the graph", statement, line)]
    if isinstance(statement, ast.Assert):
        return [plain_fix(source, "leave it out", statement, "pass")]
    return []


def _branches(evidence: Evidence, source: Source, statement: ast.If, test: str) -> Fix | None:
    """``if`` and ``else`` that set one variable, or return, as one ``keras.ops.where``."""
    where, title = ops_path(source, "ops.where"), "choose for each value"
    body = statement.body[-1] if len(statement.body) == 1 else None
    other = statement.orelse[0] if len(statement.orelse) == 1 else None
    if isinstance(body, ast.Return) and body.value is not None:
        end: ast.stmt = statement
        if other is None:
            after = _after(source, statement)
            other, end = after, after or statement
        if not isinstance(other, ast.Return) or other.value is None:
            return None
        text = (
            f"return {where}({test}, {source.text_of(body.value)}, {source.text_of(other.value)})"
        )
        edit, last = source.replace(statement, text), source.replace(end, "")
        whole = type(edit)(edit.line, edit.column, last.end_line, last.end_column, text)
        fix = Fix(title, text, edits=(whole,))
        return Fix(title, changed_lines(source.text, fix), edits=fix.edits)
    if not isinstance(body, (ast.Assign, ast.AugAssign)):
        return None
    target = body.targets[0] if isinstance(body, ast.Assign) else body.target
    if not isinstance(target, ast.Name):
        return None
    new = source.text_of(body.value)
    if isinstance(body, ast.AugAssign):
        sign = source.text_of(body)[len(target.id) :].split("=")[0].strip()
        new = f"{target.id} {sign} {new}"
    replay = Replay(source, evidence.sources[1:])
    known = replay.binding(target.id) or target.id in replay.parameters
    old = target.id if known else "0"
    if other is not None:
        same = isinstance(other, ast.Assign) and ast.unparse(other.targets[0]) == target.id
        if not same:
            return None
        old = source.text_of(other.value)  # type: ignore[attr-defined]
    return plain_fix(source, title, statement, f"{target.id} = {where}({test}, {new}, {old})")


def _after(source: Source, statement: ast.stmt) -> ast.stmt | None:
    for node in ast.walk(source.tree or ast.Module([], [])):
        body = getattr(node, "body", None)
        if isinstance(body, list) and statement in body:
            place = body.index(statement) + 1
            return body[place] if place < len(body) else None
    return None


@error_rule("KL111", "len-of-tensor")
def len_of(rule: Rule, evidence: Evidence) -> Finding | None:
    """``len(x)``: the size is in ``x.shape``."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or not isinstance(node, ast.Call) or not node.args or evidence.origin:
        return None
    tensor = only_tensor(Replay(source).value(node.args[0]))
    if evidence.kind != "TypeError" or "KerasTensor" not in evidence.text or tensor is None:
        return None
    if source.value_of(node.func) not in (len, range):
        return None
    name = source.text_of(node.args[0])
    axis = 1 if len(tensor.shape) > 1 else 0
    size = f"{name}.shape[{axis}]"
    fixes = []
    if tensor.shape[axis] is not None:
        text = size if source.value_of(node.func) is len else f"range({size})"
        fixes.append(plain_fix(source, f"its size is {tensor.shape[axis]}", node, text))
    return _said(
        rule,
        evidence,
        f"{name} is symbolic, {shape_text(tensor.shape)}: it has no length of its own; sizes are "
        "in "
        f"{name}.shape, and the first of them is the batch, which is not known yet.",
        f"{source.text_of(node)} asks for the batch",
        node,
        fixes,
    )


@error_rule("KL112", "loop-over-tensor", origins=(_TENSOR + "__iter__",))
def loop_over(rule: Rule, evidence: Evidence) -> Finding | None:
    """``for step in x``: a symbolic tensor gives its parts by ``keras.ops.unstack``."""
    source = evidence.source
    if source is None or not _alone(evidence):
        return None
    looped = next(
        (e for e in _iterated(source) if only_tensor(Replay(source).value(e)) is not None), None
    )
    if looped is None:
        return None
    name = source.text_of(looped)
    tensor = Replay(source).value(looped)
    path = ops_path(source, "ops.unstack")
    fixes = []
    if len(tensor.shape) > 1 and tensor.shape[1] is not None:
        title = f"take its {tensor.shape[1]} parts along axis 1"
        fix = rewritten(evidence, title, looped, f"{path}({name}, axis=1)")
        beside = [e for c in source.calls() if looped in c.args for e in c.args if e is not looped]
        more = [e for e in beside if only_tensor(Replay(source).value(e)) is not None]
        if fix is not None and more:  # zip(a, b)
            edits = [source.replace(e, f"{path}({source.text_of(e)}, axis=1)") for e in more]
            fix = replace(fix, edits=(*fix.edits, *edits))
            fix = replace(fix, code=changed_lines(source.text, fix))
        fixes.append(fix)
    return _said(
        rule,
        evidence,
        f"{name} is symbolic, {shape_text(tensor.shape)}: Python cannot go through it, for its "
        "first axis is the batch, whose size is not known yet.",
        f"{name} is taken apart along its batch",
        looped,
        fixes,
    )


def _iterated(source: Source) -> list[ast.expr]:
    """The expressions that a line goes through one by one, the likely first."""
    node, statement = source.node, source.statement
    found: list[ast.expr] = []
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        found += [each.iter for each in node.generators]
    if isinstance(node, ast.Call):
        found += [each.value if isinstance(each, ast.Starred) else each for each in node.args]
    if isinstance(statement, ast.For):
        found.append(statement.iter)
        if isinstance(statement.iter, ast.Call):
            found += statement.iter.args
    if isinstance(statement, ast.Assign) and isinstance(
        statement.targets[0], (ast.Tuple, ast.List)
    ):
        found.append(statement.value)
    if node is not None:
        found.append(node)
    for each in ast.walk(statement) if statement is not None else ():
        if isinstance(each, ast.comprehension):
            found.append(each.iter)
        if isinstance(each, ast.Starred):
            found.append(each.value)
    return found
