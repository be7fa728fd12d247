"""Settings of a layer that a person may change in the live view, to see what would be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keraslab.draw._cards import clip
from keraslab.graph import Graph
from keraslab.graph._data import Call
from keraslab.graph._summary import short

MOST_SETTINGS = 60
LARGEST = 1_000_000

_ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus",
    "softsign", "tanh", "sigmoid", "hard_sigmoid", "hard_silu", "exponential", "softmax",
)  # fmt: skip
_CHOICES = {
    "activation": _ACTIVATIONS,
    "recurrent_activation": _ACTIVATIONS,
    "padding": ("valid", "same"),
    "interpolation": ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
    "merge_mode": ("concat", "sum", "mul", "ave"),
    "score_mode": ("dot", "concat"),
}
_CAUSAL = frozenset({"Conv1D", "SeparableConv1D", "DepthwiseConv1D"})
# They change no shape and no cost, or unroll a loop step by step.
_LEFT_OUT = frozenset({"name", "seed", "implementation", "autocast", "unroll"})
_WORDS = {True: "True", False: "False"}


@dataclass(frozen=True, slots=True)
class Tweak:
    """One setting of one layer, changed in the view."""

    call: str
    """The id of the call whose details were open."""
    layer: str
    name: str
    setting: str
    old: Any
    new: Any

    @property
    def text(self) -> str:
        """As a line: ``conv: filters 8 → 16``."""
        old, new = [clip(written(value), 60) for value in (self.old, self.new)]
        return f"{clip(self.name, 60)}: {clip(self.setting, 60)} {old} → {new}"


def settings_of(call: Call) -> list[dict[str, Any]]:
    """The settings of a call's layer that can be changed.

    Args:
        call: A call of a graph.

    Returns:
        For each its ``"name"``, ``"value"`` and ``"kind"``: ``"bool"``, ``"choice"`` with its
        ``"options"``, ``"number"`` with ``"whole"``, or ``"numbers"``, written ``3, 3``.

    Example:
        >>> import keras
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,))
        >>> graph = read_graph(keras.Model(x, keras.layers.Dense(2, name="out")(x)))
        >>> settings_of(graph.call_by_id["out#0"])[1]
        {'name': 'units', 'kind': 'number', 'value': 2, 'whole': True}
    """
    if call.kind != "layer":
        return []
    try:
        config = dict(call.config)
    except Exception:  # a stranger's layer may raise anything
        return []
    found = [_setting(call, str(name), value) for name, value in config.items()]
    return [setting for setting in found if setting is not None][:MOST_SETTINGS]


def _setting(call: Call, name: str, value: object) -> dict[str, Any] | None:
    if name in _LEFT_OUT or len(name) > 60:
        return None
    if isinstance(value, bool):
        return {"name": name, "kind": "bool", "value": value}
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        whole = isinstance(value, int)
        return {"name": name, "kind": "number", "value": value, "whole": whole}
    if isinstance(value, str) and name in _CHOICES and len(value) <= 60:
        options = [*_CHOICES[name], *(["causal"] if _causal(call, name) else [])]
        options += [] if value in options else [value]
        return {"name": name, "kind": "choice", "value": value, "options": options}
    if _whole_numbers(value):
        return {"name": name, "kind": "numbers", "value": written(value)}
    return None


def _causal(call: Call, name: str) -> bool:
    return name == "padding" and call.type in _CAUSAL


def _whole_numbers(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and 1 <= len(value) <= 4
        and all(type(part) is int for part in value)
    )


def written(value: object) -> str:
    """A setting as a person writes it.

    Args:
        value: A bool, a number, a word or some whole numbers.

    Example:
        >>> written((3, 3)), written(True), written(0.5)
        ('3, 3', 'True', '0.5')
    """
    if isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def read_tweak(call: Call, setting: object, value: object) -> Tweak:
    """What a browser asks to change, checked.

    Args:
        call: The call whose layer changes.
        setting: The name of the setting.
        value: A bool, a number, one of the options, or numbers as text.

    Raises:
        ValueError: If the layer has no such setting, or it cannot have that value.
    """
    known = {found["name"]: found for found in settings_of(call)}
    if not isinstance(setting, str) or setting not in known:
        raise ValueError(f"{clip(call.name, 60)} has no setting of that name to change.")
    old = call.config[setting]
    return Tweak(call.id, call.layer, call.name, setting, old, _value(known[setting], old, value))


def _value(setting: Mapping[str, Any], old: Any, value: object) -> Any:
    name, kind = setting["name"], setting["kind"]
    if kind == "bool":
        if isinstance(value, bool):
            return value
        raise ValueError(f"{name} must be True or False.")
    if kind == "choice":
        if value in setting["options"]:
            return value
        raise ValueError(f"{name} must be one of {', '.join(setting['options'])}.")
    if kind == "numbers":
        return _numbers(name, old, value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number.")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError(f"{name} must be a number, at most {LARGEST:,}.")
    if setting["whole"] and value != int(value):
        raise ValueError(f"{name} must be a whole number.")
    return int(value) if setting["whole"] else float(value)


def _numbers(name: str, old: Sequence[int], value: object) -> Any:
    parts = re.split(r"[\s,;×x]+", value.strip()) if isinstance(value, str) else []
    if not all(re.fullmatch(r"-?\d{1,7}", part) for part in parts) or len(parts) not in {
        1,
        len(old),
    }:
        one = "a whole number" if len(old) == 1 else f"one whole number or {len(old)} of them"
        raise ValueError(f"{name} must be {one}, such as {written(old)}.")
    numbers = [int(part) for part in parts]
    numbers = numbers * len(old) if len(numbers) == 1 else numbers
    if any(abs(number) > LARGEST for number in numbers):
        raise ValueError(f"{name} must be numbers, at most {LARGEST:,}.")
    return tuple(numbers) if isinstance(old, tuple) else numbers


def merged_tweaks(tweaks: Sequence[Tweak]) -> dict[str, dict[str, Any]]:
    """All changes as ``what_if`` takes them; of one setting, the last counts.

    Args:
        tweaks: The changes, oldest first.
    """
    settings: dict[str, dict[str, Any]] = {}
    for tweak in tweaks:
        settings.setdefault(tweak.layer, {})[tweak.setting] = tweak.new
    return settings


def tweaks_json(tweaks: Sequence[Tweak], before: Graph, now: Graph) -> dict[str, Any] | None:
    """What the view says over a picture of what would be; None for the graph as it is.

    Args:
        tweaks: The changes, oldest first.
        before: The graph without them.
        now: The graph with them.
    """
    if not tweaks:
        return None
    return {
        "changes": [tweak.text for tweak in tweaks[-6:]],
        "more": max(0, len(tweaks) - 6),
        "totals": [
            _total("parameters", before.params, now.params),
            _total("MACs", before.macs, now.macs),
        ],
    }


def _total(name: str, old: int | None, new: int | None) -> str:
    if old is None or new is None:
        return f"{name} unknown"
    if old == new:
        return f"{short(old)} {name}, as before"
    sign = "+" if new > old else "−"
    return f"{name} {short(old)} → {short(new)} ({sign}{short(abs(new - old))})"
