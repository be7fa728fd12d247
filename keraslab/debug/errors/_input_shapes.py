"""Shapes of inputs that fail only further down: the batch, the channels."""

from __future__ import annotations

import ast
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Cause, Edit, Finding
from keraslab.debug._mend import Mender
from keraslab.debug._replay import Replay
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug.errors._inputs import _is_input, _shape_of
from keraslab.debug.errors._misplaced import argument
from keraslab.debug.errors._values import roots_of

_CALLED = (
    "layers.input_spec:assert_input_compatibility",
    "ops.operation_utils:*",
    "backend.common.variables:Variable._validate_shape",
)


_LIGHT = (
    "Rescaling",
    "Normalization",
    "BatchNormalization",
    "LayerNormalization",
    "Dropout",
    "Activation",
    "ReLU",
    "GaussianNoise",
    "InputLayer",
    "Embedding",
    "Masking",
    "LeakyReLU",
    "RandomFlip",
    "RandomRotation",
    "Cast",
    "SpatialDropout1D",
    "ZeroPadding2D",
    "Resizing",
)
"""Layers that leave the axes as they are."""


# Shapes that fail further down.


def _root(evidence: Evidence) -> tuple[Any, Any] | None:
    """The one Input above the failing call and its layer, where only light layers follow it."""
    failing = evidence.failing
    if (
        failing is None
        or len(evidence.tensors) != 1
        or not isinstance(failing.operation, layers.Layer)
    ):
        return None
    if isinstance(failing.operation, keras.Model):
        return None
    roots = roots_of(evidence, list(evidence.tensors))
    if len(roots) != 1 or not isinstance(maker_of(roots[0]), layers.InputLayer):
        return None
    return roots[0], maker_of(roots[0])


def _only_light(evidence: Evidence) -> bool:
    return all(type(each).__name__ in _LIGHT for each in evidence.upstream(evidence.tensors[0]))


def _expected(layer: Any) -> int | None:
    """How many axes a layer needs."""
    spec = layer.input_spec
    spec = spec[0] if isinstance(spec, (list, tuple)) and spec else spec
    rank = getattr(spec, "ndim", None) or getattr(spec, "min_ndim", None)
    if hasattr(layer, "rank") and hasattr(layer, "kernel_size"):
        rank = layer.rank + 2
    return rank


def _made_where(evidence: Evidence, root: Any) -> tuple[Source, ast.Call, ast.expr] | None:
    """The call of ``keras.Input`` that made a tensor, and its shape as written."""
    shape = tuple(root.shape)
    for source, callers in zip(
        evidence.sources,
        [evidence.sources[i + 1 :] for i in range(len(evidence.sources))],
        strict=True,
    ):
        replay = Replay(source, callers)
        name = source.name_of(root)
        made = replay.made(ast.Name(name, ast.Load())) if name and name.isidentifier() else None
        calls = (
            [made]
            if isinstance(made, ast.Call) and _is_input(source, made)
            else list(source.calls())
        )
        fitting = []
        for call in calls:
            node = None
            node = _shape_of(call) if _is_input(source, call) else argument(call, 99, "input_shape")
            if node is None:
                continue
            value = replay.value(node)
            value = tuple(value) if isinstance(value, (list, tuple)) else value
            if value in (shape, shape[1:]) or value is UNKNOWN:
                fitting.append((source, call, node))
        if len(fitting) == 1 or (fitting and made is not None):
            return fitting[0]
    return None


def _reshaped(
    rule: Rule,
    evidence: Evidence,
    shape: tuple[Any, ...],
    text: Any,
    title: str,
    message: str,
    why: str,
) -> Finding | None:
    """A finding that offers another shape for the Input, where the failing call then works."""
    found = _root(evidence)
    if found is None:
        return None
    root, layer = found
    mender = Mender(evidence)

    def again() -> Any:
        new = keras.KerasTensor((root.shape[0], *shape), dtype=root.dtype)
        return mender.trial.again(*[_afresh(evidence, t, root, new) for t in evidence.tensors])

    if mender.trial.run(again, ()) is None:
        return None
    made = _made_where(evidence, root)
    edits: list[Edit | None] = [None]
    source = None
    if made is not None:
        source, _, node = made
        edits = [source.replace(node, text(source.text_of(node), node))]
    fix = mender.offer(title, edits, again, (), f"keras.Input({shape!r})", source)
    name = evidence.says(root)
    return rule.finding(
        message,
        cause=Cause(
            evidence.name_of(root) or str(layer.name),
            f"{name} is {shape_text(root.shape)}: {why}",
            call=evidence.call_of(root),
            place=made[0].place_of(made[1]) if made is not None else None,
        ),
        fixes=(fix,) if fix is not None else (),
    )


