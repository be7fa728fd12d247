"""Changes of what stands before a failing call: layers put in, taken out, or made otherwise."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras import layers

from keraslab.debug._evidence import Evidence, maker_of
from keraslab.debug._finding import Edit, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._source import Source, last_name
from keraslab.debug._syntax import NOT_ONCE
from keraslab.debug._trial import Trial, stand_in, swapped
from keraslab.graph import keras_internals

_DEEPEST = 200
"""Steps outwards from an expression, through functions to where they are called."""


@dataclass(frozen=True)
class Step:
    """A layer to put in: its class and what it is made with."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    inner: Step | None = None
    """The layer that it wraps, such as that of a ``TimeDistributed``."""

    def make(self) -> Any:
        """The layer."""
        inner = (self.inner.make(),) if self.inner is not None else ()
        return getattr(layers, self.name)(*inner, *self.args, **self.kwargs)

    def text(self, mender: Mender) -> str:
        """The layer as this person writes one."""
        inner = [self.inner.text(mender)] if self.inner is not None else []
        given = [*inner, *map(repr, self.args), *(f"{k}={v!r}" for k, v in self.kwargs.items())]
        return mender.layer(self.name, ", ".join(given))


def applied(steps: Sequence[Step], tensor: Any) -> Any:
    """Steps on a tensor, the first one first."""
    for step in steps:
        tensor = step.make()(tensor)
    return tensor


def ahead(mender: Mender, title: str, tensor: Any, steps: Sequence[Step]) -> Fix | None:
    """Offer layers between a tensor and the failing call.

    Args:
        mender: Of the failing call.
        title: What it does, in a few words.
        tensor: One of the tensors of the failing call.
        steps: The layers, the first one first.
    """
    evidence = mender.evidence
    texts = [step.text(mender) for step in steps]

    def work(*stands: Any) -> Any:
        given = [
            applied(steps, stand) if each is tensor else stand
            for each, stand in zip(evidence.tensors, stands, strict=True)
        ]
        return mender.trial.again(*given)

    source, edit = _put_in(mender, tensor, texts)
    held = evidence.name_of(tensor) or "x"
    code = f"{held} = {_nested(texts, held)}"
    return mender.offer(title, [edit], work, code=code, source=source)


def _nested(texts: Sequence[str], inner: str) -> str:
    for text in texts:
        inner = f"{text}({inner})"
    return inner


def _put_in(mender: Mender, tensor: Any, texts: list[str]) -> tuple[Source | None, Edit | None]:
    evidence, source = mender.evidence, mender.evidence.source
    if source is None or evidence.failing is None:
        return None, None
    node = evidence.expression_of(tensor)
    if node is not None:
        inner = source.text_of(node)
        if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Starred)):
            inner = f"{inner}"
        return source, source.replace(node, _nested(texts, inner))
    made = evidence.made_at(evidence.failing.operation)
    if made is not None and (edit := _before_in_chain(*made, texts)) is not None:
        return made[0], edit
    name = evidence.name_of(tensor)
    if name is not None and source.name_of(tensor) == name:
        return source, source.before(f"{name} = {_nested(texts, name)}")
    return None, None


def _before_in_chain(source: Source, call: ast.Call, texts: list[str]) -> Edit | None:
    """Layers before one that stands in the list of a ``Sequential`` or in an ``add``."""
    call = wrapper_of(source, call)
    parent = source.parent_of(call)
    if not source.runs_once(call):
        return None
    line, column, *_ = source.chars(call)
    ahead_of = source.text.split("\n")[line][:column]
    if isinstance(parent, (ast.List, ast.Tuple)):
        gap = ", " if ahead_of.strip() else ",\n" + ahead_of
        return Edit(line, column, line, column, "".join(text + gap for text in texts))
    if isinstance(parent, ast.Call) and last_name(parent.func) == "add":
        line, column, *_ = source.chars(parent)
        ahead_of = source.text.split("\n")[line][:column]
        if ahead_of.strip():
            return None
        adder = source.text_of(parent.func)
        lines = "".join(f"{ahead_of}{adder}({text})\n" for text in texts)
        return Edit(line, 0, line, 0, lines)
    return None


def wrapper_of(source: Source, call: ast.Call) -> ast.Call:
    """The call around a layer's that wraps it: ``Bidirectional(LSTM(8))``."""
    parent = source.parent_of(call)
    wraps = isinstance(parent, ast.Call) and last_name(parent.func) in (
        "Bidirectional",
        "TimeDistributed",
    )
    return parent if wraps and isinstance(parent, ast.Call) else call


