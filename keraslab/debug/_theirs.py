"""Which values run code of the person's where they are used, looked at without using them."""

from __future__ import annotations

import functools
import sys
from types import FunctionType, MethodType
from typing import Any

import keras

_KNOWN = sys.stdlib_module_names | {
    *("numpy", "pandas", "scipy", "keras", "keraslab"),
    *("tensorflow", "torch", "jax", "jaxlib", "ml_dtypes"),
}
_METHODS = frozenset(
    f"__{name}__"
    for name in (
        *("bool", "len", "contains", "iter", "next", "getitem", "reversed", "hash", "call"),
        *("str", "repr", "format", "int", "float", "index", "abs", "round", "divmod", "pow"),
        *("eq", "ne", "lt", "le", "gt", "ge", "add", "radd", "getattr", "getattribute", "array"),
    )
)


def runs_theirs(value: Any) -> bool:
    """Whether a value's class has methods of the person's that operators and built-ins call.

    Args:
        value: It is not asked anything.
    """
    return any(
        not _METHODS.isdisjoint(vars(kind)) and not _is_known(kind.__module__)
        for kind in type(value).__mro__
    )


def is_theirs(work: Any) -> bool:
    """Whether a call of something would run code of the person's, or one of their layers.

    Args:
        work: What a built-in such as ``map`` was given.
    """
    if isinstance(work, functools.partial):
        return is_theirs(work.func)
    if isinstance(work, (type, FunctionType, MethodType)):
        return not _is_known(work.__module__)
    return isinstance(work, keras.Layer)


def _is_known(module: Any) -> bool:
    return str(module).split(".")[0] in _KNOWN
