"""Arrays in a graph of symbolic tensors."""

from __future__ import annotations

import ast
from typing import Any

import keras
import numpy as np

from keraslab.debug._evidence import Evidence, shape_text
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay, holds_tensor
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN
from keraslab.debug.errors._misplaced import Wrong, misplaced
from keraslab.debug.errors._values import right_inputs
from keraslab.graph import keras_internals


@error_rule("KL107", "array-in-the-graph", origins=("models.functional:Functional.__init__",))
def array_in_graph(rule: Rule, evidence: Evidence) -> Finding | None:
    """A branch that starts from data: its result is data too, and no part of a model."""
    source, replay = evidence.source, Replay.of(evidence)
    wrong = [each for each in misplaced(evidence) if _is_data(each.value)]
    if not wrong or source is None or replay is None:
        return None
    node = wrong[0].node
    data, stem = _start_of(replay, node)
    if wrong[0].role == "inputs" and wrong[-1].role == "outputs":
        stem = _start_of(replay, wrong[-1].node)[1]
    name = source.text_of(data) if data is not None else "an array"
    shape = shape_text(np.shape(wrong[0].value))
    if wrong[0].role == "inputs":
        message = f"{name} is an array of data, {shape}; the inputs of a model are keras.Input."
    else:
        shown = source.text_of(node) if node is not None else "an output"
        message = (
            f"{shown} holds numbers ({shape}) and is not part of a graph: its branch starts from "
            f"the array {name} and not from a keras.Input."
        )
    place = source.place_of(stem) if stem is not None else None
    return rule.finding(
        message,
        cause=Cause(
            name, f"{name} is an array; a layer called on it calculates at once", place=place
        ),
        fixes=tuple(_from_input(evidence, replay, wrong, data, stem)),
    )


def _is_data(value: Any) -> bool:
    if isinstance(value, (keras.Layer, keras.KerasTensor, str, type, int, float, bool)):
        return False
    return isinstance(value, np.ndarray) or keras.ops.is_tensor(value)


def _start_of(replay: Replay, node: ast.expr | None) -> tuple[Any, Any]:
    """The variable with the data that a value was calculated from, and where it is used first."""
    at, stem = replay.here, node
    for _ in range(50):
        if isinstance(node, ast.Name):
            value = replay.source.value_of(node)
            bound = replay.binding(node.id, at)
            if bound is None:
                return node, stem
            makes = bound[1]
            if not isinstance(makes, ast.Call) or not _layer_call(replay, makes):
                return (node, stem) if _is_data(value) else (None, stem)
            at, node, stem = (bound[0].lineno, bound[0].col_offset), makes, makes
        elif isinstance(node, ast.Call) and _layer_call(replay, node) and node.args:
            first = node.args[0]
            if isinstance(first, (ast.List, ast.Tuple)) and first.elts:
                first = next(
                    (e for e in first.elts if not holds_tensor(replay.source.value_of(e))),
                    first.elts[0],
                )
            stem, node = node, first
        else:
            return (node if isinstance(node, ast.Name) else None), stem
    return None, stem


def _layer_call(replay: Replay, call: ast.Call) -> bool:
    """Whether a call applies a layer or an operation of Keras."""
    if isinstance(call.func, ast.Call):
        made = replay.source.value_of(call.func.func)
        return isinstance(made, type) and issubclass(made, keras.Layer)
    work = replay.source.value_of(call.func)
    module = keras_internals.module_in_keras(work)
    given = bool(call.args) and not isinstance(call.args[0], (ast.Constant, ast.Tuple))
    return isinstance(work, keras.Layer) or (given and module.startswith("ops"))