def without(mender: Mender, title: str, operation: Any) -> Fix | None:
    """Offer to take out a layer that leads to the failing call, or the failing one.

    Args:
        mender: Of the failing call.
        title: What it does, in a few words.
        operation: The layer; it takes one tensor and gives one.
    """
    evidence = mender.evidence
    made = evidence.made_at(operation)
    edit = _taken_out(*made) if made is not None else None
    source = made[0] if made is not None else None
    code = f"# without {operation.name}"
    failing = evidence.failing
    if failing is not None and failing.operation is operation:
        return mender.offer(title, [edit], lambda stand: stand, code=code, source=source)
    return mender.offer(
        title,
        [edit],
        lambda *_: mender.trial.again(*replayed(evidence, mender.trial, {id(operation): _same})),
        code=code,
        source=source,
    )


def _same(tensor: Any) -> Any:
    return tensor


def _taken_out(source: Source, call: ast.Call) -> Edit | None:
    parent = source.parent_of(call)
    if isinstance(parent, ast.Call) and parent.func is call and len(parent.args) == 1:
        return source.replace(parent, source.text_of(parent.args[0]))
    if not _runs_once(source, call):
        return None
    if isinstance(parent, (ast.List, ast.Tuple)) and len(parent.elts) > 1:
        index = next(i for i, each in enumerate(parent.elts) if each is call)
        first, column, last, end = source.chars(call)
        if index + 1 < len(parent.elts):
            last, end, *_ = source.chars(parent.elts[index + 1])
            return Edit(first, column, last, end, "")
        _, _, before, start = source.chars(parent.elts[index - 1])
        return Edit(before, start, last, end, "")
    if isinstance(parent, ast.Call) and last_name(parent.func) == "add":
        first, column, last, end = source.chars(parent)
        lines = source.text.split("\n")
        if not lines[first][:column].strip() and not lines[last][end:].split("#")[0].strip():
            return Edit(first, 0, last + 1, 0, "")
    return None


def _runs_once(source: Source, node: ast.AST) -> bool:
    """Whether an expression runs once: at the top of a file, or in a function used once there."""
    held = source.parent_of(node)
    for _ in range(_DEEPEST):  # a function may call itself
        if held is None:
            return True
        if isinstance(held, ast.FunctionDef):
            names = [n for n in ast.walk(source.tree or held) if isinstance(n, ast.Name)]
            used = [each for each in names if each.id == held.name]
            call = source.parent_of(used[0]) if len(used) == 1 else None
            if held.decorator_list or not isinstance(call, ast.Call) or call.func is not used[0]:
                return False
            held = call
        elif isinstance(held, NOT_ONCE) and not (isinstance(held, ast.For) and held.iter is node):
            return False
        node, held = held, source.parent_of(held)
    return False


def instead(mender: Mender, title: str, operation: Any, name: str) -> Fix | None:
    """Offer a layer of another class with the same settings, as far as it has them.

    Args:
        mender: Of the failing call.
        title: What it does, in a few words.
        operation: The layer that leads to the failing call, or the failing one.
        name: The other class.
    """
    evidence = mender.evidence
    made = evidence.made_at(operation)
    kind = getattr(layers, name)
    edits: list[Edit | None] = []
    source, kept = None, True
    if made is None:
        edits.append(None)
    else:
        source, call = made
        # A pooling over everything has no settings of the layer it replaces.
        kept = _takes(kind, operation)
        node: ast.AST = call.func if kept else call
        written = source.written("layers", name)
        edits.append(source.replace(node, written if kept else f"{written}()"))

    def made_anew(*tensors: Any) -> Any:
        layer = kind(**_settings(operation, kind)) if kept else kind()
        return layer(*tensors)

    code = f"{operation.name} = {mender.layer(name, '...' if kept else '')}"
    failing = evidence.failing
    if failing is not None and failing.operation is operation:
        return mender.offer(title, edits, made_anew, code=code, source=source)
    return mender.offer(
        title,
        edits,
        lambda *_: mender.trial.again(
            *replayed(evidence, mender.trial, {id(operation): made_anew})
        ),
        code=code,
        source=source,
    )


def _takes(kind: Any, operation: Any) -> bool:
    """Whether a class takes what makes a layer what it is."""
    own = set(_settings(operation, kind))
    needed = {
        "filters",
        "kernel_size",
        "pool_size",
        "size",
        "units",
        "cropping",
        "depth_multiplier",
    }
    held = set(operation.get_config()) & needed
    return held <= own


