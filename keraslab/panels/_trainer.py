"""The Train button of a panel: trains the model on show in a thread, with live curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import keras

from keraslab.panels._said import said
from keraslab.train import LiveCurves
from keraslab.train._thread import TrainingThread

if TYPE_CHECKING:
    from keraslab.panels._explore import Explorer

EARLIER = "The curves are those of the setting that was trained last."
HELD_BACK = 0.2
"""The share of the data kept for validation when no validation data are given."""


class Trainer:
    """Buttons, curves and the thread of one panel's training.

    A notebook's messages wait while its main thread works, so training runs in a thread of
    its own: the sliders go on answering and Stop arrives.
    """

    def __init__(
        self,
        explorer: Explorer,
        data: tuple[Any, Any],
        compiling: Mapping[str, Any] | Callable[[Any], None] | None,
    ) -> None:
        self._fit_arguments = _fit_arguments(data)
        if compiling is not None and not callable(compiling) and not isinstance(compiling, Mapping):
            raise TypeError(
                "explore(compile=...) takes a dict, such as {'optimizer': 'adam', 'loss': 'mse'}, "
                f"or a function that compiles the model it is given. Received: {compiling!r}."
            )
        self._compiling = compiling
        self._live: LiveCurves | None = None
        self._left = False  # whether a control was moved since the training began
        self._explorer = explorer
        self._thread: TrainingThread | None = None
        self.trained: Any = None
        self._train = ipywidgets.Button(
            description="Train",
            button_style="primary",
            tooltip="Train the model on show; pressed again, go on with it",
        ).add_class("kl-train")
        self._stop = ipywidgets.Button(
            description="Stop", disabled=True, tooltip="Stop after this batch"
        ).add_class("kl-stop")
        self._epochs = ipywidgets.BoundedIntText(
            value=5, min=1, max=10_000, description="epochs"
        ).add_class("kl-epochs")
        self._status = ipywidgets.HTML().add_class("kl-train-status")
        self._train.on_click(lambda _: self.start())
        self._stop.on_click(lambda _: self.stop())
        self.buttons = ipywidgets.VBox(
            [self._epochs, ipywidgets.HBox([self._train, self._stop]), self._status]
        )
        self.curves = ipywidgets.VBox().add_class("kl-curves")

    def start(self) -> None:
        """Train the model of the present setting; says why where it cannot."""
        if self._thread is not None and not self._thread.done.is_set():
            return
        try:
            model = self._explorer.model
            self._compile(model)
        except (Exception, SystemExit) as error:  # a SystemExit that left it would end the kernel
            self._say(said(error))
            return
        if self._live is None or self.trained is not model:
            self._live = LiveCurves(display=False)
            self.curves.children = (self._live.widget,)
        self._train.disabled, self._stop.disabled = True, False
        self._left = False
        self._say("Training …")
        self._thread = TrainingThread(
            model,
            **self._fit_arguments,
            epochs=self._epochs.value,
            callbacks=[self._live],
            on_done=self._done,
        )
        self._thread.start()

    def stop(self) -> None:
        """End the training after its present batch."""
        if self._thread is not None:
            self._stop.disabled = True
            self._thread.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the training has ended; False if it has not within ``timeout`` seconds."""
        return self._thread is None or self._thread.done.wait(timeout)

    def model_changed(self) -> None:
        """Say that the curves belong to an earlier setting, once the training is over."""
        self._left = True
        if self._thread is not None and self._thread.done.is_set():
            self._say(EARLIER)

    def _done(self, thread: TrainingThread) -> None:
        self.trained = thread.model
        self._train.disabled, self._stop.disabled = False, True
        if thread.error is not None:
            self._say(said(thread.error))
        else:
            ended = "Stopped." if thread.stopped else "Done."
            self._say(f"{ended} {EARLIER}" if self._left else ended)

    def _compile(self, model: Any) -> None:
        if callable(self._compiling):
            self._compiling(model)
        elif self._compiling is not None:
            model.compile(**_fresh(self._compiling))
        elif not model.compiled:
            raise ValueError(
                "The model is not compiled. Call model.compile(...) in the build function, or "
                "give explore(..., compile={'optimizer': 'adam', 'loss': ...})."
            )

    def _say(self, text: str) -> None:
        self._status.value = f'<div role="status">{escape(text)}</div>'


def _fresh(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with an optimizer of their own: one that has trained fits no other model."""
    optimizer = settings.get("optimizer")
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return {**settings, "optimizer": optimizer.from_config(optimizer.get_config())}
    return dict(settings)


def _fit_arguments(data: Any) -> dict[str, Any]:
    if not isinstance(data, tuple) or len(data) != 2:
        raise ValueError(
            "explore(data=...) takes (x, y) or ((x, y), (x_validation, y_validation)), as arrays "
            "or lists or dicts of arrays. "
            f"Received: {type(data).__name__}"
            + (f" of length {len(data)}." if isinstance(data, tuple | list) else ".")
        )
    if all(isinstance(part, tuple) and len(part) == 2 for part in data):
        (x, y), validation = data
        return {"x": x, "y": y, "validation_data": validation}
    x, y = data
    for part in keras.tree.flatten([x, y]):
        if not hasattr(part, "shape"):
            raise ValueError(
                "explore(data=...) takes arrays, to hold some back for validation. Received: "
                f"{type(part).__name__}. Turn it into arrays, or leave data out and train "
                "explorer.model with fit."
            )
    return {"x": x, "y": y, "validation_split": HELD_BACK}
