"""The best epoch of a run, and its weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from keraslab.train._numbers import numbers

ALWAYS_HELD = 64 * 2**20
"""Weights of up to so many bytes are copied at each best epoch before anyone asks for them."""

_HIGHER_IS_BETTER = (
    *("acc", "auc", "f1", "fbeta", "precision", "recall", "iou", "dice"),
    *("r2", "similarity", "score", "psnr", "ssim", "kappa"),
)


class Best(NamedTuple):
    """The best epoch so far, counted from 1, and its value."""

    epoch: int
    value: float
    name: str
    """Which value: ``"val_loss"``, say."""


def higher_is_better(name: str) -> bool:
    """Whether a training value is one that should grow, judged by its name.

    Example:
        >>> higher_is_better("val_accuracy"), higher_is_better("val_loss")
        (True, False)
    """
    low = name.lower()
    if low.endswith("loss") or "error" in low:
        return False
    return any(word in low for word in _HIGHER_IS_BETTER)


class BestWeights:
    """Watches the epochs of a run for the best one, and holds its weights.

    Args:
        wanted: Whether the weights are put back at the end.
        name: The value to watch; None for ``val_loss``, or ``loss`` where there is none.
        ahead: Whether weights that are not too large are held before they are wanted.
    """

    def __init__(self, *, wanted: bool = False, name: str | None = None, ahead: bool = False):
        self.wanted = wanted
        self.name = name
        self.best: Best | None = None
        self.kept: Best | None = None
        """The epoch whose weights are held; None where none are."""
        self._ahead = ahead
        self._given = name is not None
        self._weights: list[Any] | None = None

    def saw(self, epoch: int, logs: Mapping[str, Any], model: Any) -> None:
        """An epoch, numbered from 0, has ended with these values."""
        values = numbers(logs)
        if not self._given:
            if "val_loss" in values and self.name != "val_loss":
                self.name, self.best, self.kept, self._weights = "val_loss", None, None, None
            elif self.name is None and "loss" in values:
                self.name = "loss"
        if self.name is None or not isfinite(value := values.get(self.name, float("nan"))):
            return
        now = Best(epoch + 1, value, self.name)
        if self._improves(now, self.best):
            self.best = now
        if self._improves(now, self.kept) and (self.wanted or self._small(model)):
            self.kept, self._weights = now, model.get_weights()

    def put_back(self, model: Any) -> Best | None:
        """Give the model the weights held, where they are wanted; the epoch they are of."""
        weights, self._weights = self._weights, None
        if not self.wanted or weights is None or self.kept is None:
            self.kept = None
            return None
        model.set_weights(weights)
        return self.kept

    def _small(self, model: Any) -> bool:
        if not self._ahead:
            return False
        return sum(_size(weight) for weight in model.weights) <= ALWAYS_HELD

    @staticmethod
    def _improves(now: Best, before: Best | None) -> bool:
        if before is None:
            return True
        if higher_is_better(now.name):
            return now.value > before.value
        return now.value < before.value


def _size(weight: Any) -> int:
    count = 1
    for length in weight.shape:
        count *= length or 1
    return 8 * count
