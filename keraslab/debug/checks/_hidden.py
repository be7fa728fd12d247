"""Weights that work in a model and belong to nobody."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from keraslab.debug._again import with_graph
from keraslab.debug._copied import Spot, copy_of, lines, on_a_copy
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug.checks._calls import constants, listed, operations
from keraslab.graph import Call, keras_internals

_DEEPEST = 5
_LIBRARIES = frozenset(
    {"builtins", "keras", "tensorflow", "numpy", "jax", "torch", "optree", "keraslab"}
)


@silent_rule("KL452", "hidden-weights", "error")
def hidden_weights(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A Lambda, a layer of one's own or an operation uses weights that are not the model's."""
    model = subject.keras_model
    if model is None:
        return
    tracked = {id(weight) for weight in model.weights}
    told: set[int] = set()
    first = {id(operation): call for operation, call in operations(subject.graph)}
    # What keeps a layer where it is not found says more than the layer itself.
    parts = keras_internals.parts_of(model)
    for layer in [*parts, *[call.operation for call in first.values()]]:
        if isinstance(layer, keras.Layer):
            yield from _of_layer(rule, subject, layer, first.get(id(layer)), tracked, told)
    for call in subject.graph.calls:
        yield from _of_call(rule, subject, call, tracked, told)


def _of_call(
    rule: Rule, subject: Subject, call: Call, tracked: set[int], told: set[int]
) -> Iterator[Finding]:
    """Variables that stand in a call beside the tensors: ``x * strength``, ``ops.matmul(x, w)``."""
    positional, named = constants(call)
    for value in _variables(call.name, (*positional, *named.values())):
        if id(value) in told or id(value) in tracked or not getattr(value, "trainable", True):
            continue
        if not isinstance(value, keras.Variable) and id(value) in _raw(subject):
            continue
        told.add(id(value))
        name = str(getattr(value, "name", "")).partition(":")[0] or "variable"
        sizes = tuple(map(int, value.shape))
        model = subject.keras_model
        assert model is not None
        yield rule.finding(
            f"{call.name!r} ({call.type}) uses the variable {name!r}, which belongs to no layer of "
            f"{model.name!r}: its {_size(value):,} values are not in model.weights, are never "
            "trained and never saved.",
            calls=(call.id,),
            cause=Cause(
                name,
                f"{name!r} is made by itself; Keras knows the variables of layers alone.",
                call.id,
            ),
            fixes=_own_layer(rule, subject, call, name, sizes),
            graph=subject.graph,
        )


