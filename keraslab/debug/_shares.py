"""Which of several losses, weights and metrics goes to which output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Share:
    """What each output gets of something that ``compile`` was given."""

    each: tuple[Any, ...] = ()
    """One for each output; empty where Keras could not share it out."""
    given: Any = None
    names: tuple[str, ...] = ()
    """What the outputs are called."""
    unknown: tuple[str, ...] = ()
    """Keys that no output has."""
    missing: tuple[str, ...] = ()
    """Outputs that should have one and have none."""
    spare: int = 0
    """How many are given beyond the number of outputs."""
    by_position: bool = False
    """Whether a list meets outputs that are a dict."""
    fails: bool = False
    """Whether Keras will refuse it in ``fit``."""

    def of(self, index: int) -> Any:
        """What one output gets."""
        return self.each[index] if index < len(self.each) else None


def share_losses(
    given: Any, names: Sequence[str], keys: Sequence[str | None], structure: Any = None
) -> Share:
    """Share out ``compile(loss=...)`` as Keras does.

    Args:
        given: What ``compile`` was given.
        names: The names of the last layers.
        keys: The dict keys of the outputs, None where they are a list.
        structure: The outputs as the model has them.
    """
    called = _called(names, keys)
    if given is None:
        return Share(names=called)
    if _is_config(given) or not isinstance(given, (list, tuple, Mapping)):
        return Share((given,) * len(names), given, called)
    if any(isinstance(each, (list, tuple, Mapping)) for each in _values(given)):
        return Share((), given, called)
    if isinstance(given, Mapping):
        unknown = tuple(str(key) for key in given if key not in called)
        missing = tuple(name for name in called if name not in given)
        # A dict of outputs may leave some without a loss; a list of outputs may not.
        fails = bool(unknown) or (bool(missing) and None in keys)
        each = () if fails else tuple(given.get(name) for name in called)
        return Share(each, given, called, unknown, missing, fails=fails)
    spare = max(len(given) - len(names), 0)
    each = tuple(given[: len(names)]) + (None,) * (len(names) - len(given))
    listed = isinstance(structure, (list, tuple)) and len(names) > 1
    differ = len({str(one) for one in each}) > 1
    by_position = not listed and None not in keys and differ
    short = len(given) < len(names)
    fails = (spare > 0 and (listed or len(names) > 1)) or (short and not listed)
    return Share(
        () if fails else each, given, called, (), called[len(given) :], spare, by_position, fails
    )


def share_weights(
    given: Any, losses: Any, shared: Share, names: Sequence[str], keys: Sequence[str | None]
) -> Share:
    """Share out ``compile(loss_weights=...)`` as Keras does.

    Args:
        given: What ``compile`` was given.
        losses: The losses as ``compile`` was given them.
        shared: How the losses are shared out.
        names: The names of the last layers.
        keys: The dict keys of the outputs, None where they are a list.
    """
    called = _called(names, keys)
    if given is None:
        return Share(names=called)
    if isinstance(given, (int, float)):
        single = not isinstance(losses, (list, tuple, Mapping))
        return Share((given,) * len(names) if single else (), given, called, fails=not single)
    many = len(_values(losses)) if isinstance(losses, (list, tuple, Mapping)) else 1
    if not isinstance(given, (list, tuple, Mapping)):
        return Share((), given, called)
    # A list holds a weight for each loss in the order of the losses; only the number counts.
    fails = len(given) != many
    if isinstance(given, Mapping):
        wanted = list(losses) if isinstance(losses, Mapping) else list(called)
        unknown = tuple(str(key) for key in given if key not in wanted)
        missing = tuple(str(name) for name in wanted if name not in given)
        if isinstance(losses, Mapping) and None in keys and missing:
            fails = True
        each = tuple(given.get(name) for name in called)
        bad = fails or bool(unknown)
        return Share(() if bad else each, given, called, unknown, missing, fails=fails)
    if fails:
        spare = max(len(given) - many, 0)
        return Share((), given, called, (), called[len(given) :], spare, fails=True)
    if isinstance(losses, Mapping):
        order = dict(zip(_in_order(losses), given, strict=True))
        return Share(tuple(order.get(name) for name in called), given, called)
    each = tuple(given) if len(given) == len(names) else tuple(given) * len(names)
    return Share(each if shared.each else (), given, called)


def share_metrics(given: Any, names: Sequence[str], keys: Sequence[str | None]) -> Share:
    """Share out ``compile(metrics=...)`` as Keras does; each output gets a tuple.

    Args:
        given: What ``compile`` was given.
        names: The names of the last layers.
        keys: The dict keys of the outputs, None where they are a list.
    """
    called = _called(names, keys)
    if not given:
        return Share(names=called)
    if len(names) == 1:
        return Share((tuple(keras.tree.flatten(given)),), given, called)
    if isinstance(given, Mapping):
        allowed = set(called) | set(names)
        unknown = tuple(str(key) for key in given if key not in allowed)
        if unknown:
            return Share((), given, called, unknown, fails=True)
        either = [given.get(c, given.get(n)) for c, n in zip(called, names, strict=True)]
        return Share(tuple(_listed(each) for each in either), given, called)
    if isinstance(given, (list, tuple)) and len(given) == len(names):
        return Share(tuple(_listed(each) for each in given), given, called)
    return Share((), given, called, fails=True)


def _called(names: Sequence[str], keys: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(key or name for name, key in zip(names, keys, strict=True))


def _values(given: Any) -> list[Any]:
    return list(given.values()) if isinstance(given, Mapping) else list(given)


def _in_order(given: Mapping[str, Any]) -> list[str]:
    """The keys in the order in which Keras flattens a dict."""
    return [str(key) for key in keras.tree.flatten({key: key for key in given})]


def _is_config(given: Any) -> bool:
    return isinstance(given, Mapping) and "class_name" in given


def _listed(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)
