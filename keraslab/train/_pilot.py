"""How long a comparison will take: a few batches of its variants, measured before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

import keras

from keraslab.train._plan import Variant
from keraslab.train._progress import duration
from keraslab.train._run_task import arguments, built, first_batch, is_arrays
from keraslab.train._task import Budget

BATCHES = 20
SECONDS = 1.0


@dataclass(frozen=True)
class Estimate:
    """What a comparison will take, as far as a few batches tell."""

    seconds: float | None
    """Of waiting; None where unknown."""
    cpu_seconds: float | None
    workers: int
    said: str
    """In one line."""


@dataclass(frozen=True)
class Pilot:
    """A few batches of one variant."""

    macs: int | None
    batch: float
    """Seconds of a batch, after the first."""
    begin: float
    """Seconds to build, and to trace and train the first batch."""
    cpu: float
    """CPU seconds per second."""


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]
    async_safe = False

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []
        self.cpu: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.at.append(perf_counter())
        self.cpu.append(process_time())
        if len(self.at) > BATCHES or self.at[-1] - self.at[0] > SECONDS:
            self.model.stop_training = True


def pilot(variant: Variant, train: tuple[Any, ...], fit: Mapping[str, Any]) -> Pilot | None:
    """Train a few batches of a model that is thrown away.

    Args:
        variant: Which.
        train: Data to train on.
        fit: More for ``model.fit``; callbacks are left out.

    Returns:
        None where it does not train; the run itself will tell why.
    """
    from keraslab.graph.keras_internals import private_random

    batch_size = int(fit.get("batch_size") or 32)
    given = {key: value for key, value in fit.items() if key in ("class_weight", "shuffle")}
    if is_arrays(train):
        some = batch_size * (BATCHES + 1)
        train = tuple(keras.tree.map_structure(lambda leaf: leaf[:some], each) for each in train)
        given["batch_size"] = batch_size
    else:
        batch = first_batch(train[0])
        train = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
        given["batch_size"] = len(keras.tree.flatten(train[0])[0])
    clock, began = _Clock(), perf_counter()
    try:
        with private_random(0):
            model = built(variant.build)
            model.fit(**arguments(train), **given, epochs=2, verbose=0, callbacks=[clock])
    except Exception:  # the run itself says what is wrong
        return None
    if not clock.at:
        return None
    rest = len(clock.at) - 1
    whole = clock.at[-1] - clock.at[0]
    return Pilot(
        variant.macs,
        batch=whole / rest if rest else 0.0,
        begin=clock.at[0] - began,
        cpu=(clock.cpu[-1] - clock.cpu[0]) / whole if whole else 1.0,
    )


def estimate(
    waiting: Sequence[Variant],
    pilots: Sequence[Pilot],
    budget: Budget,
    *,
    batches: int,
    examples: int,
    validation: int,
    workers: int,
    reused: int = 0,
) -> Estimate:
    """Scale what was measured to all runs by their multiply-accumulates.

    Args:
        waiting: The variant of each run that is to be trained.
        pilots: What was measured.
        budget: Of each run.
        batches: Of an epoch.
        examples: Of an epoch.
        validation: Examples of a validation after each epoch.
        workers: Runs at a time.
        reused: Runs that need not be trained again.
    """
    kept = f" {reused} kept from before." if reused else ""
    many = f"{len(waiting)} run{'' if len(waiting) == 1 else 's'}"
    if not waiting:
        return Estimate(0.0, 0.0, workers, f"Nothing to train.{kept}")
    at_once = max(1, min(workers, len(waiting)))
    side = f", {at_once} at a time" if at_once > 1 else ""
    if not pilots:
        return Estimate(None, None, at_once, f"{many}{side}; how long is not known.{kept}")
    begin = max(each.begin for each in pilots)
    cpu = sum(each.cpu for each in pilots) / len(pilots)
    whole = 0.0
    for variant in waiting:
        batch = _batch(variant.macs, pilots)
        # A forward step is about a third of a training step.
        epoch = batch * batches * (1 + validation / (3 * max(1, examples)))
        if budget.epochs is not None:
            train = budget.epochs * epoch
        elif budget.macs is not None:
            train = epoch * budget.macs / max(1, (variant.macs or 1) * examples)
        else:
            train = float(budget.seconds or 0.0) * (epoch / max(1e-9, batch * batches))
        whole += begin + train
    seconds, spent = whole / at_once, whole * max(cpu, 1.0)
    said = (
        f"{many}{side}: about {duration(seconds)}, and {duration(spent)} of CPU, by a few "
        f"batches measured.{kept}"
    )
    return Estimate(seconds, spent, at_once, said)


def _batch(macs: int | None, pilots: Sequence[Pilot]) -> float:
    """Seconds of a batch of a model: between two measured ones on a line, else in proportion."""
    known = sorted((each for each in pilots if each.macs), key=lambda each: each.macs or 0)
    if macs is None or not known:
        return max(each.batch for each in pilots)
    low, high = known[0], known[-1]
    a, b = low.macs or 1, high.macs or 1
    if a < b:
        return max(0.0, low.batch + (high.batch - low.batch) * (macs - a) / (b - a))
    return low.batch * macs / a
