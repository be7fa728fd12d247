"""What the curves say, in sentences and in marks on the plots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keraslab.draw._curves_picture import Floats, Mark
from keraslab.train._best import higher_is_better
from keraslab.train._history import History

_NOTICEABLE = 0.02
"""A rise of the loss by less than this share is taken for noise."""


@dataclass(frozen=True)
class Reading:
    """What can be read off curves after an epoch."""

    sentences: tuple[str, ...] = ()
    marks: Mapping[str, Sequence[Mark]] = field(default_factory=dict)
    """The marks of each plot, under the plot's id."""


def checked_baseline(baseline: Any) -> dict[str, float]:
    """The baselines given, by the name of their value without ``val_``.

    Raises:
        TypeError: if it is no mapping of names to numbers.
        ValueError: if a number is not finite.
    """
    if baseline is None:
        return {}
    found: dict[str, float] = {}
    if not isinstance(baseline, Mapping):
        raise TypeError(
            "LiveCurves(baseline=...) takes a dict from the name of a value to a number, such as "
            f"{{'accuracy': 0.9}}. Received: {baseline!r}."
        )
    for name, value in baseline.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"LiveCurves(baseline={{{name!r}: ...}}) takes a number. Received: {value!r}."
            ) from None
        if not math.isfinite(number):
            raise ValueError(
                f"LiveCurves(baseline={{{name!r}: ...}}) takes a finite number. Received: {value}."
            )
        found[str(name).removeprefix("val_")] = number
    return found


def read(record: History, baseline: Mapping[str, float] | None = None) -> Reading:
    """Find the best epoch, the gap between training and validation, and who beats a baseline.

    Args:
        record: What was logged.
        baseline: Per value, the number to be beaten.

    Example:
        >>> record = History()
        >>> for epoch, loss in enumerate([0.9, 0.5, 0.7]):
        ...     record.end_epoch(epoch, {"loss": 0.8 - 0.3 * epoch, "val_loss": loss})
        >>> read(record).sentences[0]
        'Best epoch: 2 of 3, with the lowest validation loss, 0.5.'
    """
    of_losses = read_losses(_points(record, "train", "loss"), _points(record, "validation", "loss"))
    said = list(of_losses.sentences)
    marks = {name: list(each) for name, each in of_losses.marks.items()}
    for name, value in (baseline or {}).items():
        said.append(_baseline(record, name, value))
        marks.setdefault(name, []).append(Mark("baseline", y=value, label="baseline"))
    return Reading(tuple(said), marks)


_Points = tuple[Floats, Floats]


def read_losses(train: _Points | None, validation: _Points | None) -> Reading:
    """Find the best epoch, and the gap between training and validation.

    Args:
        train: Epochs and the losses at their ends; None where there is no number.
        validation: Likewise.
    """
    said: list[str] = []
    marks: dict[str, list[Mark]] = {}
    watched = validation or train
    if watched is not None:
        _best(watched, validation is not None, said, marks)
    if train is not None and validation is not None:
        _gap(train, validation, said, marks)
    return Reading(tuple(said), marks)


def _points(record: History, kind: str, key: str) -> _Points | None:
    """Places on the axis and values of an epoch's line; None where it holds no number."""
    series = record.series.get(f"{kind}:{key}")
    if series is None:
        return None
    line = record.line(series)
    return (line.x, line.y) if np.isfinite(line.y).any() else None


def _epoch(x: float) -> int:
    return max(1, math.ceil(x - 1e-6))


def _best(
    watched: _Points, is_validation: bool, said: list[str], marks: dict[str, list[Mark]]
) -> None:
    x, y = watched
    at = int(np.nanargmin(y))
    kind = "validation" if is_validation else "training"
    said.append(
        f"Best epoch: {_epoch(x[at])} of {_epoch(x[-1])}, with the lowest {kind} loss, {y[at]:.4g}."
    )
    if not is_validation and x[-1] >= 1:  # one that was stopped in its first epoch had no chance
        said.append(
            "Without validation data the curves do not show how the model does on data that it "
            "has not seen."
        )
    marks.setdefault("loss", []).append(
        Mark("best", x=float(x[at]), y=float(y[at]), label="best epoch")
    )


def _gap(
    train: _Points, validation: _Points, said: list[str], marks: dict[str, list[Mark]]
) -> None:
    (tx, ty), (vx, vy) = train, validation
    if len(tx) != len(vx) or tx[-1] != vx[-1] or not (np.isfinite(ty[-1]) and np.isfinite(vy[-1])):
        return  # validation may come every few epochs only
    at, last, gap = int(np.nanargmin(vy)), len(vy) - 1, float(vy[-1] - ty[-1])
    small = gap <= 0.1 * abs(ty[-1])
    rose = vy[last] - vy[at] > _NOTICEABLE * abs(vy[at])
    if at < last and rose and ty[last] < ty[at]:
        said.append(
            f"Overfitting since epoch {_epoch(vx[at])}: the training loss went on falling, from "
            f"{ty[at]:.4g} to {ty[last]:.4g}, but the validation loss rose, from {vy[at]:.4g} to "
            f"{vy[last]:.4g}. The model learns its training data by heart."
        )
        small = False
    elif gap < 0:
        said.append(
            f"No overfitting to be seen: the validation loss is {-gap:.3g} below the training "
            "loss, which is the mean over an epoch in which the model still learned, and which "
            "layers such as Dropout make harder."
        )
    elif small:
        said.append(
            f"No overfitting to be seen: the validation loss, {vy[last]:.4g}, is close to the "
            f"training loss, {ty[last]:.4g}."
        )
    else:
        said.append(
            f"Overfit gap: the validation loss is {gap:.3g} above the training loss. The model "
            "does better on the data it learns from than on data that it has not seen."
        )
    if gap > 0 and not small:
        place = Mark("gap", x=float(vx[-1]), y=float(ty[-1]), to=float(vy[-1]), label="gap")
        marks.setdefault("loss", []).append(place)


def _baseline(record: History, name: str, value: float) -> str:
    words, kind = name.replace("_", " "), "validation"
    found = _points(record, kind, name)
    if found is None:
        kind, found = "training", _points(record, "train", name)
    if found is None:
        if not record.epochs:
            return f"Baseline: {words} {value:.4g}."
        known = dict.fromkeys(one.key for one in record.series.values() if one.kind != "value")
        return (
            f"Baseline: {words} {value:.4g}. Nothing of this name is logged; there is "
            f"{', '.join(known)}."
        )
    x, y = found
    sign = 1.0 if higher_is_better(name) else -1.0
    beaten = np.flatnonzero(sign * y > sign * value)
    best = int(np.nanargmax(sign * y))
    if len(beaten):
        return (
            f"Baseline: {words} {value:.4g}, first beaten in epoch {_epoch(x[beaten[0]])}; the "
            f"best {kind} value is {y[best]:.4g}."
        )
    return (
        f"Baseline: {words} {value:.4g}, not beaten so far; the best {kind} value is "
        f"{y[best]:.4g}, in epoch {_epoch(x[best])}."
    )
