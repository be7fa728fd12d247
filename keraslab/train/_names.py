"""Which output and which metric a name in Keras' logs speaks of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

TOTAL = "total"
"""The group of what belongs to all outputs together, in a model that has several."""


def output_names(model: Any) -> tuple[str, ...]:
    """The names under which a model's outputs may appear in its logs; empty for one output."""
    names = [str(name) for name in getattr(model, "output_names", None) or ()]
    if len(names) < 2:
        return ()
    outputs = getattr(model, "output", None)
    keys = [str(key) for key in outputs] if isinstance(outputs, dict) else []
    return tuple(dict.fromkeys([*keys, *names]))


def named_by_losses(keys: Collection[str]) -> tuple[str, ...]:
    """Outputs that the logs themselves name: those with a loss beside the ``loss`` of all."""
    if "loss" not in keys:
        return ()
    return tuple(key.removesuffix("_loss") for key in keys if key.endswith("_loss"))


def split(key: str, outputs: Iterable[str]) -> tuple[str, str]:
    """Split the name of a training value into its output and its metric.

    Args:
        key: A name from the logs, without ``val_``: ``digit_accuracy``.
        outputs: The outputs' names; none for a model with one output.

    Returns:
        The output and the metric. The output is ``"total"`` for what belongs to all outputs,
        and empty for a model with one.

    Example:
        >>> split("digit_accuracy", ["digit", "sum"])
        ('digit', 'accuracy')
        >>> split("loss", ["digit", "sum"])
        ('total', 'loss')
        >>> split("loss", [])
        ('', 'loss')
    """
    known = list(outputs)
    best = max((name for name in known if key.startswith(f"{name}_")), key=len, default="")
    if best:
        return best, key[len(best) + 1 :]
    return (TOTAL if known else ""), key
