"""A loop of one's own, told to the curves as if it were a ``fit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keraslab.train._numbers import numbers
from keraslab.train._progress import Progress, duration

if TYPE_CHECKING:
    from keraslab.train._run import Run


class _Steps(Progress):
    """Progress of a loop that logs steps, of which nobody knows how many there will be."""

    def text(self) -> str:
        if self.done:  # it counts epochs
            return super().text()
        said = "Logged" if self.ended == "done" else "Logging:"
        if self.ended not in (None, "done"):
            said = "Ended early:"
        count = f"{self.batches:,} step{'' if self.batches == 1 else 's'}"
        return f"{said} {count} in {duration(self.seconds)}"


class _Stands:
    """Stands where the curves expect a model."""


class Loop:
    """Turns the calls of ``Run.log`` into what curves understand.

    Args:
        run: the run.
        epochs: how many are planned.
    """

    def __init__(self, run: Run, epochs: int) -> None:
        self._run = run
        self._epochs = epochs
        self._stands = _Stands()
        self._began = False
        self._base = 0
        self._steps = 0
        self._epoch = 0

    @property
    def history(self) -> dict[str, list[Any]]:
        """Values per epoch where the loop logs epochs, else per step."""
        record = self._run.curves.record
        if record.history:
            return record.history
        return {each.key: each.since()[1].tolist() for each in record.series.values()}

    def log(self, step: int | None, epoch: int | None, values: Mapping[str, Any]) -> None:
        """Record values of a step, or of an epoch where its number is given."""
        run, curves = self._run, self._run.curves
        found = numbers(values)
        unknown = values.keys() - found.keys() - {name.split("[")[0] for name in found}
        if unknown:
            name = min(unknown)
            raise ValueError(
                f"Run.log({name}=...) takes a number, or an array of a few. Received: "
                f"{values[name]!r}."
            )
        self._begin()
        if epoch is None:
            at = self._steps if step is None else step
            if at < self._base:
                raise ValueError(
                    f"Run.log(step={step}) goes back: {self._base} steps belong to epochs that "
                    "are done. Count steps from the begin of the run."
                )
            self._steps = at + 1
            curves.on_train_batch_end(at - self._base, found)
            for key, value in found.items():
                run.recorder.add("batch", key, at + 1, self._epoch, run.seconds, value)
        else:
            curves.on_epoch_end(epoch, found)
            self._steps = self._base = max(self._steps, self._base + 1)
            self._epoch = epoch + 1
            for key, value in found.items():
                kind = "validation" if key.startswith("val_") else "train"
                name = key.removeprefix("val_")
                run.recorder.add(kind, name, self._steps, epoch + 1.0, run.seconds, value)
            curves.on_epoch_begin(self._epoch)
        run.switch.wait()

    def end(self, error: BaseException | None) -> None:
        """Leave the picture."""
        if not self._began:
            return
        if error is None:
            self._run.curves.on_train_end()
        else:
            self._run.curves.finish(error)

    def _begin(self) -> None:
        if self._began:
            return
        self._began = True
        curves = self._run.curves
        curves._progress = _Steps(self._run.switch.clock)
        curves.set_params({"steps": None, "epochs": self._epochs, "verbose": 0})
        curves.set_model(self._stands)
        curves.on_train_begin()
        curves.on_epoch_begin(0)
