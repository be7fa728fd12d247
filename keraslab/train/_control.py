"""What a run does between two batches: stop, wait, record; and after an epoch: keep."""

from __future__ import annotations

import math
import random
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keraslab.train import _checkpoint
from keraslab.train._numbers import numbers
from keraslab.train._recorder import warn_calmly

if TYPE_CHECKING:
    from keraslab.train._run import Run


class Switch:
    """Stop and pause, to be set from any thread, and a clock that stands still in a pause."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._stood = 0.0
        self._since: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()

    @property
    def paused(self) -> bool:
        """Whether a pause was asked for."""
        return not self._go.is_set()

    def stop(self) -> None:
        """Ask for the end, of a pause too."""
        self._stop.set()
        self._go.set()

    def pause(self) -> None:
        """Ask for a pause."""
        if not self.stopping:
            self._go.clear()

    def resume(self) -> None:
        """End the pause."""
        self._go.set()

    def wait(self) -> None:
        """Wait as long as there is a pause; the clock stands."""
        if not self.paused:
            return
        self._since = perf_counter()
        try:
            while not self._go.wait(0.2):  # in slices: elsewhere an interrupt would not arrive
                pass
        finally:
            self._stood += perf_counter() - self._since
            self._since = None

    def clock(self) -> float:
        """Seconds that passed outside of pauses."""
        since = self._since
        return (perf_counter() if since is None else since) - self._stood


class Control(keras.callbacks.Callback):  # type: ignore[misc]
    """The hand that a run has in ``fit``.

    Args:
        run: the run.
        checkpoint: where the state is written after each whole epoch; None for nowhere.
        state: of the epochs before this ``fit``; what is written goes on from it.
    """

    # In step with the batches, so that a stop or a pause is not one batch late.
    async_safe = False

    def __init__(self, run: Run, checkpoint: Path | None, state: _checkpoint.State | None) -> None:
        super().__init__()
        self._run = run
        self._checkpoint = checkpoint
        self._state = state
        self._cut = False
        self._step = self._done = 0
        self._epoch = 0
        self._warned = False
        self._seen: dict[str, int] = {}

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Pass over what the curves hold of an earlier training."""
        self._run.record.new_values(self._seen)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Begin with random numbers that only the seed and the epoch's number decide."""
        self._cut, self._epoch, self._done = False, epoch, 0
        if self._checkpoint is not None and self._run.seed is not None:
            _seed_epoch(self._run.seed, epoch)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the batch; wait in a pause; end when asked, or when the loss is NaN."""
        run, steps = self._run, (self.params or {}).get("steps")
        part = (batch + 1) / steps if steps else 0.0
        for key, value in (logs or {}).items():
            if isinstance(value, float):
                run.recorder.add(
                    "batch", key, self._step + batch + 1, self._epoch + part, run.seconds, value
                )
        self._values(self._step + batch + 1, self._epoch + part)
        run.switch.wait()
        if run.switch.stopping:
            self.model.stop_training = True
        if self.model.stop_training:
            # A whole epoch is one whose last batch is done; nobody knows the last of a generator.
            self._cut = not steps or batch + 1 < steps
        loss = (logs or {}).get("loss")
        if isinstance(loss, float) and math.isnan(loss):
            run.diverged = run.diverged or diverged(loss, self._epoch + 1, batch + 1)
            self.model.stop_training = self._cut = True  # its weights are not worth keeping
        self._done = batch + 1

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Wait in a pause of a validation too, and end it when asked."""
        self._run.switch.wait()
        if self._run.switch.stopping:
            self.model.stop_training = self.model.stop_evaluating = True
            self._cut = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch, and keep its weights where they are wanted."""
        run, found = self._run, numbers(logs or {})
        self._step += self._done
        for key, value in found.items():
            kind = "validation" if key.startswith("val_") else "train"
            name = key.removeprefix("val_")
            run.recorder.add(kind, name, self._step, epoch + 1.0, run.seconds, value)
        self._values(self._step, epoch + 1.0)
        if self._cut:
            return
        run.weights.saw(epoch, found, self.model)
        if self._checkpoint is not None:
            before = self._state or _checkpoint.State(0, run.seed or 0)
            self._state = _checkpoint.State(
                epoch=epoch + 1,
                seed=before.seed,
                epochs=[*before.epochs, found],
                numbers=[*before.numbers, epoch],
                times=[*before.times, run.seconds],
            )
            self._write(self._checkpoint, self._state)

    def _values(self, step: int, epoch: float) -> None:
        """Keep what the curves measured besides the logs: learning rate and norms."""
        run = self._run
        for key, value in run.record.new_values(self._seen).items():
            run.recorder.add("value", key, step, epoch, run.seconds, value)

    def _write(self, path: Path, state: _checkpoint.State) -> None:
        try:
            _checkpoint.write(path, self.model, state)
        except (OSError, RuntimeError) as error:  # a full disk must not cost the training
            if not self._warned:
                warn_calmly(
                    f"The checkpoint {path} could not be written after epoch {state.epoch}: "
                    f"{error}. Training goes on, and writes it again after the next epoch.",
                    stacklevel=3,
                )
            self._warned = True


def diverged(loss: float, epoch: int, batch: int) -> str:
    """What is said of a training that was ended because its loss is no number any more.

    Args:
        loss: What it became.
        epoch: Where, counted from 1.
        batch: Likewise.

    Example:
        >>> diverged(float("nan"), 2, 7)[:40]
        'The loss became nan in epoch 2, batch 7,'
    """
    return (
        f"The loss became {loss} in epoch {epoch}, batch {batch}, and the training was ended "
        "there. A smaller learning rate, clipnorm, or inputs scaled to about -1 to 1 help most "
        "often."
    )


def _seed_epoch(seed: int, epoch: int) -> None:
    """Set what shuffles data outside of TensorFlow, whose own order follows from its seed."""
    mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)
    if keras.config.backend() == "torch":
        sys.modules["torch"].manual_seed(mixed)
