"""Runs of a comparison in the store: written as they go on, found again by their fingerprint."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keraslab.train._comparison import ComparedRun
from keraslab.train._fingerprint import fingerprint
from keraslab.train._plan import Variant
from keraslab.train._recorder import Keeps, Recorder, open_recorder
from keraslab.train._run_task import versions
from keraslab.train._store import Store
from keraslab.train._stored_run import StoredRun
from keraslab.train._task import Budget, Message, Outcome

_KEPT = (
    "score",
    "test",
    "times",
    "along",
    "cpu_seconds",
    "latency",
    "peak_memory",
    "threads",
    "host",
    "macs",
)


def shared_fingerprint(
    data: str, budget: Budget, fit: Mapping[str, Any], threads: int | None, halving: bool
) -> str:
    """What all runs of a comparison have in common, as a short text.

    Args:
        data: The fingerprint of the data.
        budget: Of a run.
        fit: More for ``model.fit``.
        threads: Of a run.
        halving: Whether runs are trained in several parts.
    """
    settings = {key: _identity(value) for key, value in sorted(fit.items())}
    said = [data, vars(budget), settings, threads, halving, versions()]
    return _short(json.dumps(said))


def run_fingerprint(shared: str, variant: Variant, seed: int) -> str:
    """Of one run: another name of the variant, or another place of the seed, changes nothing."""
    return _short(f"{shared} {variant.identity} {seed}")


def open_store(store: Keeps) -> Keeps:
    """The store as an object, where it is given by its path or not at all."""
    if store is True:
        return Store()
    return Store(store) if isinstance(store, str | os.PathLike) else store


class Kept:
    """Writes the runs of a comparison, and reads those that were done before.

    Args:
        store: as ``kl.fit`` takes it.
        comparison: the fingerprint that its runs have in common.
        settings: of each run.
    """

    def __init__(self, store: Keeps, comparison: str, settings: Mapping[str, Any]) -> None:
        self.store = open_store(store)
        self._comparison = comparison
        self._settings = settings
        self._recorders: dict[tuple[str, int], Recorder] = {}
        self._told = False

    def take_over(self, runs: list[ComparedRun], score_name: str) -> None:
        """Fill in what runs with the same fingerprints gave before."""
        if not isinstance(self.store, Store):
            return
        try:
            found = self.store.runs(comparison=self._comparison).filter(status="done")
        except Exception as error:  # a file that cannot be read must not cost the comparison
            warnings.warn(f"Runs kept from before are not used: {error}", stacklevel=5)
            return
        known: dict[Any, StoredRun] = {}
        for stored in reversed(found):
            if score_name in (stored.facts.get("test") or {}):
                known[stored.fingerprint] = known[stored.variant, stored.fingerprint] = stored
        for run in runs:
            key = run.fingerprint
            kept = known.get((run.variant, key)) or known.get(key)
            if not key or kept is None:
                continue
            facts = kept.facts
            for name in _KEPT:
                if facts.get(name) is not None:
                    setattr(run, name, facts[name])
            run.score = float(facts["test"][score_name])
            run.history = dict(facts.get("history") or kept.history)
            run.seconds = float(facts.get("training_seconds") or 0.0)
            run.epoch = max((len(values) for values in run.history.values()), default=0)
            run.status, run.part, run.reused, run.id = "done", 1.0, True, kept.id

    def began(self, run: ComparedRun, variant: Variant) -> None:
        """A run is under way, for the first time or again."""
        key = (run.variant, run.seed_index)
        if key in self._recorders:
            return
        recorder = open_recorder(
            self.store,
            {
                "kind": "compare",
                "name": run.variant,
                "seed": run.seed,
                "settings": self._settings,
                "versions": versions(),
                "comparison": self._comparison,
                "variant": run.variant,
                "seed_index": run.seed_index,
                "fingerprint": run.fingerprint,
                "cost": {"params": variant.params, "macs": variant.macs},
                "config": variant.config,
            },
        )
        self._recorders[key] = recorder
        self._tell_once(recorder)
        run.id = None if self.store is None or self.store is False else recorder.id

    def epoch(self, message: Message) -> None:
        """An epoch is whole."""
        recorder = self._recorders.get((message.variant, message.seed_index))
        if recorder is None:
            return
        for name, value in message.values.items():
            kind = "validation" if name.startswith("val_") else "train"
            recorder.add(
                kind,
                name.removeprefix("val_"),
                message.epoch,
                float(message.epoch),
                message.seconds,
                value,
            )
        self._tell_once(recorder)

    def ended(self, run: ComparedRun, outcome: Outcome | None) -> None:
        """A run is over, or will not be gone on with."""
        recorder = self._recorders.pop((run.variant, run.seed_index), None)
        if recorder is None:
            return
        facts: dict[str, Any] = {"training_seconds": run.seconds}
        if outcome is not None:
            facts |= {name: getattr(outcome, name) for name in _KEPT}
            facts["seconds"] = outcome.whole_seconds
        if run.history:
            facts["history"] = dict(run.history)
        if run.error is not None:
            facts["error"] = run.error
        recorder.note(**facts)
        self._tell_once(recorder)
        recorder.close(run.status if run.status in ("done", "failed") else "stopped")
        self._tell_once(recorder)

    def _tell_once(self, recorder: Recorder) -> None:
        """All runs go to one file, so what is wrong with it is said of one of them."""
        writing = [each for each in (recorder, *self._recorders.values()) if hasattr(each, "told")]
        self._told = self._told or any(each.told for each in writing)
        for each in writing:
            each.told = self._told

    def again(self, run: ComparedRun) -> None:
        """A run will be begun anew, because its worker died."""
        recorder = self._recorders.pop((run.variant, run.seed_index), None)
        if recorder is not None:
            recorder.note(error="Its worker died; it is begun anew.")
            recorder.close("failed")

    @property
    def folder(self) -> Path | None:
        """Where states of trainings lie that are gone on with later; None for no lasting place."""
        if not isinstance(self.store, Store):
            return None
        return self.store.path.parent / "halving"


def _identity(value: Any) -> Any:
    """A setting as text that is the same in another process."""
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, list | tuple):
        return [_identity(each) for each in value]
    if isinstance(value, Mapping):
        return {repr(key): _identity(each) for key, each in value.items()}
    if isinstance(value, np.ndarray) or keras.ops.is_tensor(value):
        return fingerprint(value)
    try:
        source = inspect.getsource(value if isinstance(value, types.FunctionType) else type(value))
    except (OSError, TypeError):
        source = ""
    plain = (bool, int, float, str, list, tuple, type(None))
    held = {
        name: _identity(each) if isinstance(each, plain) else type(each).__name__
        for name, each in sorted(getattr(value, "__dict__", {}).items())
    }
    return [type(value).__qualname__, _short(source), held]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