def _afresh(evidence: Evidence, tensor: Any, root: Any, new: Any) -> Any:
    """A tensor as it would be were the Input another one."""
    if tensor is root:
        return new
    maker = maker_of(tensor)
    given = [_afresh(evidence, t, root, new) for t in evidence.inputs_of(maker, tensor)]
    copy = Mender(evidence).trial.copy_of(maker)
    return copy(given[0] if len(given) == 1 else given)


@error_rule("KL304", "channels-first", origins=("ops.operation_utils:*",))
def channels_first(rule: Rule, evidence: Evidence) -> Finding | None:
    """Images as channels x height x width, which Keras takes for height x width x channels."""
    found = _root(evidence)
    if found is None or "negative" not in evidence.text or len(found[0].shape) not in (4, 5):
        return None
    if (
        getattr(evidence.failing and evidence.failing.operation, "data_format", "")
        != "channels_last"
    ):
        return None
    sizes = tuple(found[0].shape[1:])
    if None in sizes or sizes[0] > 4 or min(sizes[1:]) < 8:
        return None
    moved = (*sizes[1:], sizes[0])
    return _reshaped(
        rule,
        evidence,
        moved,
        lambda *_: repr(moved),
        "put the channels last",
        f"{evidence.says(found[0])} is {shape_text(found[0].shape)}: Keras reads it as an image "
        f"{sizes[0]} high and {sizes[1]} wide with {sizes[2]} channels, for channels come last.",
        "the channels stand first",
    )


@error_rule("KL302", "batch-in-the-shape", origins=_CALLED)
def batch_in_shape(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Input((32, 28, 28, 1))``: the batch is added by Keras."""
    found = _root(evidence)
    if found is None or evidence.failing is None:
        return None
    root, expected = found[0], _expected(evidence.failing.operation)
    shape = tuple(root.shape[2:])
    unknown = evidence.origin.endswith("_validate_shape")
    if unknown:
        # Flatten or Dense need sizes, and the first one, None, stands where the batch would.
        kinds = {type(each).__name__ for each in evidence.upstream(evidence.tensors[0])}
        if root.shape[1] is not None or kinds - {*_LIGHT, "Dense", "Flatten"}:
            return None
    elif expected is None or len(evidence.tensors[0].shape) != expected + 1:
        return None
    if not shape or not (unknown or _only_light(evidence)):
        return None

    def text(written: str, node: ast.expr) -> str:
        if isinstance(node, (ast.Tuple, ast.List)):
            return repr(shape)
        return f"{written}[1:]"

    return _reshaped(
        rule,
        evidence,
        shape,
        text,
        f"leave the first of its sizes out: {shape!r}",
        f"{evidence.says(root)} is {shape_text(root.shape)}, one axis too many: the shape of an "
        "Input is that of one sample, and Keras adds the batch in front.",
        "the batch stands in its shape",
    )


@error_rule("KL303", "missing-axis-of-the-input", origins=_CALLED)
def missing_axis(rule: Rule, evidence: Evidence) -> Finding | None:
    """``keras.Input((28, 28))`` for images of one channel."""
    found = _root(evidence)
    if found is None or evidence.failing is None:
        return None
    root, expected = found[0], _expected(evidence.failing.operation)
    if expected is None or len(evidence.tensors[0].shape) != expected - 1:
        return None
    if not _only_light(evidence):
        return None
    shape = (*root.shape[1:], 1)
    kind = type(evidence.failing.operation).__name__
    axis = "channels" if expected > 3 else "features of each step"

    def text(written: str, node: ast.expr) -> str:
        if isinstance(node, (ast.Tuple, ast.List)):
            return repr(shape)
        return f"(*{written}, 1)"

    sizes = {
        3: "steps x features",
        4: "height x width x channels",
        5: "depth x height x width x channels",
    }
    return _reshaped(
        rule,
        evidence,
        shape,
        text,
        f"give it an axis for the {axis}: {shape!r}",
        f"{kind} wants {sizes.get(expected, 'another axis')}, and {evidence.says(root)} is "
        f"{shape_text(root.shape)}: the axis of the {axis} is missing.",
        f"it has no axis for the {axis}",
    )
