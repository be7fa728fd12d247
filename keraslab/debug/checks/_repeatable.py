"""Whether a call gives the same result each time it is given the same tensors."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from keraslab.debug.checks._calls import DROPOUTS, is_keras, is_layer
from keraslab.graph import Call, keras_internals

_BY_CHANCE = frozenset(
    {"dropout", "recurrent_dropout", "dropout_rate", "attention_dropout", "stateful", "stddev"}
)
_WORDS = ("random", "dropout", "seed", "noise", "sampl", "shuffle", "normal", "uniform")


def is_repeatable(call: Call) -> bool:
    """Whether nothing in a call depends on chance or on what was called before."""
    if call.kind == "operation":
        return is_keras(call)
    if is_layer(call, "Lambda", "BaseImagePreprocessingLayer", *DROPOUTS):
        return False
    layer: Any = call.operation
    if not isinstance(layer, keras.Layer) or not _is_certain(call.config):
        return False
    if is_keras(call):
        return not call.type.startswith("Random")
    parts = [part for part in keras_internals.parts_of(layer) if part is not layer]
    names = frozenset(n for part in parts for n in (k.__name__ for k in type(part).__mro__))
    if not names.isdisjoint(DROPOUTS):
        return False
    return not any(word in name.lower() for name in _names(type(layer)) for word in _WORDS)


def _is_certain(config: Any) -> bool:
    if isinstance(config, Mapping):
        return all(
            not (key in _BY_CHANCE and value and isinstance(value, (int, float)))
            and (_is_certain(value) if "initializer" not in str(key) else True)
            for key, value in config.items()
        )
    if isinstance(config, (list, tuple)):
        return all(map(_is_certain, config))
    return True


def _names(kind: type) -> Iterator[str]:
    """The names that the methods of someone's own class use, apart from making its weights."""
    for each in kind.__mro__:
        if each.__module__.split(".")[0] in ("keras", "builtins", "tensorflow"):
            continue
        for name, method in vars(each).items():
            if inspect.isfunction(method) and name not in ("__init__", "build", "get_config"):
                yield from _in_code(method.__code__)


def _in_code(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _in_code(constant)
