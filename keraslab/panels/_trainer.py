"""The Train button of a panel: trains the model on show in a thread, with live curves."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets
import keras

from keraslab.panels._run_panel import RunButtons, outcome
from keraslab.panels._said import as_html, told
from keraslab.panels._train_said import LINE, WITH_VALIDATION, WITHOUT, told_of_training
from keraslab.train import LiveCurves, Run
from keraslab.train._callers import Callers
from keraslab.train._fit import Training
from keraslab.train._guard import check_free

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
        self.run: Run | None = None
        self.trained: Any = None
        self._train = ipywidgets.Button(
            description="Train",
            button_style="primary",
            tooltip="Train the model on show; pressed again, go on with it",
        ).add_class("kl-train")
        self._buttons = RunButtons()
        self._epochs = ipywidgets.BoundedIntText(
            value=5, min=1, max=10_000, description="epochs"
        ).add_class("kl-epochs")
        self._status = ipywidgets.HTML().add_class("kl-train-status")
        self._train.on_click(lambda _: self.start())
        self.buttons = ipywidgets.VBox([self._epochs, self._train, self._buttons.box, self._status])
        self.curves = ipywidgets.VBox().add_class("kl-curves")

    def start(self) -> None:
        """Train the model of the present setting; says why where it cannot."""
        if self.run is not None and self.run.status == "running":
            return
        try:
            model = self._explorer.model
            check_free(model)  # compiling would change it under another run
            self._compile(model)
            if self._live is None or self.trained is not model:
                self._live = LiveCurves(display=False)
            training = Training(
                model,
                fit_arguments={**self._fit_arguments, "epochs": self._epochs.value},
                curves=self._live,
            )
        except (Exception, SystemExit) as error:  # a SystemExit that left it would end the kernel
            self._say(told(error), wrong=True)
            return
        self.curves.children = (self._live.widget,)
        self._train.disabled = True
        self._left = False
        self._say("Training …")
        self.run = training.run
        self.run.weights.wanted = self._buttons.keep.value
        self.run.on_change(self._changed)
        self._buttons.bind(self.run)
        _begin(training, self._fit_arguments)

    def stop(self) -> None:
        """End the training after its present batch."""
        if self.run is not None:
            self.run.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the training has ended; False if it has not within ``timeout`` seconds."""
        return self.run is None or self.run.ended_within(timeout)

    def model_changed(self) -> None:
        """Say that the curves belong to an earlier setting, once the training is over."""
        self._left = True
        if self.run is not None and self.run.status != "running":
            self._say(EARLIER)

    def _changed(self, run: Run) -> None:
        if run.status == "running":
            self._say(outcome(run, self._told) or "Training …")
            return
        self.trained = run.model
        self._train.disabled = False
        ended = {"stopped": "Stopped.", "failed": ""}.get(run.status, "Done.")
        earlier = EARLIER if self._left and run.error is None else ""
        text = " ".join(filter(None, [ended, outcome(run, self._told), earlier]))
        self._say(text, wrong=run.status == "failed")

    def _told(self, error: BaseException) -> str:
        data = WITH_VALIDATION if "validation_data" in self._fit_arguments else WITHOUT
        return told_of_training(error, data, self._compiling)

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

    def _say(self, text: str, *, wrong: bool = False) -> None:
        looks = ' class="kl-error"' if wrong else ""
        self._status.value = f'<div role="status"{looks}>{as_html(text)}</div>'


def _begin(training: Training, given: Mapping[str, Any]) -> None:
    """Start a training from a line that can be pointed at: below a button there is no one's code.

    Args:
        training: The training.
        given: What it was given besides its epochs.
    """
    names = {"model": training.run.model, "x": given["x"], "y": given["y"]}
    if "validation_data" in given:
        names |= dict(zip(("x_validation", "y_validation"), given["validation_data"], strict=True))
        last = "validation_data=(x_validation, y_validation)"
    else:
        last = f"validation_split={HELD_BACK}"
    text = f"fit(model, x=x, y=y, {last})\n"
    linecache.cache[LINE] = (len(text), None, [text], LINE)
    names["fit"] = lambda *_, **__: training.start(Callers())
    exec(compile(text, LINE, "exec"), names)


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
