"""Operations such as ``x + y``, slices and ``keras.ops`` as expressions of Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._code_layout import WIDTH, Apply, Expr, Text, flat
from keraslab.graph._code_names import snake_case
from keraslab.graph._code_values import CodeError, Values
from keraslab.graph._facts import canonical

_SIGNS = {
    "Add": "+",
    "Subtract": "-",
    "Multiply": "*",
    "TrueDivide": "/",
    "FloorDivide": "//",
    "Mod": "%",
    "Matmul": "@",
}
# With a constant on the left Python turns these around.
_COMPARISONS = {
    "Greater": ">",
    "GreaterEqual": ">=",
    "Less": "<",
    "LessEqual": "<=",
    "NotEqual": "!=",
}
_FUNCTIONS = {
    "AllClose": "allclose",
    "BatchNorm": "batch_normalization",
    "CDist": "cdist",
    "IsIn": "isin",
    "LayerNorm": "layer_normalization",
    "RMSNorm": "rms_normalization",
    "SearchSorted": "searchsorted",
}


def write_operation(
    node: Any, values: Values, write: Callable[[Any], Expr], tensor: Callable[[Any], bool]
) -> Expr:
    """The expression for one call of an operation.

    Args:
        node: The node of the call.
        values: Writes constants, and remembers imports.
        write: Writes an argument, symbolic tensors included.
        tensor: Whether an argument is a symbolic tensor.

    Raises:
        CodeError: The operation has no public function.
    """
    operation = keras_internals.operation_of(node)
    args, kwargs = keras_internals.arguments_of(node)
    name = type(operation).__name__
    if len(args) == 2 and not kwargs:
        short = _short(name, args, write, tensor)
        if short is not None and len(short) < WIDTH - 28:
            return Text(short)
    if name == "Negative" and len(args) == 1 and not kwargs:
        return Text(f"-{flat(write(args[0]))}")
    path, function = _function(operation)
    if path.startswith("ops"):
        values.imports.add("from keras import ops")
    else:
        values.imports.add("from keras import activations")
    parameters = list(inspect.signature(function).parameters.values())
    usual = {p.name: p.default for p in parameters if p.default is not p.empty}
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    items: list[tuple[str, Expr]] = []
    given: dict[str, Any] = {**_settings(operation), **kwargs}
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        # Such as einsum(subscripts, *operands): what is called by place comes first.
        first = [given.pop(p) for p in positional if p in given]
        args = (*first, *args)
    items.extend([("", write(arg)) for arg in args])
    for key in sorted(given, key=lambda k: positional.index(k) if k in positional else 99):
        value = given[key]
        if key in usual and not tensor(value) and canonical(usual[key]) == canonical(value):
            continue
        place = positional.index(key) if key in positional else -1
        needed = key not in usual and place == len(items) and not any(k for k, _ in items)
        items.append(("" if needed else f"{key}=", write(value)))
    return Apply(Text(path), tuple(items))


def _short(
    name: str, args: tuple[Any, ...], write: Callable[[Any], Expr], tensor: Callable[[Any], bool]
) -> str | None:
    """The operation as a formula; None where it must be a function."""
    if name == "GetItem" and tensor(args[0]):
        key = _key(args[1])
        return None if key is None else f"{flat(write(args[0]))}[{key}]"
    if not all(tensor(a) or _is_number(a) for a in args):
        return None
    one, two = (flat(write(a)) for a in args)
    if name == "Power":
        plain = all(tensor(a) or a >= 0 for a in args)
        return f"{one}**{two}" if plain else None
    if name in _COMPARISONS and tensor(args[0]):
        return f"{one} {_COMPARISONS[name]} {two}"
    return f"{one} {_SIGNS[name]} {two}" if name in _SIGNS else None


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and value == value and abs(value) != float("inf")


def _key(key: Any) -> str | None:
    """What stands between the brackets of a slice; None for keys that are no plain numbers."""

    def one(part: Any) -> str | None:
        if part is Ellipsis:
            return "..."
        if part is None or type(part) is int:
            return repr(part)
        if isinstance(part, slice):
            ends = (part.start, part.stop, part.step)
            if any(end is not None and type(end) is not int for end in ends):
                return None
            start, stop, step = ("" if end is None else repr(end) for end in ends)
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return None

    parts = [one(part) for part in (key if isinstance(key, tuple) else (key,))]
    if not parts or None in parts:
        return None
    return ", ".join(map(str, parts)) + ("," if isinstance(key, tuple) and len(parts) == 1 else "")


def _settings(operation: Any) -> Mapping[str, Any]:
    try:
        config = dict(operation.get_config())
    except Exception:  # arrays among the settings, which Keras does not write down
        return keras_internals.settings_of(operation)
    config.pop("name", None)
    return config


def _function(operation: Any) -> tuple[str, Any]:
    name = type(operation).__name__
    if type(operation).__module__.startswith("keras."):
        if name == "ReLU":
            return "activations.relu", keras.activations.relu
        plain = _FUNCTIONS.get(name, snake_case(name))
        if name == "SegmentReduction":
            plain = str(getattr(operation, "reduction", plain))
        for room in ("", "nn", "image", "linalg"):
            where = getattr(keras.ops, room) if room else keras.ops
            function = getattr(where, plain, None)
            if function is not None:
                return ".".join(filter(None, ("ops", room, plain))), function
    raise CodeError(
        f"to_code(model): the operation {operation.name!r} ({name}) has no public function in "
        "keras.ops. Wrap it in a layer of your own, and call that in the model."
    )
