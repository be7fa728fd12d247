"""``predict``, ``fit`` and their like on symbolic tensors, while a model is being built."""

from __future__ import annotations

import ast
from typing import Any

import keras
import numpy as np

from keraslab.debug._evidence import Evidence, shape_text, tensors_in
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source
from keraslab.debug.errors._rewriting import rewritten

_ASKING = ("predict", "predict_on_batch", "predict_step")
_LEARNING = ("fit", "evaluate", "train_on_batch", "test_on_batch")


@error_rule("KL126", "predict-on-symbolic-tensor")
def predict_on_symbolic(rule: Rule, evidence: Evidence) -> Finding | None:
    """``backbone.predict(photo)`` where ``backbone(photo)`` belongs."""
    source, replay = evidence.source, Replay.of(evidence)
    call = source.node if source is not None else None
    if source is None or replay is None or not isinstance(call, ast.Call):
        return None
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _ASKING + _LEARNING:
        return None
    model = replay.value(function.value)
    if not isinstance(model, keras.Model):
        return None
    given = _symbolic(call, replay)
    if not given:
        return None
    held, method = source.text_of(function.value), function.attr
    name, tensor = given[0]
    asks = method in _ASKING
    way = f"; inside a model it is called, {held}({name})" if asks else ""
    way = way if len(way) < 80 else "; inside a model it is called"
    fixes = _called(evidence, call, held) if asks else _arrays(evidence, call, model)
    return rule.finding(
        f"{held}.{method} works on arrays of numbers, and {name} is symbolic "
        f"({shape_text(tensor.shape)}), a place for data without any{way}.",
        cause=Cause(
            f"{held}.{method}",
            f"{method} was given {name}, a tensor of a model that is being built",
            place=source.place_of(call),
        ),
        tensors=evidence.named(tuple(each for _, each in given)),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _symbolic(call: ast.Call, replay: Replay) -> list[tuple[str, Any]]:
    """The symbolic tensors among a call's data, with their text."""
    nodes = [*call.args[:2], *(k.value for k in call.keywords if k.arg in ("x", "y"))]
    found = []
    for node in nodes:
        value = replay.value(node)
        value = list(value) if isinstance(value, tuple) else value
        inner = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
        if isinstance(node, ast.Dict):
            inner = node.values
        for each in inner if isinstance(value, (list, dict)) else [node]:
            tensors = list(tensors_in(replay.value(each)))
            if tensors and isinstance(tensors[0], keras.KerasTensor):
                found.append((ast.unparse(each), tensors[0]))
    return found


def _called(evidence: Evidence, call: ast.Call, held: str) -> list[Fix | None]:
    source = evidence.source
    data = call.args[0] if call.args else None
    data = data or next((k.value for k in call.keywords if k.arg == "x"), None)
    if source is None or data is None:
        return []
    text = f"{held}({source.text_of(data)})"
    return [rewritten(evidence, "call the model", call, text)]


def _arrays(evidence: Evidence, call: ast.Call, model: Any) -> list[Fix | None]:
    """The array of this code that goes into the model in the tensor's place."""
    source, replay = evidence.source, Replay.of(evidence)
    data = call.args[0] if call.args else None
    data = data or next((k.value for k in call.keywords if k.arg == "x"), None)
    inputs = getattr(model, "inputs", None) or []
    if source is None or replay is None or data is None or len(inputs) != 1:
        return []
    if not isinstance(replay.value(data), keras.KerasTensor):
        return []
    y = call.args[1] if len(call.args) > 1 else None
    y = y or next((k.value for k in call.keywords if k.arg == "y"), None)
    rows = getattr(replay.value(y), "shape", None) if y is not None else None
    if not rows:
        return []
    names = [n for n in _arrays_of(source) if _goes_in(n[1], inputs[0], rows[0])]
    if len(names) != 1:
        return []
    fix = Mender(evidence).offer(
        f"give it the data, {names[0][0]}",
        [source.replace(data, names[0][0])],
        lambda: model(keras.KerasTensor(inputs[0].shape, dtype=inputs[0].dtype)),
        (),
    )
    return [fix]


def _arrays_of(source: Source) -> list[tuple[str, Any]]:
    names = {
        node.id: None
        for node in ast.walk(source.tree or ast.Module([], []))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    held = [(name, source.value_of(ast.Name(name, ast.Load()))) for name in names]
    return [(name, value) for name, value in held if isinstance(value, np.ndarray)]


def _goes_in(array: Any, entry: Any, rows: int | None) -> bool:
    ours, wanted = array.shape[1:], entry.shape[1:]
    fits = len(ours) == len(wanted) and all(
        m in (n, None) for n, m in zip(ours, wanted, strict=True)
    )
    return array.ndim > 0 and fits and array.shape[0] == rows
