"""Arrays, and functions of NumPy or TensorFlow, in a graph of symbolic tensors."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import keras

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import changed_lines
from keraslab.debug._replay import Replay, holds_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._operators import left_first
from keraslab.debug.errors._rewriting import importing, parameters_of, rewritten

TWINS = {
    "reduce_mean": "mean",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_any": "any",
    "reduce_all": "all",
    "reduce_std": "std",
    "reduce_variance": "var",
    "reduce_logsumexp": "logsumexp",
    "concat": "concatenate",
    "pow": "power",
    "l2_normalize": "normalize",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "range": "arange",
    "gather": "take",
    "clip_by_value": "clip",
    "add_n": "sum",
    "concatenate": "concatenate",
    "fabs": "absolute",
    "float_power": "power",
    "cumsum": "cumsum",
    "astype": "cast",
    "mul": "multiply",
    "sub": "subtract",
    "div": "divide",
    "permute": "transpose",
    "view": "reshape",
    "cat": "concatenate",
    "unsqueeze": "expand_dims",
    "norm": "norm",
    "mm": "matmul",
    "repeat_elements": "repeat",
    "batch_dot": "matmul",
    "resize": "image.resize",
    "boolean_mask": "where",
    "int_shape": "shape",
    "sum": "sum",
    "l2_norm": "norm",
    "batch_flatten": "reshape",
    "squared_difference": "square",
    "T": "transpose",
    "tensordot": "tensordot",
    "asarray": "convert_to_tensor",
    "random_normal": "random.normal",
}
"""What ``keras.ops`` calls a function that has another name elsewhere."""


_SAME = {"keepdims": "keepdims", "keep_dims": "keepdims", "perm": "axes", "input": "x", "a": "x"}
_SAME |= {"input_tensor": "x", "logits": "x", "features": "x", "values": "xs", "arr": "x"}
_SAME |= {"tensor": "x", "newshape": "newshape", "shape": "newshape", "clip_value_min": "x_min"}
_SAME |= {"clip_value_max": "x_max", "a_min": "x_min", "a_max": "x_max", "params": "x"}


_OF_TENSORFLOW = ("backend.common.keras_tensor:KerasTensor.__tf_tensor__",)


_OF_NUMPY = (
    "backend.common.keras_tensor:KerasTensor.__array__",
    "backend.common.keras_tensor:KerasTensor.__float__",
)


@error_rule("KL108", "tensorflow-on-symbolic-tensor", origins=_OF_TENSORFLOW)
def tensorflow_on_symbolic(rule: Rule, evidence: Evidence) -> Finding | None:
    """``tf.reduce_mean(x)`` where ``keras.ops.mean(x)`` belongs."""
    return _twin(rule, evidence, "TensorFlow") or left_first(rule, evidence)


@error_rule("KL109", "numpy-on-symbolic-tensor", origins=_OF_NUMPY)
def numpy_on_symbolic(rule: Rule, evidence: Evidence) -> Finding | None:
    """``np.log(x)`` where ``keras.ops.log(x)`` belongs."""
    return _twin(rule, evidence, "NumPy") or left_first(rule, evidence)


def _twin(rule: Rule, evidence: Evidence, library: str) -> Finding | None:
    source = evidence.source
    call = source.node if source is not None else None
    if source is None or not isinstance(call, ast.Call):
        return None
    written = source.text_of(call.func)
    work = source.value_of(call.func)
    if work in (float, int, bool, complex):
        return None
    if getattr(work, "__module__", None) == "math":
        library = "Python's math"
    twin = _twin_of(call.func, work)
    tensors = [each for each in call.args if holds_tensor(source.value_of(each))]
    name = source.text_of(tensors[0]) if tensors else "its argument"
    said = f": {twin[0]} does the same on both" if twin else ""
    fixes: list[Fix | None] = []
    for ops in twin:
        for text in _written_anew(source, call, ops):
            if not any(fixes):
                fixes.append(rewritten(evidence, f"use keras.{ops}", call, text))
    if len(fixes) and fixes[-1] is not None:
        fixes[-1] = _everywhere(evidence, source, call, fixes[-1])
    return rule.finding(
        f"{written} belongs to {library} and needs numbers, but {name} is symbolic, a shape "
        f"without numbers{said}.",
        cause=Cause(written, f"{written} is a function of {library}", place=source.place_of(call)),
        tensors=evidence.named(
            tuple(v for e in tensors if isinstance(v := source.value_of(e), keras.KerasTensor))
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _twin_of(function: ast.expr, work: Any) -> list[str]:
    """The functions of ``keras.ops`` that may stand in its place: ``ops.mean``."""
    last = function.attr if isinstance(function, ast.Attribute) else ""
    last = last or (function.id if isinstance(function, ast.Name) else "")
    real = str(getattr(work, "__name__", ""))
    found = []
    for name in dict.fromkeys((last, TWINS.get(last), TWINS.get(real), real, f"image.{last}")):
        holder: Any = keras.ops
        for part in (name or "").split("."):
            holder = getattr(holder, part, None) if part else None
        if callable(holder) and not isinstance(holder, type):
            found.append(f"ops.{name}")
    joins = {"array": "ops.stack", "asarray": "ops.stack"}
    return [*found, *([joins[last]] if last in joins else [])]


def _everywhere(evidence: Evidence, source: Source, call: ast.Call, fix: Fix) -> Fix:
    """The same change for the calls around and below it that get what it gives."""
    replay = Replay.of(evidence)
    if replay is None:
        return fix
    known = {
        n.id
        for n in ast.walk(replay.scope)
        if isinstance(n, ast.Name) and holds_tensor(source.value_of(n))
    }
    edits = list(_minimal(source, call) or ())
    if not edits:
        return fix
    others = 0
    # What has no twin, such as the drawing of random numbers, has to run inside a layer.
    outer = _without_twin(source, call)
    if outer is not None:
        wrapped = _in_a_layer(source, outer)
        if wrapped is None:
            return fix
        edits, others = [wrapped], 1
        title = f"run {source.text_of(outer.func)} inside a layer"
        fix = replace(fix, title=title, result=None, params=None, tried=False)
    inside = {id(node) for node in ast.walk(outer)} if outer is not None else set()
    for statement in replay.statements():
        if (statement.end_lineno or 0) < call.lineno or not isinstance(
            statement, (ast.Assign, ast.Return, ast.Expr)
        ):
            continue
        for node in ast.walk(statement):
            named = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            if (
                isinstance(node, ast.Call)
                and node is not call
                and id(node) not in inside
                and named & known
                and _is_foreign(source, node)
            ):
                more = _minimal(source, node)
                edits += more or ()
                others += more is not None
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        used = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        if isinstance(target, ast.Name) and used & known:
            known.add(target.id)
    if not others:
        return fix
    text = " ".join(each.text for each in edits)
    whole = replace(fix, edits=(*edits, *importing(source, text)))
    return replace(whole, code=changed_lines(source.text, whole))


_DRAWN = ("normal", "uniform", "truncated_normal")


def _without_twin(source: Source, call: ast.Call) -> ast.Call | None:
    """The outermost call of the other library around a call that Keras has nothing for."""
    found: ast.Call | None = None
    node: ast.AST | None = call
    while node is not None and not isinstance(node, ast.stmt):
        node = source.parent_of(node)
        if isinstance(node, ast.Call) and _is_foreign(source, node):
            found = node if not _twin_of(node.func, source.value_of(node.func)) else found
    return found


def _in_a_layer(source: Source, call: ast.Call) -> Any | None:
    """A call as a ``Lambda`` of the only symbolic tensor in it."""
    names = dict.fromkeys(
        n.id for n in ast.walk(call) if isinstance(n, ast.Name) and holds_tensor(source.value_of(n))
    )
    name = next(iter(names), "")
    held = source.value_of(ast.Name(name, ast.Load()))
    if len(names) != 1 or not isinstance(held, keras.KerasTensor):
        return None
    written = source.text_of(call)
    drawn = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    drawn = drawn.removeprefix("random_")
    path = source.text_of(call.func)
    given = [str(k.arg) for k in call.keywords]
    if drawn in _DRAWN and "random" in path and not set(given) - {"shape", "mean", "stddev"}:
        random = f"{source.written('', 'random')}.{drawn}"
        parts = [*call.args, *[k.value for k in call.keywords]]
        texts = [_shaped(source, each, name) for each in parts]
        heads = [""] * len(call.args) + [f"{key}=" for key in given]
        written = f"{random}({', '.join(h + t for h, t in zip(heads, texts, strict=True))})"
    layer = source.written("layers", "Lambda")
    return source.replace(call, f"{layer}(lambda {name}: {written})({name})")


def _shaped(source: Source, node: ast.expr, name: str) -> str:
    """The shape of a tensor as Keras asks for it."""
    asks = isinstance(node, ast.Call) and source.text_of(node.func).endswith("shape")
    alone = isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords
    if asks and alone and source.text_of(node.args[0]) == name:  # type: ignore[attr-defined]
        return f"{ops_path(source, 'ops.shape')}({name})"
    return source.text_of(node)


def _is_foreign(source: Source, call: ast.Call) -> bool:
    module = str(getattr(source.value_of(call.func), "__module__", "") or "")
    root = call.func
    while isinstance(root, ast.Attribute):
        root = root.value
    holder = getattr(source.value_of(root), "__name__", "")
    return module.split(".")[0] in ("tensorflow", "numpy", "math") or holder in (
        "tensorflow",
        "numpy",
    )


def _minimal(source: Source, call: ast.Call) -> list[Any] | None:
    """Edits of the function's name and its arguments' names alone, so that calls may nest."""
    twins = _twin_of(call.func, source.value_of(call.func))
    if not twins:
        return None
    holder: Any = keras
    for part in twins[0].split("."):
        holder = getattr(holder, part)
    names = parameters_of(holder)
    edits = [source.replace(call.func, ops_path(source, twins[0]))]
    for each in call.keywords:
        name = str(each.arg)
        if name not in names:
            if _SAME.get(name) not in names:
                return None
            edits.append(source.replace(each, f"{_SAME[name]}={source.text_of(each.value)}"))
    if twins[0] == "ops.cast" and len(call.args) > 1:
        written = source.text_of(call.args[1])
        edits.append(source.replace(call.args[1], f'"{written.rpartition(".")[2]}"'))
    return edits


def ops_path(source: Source, ops: str) -> str:
    """How this code writes a function of ``keras.ops``."""
    module, _, name = ops.removeprefix("ops.").rpartition(".")
    if module:
        return source.written("", "ops") + f".{module}.{name}"
    return source.written("ops", name)


def _written_anew(source: Source, call: ast.Call, ops: str) -> list[str]:
    """The call of another function with the same arguments, under its own names for them."""
    holder: Any = keras
    for part in ops.split("."):
        holder = getattr(holder, part)
    names = parameters_of(holder)
    positional = [source.text_of(each) for each in call.args]
    named = {}
    for each in call.keywords:
        name = str(each.arg)
        if name in ("name", "dtype", "out"):
            continue
        named[name if name in names else _SAME.get(name, name)] = source.text_of(each.value)
    if ops == "ops.cast" and len(positional) > 1:
        positional[1] = f'"{positional[1].rpartition(".")[2]}"'
    path = ops_path(source, ops)

    def text(args: list[str], kwargs: dict[str, str]) -> str:
        return f"{path}({', '.join([*args, *[f'{k}={v}' for k, v in kwargs.items()]])})"

    known = {key: value for key, value in named.items() if key in names}
    return list(dict.fromkeys([text(positional, named), text(positional, known)]))