def _variables(name: str, values: tuple[Any, ...]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _variables(name, tuple(value))
        elif isinstance(value, Mapping):
            yield from _variables(name, tuple(value.values()))
        elif isinstance(value, keras.Variable) or _is_raw(value):
            yield value


def _is_raw(value: Any) -> bool:
    """Whether it is a variable of what Keras runs on: of TensorFlow, or of PyTorch."""
    kind = type(value)
    module = kind.__module__.split(".")[0]
    if module == "tensorflow":
        return hasattr(kind, "assign") and hasattr(kind, "trainable")
    return module == "torch" and kind.__name__ == "Parameter" and bool(value.requires_grad)


def _raw(subject: Subject) -> set[int]:
    """The model's own weights as what Keras runs on holds them."""
    model = subject.keras_model
    weights = [] if model is None or subject.graph.skeleton else model.weights
    return {id(weight.value) for weight in weights}


_SIGNS = {"Multiply": "*", "Add": "+", "Matmul": "@"}


def _own_layer(
    rule: Rule, subject: Subject, call: Call, name: str, sizes: tuple[int, ...]
) -> tuple[Fix, ...]:
    sign = _SIGNS.get(call.type)
    if sign is None or call.kind != "operation" or not name.isidentifier():
        return ()
    start = {"*": "ones", "+": "zeros", "@": "glorot_uniform"}[sign]
    code = (
        "class Own(keras.layers.Layer):\n"
        "    def build(self, input_shape):\n"
        f'        self.{name} = self.add_weight(shape={sizes!r}, initializer="{start}", '
        f'name="{name}")\n\n'
        "    def call(self, x):\n"
        f"        return x {sign} self.{name}\n\n"
        "x = Own()(x)"
    )
    fix = Fix("make it a weight of a layer", code, call.outputs[0].text)
    made = lines(code, "x", lambda spot: {"x": _first_tensor(spot)}, ours=True)
    return on_a_copy(rule, subject, fix, {call.id: made}, before=with_graph(subject, subject.graph))


def _first_tensor(spot: Spot) -> Any:
    given = keras.tree.flatten((spot.args, dict(spot.kwargs)))
    return next(value for value in given if isinstance(value, keras.KerasTensor))


def _of_layer(
    rule: Rule,
    subject: Subject,
    layer: Any,
    call: Call | None,
    tracked: set[int],
    told: set[int],
) -> Iterator[Finding]:
    if id(layer) in told:
        return
    told.add(id(layer))
    names: dict[int, str] = {}
    found = {id(thing): thing for thing in _held(layer, names)}
    if call is not None and call.kind == "layer" and _of_nobody(layer, tracked):
        found[id(layer)] = layer
    hidden = {
        id(weight): (thing, weight)
        for thing in found.values()
        for weight in (thing.weights if isinstance(thing, keras.Layer) else [thing])
        if id(weight) not in tracked and getattr(weight, "trainable", True)
    }
    owners = [
        t
        for t in {id(t): t for t, _ in hidden.values()}.values()
        if id(t) not in told or t is layer
    ]
    if not owners:
        return
    told.update(map(id, owners))
    called = [names.get(id(owner), owner.name) for owner in owners]
    size = sum(_size(weight) for _, weight in hidden.values())
    inside = isinstance(layer, keras.layers.Lambda)
    where = f"Lambda layer {layer.name!r}" if inside else f"{layer.name!r} ({type(layer).__name__})"
    model = subject.keras_model
    assert model is not None
    calls = _calls_of(subject, layer) if call is None else (call.id,)
    if owners[0] is layer:
        said = f"{layer.name!r} works in {model.name!r}, but no part of it holds that layer"
        cause = f"{layer.name!r} is made or kept where Keras does not look for layers."
    else:
        said = f"{where} uses {listed(called)}, which belongs to no layer"
        cause = (
            f"A function sees {called[0]!r} from outside, and Keras does not look into functions."
            if inside
            else f"{type(layer).__name__} keeps {called[0]!r} where Keras does not look for layers."
        )
    yield rule.finding(
        f"{said}: its {size:,} weights are not in model.weights, are never trained and never "
        "saved.",
        calls=calls,
        cause=Cause(called[0], cause, calls[0] if calls else None),
        fixes=_fixes(rule, subject, calls, owners[0], layer, called[0]),
        graph=subject.graph,
    )


def _fixes(
    rule: Rule, subject: Subject, calls: tuple[str, ...], owner: Any, layer: Any, called: str
) -> tuple[Fix, ...]:
    if not isinstance(owner, keras.Layer) or not called.isidentifier() or owner is layer:
        return ()
    if isinstance(layer, keras.layers.Lambda):
        fix = Fix(f"call {called!r} itself, without the Lambda", f"x = {called}(x)")
        made = lines(fix.code, "x", lambda spot: {called: copy_of(owner), "x": _first_tensor(spot)})
        changes = dict.fromkeys(calls[:1], made)
        return on_a_copy(rule, subject, fix, changes, before=with_graph(subject, subject.graph))
    kind = type(layer).__name__
    # It is a line inside a class of someone's own, so that this stays untried.
    return (Fix(f"make it an attribute in {kind}.__init__", f"self.{called} = {called}"),)


def _calls_of(subject: Subject, layer: Any) -> tuple[str, ...]:
    """The calls inside a layer that was opened."""
    start = f"{layer.name}#"
    return tuple(
        [c.id for c in subject.graph.calls if any(p.startswith(start) for p in c.id.split("/"))]
    )


def _of_nobody(layer: Any, tracked: set[int]) -> bool:
    """Whether a layer that the model calls has weights, none of which the model has."""
    return bool(layer.weights) and not any(id(weight) in tracked for weight in layer.weights)


def _size(weight: Any) -> int:
    size = 1
    for each in weight.shape:
        size *= int(each or 1)
    return size


def _held(layer: Any, names: dict[int, str]) -> Iterator[Any]:
    """The layers and variables that the functions and attributes of a layer lead to.

    ``names`` gets what the code calls each of them, where it does.
    """
    seen: set[int] = {id(layer)}
    functions = (types.FunctionType, types.MethodType, functools.partial)
    own_class = type(layer).__module__.split(".")[0] != "keras"
    if own_class:
        yield from _in_function(getattr(type(layer), "call", None), seen, names, 0)
    for name, value in vars(layer).items():
        if own_class or isinstance(value, functions):
            yield from _in(value, seen, names, 1, name)


def _in(
    value: Any, seen: set[int], names: dict[int, str], depth: int, name: str | None = None
) -> Iterator[Any]:
    if depth > _DEEPEST or id(value) in seen:
        return
    if isinstance(value, (keras.Layer, keras.Variable)):
        seen.add(id(value))
        if name is not None:
            names[id(value)] = name
        yield value
    elif isinstance(value, functools.partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            yield from _in(part, seen, names, depth + 1)
    elif isinstance(value, types.MethodType):
        yield from _in(value.__self__, seen, names, depth + 1)
    elif inspect.isfunction(value):
        yield from _in_function(value, seen, names, depth)
    elif isinstance(value, (list, tuple, set, frozenset)):
        seen.add(id(value))
        for part in value:
            yield from _in(part, seen, names, depth + 1)
    elif isinstance(value, Mapping):
        seen.add(id(value))
        for key, part in value.items():
            yield from _in(part, seen, names, depth + 1, key if isinstance(key, str) else None)
    elif _is_plain_object(value):
        seen.add(id(value))
        for key, part in vars(value).items():
            yield from _in(part, seen, names, depth + 1, key)


def _is_plain_object(value: Any) -> bool:
    """Whether it is of a class of someone's own, and no library's."""
    module = type(value).__module__.split(".")[0]
    return hasattr(value, "__dict__") and module not in _LIBRARIES and not inspect.ismodule(value)


def _in_function(function: Any, seen: set[int], names: dict[int, str], depth: int) -> Iterator[Any]:
    if not inspect.isfunction(function) or id(function) in seen or depth > _DEEPEST:
        return
    if str(function.__module__).split(".")[0] in _LIBRARIES:
        return
    seen.add(id(function))
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            held = cell.cell_contents
        except ValueError:  # a name that was deleted, or not yet given a value
            continue
        yield from _in(held, seen, names, depth + 1, name)
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield from _in(value, seen, names, depth + 1)
    for name in _names_in(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, (keras.Layer, keras.Variable)) or inspect.isfunction(value):
            yield from _in(value, seen, names, depth + 1, name)


def _names_in(code: types.CodeType) -> set[str]:
    """The globals that a function and the functions in it may use."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names
