"""Curves that grow while a model trains."""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Callable, Mapping
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING, Any

import keras

from keraslab.draw._curves_picture import figure, png
from keraslab.train._frame import history_frame
from keraslab.train._history import LEARNING_RATE, History
from keraslab.train._marks import Reading, checked_baseline, read
from keraslab.train._names import output_names
from keraslab.train._norms import Norms, Which, checked_norms
from keraslab.train._notebook import SHOWN_LIVE, Place, shell
from keraslab.train._pace import Pace
from keraslab.train._progress import Ending, Progress, note
from keraslab.train._sender import Sender, for_page
from keraslab.train._terminal import TerminalLine, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keraslab.draw._curves_widget import CurvesWidget

PICTURE_POINTS = 400
"""Points of a line in a still picture; more would fall on the same dots."""


class LiveCurves(keras.callbacks.Callback):  # type: ignore[misc]
    """Shows loss and metrics as curves while ``fit`` runs, a plot for each output and metric.

    In a notebook the curves are live, and a picture of them stays in the saved notebook. In a
    terminal each epoch gets a line, unless Keras prints its own (``verbose`` other than 0).

    Passed to ``fit`` again with the same model, the curves go on where they ended; with another
    model they start anew. The values of a batch are the mean of its epoch so far, as Keras logs
    them, hence that line starts again at each epoch. A value that is not a number is a gap. A
    metric of several values has a plot for each, of up to 12. A learning rate that changes has a
    plot of its own. Best epoch, overfit gap and baselines are marked, each with a sentence under
    the plots.

    Args:
        display: Whether to show the curves when ``fit`` begins. Give False to place ``widget``
            elsewhere, such as in a panel, or to record only.
        budget: The largest part of the training's time that redraws may take, from 0 to 1. The
            thread that sends a kernel's messages takes about a third as much beside it.
        baseline: Numbers to be beaten, by the name of the value: ``{"accuracy": 0.9}``.
        norms: True to show how large the steps of the training are: the update norm, how far all
            weights together move in a batch, and the gradient norm, the length of the gradient
            that the optimizer is given. ``"updates"`` or ``"gradients"`` shows one of them. With
            the JAX backend there are update norms only. Single batches are measured, as often
            as ``budget`` allows once more.
        clock: Gives the time in seconds.

    Raises:
        TypeError: If ``baseline`` is no mapping of names to numbers.
        ValueError: If ``budget`` is not above 0 and at most 1, if a baseline is not finite, or if
            ``norms`` cannot be had.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> curves = LiveCurves(display=False)
        >>> _ = model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=[curves])
        >>> list(curves.history)
        ['loss']
    """

    # Batch hooks run in step, not in Keras' pool of threads: points stay in order, and what
    # reads them is never a batch behind.
    async_safe = False

    def __init__(
        self,
        *,
        display: bool = True,
        budget: float = 0.0075,
        baseline: Mapping[str, float] | None = None,
        norms: bool | Which = False,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        super().__init__()
        self._display = display
        self._pace = Pace(budget, clock=clock)
        self._clock = clock
        self._baseline = checked_baseline(baseline)
        which = checked_norms(norms)
        self._instead = SHOWN_LIVE
        self._norms = Norms(which, budget, clock) if which else None
        self._read: tuple[object, Reading] = (None, Reading())
        self._tries = self._redraws = 0
        self._record = History()
        self._progress = Progress(clock)
        self._running = False
        self._trained: weakref.ref[Any] | None = None
        self._widget: CurvesWidget | None = None
        self._sender: Sender | None = None
        self._place: Place | None = None
        self._line: TerminalLine | None = None

    # What is recorded

    @property
    def history(self) -> dict[str, list[Any]]:
        """A list per name in the logs, a value per epoch, as ``fit(...).history`` has them."""
        return self._record.history

    @property
    def record(self) -> History:
        """All that was recorded, of batches too."""
        return self._record

    @property
    def widget(self) -> CurvesWidget:
        """The live view, to be placed in a panel; needs a notebook to be seen."""
        if self._widget is None:
            from keraslab.draw._curves_widget import CurvesWidget

            self._widget = CurvesWidget(lambda: for_page(self._record), self._status)
            self._sender = Sender(self._record, self._widget)
        return self._widget

    def to_figure(self) -> Figure:
        """The curves as a matplotlib ``Figure``, which no other part of matplotlib holds."""
        reading = self._reading()
        return figure(
            self._record.plots(PICTURE_POINTS),
            said=self._progress.text() if self._trained is not None else "Nothing trained yet",
            note=note(self._record.not_a_number),
            axis=self._record.axis,
            below=reading.sentences,
            marks=reading.marks,
        )

    def to_frame(self) -> Any:
        """The history as a pandas table, a row per epoch.

        Raises:
            ImportError: If pandas is not installed; ``history`` holds the same numbers.
        """
        frame = history_frame(self.history, "LiveCurves")
        epochs = [epoch + 1 for epoch in self._record.epochs]
        # A value that came in some epochs only leaves its column shorter than the others.
        frame.index = epochs[: len(frame)]
        frame.index.name = "epoch"
        return frame

    def _reading(self) -> Reading:
        """What the curves say; found anew when an epoch has ended."""
        now = (self._record, len(self._record.epochs))
        if self._read[0] != now:
            self._read = (now, read(self._record, self._baseline))
        return self._read[1]

    def __repr__(self) -> str:
        if self._trained is None:
            return "LiveCurves: nothing trained yet"
        said = [self._progress.text(), note(self._record.not_a_number)]
        found = table(self._record.plots(PICTURE_POINTS))
        return "\n".join(filter(None, [*said, found, *self._reading().sentences]))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if self._record.series:
            bundle["image/png"] = png(self.to_figure())
        return bundle

    # What Keras calls

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Show the curves."""
        model = self.model
        self.finish()  # where the last `fit` was cut short and nobody said so
        self.set_model(model)
        if self._trained is not None and self._trained() is not model:
            self._record = History()
            if self._widget is not None:
                self._sender = Sender(self._record, self._widget)
        self._trained = weakref.ref(model)
        params = self.params or {}
        self._record.begin(params.get("steps"), output_names(model))
        self._progress.begin(params.get("steps"), params.get("epochs") or 1)
        self._measure(lambda norms: norms.begin(model))
        self._tries = self._redraws = 0
        self._running = True
        self._line = None
        if self._display and shell() is not None:
            self._place = Place(self.widget, self.finish, instead=self._instead)
        elif self._display and params.get("verbose") == 0:
            self._line = TerminalLine(sys.stdout, self._progress)
        if self._sender is not None:
            self._send(everything=True)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note where the epoch begins."""
        if self._running:
            self._record.begin_epoch(epoch)
            self._progress.begin_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Keep the weights, where this batch is measured."""
        if self._running:
            self._measure(lambda norms: norms.before(lambda: self.model))

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the batch, and redraw when the budget allows."""
        if self._running:
            self._record.batch(batch, logs or {})
            self._progress.end_batch(batch)
            self._measure(self._norms_after)
            self._redraw()

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note that this epoch's training is done."""
        if self._running:
            self._progress.begin_validation()
            self._redraw()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch."""
        if not self._running:
            return
        values = dict(logs or {})
        if self._progress.validating and getattr(self.model, "stop_evaluating", False):
            # A validation that was stopped half way speaks of a part of the data only.
            values = {k: v for k, v in values.items() if not k.startswith("val_")}
        self._progress.end_epoch()
        self._record.end_epoch(epoch, values, self._progress.seconds, self._learning_rate())
        if self._line is not None:
            self._line.epoch(values)
        self._redraw()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Leave the picture."""
        self._finish("done")

    def finish(self, error: BaseException | None = None) -> None:
        """End the curves: Keras tells no callback when an error or an interrupt ends ``fit``.

        In a notebook's cell this is called by itself; call it where you run ``fit`` in a thread.

        Args:
            error: What ended the training early; None where that is not known.
        """
        if error is None:
            self._finish("cut")
        else:
            self._finish("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")

    def _finish(self, how: Ending) -> None:
        if not self._running:
            return
        self._running = False
        self._measure(Norms.end)
        self._progress.end(how)
        if self._sender is not None:
            self._send(everything=True)
        if self._line is not None:
            self._line.end()
        place, self._place = self._place, None
        if place is not None:
            try:
                place.settle(self.to_figure(), repr(self))
            except Exception:  # a picture must not cost the training; the live view stays
                place.leave()
        # The view lives as long as the kernel, and the model must not live with it.
        self.set_model(None)

    def _redraw(self) -> None:
        if not self._pace.due():
            return
        if self._progress.size is None and self._tries < 3:
            self._tries += 1
            self._progress.size = self._batch_size()
        if self._sender is not None:
            with self._pace.redraw():
                # With JAX it would cost a copy of the weights; elsewhere half a redraw.
                if self._redraws % 5 == 0 and keras.config.backend() != "jax":
                    self._see_learning_rate()
                self._redraws += 1
                self._send()
        elif self._line is not None:
            with self._pace.redraw():
                self._line.now()

    def _send(self, *, everything: bool = False) -> None:
        assert self._sender is not None
        try:
            if everything:
                self._sender.send_all()
            else:
                self._sender.send()
        except Exception:  # a page that cannot be reached must not cost the training
            self._sender = None

    def _status(self) -> dict[str, Any]:
        reading = self._reading()
        return {
            "text": self._progress.text() if self._trained is not None else "Not started yet",
            "note": note(self._record.not_a_number),
            "fraction": self._progress.fraction,
            "running": self._running,
            "axis": self._record.axis,
            "said": list(reading.sentences),
            "marks": {
                name: [asdict(mark) for mark in marks] for name, marks in reading.marks.items()
            },
        }

    def _measure(self, work: Callable[[Norms], None]) -> None:
        if self._norms is None:
            return
        try:
            work(self._norms)
        except Exception as error:  # an optimizer or weights of an unknown kind
            self._norms = None
            warnings.warn(
                f"LiveCurves(norms=...) cannot measure this model and measures no more: {error}",
                stacklevel=2,
            )

    def _norms_after(self, norms: Norms) -> None:
        for name, value in norms.after(lambda: self.model).items():
            self._record.value(name, value)

    def _see_learning_rate(self) -> None:
        """Record the learning rate within an epoch too: a schedule may move it with each batch."""
        rate = self._learning_rate()
        if rate is not None:
            self._record.value(LEARNING_RATE, rate)

    def _batch_size(self) -> float | None:
        """Samples in a batch, as the mean of the loss counts them; None where it does not."""
        batch = self._progress.batch
        if not batch or self._progress.validating:
            return None
        try:
            count = next(each.count for each in self.model.metrics if each.name == "loss")
            size = float(keras.ops.convert_to_numpy(count)) / batch
        except Exception:  # a loop of one's own, or a step that keeps no such mean
            return None
        return size if size >= 1 else None

    def _learning_rate(self) -> float | None:
        try:
            return float(keras.ops.convert_to_tensor(self.model.optimizer.learning_rate))
        except Exception:  # some optimizers have none, or one of their own kind
            return None
