"""Training in a terminal: a line for each epoch, and a table at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from keraslab.train._numbers import numbers
from keraslab.train._progress import Progress, duration

if TYPE_CHECKING:
    from keraslab.draw._curves_picture import Line, Plot


class TerminalLine:
    """Writes one line per epoch; on a real terminal the line under way is kept up to date."""

    def __init__(self, stream: TextIO, progress: Progress) -> None:
        self._stream = stream
        self._progress = progress
        self._open = 0
        self._alive = bool(getattr(stream, "isatty", lambda: False)())

    def now(self) -> None:
        """Show where the epoch is, on a real terminal only."""
        if self._alive:
            # A line that the terminal breaks could not be written over.
            text = self._progress.text()[: get_terminal_size().columns - 1]
            self._write("\r" + text.ljust(self._open))
            self._open = len(text)

    def epoch(self, values: Mapping[str, Any]) -> None:
        """Write the line of an epoch that is done."""
        progress = self._progress
        said = "  ".join(f"{name} {value:.4g}" for name, value in numbers(values).items())
        text = f"epoch {progress.epoch + 1}/{progress.epochs}  {duration(progress.seconds)}"
        text = f"{text}  {said}".rstrip()
        self._write(("\r" if self._open else "") + text.ljust(self._open) + "\n")
        self._open = 0

    def end(self) -> None:
        """Write how the training ended, if it did not end as planned."""
        if self._open:
            self._write("\n")
        if self._progress.ended != "done":
            self._write(self._progress.text() + "\n")
        self._open = 0

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def table(plots: Sequence[Plot]) -> str:
    """The last value of every line, a row per plot."""
    rows = [("", "train", "validation")]
    for plot in plots:
        last = {line.kind: _last(line) for line in plot.lines}
        train = last.get("train") or last.get("batch") or last.get("value", "")
        rows.append((plot.title, train, last.get("validation", "")))
    if len(rows) == 1:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{name:<{widths[0]}}  {train:>{widths[1]}}  {validation:>{widths[2]}}".rstrip()
        for name, train, validation in rows
    )


def _last(line: Line) -> str:
    known = line.y[np.isfinite(line.y)]
    return f"{known[-1]:.4g}" if len(known) else "not a number"
