"""Python that needs numbers, on symbolic tensors: ``if``, ``len``, loops, ``float``, items."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import keras

from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay, only_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._array_methods import as_written
from keraslab.debug.errors._conditions import _TENSOR, _alone, _names, _said
from keraslab.debug.errors._foreign import TWINS, ops_path
from keraslab.debug.errors._rewriting import plain_fix, rewritten


@error_rule("KL113", "assignment-into-tensor")
def assign_into(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x[:, 0] = 0``: a symbolic tensor never changes."""
    source = evidence.source
    if source is None or evidence.origin or "item assignment" not in evidence.text:
        return None
    statement = source.statement
    if isinstance(statement, ast.Assign):
        target, new = statement.targets[0], source.text_of(statement.value)
    elif isinstance(statement, ast.AugAssign):
        target, new = statement.target, ""
    else:
        return None
    if not isinstance(target, ast.Subscript):
        return None
    tensor, name = only_tensor(source.value_of(target.value)), source.text_of(target.value)
    if tensor is None:
        return None
    fixes = []
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    fixed = [(i, p) for i, p in enumerate(parts) if not isinstance(p, ast.Slice)]
    if len(fixed) == 1 and len(tensor.shape) > 1:
        axis = fixed[0][0] or 1
        size, index = tensor.shape[axis], source.text_of(fixed[0][1])
        if isinstance(statement, ast.AugAssign):
            sign = source.text_of(statement)[len(source.text_of(target)) :].split("=")[0].strip()
            new = f"{name} {sign} {source.text_of(statement.value)}"
        if size is not None:
            where, arange, reshape = (
                ops_path(source, f"ops.{n}") for n in ("where", "arange", "reshape")
            )
            ones = ", 1" * (len(tensor.shape) - axis - 1)
            mask = f"{reshape}({arange}({size}) == {index}, ({size},{ones.removeprefix(',')}))"
            expression = f"{where}({mask}, {new}, {name})"
            made = rewritten(evidence, "make a new tensor", target, expression)
            if made is not None:
                edit = source.replace(statement, f"{name} = {expression}")
                fixes.append(
                    Fix(
                        f"make a new tensor, with another value at {index} of axis {axis}",
                        f"{name} = {expression}",
                        made.result,
                        made.params,
                        (edit,),
                        tried=True,
                    )
                )
    return _said(
        rule,
        evidence,
        f"{name} is symbolic and never changes: make a new tensor with keras.ops.where in place of "
        f"writing into {source.text_of(target)}.",
        f"{source.text_of(target)} is written into",
        target,
        fixes,
    )


_ATTRIBUTES = {
    "T": "{transpose}({x})",
    "numpy": "{x}",
    "detach": "{x}",
    "cpu": "{x}",
    "eval": "{x}",
    "value": "{x}",
    "output": "{x}",
    "tensor": "{x}",
    "get_shape": "{x}.shape",
    "output_shape": "{x}.shape",
    "input_shape": "{x}.shape",
    "size": "{size}({x})",
    "flatten": "{flatten}()({x})",
}


_CALLED = ("numpy", "detach", "cpu", "eval", "get_shape", "flatten", "size")


