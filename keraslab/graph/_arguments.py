"""The constants and settings of a call as short text."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import keras

from keraslab.graph import keras_internals

_LONGEST = 40

# Written as a formula, since the side on which the constant stands matters.
_SIGNS = {
    "Subtract": "-",
    "Divide": "/",
    "TrueDivide": "/",
    "FloorDivide": "//",
    "Mod": "%",
    "Power": "**",
    "Greater": ">",
    "GreaterEqual": ">=",
    "Less": "<",
    "LessEqual": "<=",
    "Matmul": "@",
}


def arguments_text(node: Any) -> tuple[str, ...]:
    """Constants given to a call, and the settings of an operation that differ from its defaults.

    Args:
        node: A node of a Keras graph.

    Returns:
        Texts such as ``axis=-1``, ``2.0``, ``1 - x`` or ``[:, 0]``, none longer than 40
        characters.
    """
    operation = keras_internals.operation_of(node)
    kind: Any = type(operation)
    is_layer = isinstance(operation, keras.layers.Layer)
    if is_layer and keras_internals.takes_one_tensor(node):
        return ()
    args, kwargs = keras_internals.arguments_of(node)
    texts = list(_constants(operation, args))
    defaults = _call_defaults(kind) if kwargs else {}
    for name, value in kwargs.items():
        value = _listed(value)
        if _is_constant(value) and not _same(value, _listed(defaults.get(name))):
            texts.append(f"{name}={value_text(value)}")
    if not is_layer:
        usual = _constructor_defaults(kind)
        for name, value in keras_internals.settings_of(operation).items():
            value = _listed(value)
            if value is not None and not _same(value, _listed(usual.get(name))):
                texts.append(f"{name}={value_text(value)}")
    return tuple(_short(text) for text in texts)


def _constants(operation: Any, args: tuple[Any, ...]) -> Iterator[str]:
    kind = type(operation).__name__
    if kind == "GetItem" and len(args) == 2:
        yield _slice_text(args[1])
        return
    if kind in _SIGNS and len(args) == 2:
        texts = [value_text(a) if _is_constant(a) else "x" for a in args]
        if texts != ["x", "x"]:
            yield f" {_SIGNS[kind]} ".join(texts)
        return
    for value in args:
        if _is_constant(value):
            yield value_text(_listed(value))


def _is_constant(value: Any) -> bool:
    if value is None or isinstance(value, keras.KerasTensor):
        return False
    if isinstance(value, (list, tuple, dict)):
        leaves = keras.tree.flatten(value)
        return bool(leaves) and not any(
            leaf is None or isinstance(leaf, keras.KerasTensor) for leaf in leaves
        )
    return True


def _listed(value: Any) -> Any:
    """A value with its tuples as lists, since a file does not tell one from the other."""
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _same(value: Any, other: Any) -> bool:
    return value is other or (
        isinstance(value, (bool, int, float, str, list))
        and type(value) is type(other)
        # A list may hold arrays, whose comparison has no single answer.
        and repr(value) == repr(other)
    )


def value_text(value: Any) -> str:
    """A value as short text; an array by its shape, an object by its type."""
    if isinstance(value, (bool, int, str, type(None))):
        return repr(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return repr(value)
        return f"{value:.6g}" if value != int(value or 0) or abs(value) > 1e6 else repr(value)
    if isinstance(value, slice):
        parts = [value.start, value.stop, value.step]
        return f"slice({', '.join(value_text(p) for p in parts)})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(value_text(v) for v in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {value_text(v)}" for k, v in value.items()) + "}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array_text(value)
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else type(value).__name__


def _array_text(value: Any) -> str:
    shape = tuple(value.shape)
    dtype = keras.backend.standardize_dtype(value.dtype)
    if shape == () and not isinstance(value, keras.Variable):
        return f"{float(value):g}"
    sizes = " × ".join("?" if size is None else str(size) for size in shape)
    return f"array {sizes} {dtype}"


def _slice_text(key: Any) -> str:
    def one(part: Any) -> str:
        if part is Ellipsis:
            return "..."
        if isinstance(part, slice):
            start, stop, step = (
                "" if p is None else value_text(p) for p in (part.start, part.stop, part.step)
            )
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return "x" if isinstance(part, keras.KerasTensor) else value_text(part)

    parts = key if isinstance(key, tuple) else (key,)
    return f"[{', '.join(one(part) for part in parts)}]"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@lru_cache(maxsize=512)
def _call_defaults(kind: Any) -> dict[str, Any]:
    return _defaults(kind.call)


@lru_cache(maxsize=512)
def _constructor_defaults(kind: Any) -> dict[str, Any]:
    return _defaults(kind.__init__)


def _defaults(function: Any) -> dict[str, Any]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}