def _settings(operation: Any, kind: Any) -> dict[str, Any]:
    import inspect

    names = set(inspect.signature(kind).parameters) - {"kwargs", "name", "dtype", "data_format"}
    config = {key: value for key, value in operation.get_config().items() if key in names}
    for key, value in config.items():
        if isinstance(value, (list, tuple)) and len(set(value)) == 1:
            config[key] = value[0]
    return config


def settings(
    mender: Mender, title: str, changes: Mapping[int, tuple[Any, dict[str, Any]]]
) -> Fix | None:
    """Offer other settings of several layers at once.

    Args:
        mender: Of the failing call.
        title: What it does, in a few words.
        changes: Layers with their settings that change, by the layers' ``id()``.
    """
    evidence, trial = mender.evidence, mender.trial
    failing = evidence.failing
    edits: dict[tuple[int, int, str], Edit] = {}
    source, unknown = None, False
    for operation, values in changes.values():
        made = evidence.made_at(operation)
        if made is None or (source is not None and made[0].file != source.file):
            unknown = True
            continue
        source, call = made
        if not call.args and not call.keywords:
            given = ", ".join(f"{key}={value!r}" for key, value in values.items())
            edit = source.replace(call, f"{source.text_of(call.func)}({given})")
            edits[(edit.line, edit.column, "")] = edit
            continue
        for key, value in values.items():
            edit = source.keyword(call, key, repr(value), source.positions_of(call, operation))
            edits[(edit.line, edit.column, key)] = edit

    def work(*_: Any) -> Any:
        def copied(operation: Any, values: dict[str, Any]) -> Callable[..., Any]:
            return lambda *tensors: trial.copied(operation, **values)(*tensors)

        table = {key: copied(*change) for key, change in changes.items()}
        own = changes.get(id(failing.operation), (None, {}))[1] if failing is not None else {}
        return trial.again(*replayed(evidence, trial, table), **own)

    words = [
        f"{op.name}: {', '.join(f'{k}={v!r}' for k, v in values.items())}"
        for op, values in changes.values()
    ]
    known: list[Edit | None] = list(edits.values())
    return mender.offer(
        title, [*known, None] if unknown else known, work, code="\n".join(words), source=source
    )


def replayed(
    evidence: Evidence, trial: Trial, changed: Mapping[int, Callable[..., Any]]
) -> list[Any]:
    """Stand-ins of the failing call's tensors as they are with other layers above.

    Args:
        evidence: What the exception left.
        trial: Makes the copies.
        changed: What to do in place of a layer, by the layer's ``id()``; takes the tensors.
    """
    known: dict[int, Any] = {}

    def again(tensor: Any) -> Any:
        if id(tensor) in known:
            return known[id(tensor)]
        node = keras_internals.node_of(tensor)
        result = None
        if node is not None:
            operation = keras_internals.operation_of(node)
            given = keras_internals.tensors_in(node)
            new = [again(each) for each in given]
            outputs = keras_internals.tensors_out(node)
            index = next((i for i, each in enumerate(outputs) if each is tensor), 0)
            if id(operation) in changed:
                made = changed[id(operation)](*new)
            elif any(known_as.get(id(each)) for each in given):
                args, kwargs = keras_internals.arguments_of(node)
                args, kwargs = swapped((args, dict(kwargs)), new)
                made = trial.copied(operation)(*args, **kwargs)
            else:
                made = None
            if made is not None:
                result = made[index] if isinstance(made, (list, tuple)) else made
                known_as[id(tensor)] = True
        known[id(tensor)] = stand_in(tensor) if result is None else result
        return known[id(tensor)]

    known_as: dict[int, bool] = {}
    return [again(tensor) for tensor in evidence.tensors]


def passes_on(operation: Any) -> bool:
    """Whether a layer leaves the shape as it is and is no more than a step on the way."""
    kinds = (
        layers.Dropout,
        layers.Activation,
        layers.BatchNormalization,
        layers.LayerNormalization,
        layers.ReLU,
        layers.LeakyReLU,
        layers.SpatialDropout1D,
        layers.SpatialDropout2D,
        layers.GaussianNoise,
        layers.Identity,
        layers.ActivityRegularization,
    )
    return isinstance(operation, kinds)


def line_above(tensor: Any, through: Callable[[Any], bool] = passes_on) -> Any | None:
    """The nearest layer above a tensor that is more than a step on the way."""
    while (maker := maker_of(tensor)) is not None:
        given = keras_internals.tensors_in(keras_internals.node_of(tensor))
        if not through(maker) or len(given) != 1:
            return maker
        tensor = given[0]
    return None