@error_rule("KL114", "no-such-attribute-of-tensor")
def no_attribute(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x.mean()``, ``x.numpy()``, ``x.T``: a symbolic tensor has a shape and a dtype."""
    source = evidence.source
    node = source.node if source is not None else None
    if source is None or evidence.origin:
        return None
    if isinstance(node, (ast.Call, ast.Subscript)):
        return _shape_misused(rule, evidence, source, node)
    if not isinstance(node, ast.Attribute) or evidence.kind != "AttributeError":
        return None
    tensor, name = only_tensor(Replay(source).value(node.value)), source.text_of(node.value)
    if node.attr == "as_list" and name.endswith(".shape"):
        call = next((c for c in source.calls() if c.func is node), None)
        fix = plain_fix(source, "it is a tuple already", call or node, f"list({name})")
        return _said(
            rule,
            evidence,
            f"{name} is a plain tuple and has no as_list.",
            "it is a tuple",
            node,
            [fix],
        )
    if tensor is None:
        return None
    call = next((c for c in source.calls() if c.func is node), None)
    outer: ast.expr = node
    fixes: list[Fix | None] = []
    twin = TWINS.get(node.attr, node.attr)
    written = as_written(evidence, node) if node.attr not in _ATTRIBUTES or call else None
    if written is not None and node.attr not in ("get_shape", "flatten", "eval"):
        fixes, hint = [written], _hint(written, twin)
    elif node.attr in _ATTRIBUTES:
        pattern = _ATTRIBUTES[node.attr]
        made = pattern.format(
            x=name,
            transpose=ops_path(source, "ops.transpose"),
            size=ops_path(source, "ops.size"),
            flatten=source.written("layers", "Flatten"),
        )
        outer = call if call is not None and node.attr in _CALLED else node
        longer = next(
            (
                c
                for c in source.calls()
                if isinstance(c.func, ast.Attribute)
                and c.func.value is outer
                and c.func.attr == "as_list"
            ),
            None,
        )
        if longer is not None:
            outer, made = longer, f"list({made})"
        fixes.append(
            rewritten(evidence, f"write {made}", outer, made)
            or plain_fix(source, f"write {made}", outer, made)
        )
        hint = f"; write {made}"
    elif call is not None and callable(getattr(keras.ops, twin, None)):
        arguments = source.text_of(call)[len(source.text_of(node)) + 1 : -1].strip()
        if twin == "cast" and arguments.startswith(("np.", "tf.")):
            arguments = f'"{arguments.rpartition(".")[2]}"'
        made = f"{ops_path(source, f'ops.{twin}')}({name}{', ' if arguments else ''}{arguments})"
        fixes.append(rewritten(evidence, f"use keras.ops.{twin}", call, made))
        hint = f"; keras.ops.{twin} does it"
    else:
        hint = ""
        maker = maker_of(tensor)
        held = source.name_of(maker) if maker is not None else None
        if held is not None and hasattr(type(maker), node.attr):
            fixes.append(plain_fix(source, f"ask the layer, {held}", node, f"{held}.{node.attr}"))
            hint = f"; the layer that made it, {held}, has"
    return _said(
        rule,
        evidence,
        f"{name} is a symbolic tensor, {shape_text(tensor.shape)}, and has no {node.attr}{hint}.",
        f"{node.attr} is asked of a symbolic tensor",
        node,
        fixes,
    )


def _hint(fix: Fix, twin: str) -> str:
    """What a message says of the change that stands for a method."""
    if twin in fix.code and callable(getattr(keras.ops, twin, None)):
        return f"; keras.ops.{twin} does it"
    return f"; {fix.title}"


def _shape_misused(
    rule: Rule, evidence: Evidence, source: Source, node: ast.Call | ast.Subscript
) -> Finding | None:
    """``x.shape()`` and ``x.shape[7]``."""
    held = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(held, ast.Attribute) or held.attr != "shape":
        return None
    tensor, text = only_tensor(Replay(source).value(held.value)), source.text_of(held)
    if tensor is None:
        return None
    if isinstance(node, ast.Call):
        fix = plain_fix(source, "leave the brackets out", node, text)
        message = f"{text} is a tuple, {shape_text(tensor.shape)}, and is not called."
        return _said(rule, evidence, message, "a tuple is called", node, [fix])
    if evidence.kind != "IndexError":
        return None
    fix = plain_fix(source, "take the last axis", node, f"{text}[-1]")
    message = (
        f"{source.text_of(node)} asks for an axis that {source.text_of(held.value)} does not have: "
        f"it is {shape_text(tensor.shape)}, {len(tensor.shape)} axes counted from 0 with the batch."
    )
    return _said(rule, evidence, message, f"there are {len(tensor.shape)} axes", node, [fix])


@error_rule("KL116", "tensor-called")
def tensor_called(rule: Rule, evidence: Evidence) -> Finding | None:
    """``x(y)``: a tensor, or a list of layers, is no layer."""
    source, replay = evidence.source, Replay.of(evidence)
    node = source.node if source is not None else None
    if source is None or replay is None or not isinstance(node, ast.Call) or evidence.origin:
        return None
    if evidence.kind != "TypeError" or "not callable" not in evidence.text:
        return None
    name, value = source.text_of(node.func), replay.value(node.func)
    made = replay.made(node.func)
    given = ", ".join(source.text_of(each) for each in node.args)
    fixes: list[Fix | None] = []
    if (
        isinstance(value, (list, tuple))
        and value
        and all(isinstance(v, keras.Layer) for v in value)
    ):
        text = f"{source.written('', 'Sequential')}({name})({given})"
        fixes.append(rewritten(evidence, "call them one after the other", node, text))
        message = f"{name} is a list of layers, and a list cannot be called."
        return _said(rule, evidence, message, f"{name} is a list", node, fixes)
    if "KerasTensor" not in evidence.text:
        return None
    if isinstance(node.func, ast.Call):
        is_input = not isinstance(node.func.func, ast.Call)
        text = given if is_input and len(node.args) == 1 else name
        fixes.append(rewritten(evidence, "call it once", node, text))
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("output", "outputs"):
        fixes.append(
            rewritten(
                evidence,
                "call the model itself",
                node,
                f"{source.text_of(node.func.value)}({given})",
            )
        )
    elif isinstance(made, ast.Call) and isinstance(made.func, ast.Call):
        layer = source.text_of(made.func)
        used = [
            n
            for n in ast.walk(source.tree or ast.Module([], []))
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
        ]
        again = rewritten(evidence, "call a new layer of that kind", node, f"{layer}({given})")
        functions = [c.func for c in source.calls()]
        if all(any(each is f for f in functions) for each in used):
            edit = source.replace(made, layer)
            if again is not None:
                fix = Fix(
                    "keep the layer itself, and call it later",
                    layer,
                    again.result,
                    again.params,
                    (edit,),
                    tried=True,
                )
                fixes.append(replace(fix, code=changed_lines(source.text, fix)))
        fixes.append(again)
    else:
        fixes.append(rewritten(evidence, f"use {name} itself", node, name))
    return _said(
        rule,
        evidence,
        f"{name if len(name) < 50 else 'what is called'} is a tensor, what a layer gave, and not a "
        "layer that can be called.",
        "this is a layer already called: its result",
        made if made is not None and not isinstance(node.func, ast.Attribute) else node,
        fixes,
    )


@error_rule("KL119", "tensor-as-number")
def as_number(rule: Rule, evidence: Evidence) -> Finding | None:
    """``float(x)``, ``int(x)``, ``table[x]`` on a symbolic tensor."""
    source, node = evidence.source, evidence.source.node if evidence.source else None
    if source is None:
        return None
    fixes: list[Fix | None] = []
    asked = evidence.origin in (_TENSOR + "__float__", _TENSOR + "__int__", _TENSOR + "__index__")
    refused = (
        evidence.kind == "TypeError" and "KerasTensor" in evidence.text and not evidence.origin
    )
    if asked and _alone(evidence) and isinstance(node, ast.Call) and node.args:
        kind = {float: "float32", int: "int32"}.get(source.value_of(node.func), "float32")
        inner = source.text_of(node.args[0])
        text = f'{ops_path(source, "ops.cast")}({inner}, "{kind}")'
        fixes.append(rewritten(evidence, f"change its dtype to {kind}", node, text))
    elif refused and isinstance(node, ast.Subscript) and "indices" in evidence.text:
        given = f"{source.text_of(node.value)}, {source.text_of(node.slice)}"
        text = f"{ops_path(source, 'ops.take')}({given})"
        fixes.append(rewritten(evidence, "look them up inside the graph", node, text))
        if fixes == [None]:
            return None
    elif not (refused and ("format" in evidence.text or "integer" in evidence.text)):
        return None
    elif isinstance(node, ast.JoinedStr):
        text = re.sub(r"\{([^{}:]+):[^{}]*\}", r"{\1}", source.text_of(node))
        fixes.append(plain_fix(source, "show the tensor, without a format", node, text))
    return _said(
        rule,
        evidence,
        f"{source.text_of(node) if node is not None else 'This'} needs a number, and "
        f"{_names(source, node) if node is not None else 'the tensor'} is symbolic: it has a shape "
        "and no numbers before the model runs.",
        "a number is asked of a symbolic tensor",
        node,
        fixes,
    )
