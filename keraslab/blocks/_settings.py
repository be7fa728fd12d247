"""Are two sets of settings the same? Answers no only where a difference can be seen."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np


def same_settings(
    make: Any,
    old: tuple[tuple[Any, ...], Mapping[str, Any]],
    new: tuple[tuple[Any, ...], Mapping[str, Any]],
) -> bool:
    """Return whether `make(*args, **kwargs)` means the same for both pairs of arguments."""
    if same_value(list(old), list(new)):
        return True
    try:
        signature = inspect.signature(make)
        bound = [signature.bind_partial(*args, **kwargs).arguments for args, kwargs in (old, new)]
    except (TypeError, ValueError):
        return False
    return same_value(*bound)


def same_value(a: Any, b: Any) -> bool:
    """Return whether two values of one setting mean the same."""
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same_value(a[key], b[key]) for key in a)
    if isinstance(a, str) or isinstance(b, str):
        return bool(a == b)
    if isinstance(a, Sequence) and isinstance(b, Sequence):
        return len(a) == len(b) and all(map(same_value, a, b))
    if type(a) is not type(b):
        return bool(a == b)
    if hasattr(a, "_given_name"):  # a block, made afresh on every call
        named = a._given_name == b._given_name
        return named and all(
            same_value(getattr(a, f.name), getattr(b, f.name))
            for f in a._settings()
            if f.name != "name"
        )
    if isinstance(a, keras.Layer):
        return True  # made afresh on every call: its name differs, so its config says nothing
    if hasattr(a, "get_config"):
        return same_value(a.get_config(), b.get_config())
    if inspect.isfunction(a):
        return bool(a.__qualname__ == b.__qualname__)  # a lambda written in `wire`
    by_identity: Any = type(a).__eq__
    return bool(a == b) or by_identity is object.__eq__
