"""Controls of a panel: a slider, menu or tick box for each parameter of a build function."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from enum import Enum
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

import ipywidgets
import keras

RANGE_STEPS = 200
"""A float range without a step is cut into this many positions."""


def make_controls(
    build: Callable[..., Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a control for each parameter of a build function.

    A parameter without a given control gets one from its default or annotation: a bool a
    tick box, a ``Literal`` or enum a menu, a positive whole number a slider from 1 to twice
    its default (to 4 at least), a positive float one from 0 to twice its default, or to 1
    where it lies between 0.1 and 1. A default of any other kind stays as it is.

    Args:
        build: the build function.
        given: parameter name to ``(low, high)`` or ``(low, high, step)``, a list or dict of
            choices, a bool, or an ipywidgets widget with a value.

    Returns:
        The controls by parameter name, and the parameters held at one value.

    Raises:
        TypeError: if a control has no parameter, a parameter has no control and no default,
            or a control is of a kind that makes none.
        ValueError: if a range or a list is empty.
    """
    name = getattr(build, "__name__", type(build).__name__)
    parameters = _parameters(build, name)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {k: p for k, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    for parameter in named.values():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(
                f"explore() calls {name}() by name, but its parameter {parameter.name!r} is "
                "positional only. Remove the '/' from its signature."
            )
    unknown = [] if takes_any else [key for key in given if key not in named]
    if unknown:
        known = ", ".join(named) or "none"
        raise TypeError(
            f"explore() was given a control {unknown[0]!r}, but {name}() has no such parameter. "
            f"Its parameters: {known}."
        )
    hints = _hints(build)
    controls: dict[str, Any] = {}
    held: dict[str, Any] = {}
    for key in [*named, *(key for key in given if key not in named)]:
        default = named[key].default if key in named else inspect.Parameter.empty
        if key in given:
            controls[key] = _control(key, given[key], default)
        elif (choice := _from_parameter(default, hints.get(key))) is not None:
            controls[key] = _control(key, choice, default)
        elif default is not inspect.Parameter.empty:
            held[key] = default
        else:
            raise TypeError(
                f"{name}() needs a value for {key!r}, which has no control and no default. "
                f"Give it one, for example explore({name}, {key}=(1, 8)) for a slider or "
                f"{key}=[16, 32, 64] for a menu."
            )
    return controls, held


def _parameters(build: Callable[..., Any], name: str) -> Mapping[str, inspect.Parameter]:
    if not callable(build) or isinstance(build, keras.Layer):  # a model can be called, too
        raise TypeError(
            "explore(build) needs a function that returns a Keras model. "
            f"Received: a {type(build).__name__}. To see one finished model, use "
            "keraslab.show(model)."
        )
    try:
        return inspect.signature(build).parameters
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"explore() cannot read the parameters of {name}(). Wrap it in a function of your "
            "own: def build(depth=2): ..."
        ) from error


def _hints(build: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(build)
    except Exception:  # an annotation that cannot be evaluated says nothing
        return {}


def _from_parameter(default: Any, hint: Any) -> Any:
    """A control in short form for a parameter with no control given, or None."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {member.name: member for member in hint}
    if isinstance(default, bool):
        return default
    if isinstance(default, int) and default > 0:
        return (1, max(2 * default, 4))
    if isinstance(default, float) and 0 < default < math.inf:
        return (0.0, 1.0 if 0.1 <= default <= 1 else 2 * default)
    return None


def _control(key: str, given: Any, default: Any) -> Any:
    if isinstance(given, ipywidgets.Widget):
        if not given.has_trait("value"):
            raise TypeError(
                f"explore({key}=...) needs a widget that has a value. "
                f"Received: {type(given).__name__}."
            )
        return given
    _refuse(key, given)
    if isinstance(given, tuple):
        # ipywidgets takes Python's own numbers only.
        whole = all(isinstance(end, Integral) for end in given)
        given = tuple(int(end) if whole else float(end) for end in given)
        if len(given) == 2 and not whole:
            given = (*given, (given[1] - given[0]) / RANGE_STEPS)
    start = default
    if isinstance(given, tuple) and not _within(given, default):
        start = inspect.Parameter.empty
    widget = ipywidgets.interactive.widget_from_abbrev(given, start)
    if widget is None or not isinstance(widget, ipywidgets.ValueWidget):
        raise TypeError(
            f"explore({key}=...) makes no control from {given!r}. Use (low, high) for a slider, "
            "a list for a menu, or True or False for a tick box."
        )
    if isinstance(widget, ipywidgets.FloatSlider):
        widget.readout_format = ".3g"  # two decimals would hide a learning rate
    widget.description = key
    widget.style.description_width = "initial"
    return widget


def _refuse(key: str, given: Any) -> None:
    """Say what is wrong with a control in short form before ipywidgets does, in our words."""
    if isinstance(given, tuple):
        if len(given) not in (2, 3) or not all(map(_is_number, given)):
            raise TypeError(
                f"explore({key}={given!r}): a range is (low, high) or (low, high, step), all "
                "finite numbers. For a menu, use a list."
            )
        if given[0] >= given[1]:
            raise ValueError(
                f"explore({key}={given!r}): the low end must be below the high end. For one "
                f"fixed value, give {key} a default in the build function."
            )
        if len(given) == 3 and given[2] <= 0:
            raise ValueError(f"explore({key}={given!r}): the step must be above 0.")
    elif _is_number(given):
        raise TypeError(
            f"explore({key}={given!r}): one number makes no control. Give a range, such as "
            f"{key}=(1, 8), or make {given!r} the default of {key} in the build function."
        )
    elif isinstance(given, list | dict) and not given:
        raise ValueError(f"explore({key}={given!r}): a menu needs at least one choice.")


def _within(given: tuple[Any, ...], default: Any) -> bool:
    return _is_number(default) and bool(given[0] <= default <= given[1])


def _is_number(value: Any) -> bool:
    """Whether it is a finite number, NumPy's own kinds among them."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
