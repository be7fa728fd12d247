"""The arguments of ``compare``: what is wrong with them is said before anything is built."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import keras

from keraslab.train._compare_data import Checked
from keraslab.train._plan import Variant
from keraslab.train._task import Budget
from keraslab.train._workers import DirectWorkers, Workers

_ELSEWHERE = {
    "x": "data=(x, y)",
    "y": "data=(x, y)",
    "sample_weight": "data=(x, y, sample_weight)",
    "validation_data": "validation=(x, y)",
    "validation_split": "validation=0.2",
    "initial_epoch": "epochs=...",
}


def checked_seeds(seeds: Any) -> list[int]:
    """The seeds, of which a number means that many from 0."""
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        if seeds < 1:
            raise ValueError(f"compare(seeds=...) takes at least one seed. Received: {seeds}.")
        return list(range(seeds))
    try:
        listed = [int(each) for each in seeds]
    except (TypeError, ValueError):
        raise TypeError(
            f"compare(seeds=...) takes how many seeds, or a list of them. Received: {seeds!r}."
        ) from None
    if not listed or len(set(listed)) < len(listed):
        raise ValueError(f"compare(seeds=...) takes different seeds. Received: {listed}.")
    if min(listed) < 0 or max(listed) >= 2**32:
        raise ValueError(f"compare(seeds=...) takes seeds from 0 to 2**32 - 1. Received: {listed}.")
    return listed


def checked_budget(epochs: Any, macs: Any, seconds: Any) -> Budget:
    """The one budget that is given; 10 epochs where none is."""
    named = {"epochs": epochs, "macs": macs, "seconds": seconds}
    given = {name: value for name, value in named.items() if value is not None}
    if len(given) > 1:
        raise ValueError(
            f"compare(...) takes one budget. Received: "
            f"{', '.join(f'{name}={value}' for name, value in given.items())}."
        )
    for name, value in given.items():
        whole = name != "seconds"
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not math.isfinite(value) or value <= 0 or (whole and value != int(value)):
            kind = "a whole number from 1" if whole else "a positive number"
            raise ValueError(f"compare({name}=...) takes {kind}. Received: {value!r}.")
    if not given:
        return Budget(epochs=10)
    if seconds is not None:
        return Budget(seconds=float(seconds))
    return Budget(
        epochs=None if epochs is None else int(epochs), macs=None if macs is None else int(macs)
    )


def checked_fit_arguments(given: Mapping[str, Any], batch_size: Any) -> dict[str, Any]:
    """What goes to ``model.fit``, with what compare gives itself refused."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(
            f"compare(batch_size=...) takes a whole number from 1. Received: {batch_size!r}."
        )
    known = inspect.signature(keras.Model.fit).parameters
    for name in given:
        if name in _ELSEWHERE:
            raise TypeError(f"compare({name}=...) is given as {_ELSEWHERE[name]}.")
        if name not in known or name == "self":
            raise TypeError(
                f"compare(...) passes what it does not know to model.fit, which has no argument "
                f"{name!r}."
            )
    return {"batch_size": batch_size, **given}


def check_sendable(checked: Checked, workers: Workers) -> None:
    """Refuse data that cannot leave this process, where they would have to."""
    if isinstance(workers, DirectWorkers):
        return
    for part in (checked.data.train, checked.data.validation, checked.data.test):
        if part is not None and hasattr(part[0], "element_spec"):
            raise TypeError(
                "compare(..., executor=...): a tf.data.Dataset cannot be sent to another process. "
                "Give arrays or a keras.utils.PyDataset, or executor=None."
            )


def score_of(score: str | None, looked: list[Variant]) -> str:
    """The name of the score; variants that do not have it cannot be trained."""
    able = [each for each in looked if each.error is None]
    if score is None:
        for name in able[0].names if able else ["loss"]:
            if all(name in each.names for each in able):
                return name
        return "loss"
    name = str(score).removeprefix("val_")
    if able and not any(name in each.names for each in able):
        there = dict.fromkeys(known for each in able for known in each.names)
        raise ValueError(
            f"compare(score={score!r}): no variant measures it. There are: "
            f"{', '.join(repr(each) for each in there)}."
        )
    for each in able:
        if name not in each.names:
            each.error = (
                f"It does not measure {name!r}, the score. It measures: "
                f"{', '.join(repr(known) for known in each.names)}."
            )
    return name
