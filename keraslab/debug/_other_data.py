"""Changes of someone's data, tried on its first samples before they are offered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from keraslab.debug._again import OF_TRAINING, is_trying, mends, with_data
from keraslab.debug._batch import MOST, gives_batches
from keraslab.debug._finding import Fix
from keraslab.debug._plain import is_plain
from keraslab.debug._rules import Rule
from keraslab.debug._subject import Subject
from keraslab.debug._trial import nothing_left_behind

_SAMPLES = 1024
_VALUES = 200_000
"""Values of each array that a change is tried on."""


def changed_data(
    rule: Rule, subject: Subject, fix: Fix, *, run: str | None = None, **named: Any
) -> tuple[Fix, ...]:
    """A change of ``x`` or ``y``, where it runs and the rule falls silent.

    Its lines run on the first samples, as the person has them: arrays, frames, lists. Where
    these do not show what is wrong, it stays untried.

    Args:
        rule: The rule that offers it.
        subject: The model and the data.
        fix: The change; its code speaks of ``x`` and ``y``.
        run: The lines to run, where they are not those of the fix.
        **named: What else the lines speak of: for a name, the array; its first samples are taken.
    """
    text = run or fix.code
    if is_trying(subject) or not is_plain(text, {"x", "y", *named}):
        return (fix,)
    x, y = subject.x, subject.y
    if gives_batches(x):
        if subject.batch is None:
            return (fix,)
        x, y = subject.batch.x, subject.batch.y
    given = {"x": x, "y": y, **named}
    try:
        few = {name: _first(value) for name, value in given.items()}
    except TypeError:  # something in it has no first samples
        return (fix,)
    names = {"np": np, "keras": keras, "layers": keras.layers, **few}
    try:
        with nothing_left_behind():
            exec(compile(text, "<fix>", "exec"), names)
            before = with_data(subject, _first(x), _first(y))
            after = with_data(subject, names["x"], names["y"])
            works = mends(before, after, rule, among=OF_TRAINING)
    except Exception:  # whatever it raises, it is not a change to offer
        return ()
    return () if works is False else (replace(fix, tried=bool(works)),)


def as_array_code(subject: Subject, said: str) -> str:
    """How code names an array of someone's data: a column or a frame has to be made one.

    Args:
        subject: The model and the data.
        said: What it is called: ``x``, ``y['kind']``.
    """
    given = subject.x if said.startswith("x") else subject.y
    if given is None or gives_batches(subject.x):
        return said
    if isinstance(given, Mapping) and not hasattr(given, "iloc"):
        given = list(given.values())
    leaves = given if isinstance(given, (list, tuple)) else [given]
    plain = all(hasattr(leaf, "reshape") for leaf in leaves if leaf is not None)
    return said if plain else f"np.asarray({said})"


def _first(value: Any) -> Any:
    """The first samples, in lists and dicts of their own, so that nothing else is changed."""
    if isinstance(value, Mapping) and not hasattr(value, "iloc"):
        return {key: _first(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)) and not all(map(_is_number, value[:1])):
        held = [_first(each) for each in value]
        return tuple(held) if isinstance(value, tuple) else held
    if value is None:
        return None
    shape = getattr(value, "shape", (len(value),))
    each = math.prod([int(size or 1) for size in shape[1:]])
    most = min(max(_VALUES // max(each, 1), MOST), _SAMPLES)
    return value.iloc[:most].copy() if hasattr(value, "iloc") else _own(value[:most])


def _own(value: Any) -> Any:
    """A copy of an array, so that a change in place is none of the person's array."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, str, bytes, np.generic))
