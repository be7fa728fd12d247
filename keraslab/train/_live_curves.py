"""Curves that grow while a model trains."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import keras

from keraslab.draw._curves_picture import figure, png
from keraslab.train._history import History
from keraslab.train._names import output_names
from keraslab.train._notebook import Place, shell
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
    metric of several values has a plot for each, of up to 12.

    Args:
        display: Whether to show the curves when ``fit`` begins. Give False to place ``widget``
            elsewhere, such as in a panel, or to record only.
        budget: The largest part of the training's time that redraws may take, from 0 to 1.
        clock: Gives the time in seconds.

    Raises:
        ValueError: If ``budget`` is not above 0 and at most 1.

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
        budget: float = 0.02,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        super().__init__()
        self._display = display
        self._pace = Pace(budget, clock=clock)
        self._clock = clock
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
        return figure(
            self._record.plots(PICTURE_POINTS),
            said=self._progress.text() if self._trained is not None else "Nothing trained yet",
            note=note(self._record.not_a_number),
            axis=self._record.axis,
        )

    def __repr__(self) -> str:
        if self._trained is None:
            return "LiveCurves: nothing trained yet"
        said = [self._progress.text(), note(self._record.not_a_number)]
        return "\n".join(filter(None, [*said, table(self._record.plots(PICTURE_POINTS))]))

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
        self._running = True
        self._line = None
        if self._display and shell() is not None:
            self._place = Place(self.widget, self.finish)
        elif self._display and params.get("verbose") == 0:
            self._line = TerminalLine(sys.stdout, self._progress)
        if self._sender is not None:
            self._send(everything=True)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note where the epoch begins."""
        if self._running:
            self._record.begin_epoch(epoch)
            self._progress.begin_epoch(epoch)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the batch, and redraw when the budget allows."""
        if self._running:
            self._record.batch(batch, logs or {})
            self._progress.end_batch(batch)
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
        if self._sender is not None:
            with self._pace.redraw():
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
        return {
            "text": self._progress.text() if self._trained is not None else "Not started yet",
            "note": note(self._record.not_a_number),
            "fraction": self._progress.fraction,
            "running": self._running,
            "axis": self._record.axis,
        }

    def _learning_rate(self) -> float | None:
        try:
            return float(keras.ops.convert_to_tensor(self.model.optimizer.learning_rate))
        except Exception:  # some optimizers have none, or one of their own kind
            return None
