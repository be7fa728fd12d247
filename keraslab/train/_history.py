"""What a training logged: every batch and every epoch, by output and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keraslab.draw._curves_picture import Floats, Kind, Line, Plot
from keraslab.train._names import TOTAL, named_by_losses, split
from keraslab.train._numbers import numbers
from keraslab.train._thin import thin

LEARNING_RATE = "learning_rate"
STEPS = "steps"
"""The group of what tells how the training steps, in a model of several outputs."""


HELD = 1 << 17
"""Points of a line held at most; a longer one is thinned as it grows, without loss of spikes."""
_NONE = np.iinfo(np.int64).max
_Columns = tuple[NDArray[np.int64], Floats, Floats]


class Series:
    """The points of one line, in columns that grow by doubling up to a limit.

    Beyond ``HELD`` points every second time they are thinned to half, evenly over the whole
    line, so that memory stays flat however long a training is. What has been handed out stays
    valid while more is added from another thread.
    """

    def __init__(self, key: str, kind: Kind) -> None:
        self.key = key
        self.kind = kind
        self._columns = _columns(64)
        self._kept = 0
        self._count = 0
        self.low, self.high = np.inf, -np.inf

    @property
    def id(self) -> str:
        """Tells this line from all others."""
        return f"{self.kind}:{self.key}"

    def __len__(self) -> int:
        """How many points were added; more than are held where it was thinned."""
        return self._count

    def add(self, step: float, value: float) -> None:
        """Add a point: the number of batches so far, and the value then."""
        if self._kept == len(self._columns[0]):
            self._make_room()
        kept = self._kept
        numbers, steps, values = self._columns
        steps[kept] = step
        values[kept] = value
        numbers[kept] = self._count  # the last: from here on readers see the point
        self._kept = kept + 1
        self._count += 1
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value

    def _make_room(self) -> None:
        length = kept = self._kept
        which: Any = slice(None)
        if length >= HELD:
            which = thin(self._columns[2], HELD // 2, self._columns[1])
            kept = len(which)
        else:
            length *= 2
        columns = _columns(length)
        for new, old in zip(columns, self._columns, strict=True):
            new[:kept] = old[which]
        self._columns, self._kept = columns, kept

    def since(self, start: int = 0) -> tuple[Floats, Floats]:
        """Steps and values from point number ``start`` on, as far as they are held."""
        return self.cut(start)[:2]

    def cut(self, start: int = 0) -> tuple[Floats, Floats, int]:
        """As ``since``, and how many points had been added in all."""
        numbers, steps, values = self._columns  # one look: it may be replaced meanwhile
        end = int(np.searchsorted(numbers, _NONE))
        first = int(np.searchsorted(numbers[:end], start))
        return steps[first:end], values[first:end], int(numbers[end - 1]) + 1 if end else 0


def _columns(length: int) -> _Columns:
    return np.full(length, _NONE), np.empty(length), np.empty(length)


class History:
    """Everything one or several calls of ``fit`` logged for one model.

    Attributes:
        history: A list per name in the logs, a value per epoch, as in Keras' own ``History``.
        epochs: The number of each finished epoch, as Keras counts them, from 0.
        times: Seconds from the beginning of its ``fit`` to the end of each epoch.
        learning_rates: The learning rate at the end of each epoch; None where unknown.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epochs: list[int] = []
        self.times: list[float] = []
        self.learning_rates: list[float | None] = []
        self.not_a_number: dict[str, tuple[int, int]] = {}
        """Where each value first was NaN or infinite: (epoch, batch), both from 1."""
        self._series: dict[str, Series] = {}
        self._outputs: tuple[str, ...] = ()
        self._steps: int | None = None
        self._step = 0
        # Pairs (batches so far, epochs so far): between them the horizontal axis is straight.
        self._knots: list[tuple[int, float]] = []

    def begin(self, steps: int | None, outputs: Sequence[str] = ()) -> None:
        """Begin a ``fit``.

        Args:
            steps: Batches in an epoch; None where nobody knows.
            outputs: The names of the model's outputs; none where there is one only.
        """
        if self._knots and self._step > self._knots[-1][0]:  # an epoch that was cut short
            done, at = self._knots[-1]
            length = self._length()
            part = 1.0 if length is None else min(1.0, (self._step - done) / length)
            self._knots.append((self._step, at + part))
        self._steps = steps
        self._outputs = tuple(outputs)

    def begin_epoch(self, epoch: int) -> None:
        """Begin an epoch, numbered from 0 as Keras numbers them."""
        if not self._knots:
            self._knots.append((0, float(epoch)))

    def batch(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Record one batch, numbered from 0 in its epoch."""
        self._step = step = self._knots[-1][0] + batch + 1
        for key, value in numbers(logs).items():
            self._add(key, "batch", step, value)

    def end_epoch(
        self,
        epoch: int,
        logs: Mapping[str, Any],
        seconds: float = 0.0,
        learning_rate: float | None = None,
    ) -> None:
        """Record the end of an epoch, with the values of training and validation."""
        self.begin_epoch(epoch)  # a loop of one's own may say only when an epoch ends
        done, at = self._knots[-1]
        self._step = max(self._step, done + 1)
        # Stopped early, an epoch is shorter than the others on the axis too.
        part = min(1.0, (self._step - done) / self._steps) if self._steps else 1.0
        self._knots.append((self._step, at + part))
        self.epochs.append(epoch)
        self.times.append(seconds)
        self.learning_rates.append(learning_rate)
        found = numbers(logs)
        for key, value in logs.items():
            self.history.setdefault(key, []).append(found.get(key, value))
        for key, number in found.items():
            # An output may itself be called "val_..."; its name then came with the batches.
            validation = key.startswith("val_") and f"batch:{key}" not in self._series
            if key == LEARNING_RATE:  # some schedules log it themselves
                self.value(key, number)
                continue
            name = key.removeprefix("val_") if validation else key
            self._add(name, "validation" if validation else "train", self._step, number)
        if learning_rate is not None:
            self.value(LEARNING_RATE, learning_rate)

    def value(self, key: str, value: float) -> None:
        """Record what belongs to the present step, such as a norm, and not to an output."""
        series = self._series.get(f"value:{key}")
        if series is None or not len(series) or series.since(len(series) - 1)[0][0] < self._step:
            self._add(key, "value", self._step, value)

    def new_values(self, seen: dict[str, int]) -> dict[str, float]:
        """The last of each value that belongs to no output, where it is new.

        Args:
            seen: How many of each were looked at before; it is brought up to date.
        """
        found = {}
        for name, series in self._series.items():
            if series.kind == "value" and len(series) > seen.get(name, 0):
                seen[name] = len(series)
                found[series.key] = float(series.since(len(series) - 1)[1][-1])
        return found

    def _add(self, key: str, kind: Kind, step: int, value: float) -> None:
        series = self._series.get(f"{kind}:{key}")
        if series is None:
            series = Series(key, kind)
            self._series = {**self._series, series.id: series}  # readers keep the old one
        series.add(step, value)
        if not isfinite(value):
            name = f"validation {key}" if kind == "validation" else key
            if name not in self.not_a_number:
                self.not_a_number[name] = self._place(kind)

    def _place(self, kind: Kind) -> tuple[int, int]:
        if kind in ("batch", "value"):
            return len(self.epochs) + 1, self._step - (self._knots[-1][0] if self._knots else 0)
        return len(self.epochs), 0

    @property
    def series(self) -> Mapping[str, Series]:
        """Every line under its id."""
        return self._series

    @property
    def shown(self) -> Mapping[str, Series]:
        """The lines to be shown: a learning rate only where it changes."""
        rate = self._series.get(f"value:{LEARNING_RATE}")
        if rate is None or rate.high > rate.low:
            return self._series
        return {name: series for name, series in self._series.items() if series is not rate}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs' names; none for a model with one output."""
        # The logs name what the model does not: outputs in a nested structure, by their path.
        series = self._series.values()
        keys = dict.fromkeys(one.key for one in series if one.kind != "value")
        return tuple(dict.fromkeys([*self._outputs, *named_by_losses(keys)]))

    @property
    def axis(self) -> str:
        """What the horizontal axis counts: epochs, or batches while nobody knows how many."""
        return "batch" if len(self._knots) < 2 and self._steps is None else "epoch"

    def _length(self) -> int | None:
        if self._steps is not None or len(self._knots) < 2:
            return self._steps
        return self._knots[-1][0] - self._knots[-2][0]

    def _positions(self, steps: Floats) -> Floats:
        """Where the given numbers of batches lie on the horizontal axis."""
        if self.axis == "batch":
            return steps.copy()
        knots = list(self._knots)
        length = self._length() or 1
        # One knot far ahead carries the epoch that is under way on in a straight line.
        knots.append((knots[-1][0] + 1000 * length, knots[-1][1] + 1000))
        at, epochs = zip(*knots, strict=True)
        positions: Floats = np.interp(steps, at, epochs)
        return positions

    def line(self, series: Series, start: int = 0, limit: int | None = None) -> Line:
        """A line from its point number ``start`` on, in at most about ``limit`` points."""
        steps, values, count = series.cut(start)
        if limit is not None:
            kept = thin(values, limit, steps)
            steps, values = steps[kept], values[kept]
        if series.kind == "batch" and len(steps):
            # The values of a batch are the epoch's mean so far: a new epoch starts a new line.
            before = series.since(start - 1)[0][0] if start else steps[0]
            ends = np.array([knot[0] for knot in self._knots[1:]])
            epoch = np.searchsorted(ends, np.concatenate([[before], steps]))
            new = np.flatnonzero(np.diff(epoch))
            steps = np.insert(steps, new, steps[new] - 0.5)
            values = np.insert(values, new, np.nan)
        y = np.where(np.isfinite(values), values, np.nan)
        return Line(series.id, series.kind, self._positions(steps), y, count)

    def plots(self, limit: int | None = None) -> list[Plot]:
        """One plot per output and metric; the loss of all outputs comes first.

        Args:
            limit: The number of points of a line, at most about; None for all.
        """
        outputs = self.outputs
        families: dict[tuple[str, str], list[Series]] = {}
        for series in self.shown.values():
            family = split(series.key, outputs)
            if series.kind == "value":
                family = (STEPS if outputs else "", series.key)
            families.setdefault(family, []).append(series)
        order = {name: place for place, name in enumerate(("", TOTAL, *outputs))}

        def place(family: tuple[str, str]) -> tuple[bool, int, bool]:
            value = families[family][0].kind == "value"
            return value, order.get(family[0], 99), family[1] != "loss"

        kinds = {"batch": 0, "train": 1, "validation": 2, "value": 3}
        return [
            Plot(
                id=families[family][0].key,
                title=_title(*family, families[family][0]),
                output=family[0],
                metric=family[1],
                lines=tuple(
                    self.line(series, limit=limit)
                    for series in sorted(families[family], key=lambda one: kinds[one.kind])
                ),
            )
            for family in sorted(families, key=place)
        ]


def _title(output: str, metric: str, first: Series) -> str:
    words = metric.replace("_", " ")
    return words if first.kind == "value" else f"{output} {words}".strip()