def _from_input(
    evidence: Evidence, replay: Replay, wrong: list[Wrong], data: Any, stem: Any
) -> list[Fix]:
    """The same with a ``keras.Input`` in place of the data."""
    source = evidence.source
    if source is None or not isinstance(data, ast.Name) or stem is None:
        return []
    array = source.value_of(data)
    if not _is_data(array) or len(np.shape(array)) < 2:
        return []
    mender = Mender(evidence)
    step = evidence.came_through("models.functional:Functional.__init__")
    inputs = (
        [t for t in _leaves(step.values.get("inputs")) if isinstance(t, keras.KerasTensor)]
        if step
        else []
    )
    kind = str(keras.backend.standardize_dtype(array.dtype))
    fitting = [t for t in inputs if tuple(t.shape[1:]) == tuple(np.shape(array)[1:])]
    node = wrong[0].node
    fixes = []
    for tensor in fitting:
        name = source.name_of(tensor)
        uses = [n for n in ast.walk(stem) if isinstance(n, ast.Name) and n.id == data.id]
        if name and wrong[0].role == "outputs" and uses and node is not None:
            edits = [source.replace(each, name) for each in uses]
            fixes.append(
                mender.offer(
                    f"start from {name}; {data.id} is for fit()",
                    edits,
                    lambda t=tensor: _again(replay, node, data.id, t),
                    (),
                )
            )
    if wrong[0].role == "inputs" and node is not None:
        fixes += right_inputs(evidence, wrong[0])
    if not any(fixes):
        shape = tuple(np.shape(array)[1:])
        same = "" if kind == keras.backend.floatx() else f', dtype="{kind}"'
        made = f"{source.written('', 'Input')}({shape!r}{same})"
        new = keras.KerasTensor((None, *shape), dtype=kind)
        bound = replay.binding(data.id)
        target = bound[0] if bound else None
        inputs_left = all(w.role == "inputs" for w in wrong) or wrong[0].role == "inputs"
        if target is not None and inputs_left:
            line = source.text_of(target)
            edit = source.replace(target, f"{line}\n{data.id} = {made}  # the array is for fit()")
            last = step.values.get("outputs") if step else None
            out = next((w.node for w in misplaced(evidence) if w.role == "outputs"), None)
            work = lambda: _again(replay, out, data.id, new) if out is not None else last  # noqa: E731
            fixes.append(mender.offer("make it an Input of its shape", [edit], work, ()))
        elif target is not None and inputs:
            call = source.node
            written = call.args[0] if isinstance(call, ast.Call) and call.args else None
            extra = f"{data.id}_input"
            uses = [n for n in ast.walk(stem) if isinstance(n, ast.Name) and n.id == data.id]
            if isinstance(written, ast.Name):
                edits = [source.replace(each, extra) for each in uses]
                edits.append(source.replace(written, f"[{written.id}, {extra}]"))
                line = source.text_of(target)
                edits.append(source.replace(target, f"{line}\n{extra} = {made}"))
                fixes.append(
                    mender.offer(
                        "give the branch an Input of its own",
                        edits,
                        lambda: _again(replay, node, data.id, new),
                        (),
                    )
                )
    return [fix for fix in fixes if fix is not None]


def _leaves(value: Any) -> list[Any]:
    return list(keras.tree.flatten(value)) if value is not None else []


def _again(replay: Replay, node: ast.expr | None, name: str, tensor: Any) -> Any:
    """An output as it would be if a variable held a tensor instead of data."""

    def read(part: Any, at: Any) -> Any:
        if isinstance(part, ast.Name) and part.id != name:
            bound = replay.binding(part.id, at)
            if bound is None:
                return replay.source.value_of(part)
            return read(bound[1], (bound[0].lineno, bound[0].col_offset))
        if isinstance(part, ast.Name):
            return tensor
        if isinstance(part, (ast.List, ast.Tuple)):
            return [read(each, at) for each in part.elts]
        if isinstance(part, ast.Call):
            work = replay.value(part.func, at)
            args = [read(each, at) for each in part.args]
            if work is UNKNOWN or any(each is UNKNOWN for each in args):
                return UNKNOWN
            return replay.apply(work, *args)
        return replay.value(part, at)

    return read(node, replay.here)
