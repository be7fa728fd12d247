"""Attention layers that were built on vectors, and fail on data: a vector has no steps."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import layers

from keraslab.debug._evidence import Evidence, maker_of, shape_text, tensors_in
from keraslab.debug._finding import Cause, Edit, Finding, Fix
from keraslab.debug._fit_case import FitCase, fit_case
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import Step, ahead
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import Source, last_name
from keraslab.debug._trial import nothing_left_behind
from keraslab.debug.errors._attention import _DOT, _MANY
from keraslab.graph import Call, keras_internals, skeleton

_ROLES = ("query", "value", "key")
_CLASHES = ("size-incompatible", "incompatible shapes", "must be broadcastable")


@error_rule("KL616", "attention-on-vectors")
def attention_on_vectors(rule: Rule, evidence: Evidence) -> Finding | None:
    """``mha(last_state, states)``: Keras builds it, and the first batch fails in it."""
    case = fit_case(evidence)
    if case is None:
        return _while_built(rule, evidence)
    for call in case.graph.calls:
        operation = call.operation
        if not isinstance(operation, _DOT + _MANY) or call.node is None:
            continue
        tensors = list(keras_internals.tensors_in(call.node))[:3]
        flat = [i for i, each in enumerate(tensors) if len(each.shape) == 2]
        if not flat or not _fails_here(evidence, operation):
            continue
        site = _site(evidence, operation)
        names = [_name(evidence, site, i, t) for i, t in enumerate(tensors)]
        first = tensors[flat[0]]
        roles = list(dict.fromkeys(_ROLES[i] for i in flat if tensors[i] is first))
        said = " and ".join(roles)
        place = site[0].place_of(site[1]) if site is not None else None
        return rule.finding(
            _sentence(operation, f"{said} {names[flat[0]]}", first),
            cause=Cause(
                str(operation.name),
                f"{names[flat[0]]} is {_wanted(first)}",
                call.id,
                place,
            ),
            tensors=evidence.named(tuple({id(t): t for t in tensors}.values())),
            fixes=tuple(_fixes(case, call, tensors, site)),
        )
    return None


def _while_built(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer that refuses the vector at once, such as ``GroupQueryAttention``."""
    failing = evidence.failing
    if failing is None or not isinstance(failing.operation, _MANY) or len(evidence.tensors) < 2:
        return None
    flat = [(i, t) for i, t in enumerate(evidence.tensors[:3]) if len(t.shape) == 2]
    if not flat:
        return None
    index, tensor = flat[0]
    operation, mender = failing.operation, Mender(evidence)
    said = f"{_ROLES[index]} {evidence.says(tensor)}"
    title, steps = "make one step of it", [Step("Reshape", ((1, tensor.shape[1]),))]
    fix = ahead(mender, title, tensor, steps) if tensor.shape[1] is not None else None
    return rule.finding(
        _sentence(operation, said, tensor),
        cause=Cause(str(operation.name), f"{said} is {_wanted(tensor)}", place=evidence.where),
        fixes=(fix,) if fix is not None else (),
    )


def _sentence(operation: Any, said: str, tensor: Any) -> str:
    return (
        f"{operation.name!r} ({type(operation).__name__}) compares the steps of sequences, and its "
        f"{said} has no time axis: it is a vector ({shape_text(tensor.shape)})."
    )


def _wanted(tensor: Any) -> str:
    return f"{shape_text(tensor.shape)}, and ? × steps × features belongs there"


def _fails_here(evidence: Evidence, operation: Any) -> bool:
    """Whether it failed inside the layer, or in the graph by the shapes that it gives."""
    if any(each.operation is operation for each in evidence.applied):
        return True
    if f"calling {type(operation).__name__}.call()" in str(evidence.error):
        return True
    if evidence.kind == "IndexError" and evidence.origin.endswith("softmax:Softmax.call"):
        return isinstance(operation, _MANY)
    text = evidence.text.lower()
    return evidence.kind == "InvalidArgumentError" and any(each in text for each in _CLASHES)


def _site(evidence: Evidence, operation: Any) -> tuple[Source, ast.Call, list[ast.expr]] | None:
    """Where it is called, with the expressions of its query and value, where that is sure."""
    for source in evidence.sources:
        makers = source.makers_of(operation)
        found = [
            call
            for call in source.calls()
            if call.func in makers
            or source.value_of(call.func) is operation
            or (isinstance(call.func, ast.Name) and _holds(source, call.func.id, makers))
        ]
        if len(makers) == 1 and len(found) == 1:
            return source, found[0], _parts(found[0])
    return None


def _holds(source: Source, name: str, makers: list[ast.Call]) -> bool:
    """Whether a name is given to what the only call made; names of functions are gone by then."""
    assigned = source.assigned(name)
    return len(assigned) == 1 and assigned[0].value in makers


