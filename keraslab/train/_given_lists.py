"""What stands behind the lists of a grid, and whether a function has such parameters."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import keras
import numpy as np

MOST = 256
"""Choices of one parameter, and settings of a whole grid."""


def check_names(build: Any, given: Iterable[str], caller: str) -> str:
    """See that a build function has the parameters that are named.

    Args:
        build: The build function.
        given: Names of parameters.
        caller: Who asks, for errors.

    Returns:
        What the build function is called.

    Raises:
        TypeError: if it is no function, has no such parameter, or needs one that is not named.
    """
    name = str(getattr(build, "__name__", type(build).__name__))
    if not callable(build) or isinstance(build, keras.Layer):  # a model can be called, too
        raise TypeError(
            f"{caller}(build) needs a function that returns a Keras model. "
            f"Received: a {type(build).__name__}."
        )
    try:
        parameters = inspect.signature(build).parameters
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{caller}() cannot read the parameters of {name}(). Wrap it in a function of your "
            "own: def build(depth=2): ..."
        ) from error
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {k: p for k, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    for key, parameter in named.items():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(
                f"{caller}() calls {name}() by name, but its parameter {key!r} is positional "
                "only. Remove the '/' from its signature."
            )
    wanted = list(given)
    unknown = [] if takes_any else [key for key in wanted if key not in named]
    if unknown:
        raise TypeError(
            f"{caller}() was given {unknown[0]!r}, but {name}() has no such parameter. "
            f"Its parameters: {', '.join(named) or 'none'}."
        )
    missing = [k for k, p in named.items() if p.default is p.empty and k not in wanted]
    if missing:
        raise TypeError(
            f"{name}() needs a value for {missing[0]!r}, which {caller}() was not given and which "
            f"has no default. Give it one, or wrap {name}() in a function that does."
        )
    return name


def choices(key: str, given: Any) -> dict[str, Any]:
    """The values of a control in short form, under what each is called.

    Args:
        key: The parameter.
        given: A list, a bool, a dict of choices, or (low, high) or (low, high, step).

    Raises:
        TypeError: if it is nothing of that kind.
        ValueError: if it is empty, endless or too long, or two of its values look the same.
    """
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, bool | np.bool_):
        given = [False, True]
    if isinstance(given, Mapping):
        _check_count(key, len(given))
        return {str(label): value for label, value in given.items()}
    if isinstance(given, tuple):
        given = _range(key, given)
    elif not isinstance(given, list | range):
        raise TypeError(
            f"grid({key}=...) makes no choices from {_short(given)}. Use a list of values, such as "
            f"{key}=[{_short(given)}], a dict of them, (low, high) for whole numbers, or True for "
            "both True and False."
        )
    _check_count(key, len(given))
    found: dict[str, Any] = {}
    for value in given:
        said = label(value)
        if said in found:
            raise ValueError(
                f"grid({key}=...): two of its choices are called {said!r}. Give each once, or name "
                f"them in a dict: {key}={{'first': ..., 'second': ...}}."
            )
        found[said] = value
    return found


def label(value: Any) -> str:
    """What a value is called in the name of a variant.

    Example:
        >>> label(0.001), label("relu"), label(np.float64(0.5)), label(keras.layers.Dense)
        ('0.001', 'relu', '0.5', 'Dense')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return value
    if isinstance(value, type) or inspect.isroutine(value):
        return str(value.__name__)
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(label, value)) + ")"
    name = getattr(value, "name", None)
    if isinstance(value, keras.Layer | keras.optimizers.Optimizer) and isinstance(name, str):
        return name
    text = repr(value)
    # An address in memory is another in the next kernel.
    return type(value).__name__ if " at 0x" in text or len(text) > 60 else text


def _range(key: str, given: tuple[Any, ...]) -> list[Any] | range:
    if len(given) not in (2, 3) or not all(map(_is_number, given)):
        raise TypeError(
            f"grid({key}={given!r}): a range is (low, high) or (low, high, step), all finite "
            "numbers. For a few choices, use a list."
        )
    low, high = given[:2]
    if low >= high:
        raise ValueError(
            f"grid({key}={given!r}): the low end must be below the high end. For one value, use "
            f"a list: {key}=[{low!r}]."
        )
    if len(given) == 3 and given[2] <= 0:
        raise ValueError(f"grid({key}={given!r}): the step must be above 0.")
    if all(isinstance(each, Integral) for each in given):
        step = int(given[2]) if len(given) == 3 else 1
        _check_count(key, (int(high) - int(low)) // step + 1)
        return range(int(low), int(high) + 1, step)
    if len(given) == 2:
        raise ValueError(
            f"grid({key}={given!r}): there is no end of numbers between {low!r} and {high!r}. Give "
            f"a step, ({low!r}, {high!r}, step), or a list of those to try."
        )
    # In decimals, as they are written: 0.1 + 2 * 0.1 is 0.3.
    first, last, width = (Decimal(repr(float(each))) for each in given)
    count = int((last - first) / width) + 1
    _check_count(key, count)
    return [float(first + place * width) for place in range(count)]


def _check_count(key: str, count: int) -> None:
    if not count:
        raise ValueError(f"grid({key}=...) needs at least one choice.")
    if count > MOST:
        raise ValueError(
            f"grid({key}=...) has {count:,} choices, and a grid at most {MOST}. Give a list of "
            "those worth a training."
        )


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"
