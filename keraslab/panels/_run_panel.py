"""A run in the notebook: its curves, and buttons to stop, pause and keep the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keraslab.draw._curves_picture import figure, png
from keraslab.panels._live import live_bundle
from keraslab.panels._said import as_html, told
from keraslab.train import Run, fit
from keraslab.train._notebook import Place, shell
from keraslab.train._run import show_runs_with

if TYPE_CHECKING:
    import ipywidgets

# Who gets `fit` and `Run` from here gets runs that show themselves as panels.
__all__ = ["Run", "RunButtons", "RunPanel", "fit", "outcome"]

_CSS = """
.kl-run { color: var(--jp-ui-font-color1, inherit); }
.kl-run .widget-html-content, .kl-run-said { line-height: 1.4; }
.kl-run-said { margin: 4px 0; padding: 2px 12px; overflow-wrap: anywhere;
  font-family: var(--jp-ui-font-family, sans-serif); font-size: 13px;
  border-left: 4px solid var(--jp-info-color1, #0277bd); }
.kl-run .kl-code { margin: 4px 0; padding: 0; background: none; white-space: pre-wrap;
  overflow-wrap: anywhere; font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  color: inherit; }
.kl-run-said.kl-failed { border-color: var(--jp-error-color1, #c62828); }
/* No room is kept for curves where none will come. */
:is(.kl-run, .jp-OutputArea-output):has(.kl-failed) .klc-grid:empty { min-height: 0; }
"""


def outcome(run: Run, say: Callable[[BaseException], str] = told) -> str:
    """What is to be said of a run besides its curves, in plain text; empty for nothing.

    Args:
        run: The run, running or ended.
        say: What says an error.
    """
    if run.status == "running":
        if run.stopping:
            return "Stopping after this batch …"
        return "Paused." if run.paused else ""
    lines = [say(run.error)] if run.error is not None and run.status == "failed" else []
    if run.diverged is not None and not lines:
        lines.append(run.diverged)
    kept = run.weights.kept
    if run.weights.wanted and kept is not None:
        lines.append(
            f"The model has the weights of epoch {kept.epoch}, the best by {kept.name}: "
            f"{kept.value:.4g}."
        )
    elif run.weights.wanted:
        lines.append("The model has its last weights: no whole epoch ended while Keep best was on.")
    return "\n".join(lines)


class RunButtons:
    """Stop, Pause or Resume, and Keep best, for one run after another.

    Attributes:
        stop: The button.
        pause: The button.
        keep: The toggle.
        box: All three in a row.
    """

    def __init__(self) -> None:
        import ipywidgets

        self.stop = ipywidgets.Button(
            description="Stop", icon="stop", disabled=True, tooltip="Stop after this batch"
        ).add_class("kl-stop")
        self.pause = ipywidgets.Button(
            description="Pause", icon="pause", disabled=True, tooltip="Wait after this batch"
        ).add_class("kl-pause")
        self.keep = ipywidgets.ToggleButton(
            description="Keep best",
            icon="star-o",
            disabled=True,
            tooltip="Give the model the weights of its best epoch in the end",
        ).add_class("kl-keep")
        for button in (self.stop, self.pause, self.keep):
            button.layout.width = "auto"
        self.box = ipywidgets.HBox([self.stop, self.pause, self.keep])
        self.box.layout.flex_flow = "row wrap"
        self._run: Run | None = None
        # A handler may come in any thread: each sets a flag that the training reads.
        self.stop.on_click(lambda _: self._end())
        self.pause.on_click(lambda _: self._turn())
        self.keep.observe(self._wanted, "value")

    def bind(self, run: Run) -> None:
        """Serve this run from now on.

        Args:
            run: The run.
        """
        self._run = run
        run.on_change(self._changed)
        self._changed(run)

    def _end(self) -> None:
        if self._run is not None:
            self._run.stop()

    def _turn(self) -> None:
        run = self._run
        if run is not None:
            (run.resume if run.paused else run.pause)()

    def _wanted(self, change: Any) -> None:
        run = self._run
        if run is not None and run.status == "running" and run.weights.wanted != change["new"]:
            run.keep_best(change["new"])

    def _changed(self, run: Run) -> None:
        if run is not self._run:
            return
        running = run.status == "running"
        self.stop.disabled = self.pause.disabled = not running or run.stopping
        self.keep.disabled = not running
        self.keep.value = run.weights.wanted
        self.pause.description = "Resume" if run.paused else "Pause"
        self.pause.icon = "play" if run.paused else "pause"


class RunPanel:
    """Curves, buttons and what is to be said of one run.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._box: ipywidgets.VBox | None = None
        self._place: Place | None = None
        self._cell: int | None = None
        run.on_change(self._changed)

    @property
    def box(self) -> ipywidgets.VBox:
        """The live panel, made on first use."""
        if self._box is None:
            import ipywidgets

            self.buttons = RunButtons()
            self.said = ipywidgets.HTML(_said(self._run)).add_class("kl-run-status")
            style = ipywidgets.HTML(f"<style>{_CSS}</style>")
            style.layout.height = style.layout.margin = "0px"
            self._box = ipywidgets.VBox(
                [style, self.buttons.box, self._run.curves.widget, self.said]
            ).add_class("kl-run")
            self.buttons.bind(self._run)
        return self._box

    def show(self) -> None:
        """Show it below this cell; a picture takes its place when the run has ended."""
        here = shell()
        if here is None:
            return
        self.shown_above()
        _warm()
        run = self._run
        self._place = Place(run.curves.widget, lambda _: None, around=self.box, instead=run.instead)

    def shown_above(self) -> None:
        """Note that this cell shows the curves already, so that its last line need not."""
        here = shell()
        self._cell = None if here is None else here.execution_count

    def bundle(self) -> dict[str, Any]:
        """The run as the last line of a cell: live while it runs, then its curves."""
        run, here = self._run, shell()
        if here is None:
            return {"text/plain": repr(run)}
        if self._cell == here.execution_count:
            return {"text/plain": f"Run {run.name!r}, shown above"}
        if run.status == "running":
            view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
            return {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(run)}
        return {**live_bundle(run.curves.widget), "text/plain": repr(run)}

    def _changed(self, run: Run) -> None:
        if self._box is not None:
            self.said.value = _said(run)
        place = self._place
        if run.status != "running" and place is not None:
            self._place = None
            try:
                said = _said(run)
                below = f"<style>{_CSS}</style>{said}" if said else ""
                place.settle(run.to_figure(), repr(run), below)
            except Exception:  # a picture must not cost the training; the live view stays
                place.leave()


def _warm() -> None:
    """Load what draws the last picture now: at the end a person waits for it."""
    try:
        png(figure([]))
    except Exception:  # then there will be no picture either
        return


def _said(run: Run) -> str:
    text = outcome(run)
    if not text:
        return ""
    failed = " kl-failed" if run.status == "failed" else ""
    return f'<div class="kl-run kl-run-said{failed}" role="status">{as_html(text)}</div>'


show_runs_with(RunPanel)