def _parts(call: ast.Call) -> list[ast.expr]:
    first = call.args[0] if call.args else None
    if isinstance(first, (ast.List, ast.Tuple)):
        return list(first.elts)
    named = {k.arg: k.value for k in call.keywords}
    given = [*call.args, *(named[role] for role in _ROLES[len(call.args) :] if role in named)]
    return [] if any(isinstance(each, ast.Starred) for each in given) else given


def _name(evidence: Evidence, site: Any, index: int, tensor: Any) -> str:
    part = site[2][index] if site is not None and index < len(site[2]) else None
    text = site[0].text_of(part) if isinstance(part, (ast.Name, ast.Subscript)) else None
    return text or evidence.says(tensor)


def _fixes(case: FitCase, call: Call, tensors: list[Any], site: Any) -> Iterator[Fix]:
    """Each way is tried on the whole model; its outputs keep their axes."""
    flat = [i for i, each in enumerate(tensors) if len(each.shape) == 2]
    tensor = tensors[flat[0]]
    if not all(tensors[i] is tensor for i in flat) or tensor.shape[1] is None:
        return
    size, self_attending = tensor.shape[1], len(flat) == len(tensors)
    shapes = [(size, 1), (1, size)] if self_attending else [(1, size)]
    found: list[Fix] = []
    upstream = _every_step(case, tensor)
    if upstream is not None and (0 not in flat or self_attending):
        found.append(upstream)
    for shape in shapes:
        title = f"make {'one step of it' if shape[0] == 1 else 'a step of each of its values'}"
        # Where the rest of the model goes on with a vector, the steps are joined again after it.
        fix = _reshaped(case, call, title, shape, False, site, flat) or _reshaped(
            case, call, f"{title}, flat after it", shape, True, site, flat
        )
        found += [fix] if fix is not None else []
    found += [upstream] if upstream is not None and upstream not in found else []
    yield from found[:2]


def _reshaped(
    case: FitCase,
    call: Call,
    title: str,
    shape: tuple[int, int],
    flatten: bool,
    site: Any,
    flat: list[int],
) -> Fix | None:
    counted = itertools.count()

    def new() -> str:
        # The copy keeps its layers' names, and a name that Keras makes may be one of them.
        return f"tried_{next(counted)}"

    def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.name != call.operation.name:
            return layer(*args, **kwargs)
        args, kwargs = keras.tree.map_structure(
            lambda t: layers.Reshape(shape, name=new())(t) if _is_vector(t) else t, (args, kwargs)
        )
        out = layer(*args, **kwargs)
        return layers.Flatten(name=new())(out) if flatten else out

    if not _builds(case, called, None):
        return None
    source: Source | None = site[0] if site is not None else case.evidence.source
    assert source is not None
    layer = source.layer("Reshape", repr(shape))
    edits: list[Edit | None] = [None]
    if site is not None and len(site[2]) > max(flat):
        edits = [source.wrap(site[2][i], f"{layer}(") for i in flat]
        if flatten:
            line, column, last, end = source.chars(site[1])
            edits.append(Edit(line, column, line, column, f"{source.layer('Flatten')}("))
            edits.append(Edit(last, end, last, end, ")"))
    return case.fix(Fix(title, f"{layer}(...)", tried=True), source, edits)


def _is_vector(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor) and len(value.shape) == 2


def _every_step(case: FitCase, tensor: Any) -> Fix | None:
    """``return_sequences=True`` where the vector is all that a recurrent layer gives."""
    maker = maker_of(tensor)
    if not isinstance(maker, layers.RNN) or maker.return_sequences or maker.return_state:
        return None

    def made(layer: Any) -> Any:
        config = layer.get_config()
        changed = {**config, "return_sequences": True} if layer.name == maker.name else config
        return type(layer).from_config(changed)

    if not _builds(case, None, made):
        return None
    at = case.evidence.made_at(maker)
    edits: list[Edit | None] = [None]
    if at is not None:
        edits = [at[0].keyword(at[1], "return_sequences", "True", ())]
    fix = Fix(
        f"let {maker.name!r} give all its steps",
        f"{last_name(at[1].func) if at is not None else maker.name}(..., return_sequences=True)",
        tried=True,
    )
    return case.fix(fix, at[0] if at is not None else None, edits)


def _builds(case: FitCase, called: Callable[..., Any] | None, made: Any) -> bool:
    """Whether the whole model fits together so, with steps for attention and the same outputs."""
    more = {"call_function": called} if called is not None else {}
    try:
        with nothing_left_behind(), skeleton():
            # The same graph, not compiled: a copy of what is compiled makes an optimizer as well.
            plain = keras.Model(case.model.inputs, case.model.outputs)
            copy = keras.models.clone_model(plain, clone_function=made, **more)
    except Exception:  # whatever a change raises, it is not one to offer
        return False
    for one, other in zip(tensors_in(copy.outputs), tensors_in(case.model.outputs), strict=True):
        if len(one.shape) != len(other.shape):
            return False
    return not any(
        len(each.shape) == 2
        for layer in copy.layers
        if isinstance(layer, _DOT + _MANY)
        for each in tensors_in(layer.input)
    )
