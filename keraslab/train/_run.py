"""One training, from its first batch to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from keraslab.train._best import Best, BestWeights
from keraslab.train._control import Switch
from keraslab.train._frame import history_frame
from keraslab.train._history import History
from keraslab.train._interrupt import happened
from keraslab.train._live_curves import LiveCurves
from keraslab.train._loop import Loop
from keraslab.train._notebook import SHOWN_LIVE
from keraslab.train._recorder import Forgets, Keeps, open_recorder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Status = Literal["running", "done", "stopped", "failed", "interrupted"]

_panel: Callable[[Run], Any] | None = None


def show_runs_with(panel: Callable[[Run], Any]) -> None:
    """Say how a run is shown in a notebook; rooms above this one know buttons.

    Args:
        panel: makes of a run what has ``show()``, ``shown_above()`` and ``bundle()``.
    """
    global _panel
    _panel = panel


class Run:
    """One training: its curves, how it goes, and what came of it.

    ``kl.fit`` returns one. Made by hand it takes what a loop of one's own logs, such as that of
    a GAN; use it in a ``with`` statement, which ends it.

    Args:
        name: What the run is called.
        epochs: How many epochs the loop plans.
        seed: The seed that the loop uses, to be kept with the run; it is not set.
        settings: Whatever should be kept with the run.
        store: Whether the run is kept on this machine; a path or a ``Store`` keeps it there.
        display: Whether its curves are shown.

    Attributes:
        name: What it is called.
        id: Tells it from all other runs.
        seed: Its seed, or None.
        settings: How it was started.
        model: The model, or None for a loop.
        status: ``"running"``, ``"done"``, ``"stopped"`` (asked for), ``"interrupted"`` (by the
            kernel) or ``"failed"``.
        error: What ended it, or None.
        diverged: Where its loss became NaN, which ends a ``fit`` as failed, in a sentence; or
            None.
        started: When it was made, in seconds since 1970.
        ended_at: When the training was over, likewise; None before.
        curves: The ``LiveCurves`` that show it.

    Example:
        >>> with Run("gan", display=False, store=False) as run:
        ...     for step in range(3):
        ...         run.log(generator_loss=1.0 / (step + 1), discriminator_loss=0.5)
        >>> run.status, [round(value, 2) for value in run.history["generator_loss"]]
        ('done', [1.0, 0.5, 0.33])
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        epochs: int = 1,
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
        store: Keeps = True,
        display: bool = True,
    ) -> None:
        facts = {"kind": "loop", "name": name or "run", "seed": seed, "settings": settings or {}}
        self._set_up(facts, store, model=None)
        self.curves = LiveCurves(display=display, clock=self.switch.clock)
        self.curves._instead = self.instead
        self._loop: Loop | None = Loop(self, epochs)

    def _set_up(self, facts: Mapping[str, Any], store: Keeps, model: Any) -> None:
        self.name: str = facts["name"]
        self.seed: int | None = facts["seed"]
        self.settings: Mapping[str, Any] = dict(facts["settings"])
        self.model = model
        self.status: Status = "running"
        self.error: BaseException | None = None
        self.diverged: str | None = None
        self.started = time.time()
        self.ended_at: float | None = None
        self.switch = Switch()
        self.weights = BestWeights()
        self.recorder = open_recorder(store, {**facts, "started": self.started})
        self.id = self.recorder.id
        self._usual_store = store is True
        self._begin = self.switch.clock()
        self._seconds: float | None = None
        self._done = threading.Event()
        self._listeners: list[Callable[[Run], None]] = []
        self._shown: Any = None

    @classmethod
    def of_fit(
        cls,
        model: Any,
        facts: Mapping[str, Any],
        *,
        store: Keeps,
        weights: BestWeights,
        curves: LiveCurves | None = None,
    ) -> Run:
        """A run that ``fit`` will feed, not begun yet."""
        run = cls.__new__(cls)
        run._set_up(facts, store, model)
        run.weights = weights
        run.curves = curves or LiveCurves(display=False, clock=run.switch.clock)
        run._loop = None
        return run

    # What it is

    @property
    def history(self) -> dict[str, list[Any]]:
        """A list per name in the logs, a value per epoch as in Keras; per step in a loop."""
        if self._loop is not None:
            return self._loop.history
        return self.curves.history

    @property
    def record(self) -> History:
        """All that was recorded, of batches too."""
        return self.curves.record

    @property
    def seconds(self) -> float:
        """Seconds that it took, or has taken so far, without its pauses."""
        return self.switch.clock() - self._begin if self._seconds is None else self._seconds

    @property
    def best(self) -> Best | None:
        """The best epoch, counted from 1, as ``(epoch, value, name)``; None before the first."""
        return self.weights.best

    @property
    def instead(self) -> str:
        """What a page says that cannot show it, such as one saved when the kernel was killed."""
        if isinstance(self.recorder, Forgets):
            return SHOWN_LIVE
        where = "kl.runs()" if self._usual_store else "store.runs()"
        return f"{SHOWN_LIVE} What was kept of the run: {where}[{self.id!r}]"

    @property
    def paused(self) -> bool:
        """Whether it waits for ``resume()``."""
        return self.switch.paused and self.status == "running"

    @property
    def stopping(self) -> bool:
        """Whether its end was asked for; a loop of one's own looks here to leave."""
        return self.switch.stopping

    # What can be done with it

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it has ended; an interrupt ends the waiting, not the run.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.

        Returns:
            Whether it has ended.

        Raises:
            BaseException: what ended it, if it failed.
        """
        if not self.ended_within(timeout):
            return False
        if self.error is not None and self.status == "failed":
            raise self.error
        return True

    def ended_within(self, timeout: float | None = None) -> bool:
        """Wait as ``wait`` does, but raise nothing of the run's own."""
        return happened(self._done, timeout)

    def stop(self) -> None:
        """Ask it to end after its present batch, a pause included; returns at once."""
        self.switch.stop()
        self._changed()

    def pause(self) -> None:
        """Ask it to wait after its present batch, until ``resume()`` or ``stop()``."""
        self.switch.pause()
        self._changed()

    def resume(self) -> None:
        """Go on after a pause."""
        self.switch.resume()
        self._changed()

    def keep_best(self, wanted: bool = True) -> None:
        """Give the model the weights of its best epoch when the run ends.

        Which epoch is best, ``best`` says. The optimizer keeps its last state. Weights of
        epochs before the call are only there for models of up to 64 MB in the background.

        Args:
            wanted: False to leave the last weights after all.

        Raises:
            RuntimeError: if the run has ended, or is a loop of one's own.
        """
        if self._loop is not None:
            raise RuntimeError(f"The run {self.name!r} has no model whose weights it could keep.")
        if self.status != "running":
            raise RuntimeError(
                f"The run {self.name!r} has ended. Give kl.fit(..., keep_best=True), or call "
                "keep_best() while it runs."
            )
        self.weights.wanted = wanted
        self._changed()

    def log(self, *, step: int | None = None, epoch: int | None = None, **values: Any) -> None:
        """Record what a loop of one's own computed; waits while the run is paused.

        Args:
            step: The number of the step, from 0; None for the next one.
            epoch: Give the number of the epoch, from 0, when it is done: then these are its
                values, those of ``val_...`` of its validation.
            **values: Numbers by their names.

        Raises:
            RuntimeError: if the run has ended, or ``fit`` feeds it.
        """
        if self._loop is None:
            raise RuntimeError(
                f"The run {self.name!r} records what fit logs. For values of your own, make a "
                "run of your own: keraslab.Run('name')."
            )
        if self.status != "running":
            raise RuntimeError(f"The run {self.name!r} has ended; make a new one to log more.")
        self._loop.log(step, epoch, values)

    def end(self, error: BaseException | None = None) -> None:
        """End a loop of one's own; a ``with`` statement does it by itself.

        Args:
            error: What ended it early; None where it came to its end.
        """
        if self.status != "running":
            return
        if self._loop is not None:
            self._loop.end(error)
        self.ended(error)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end(error)

    # What the training tells it

    def ended(self, error: BaseException | None = None, *, interrupted: bool = False) -> None:
        """The training is over; called once."""
        self.ended_at = time.time()
        self._seconds = self.seconds
        self.error = error
        if interrupted or isinstance(error, KeyboardInterrupt):
            self.status = "interrupted"
        elif error is not None or self.diverged is not None:
            self.status = "failed"
        else:
            self.status = "stopped" if self.switch.stopping else "done"
        facts: dict[str, Any] = {"seconds": self._seconds}
        if self.best is not None:
            facts["best"] = tuple(self.best)
        if error is not None:
            facts["error"] = f"{type(error).__name__}: {error}"
        elif self.diverged is not None:
            facts["error"] = self.diverged
        try:
            self._changed()
            self.recorder.note(**facts)
            self.recorder.close(self.status)
        finally:
            self._done.set()

    def on_change(self, listener: Callable[[Run], None]) -> None:
        """Call ``listener`` when something is asked of the run, and when it ends.

        Args:
            listener: takes the run; it may be called from any thread.
        """
        self._listeners.append(listener)

    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener(self)

    # How it is shown

    def to_figure(self) -> Figure:
        """The curves as a matplotlib ``Figure``."""
        return self.curves.to_figure()

    def to_frame(self) -> Any:
        """The history as a pandas table, a row per epoch; a row per step for a loop of steps.

        Raises:
            ImportError: if pandas is not installed; ``history`` holds the same numbers.
        """
        frame = history_frame(self.history, "Run")
        epochs = self.record.epochs
        by_epoch = bool(epochs) and len(epochs) == len(frame)
        if by_epoch:
            frame.index = [epoch + 1 for epoch in epochs]
        frame.index.name = "epoch" if by_epoch or self._loop is None else "step"
        return frame

    @property
    def panel(self) -> Any:
        """What shows it in a notebook; None where nothing does."""
        if self._shown is None and _panel is not None:
            self._shown = _panel(self)
        return self._shown

    def __repr__(self) -> str:
        status = "paused" if self.paused else self.status
        lines = [f"Run {self.name!r}: {status}", repr(self.curves)]
        if self.best is not None:
            best = self.best
            lines.append(f"Best {best.name}: {best.value:.4g} in epoch {best.epoch}")
        if self.error is not None:
            lines.append(f"{type(self.error).__name__}: {self.error}")
        elif self.diverged is not None:
            lines.append(self.diverged)
        return "\n".join(lines)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self.panel is not None:
            return self.panel.bundle()
        return {**self.curves._repr_mimebundle_(**options), "text/plain": repr(self)}
