"""Changes that a check offers, tried on the graph before they are offered."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import keras

from keraslab.debug._finding import Fix
from keraslab.debug._subject import Subject
from keraslab.debug._tensors import spec_of
from keraslab.debug._trial import nothing_left_behind, stand_in, swapped
from keraslab.graph import Call, TensorSpec, keras_internals, skeleton, what_if

_PLAIN = (
    ast.Module,
    ast.Assign,
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.keyword,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.ListComp,
    ast.comprehension,
    ast.Subscript,
    ast.Starred,
    ast.UnaryOp,
    ast.BinOp,
    ast.operator,
    ast.unaryop,
    ast.expr_context,
)
Given = Mapping[str, TensorSpec | Sequence[TensorSpec] | Call]


def with_code(
    subject: Subject,
    fix: Fix,
    given: Given,
    *,
    at: Call | None = None,
    into: Call | None = None,
    result: str = "x",
    run: str | None = None,
) -> tuple[Fix, ...]:
    """A change of code, where its lines run and the rest of the graph takes what they give.

    The lines run on stand-ins, and what comes after them in the graph is worked out anew with
    copies of its layers, without weights.

    Args:
        subject: The model.
        fix: The change.
        given: What the names in its code stand for: the shape of a tensor, or a call whose layer
            it is.
        at: The call whose first output the change gives in its place; None for none.
        into: The only call that takes the new tensor; None for all that took the old one.
        result: The name that the code gives what results.
        run: The lines to run, where they are not those of the fix.
    """
    text = run or fix.code
    if not _is_plain(text, {*given}):
        return (fix,)
    try:
        with nothing_left_behind(), skeleton():
            names: dict[str, Any] = {"keras": keras, "layers": keras.layers}
            names |= {name: _held(value) for name, value in given.items()}
            exec(compile(text, "<fix>", "exec"), names)
            made = names[result]
            new = spec_of(made) if isinstance(made, keras.KerasTensor) else None
            sure = at is None or new is None or _goes_on(subject, at, into, new)
    except Exception:  # whatever it raises, it is not a change to offer
        return ()
    return (replace(fix, tried=sure),)


def with_settings(subject: Subject, fix: Fix, call: Call, **settings: Any) -> tuple[Fix, ...]:
    """A change of a layer's settings, where the graph fits together with it.

    Args:
        subject: The model.
        fix: The change.
        call: A call of the layer.
        **settings: The settings that change.
    """
    try:
        what_if(subject.graph, {call.layer: settings})
    except Exception:  # it does not fit together
        return ()
    return (replace(fix, tried=True),)


def _is_plain(text: str, names: Set[str]) -> bool:
    """Whether code makes and calls layers, and no more: names of layers may come from a file."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        if not isinstance(node, _PLAIN):
            return False
        if isinstance(node, ast.Name) and node.id not in {*own, *names, "keras", "layers", "range"}:
            return False
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node)
            if not path.startswith(("layers.", "keras.layers", "keras.ops", "keras.Input")):
                return False
            if "._" in path:
                return False
    return True


def _held(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        return stand_in(value)
    if isinstance(value, Call):
        return _copy(value.operation)
    return [stand_in(each) for each in value]


def _copy(operation: Any) -> Any:
    return type(operation).from_config(operation.get_config())


def _goes_on(subject: Subject, at: Call, into: Call | None, new: TensorSpec) -> bool:
    """Whether all that follows was worked out; what does not fit together raises."""
    if new.shape == at.outputs[0].shape:
        return True
    changed: dict[tuple[str, int], TensorSpec] = {(at.id, 0): new}
    for call in subject.graph.calls:
        edges = subject.edges_into[call.id]
        taken = [
            changed.get((e.source, e.source_index))
            if e.source != at.id or into is None or into.id == call.id
            else None
            for e in edges
        ]
        if call.id == at.id or not any(taken):
            continue
        if call.node is None or not type(call.operation).__module__.startswith("keras."):
            return False
        specs = [one or edge.spec for one, edge in zip(taken, edges, strict=True)]
        args, kwargs = keras_internals.arguments_of(call.node)
        left = [stand_in(spec) for spec in specs]
        args, kwargs = swapped((args, dict(kwargs)), left)
        if left:
            return False
        outputs = keras.tree.flatten(_copy(call.operation)(*args, **kwargs))
        for index, (one, old) in enumerate(zip(outputs, call.outputs, strict=False)):
            if tuple(one.shape) != old.shape:
                changed[call.id, index] = spec_of(one)
    return True
