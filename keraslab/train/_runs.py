"""Runs of the store as a list: to filter, to look at, to compare, to delete."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, overload

from keraslab.train._database import OF_EPOCHS
from keraslab.train._progress import duration
from keraslab.train._stored_run import StoredRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keraslab.train._compared import Compared
    from keraslab.train._store import Store

STATUSES = ("running", "done", "stopped", "failed", "interrupted", "killed")
_ROWS = 30
"""Rows of a list that are written out; the others are counted."""
_VALUES = 4
_TOOK = "seconds"


class Shown:
    """A picture with its text, for the end of a cell.

    Args:
        figure: Makes the figure.
        text: What stands in for it in a terminal.
    """

    def __init__(self, figure: Callable[[], Figure], text: str) -> None:
        self._figure = figure
        self._text = text

    def to_figure(self) -> Figure:
        """The picture as a matplotlib ``Figure``."""
        return self._figure()

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from keraslab.draw._curves_picture import png

        return {"text/plain": self._text, "image/png": png(self._figure())}


class Runs(Sequence[StoredRun]):
    """Runs of a store, the last begun first.

    Args:
        runs: The runs.
        store: Where they are kept.
    """

    def __init__(self, runs: Iterable[StoredRun], store: Store) -> None:
        self._runs = tuple(runs)
        self._store = store

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, which: int | str) -> StoredRun: ...
    @overload
    def __getitem__(self, which: slice) -> Runs: ...
    def __getitem__(self, which: int | str | slice) -> StoredRun | Runs:
        """A run by its place or its id, of which the first letters are enough."""
        if isinstance(which, slice):
            return Runs(self._runs[which], self._store)
        if isinstance(which, str):
            found = [run for run in self._runs if which and run.id.startswith(which)]
            if len(found) != 1:
                count = "no run" if not found else f"{len(found)} runs"
                raise KeyError(f"There is {count} here whose id begins with {which!r}.")
            return found[0]
        return self._runs[which]

    def filter(
        self,
        name: str | None = None,
        *,
        status: str | Iterable[str] | None = None,
        since: datetime | date | timedelta | str | None = None,
        variant: str | None = None,
    ) -> Runs:
        """Those of the runs that fit; the arguments are those of ``kl.runs``.

        Args:
            name: Of the runs; ``*`` and ``?`` stand for any text, capitals do not matter.
            status: One or several.
            since: The earliest begin: a date, or how long ago.
            variant: Of a comparison.

        Raises:
            ValueError: if a status or a date is none.
        """
        wanted = None if status is None else _statuses(status)
        start = None if since is None else _start(since)
        return Runs(
            (
                run
                for run in self._runs
                if (name is None or fnmatchcase(run.name.lower(), name.lower()))
                and (wanted is None or run.status in wanted)
                and (start is None or run.started >= start)
                and (variant is None or run.variant == variant)
            ),
            self._store,
        )

    def delete(self, *which: str | StoredRun) -> None:
        """Delete runs for good; this list keeps showing them until it is made anew.

        ``failed = kl.runs(status="failed")`` and ``failed.delete(*failed)`` delete all of a list.

        Args:
            *which: The runs, or the ``id`` of each, of which the first letters are enough.

        Raises:
            ValueError: if there are none, or one of the runs is under way; none is deleted then.
            KeyError: if there is no such run here; none is deleted then.
            StoreError: if the file cannot be written.
        """
        self._store.delete(
            *(self[each.id if isinstance(each, StoredRun) else each].id for each in which)
        )

    def show(self) -> Shown:
        """The curves of every run, up to a dozen runs, to be the last line of a cell."""
        from dataclasses import replace

        from keraslab.draw._curves_picture import figure

        runs = self._runs[:12]

        def draw() -> Figure:
            plots = [
                replace(plot, title=f"{run.name} {run.id[:4]}: {plot.title}")
                for run in runs
                for plot in run.plots
            ]
            more = len(self) - len(runs)
            said = f"{len(runs)} runs" if not more else f"The last {len(runs)} of {len(self)} runs"
            return figure(plots, said=said)

        return Shown(draw, repr(self))

    def compare(self) -> Compared:
        """Beside each other: a table, and their curves in the same axes."""
        from keraslab.train._compared import Compared

        return Compared(self._runs)

    def to_frame(self) -> Any:
        """A pandas table, a row per run, with settings, costs and last values.

        Raises:
            ImportError: if pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("Runs.to_frame() needs pandas (pip install pandas).") from error
        last = self._last()
        rows = []
        for run in self._runs:
            row = {
                "name": run.name,
                "status": run.status,
                "started": run.started,
                "seed": run.seed,
                "variant": run.variant,
                "commit": run.commit,
            }
            row |= {f"settings.{key}": _cell(value) for key, value in run.settings.items()}
            row |= run.cost
            row |= last.get(run.id, {})
            rows.append(row)
        index = pandas.Index([run.id for run in self._runs], name="id")
        return pandas.DataFrame(rows, index=index)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write all that the runs logged into a CSV file, a row per value.

        Args:
            path: Of the file; it is replaced.
        """
        from keraslab.train._export import to_csv

        to_csv(self._runs, path)

    def to_tensorboard(self, folder: str | os.PathLike[str]) -> None:
        """Write the runs as TensorBoard reads them, a folder for each.

        Args:
            folder: In which the folders are made.

        Raises:
            ImportError: if TensorBoard is not installed.
        """
        from keraslab.train._export import to_tensorboard

        to_tensorboard(self._runs, folder)

    def to_mlflow(self, experiment: str | None = None) -> None:
        """Log the runs to MLflow, where its own settings say.

        Args:
            experiment: The name of MLflow's experiment; None for its present one.

        Raises:
            ImportError: if MLflow is not installed.
        """
        from keraslab.train._export import to_mlflow

        to_mlflow(self._runs, experiment)

    def _last(self) -> dict[str, dict[str, float]]:
        """Seconds, and the last value of each epoch's line; of a loop of steps, of its steps."""
        found = {}
        lines_of = self._store.last_of([run.id for run in self._runs])
        for run in self._runs:
            lines = lines_of.get(run.id, {})
            epochs = any(kind in OF_EPOCHS for kind, _ in lines)
            values = {
                f"val_{key}" if kind == "validation" else key: row[3]
                for (kind, key), row in lines.items()
                if kind in (OF_EPOCHS if epochs else ("batch",))
            }
            took = run.facts.get("seconds", max((row[2] for row in lines.values()), default=None))
            found[run.id] = values if took is None else {_TOOK: took, **values}
        return found

    def _table(self) -> tuple[list[str], list[list[str]], str]:
        """Head, rows and what is left out."""
        some = self[:_ROWS]
        last = some._last()
        names = list(dict.fromkeys(name for values in last.values() for name in values))
        names = [name for name in names if name != _TOOK][:_VALUES]
        rows = []
        for run in some:
            values = last.get(run.id, {})
            took = values.get(_TOOK)
            rows.append(
                [
                    run.id,
                    run.name if len(run.name) <= 40 else run.name[:39] + "…",
                    run.status,
                    f"{run.started:%Y-%m-%d %H:%M}",
                    "" if took is None else duration(took),
                    *(f"{values[name]:.4g}" if name in values else "" for name in names),
                ]
            )
        more = len(self) - len(some)
        left = f"and {more:,} more; runs[{_ROWS}:] shows them" if more else ""
        return ["id", "name", "status", "begun", "took", *names], rows, left

    def __repr__(self) -> str:
        if not self:
            return "No runs are kept yet." if not self._store.path.exists() else "No such runs."
        head, rows, left = self._table()
        return "\n".join(filter(None, [text_table(head, rows), left]))

    def _repr_html_(self) -> str:
        if not self:
            return f"<p>{html.escape(repr(self))}</p>"
        head, rows, left = self._table()
        return html_table(head, rows) + (f"<p>{html.escape(left)}</p>" if left else "")


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in columns of equal width."""
    # Text of a model may hold a line's end or a terminal's codes.
    shown = [["".join(c if c.isprintable() else " " for c in cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in [head, *shown]) for place in range(len(head))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *shown]
    )


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose text cannot be anything but text."""
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _statuses(status: str | Iterable[str]) -> set[str]:
    wanted = {status} if isinstance(status, str) else set(status)
    unknown = wanted - set(STATUSES)
    if unknown:
        raise ValueError(
            f"status takes one or several of {', '.join(STATUSES)}. Received: {min(unknown)!r}."
        )
    return wanted


def _start(since: datetime | date | timedelta | str) -> datetime:
    if isinstance(since, timedelta):
        return datetime.now() - since
    if isinstance(since, str):
        try:
            since = datetime.fromisoformat(since)
        except ValueError:
            raise ValueError(
                f"since takes a date such as '2026-11-23', or a timedelta. Received: {since!r}."
            ) from None
    if isinstance(since, datetime):
        return since if since.tzinfo is None else since.astimezone().replace(tzinfo=None)
    return datetime(since.year, since.month, since.day)


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
