"""A comparison in the notebook: how its runs go, and what came of them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keraslab.debug import Cause, Finding, diagnose
from keraslab.debug._syntax import called
from keraslab.panels import _comparison_state as state
from keraslab.panels._comparison_html import failures_html, picture_of, still
from keraslab.panels._diff import DiffView, diff
from keraslab.panels._live import live_bundle
from keraslab.panels._said import said
from keraslab.train._compare import compare
from keraslab.train._comparison import Comparison, show_comparisons_with
from keraslab.train._explained import explain_failures_with
from keraslab.train._notebook import Place, shell
from keraslab.train._pace import Pace

if TYPE_CHECKING:
    from keraslab.draw._comparison_widget import ComparisonWidget

# Who gets `compare` from here gets comparisons that show themselves as panels.
__all__ = ["Comparison", "ComparisonPanel", "compare"]

_SHARE = 0.02
"""Of the time, for telling the page how it goes."""
_STATE_SECONDS, _CURVES_SECONDS = 0.15, 1.0
"""Between two messages at least."""
_BYTES_A_SECOND = 200_000
"""A notebook server drops what comes faster than a few times this."""
_CELL_BYTES = 250
_FEW = 1500
"""Points of curves that may be sent whenever a run begins or ends."""


class ComparisonPanel:
    """Runs, table, curves and verdict of one comparison.

    Args:
        comparison: The comparison.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._widget: ComparisonWidget | None = None
        self._place: Place | None = None
        self._cell: int | None = None
        self._telling = threading.Lock()
        self._broken = False
        self._points = 0
        cells = len(comparison.variants) * len(comparison.seeds)
        pause = max(_STATE_SECONDS, cells * _CELL_BYTES / _BYTES_A_SECOND)
        self._pace = Pace(_SHARE, pause)
        self._curves_pace = Pace(_SHARE, _CURVES_SECONDS)
        self._seen: Any = None
        self._facts: tuple[Any, dict[str, Any]] | None = None
        self._frame: dict[str, Any] | None = None
        self._failures: tuple[int, list[str]] = (-1, [])
        self._diffs: dict[tuple[int, int], DiffView] = {}
        comparison.on_change(self._changed)

    @property
    def widget(self) -> ComparisonWidget:
        """The live panel, made on first use."""
        if self._widget is None:
            from keraslab.draw._comparison_widget import ComparisonWidget

            self._widget = ComparisonWidget(
                self.state, self._curves, self._failed, on_message=self._heard
            )
        return self._widget

    def show(self) -> None:
        """Show it below this cell; HTML takes its place when the comparison has ended."""
        if shell() is None:
            return
        self.shown_above()
        self._place = Place(self.widget, lambda _: None)
        if self._comparison.status != "running":
            self._settle()

    def shown_above(self) -> None:
        """Note that this cell shows the comparison already, so that its last line need not."""
        here = shell()
        self._cell = None if here is None else here.execution_count

    def bundle(self) -> dict[str, Any]:
        """The comparison as the last line of a cell."""
        comparison, here = self._comparison, shell()
        text = repr(comparison)
        if here is None:
            return {"text/plain": text}
        if self._cell == here.execution_count:
            return {"text/plain": "Comparison, shown above"}
        if comparison.status == "running":
            return {**live_bundle(self.widget), "text/plain": text}
        html = still(comparison, picture_of(comparison))
        return {**live_bundle(self.widget), "text/html": html, "text/plain": text}

    def state(self) -> dict[str, Any]:
        """All that the page is told besides the curves and the failures."""
        comparison = self._comparison
        seen = state.signature(comparison)
        if self._facts is None or self._facts[0] != seen:
            self._facts = (seen, state.facts_of(comparison))
        if self._frame is None:
            self._frame = state.frame_of(comparison)
        return {**self._frame, **self._facts[1], **state.progress_of(comparison)}

    def _curves(self) -> dict[str, Any]:
        found = state.curves_of(self._comparison)
        bands = [band for sides in found.values() for side in sides for band in side]
        self._points = sum(len(band.x) for band in bands)
        return found

    def _failed(self) -> list[str]:
        count = sum(run.status == "failed" for run in self._comparison.runs)
        if count != self._failures[0]:
            self._failures = (count, failures_html(self._comparison))
        return self._failures[1]

    def _changed(self, comparison: Comparison) -> None:
        running = comparison.status == "running"
        # What comes while the page is being told is told with what comes next; the end is not.
        if self._broken or not self._telling.acquire(blocking=not running):
            return
        try:
            if running:
                self._tell()
            else:
                if self._widget is not None:
                    self._widget.push("state", "curves", "failures")
                self._settle()
        except Exception as error:  # a panel must not cost the training
            self._broken = True
            warnings.warn(
                f"The panel of this comparison shows no more ({said(error)}); its runs go on.",
                stacklevel=2,
            )
        finally:
            self._telling.release()

    def _tell(self) -> None:
        widget = self._widget
        if widget is None or not self._pace.due():
            return
        with self._pace.redraw():
            seen = state.signature(self._comparison)
            changed, self._seen = seen != self._seen, seen
            failed = self._failures[0]
            self._failed()
            widget.push("state", *(["failures"] if failed != self._failures[0] else []))
        if self._curves_pace.due() or (changed and self._points < _FEW):
            with self._curves_pace.redraw():
                widget.push("curves")

    def _settle(self) -> None:
        place, self._place = self._place, None
        if place is None:
            return
        comparison = self._comparison
        try:
            picture = picture_of(comparison)
            text = {"text/plain": repr(comparison)}
            others = text if picture is None else {"image/png": picture, **text}
            place.replace(still(comparison, picture), others)
        except Exception:  # what stays must not cost what was found; the live view does
            place.leave()

    def _heard(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "stop" and self._comparison.status == "running":
            self._comparison.stop()
            with self._telling:
                self.widget.push("state")
        elif kind == "diff":
            self._differ(message.get("a"), message.get("b"))

    def _differ(self, a: Any, b: Any) -> None:
        comparison = self._comparison
        answer: dict[str, Any] = {"type": "diff", "a": a, "b": b}
        names = list(comparison.variants)
        if not all(isinstance(each, int) and 0 <= each < len(names) for each in (a, b)):
            return
        graphs = [comparison.graphs.get(names[each]) for each in (a, b)]
        missing = [names[at] for at, each in zip((a, b), graphs, strict=True) if each is None]
        try:
            if missing:
                answer["error"] = f"{missing[0]} was not built, so there is no graph of it."
            elif a == b:
                answer["error"] = "Choose two different variants."
            else:
                if (a, b) not in self._diffs:
                    self._diffs[a, b] = diff(*graphs)
                view = self._diffs[a, b]
                answer["html"] = view._repr_html_()
                if view._view is not None:
                    answer["widget"] = view._view.model_id
        except Exception as error:  # whatever it is, the page waits for an answer
            answer["error"] = said(error)
        self.widget.send(answer)


def _named(finding: Finding) -> Finding:
    """A finding from another process, which knows no numbers of cells, with its cells by theirs."""
    where, cause = finding.where, finding.cause
    if where is not None:
        where = replace(where, file=called(where.file))
    if cause is not None and cause.place is not None:
        place = replace(cause.place, file=called(cause.place.file))
        cause = Cause(cause.name, cause.sentence, cause.call, place)
    return replace(finding, where=where, cause=cause)


show_comparisons_with(ComparisonPanel)
explain_failures_with(diagnose, _named)
