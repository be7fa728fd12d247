"""Sends a growing history to a widget, a little at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keraslab.train._history import History

if TYPE_CHECKING:
    from keraslab.draw._curves_picture import Plot
    from keraslab.draw._curves_widget import CurvesWidget

LIMIT = 2000
"""Points of one line in the page at most."""
TOGETHER = 12_000
"""Points of all lines in the page at most, as far as a hundred a line allow it."""


class Sender:
    """Keeps a page up to date with a history.

    New points go as small messages. Everything goes anew when a line appears, when a line in
    the page has grown too long, and at the first, second, fourth, eighth … message, which
    mends whatever a page that was still loading has missed.
    """

    def __init__(self, history: History, widget: CurvesWidget) -> None:
        self.history = history
        self.widget = widget
        self._sent: dict[str, int] = {}
        self._in_page: dict[str, int] = {}
        self._axis = history.axis
        self._messages = 0

    def send(self) -> None:
        """Send what is new."""
        self._messages += 1
        counts = {name: len(series) for name, series in self.history.shown.items()}
        grown = {name: count - self._sent.get(name, 0) for name, count in counts.items()}
        limit = per_line(len(counts))
        if (
            self._messages & (self._messages - 1) == 0
            or counts.keys() != self._sent.keys()
            or self._axis != self.history.axis
            or any(self._in_page[name] + new > limit for name, new in grown.items())
        ):
            self.send_all()
            return
        lines = {}
        for name, new in grown.items():
            if new:
                line = self.history.line(self.history.series[name], self._sent[name], limit)
                lines[name] = (self._sent[name], line)
                self._sent[name] = line.count
                self._in_page[name] += len(line.x)
        self.widget.append(lines)

    def send_all(self) -> None:
        """Send everything anew."""
        self._axis = self.history.axis
        self._sent = {name: len(series) for name, series in self.history.shown.items()}
        half = per_line(len(self._sent)) // 2
        self._in_page = {name: min(count, half) for name, count in self._sent.items()}
        self.widget.push()


def per_line(lines: int) -> int:
    """How many points of each line the page may hold."""
    return max(100, min(LIMIT, TOGETHER // max(1, lines)))


def for_page(history: History) -> list[Plot]:
    """All plots, thinned so that there is room for as many points again."""
    return history.plots(limit=per_line(len(history.shown)) // 2)
