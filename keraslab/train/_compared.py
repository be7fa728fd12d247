"""Kept runs beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from keraslab.train._best import higher_is_better
from keraslab.train._progress import duration
from keraslab.train._runs import html_table, text_table
from keraslab.train._stored_run import StoredRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES = 12


class Compared:
    """A table of runs, and their curves in the same axes.

    The table has the settings in which the runs differ, their costs, and of each value the last
    and the best; a best value may be one that a few runs reached by luck.

    Args:
        runs: The runs.
    """

    def __init__(self, runs: Iterable[StoredRun]) -> None:
        self.runs = tuple(runs)

    def rows(self) -> list[dict[str, Any]]:
        """A row per run, as plain values."""
        settings = {run.id: {"seed": run.seed, **run.settings} for run in self.runs}
        names = dict.fromkeys(name for each in settings.values() for name in each)
        differ = [
            name for name in names if len({repr(each.get(name)) for each in settings.values()}) > 1
        ]
        found = []
        for run in self.runs:
            row: dict[str, Any] = {"name": run.name, "id": run.id, "status": run.status}
            row |= {name: settings[run.id].get(name) for name in differ}
            row |= {"seconds": run.seconds} | run.cost
            for name, values in run.history.items():
                known = [value for value in values if value == value]
                row[name] = values[-1] if values else None
                best = max if higher_is_better(name) else min
                row[f"best {name}"] = best(known) if known else None
            found.append(row)
        return found

    def to_frame(self) -> Any:
        """The table for pandas.

        Raises:
            ImportError: if pandas is not installed; ``rows()`` holds the same.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError(
                "Compared.to_frame() needs pandas (pip install pandas); rows() holds the same."
            ) from error
        return pandas.DataFrame(self.rows())

    def to_figure(self) -> Figure:
        """The curves as a matplotlib ``Figure``, up to a dozen runs in an axes for each value."""
        from keraslab.draw._overlay_picture import overlay

        some = self.runs[:_LINES]
        names = [run.name for run in some]
        labels = [
            run.name if names.count(run.name) == 1 else f"{run.name} {run.id[:4]}" for run in some
        ]
        more = len(self.runs) - len(some)
        said = f"{len(some)} runs" + (f" of {len(self.runs)}" if more else "")
        return overlay([(label, run.plots) for label, run in zip(labels, some, strict=True)], said)

    def _table(self) -> tuple[list[str], list[list[str]]]:
        rows = self.rows()
        head = list(dict.fromkeys(name for row in rows for name in row))
        return head, [[_said(name, row.get(name)) for name in head] for row in rows]

    def __repr__(self) -> str:
        return text_table(*self._table()) if self.runs else "No runs to compare."

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if not self.runs:
            return {"text/plain": repr(self)}
        from keraslab.draw._curves_picture import image_tag, png

        drawn = self.to_figure()
        alt = f"Curves of {len(self.runs)} runs"
        picture = image_tag(png(drawn), drawn.get_figwidth() * 96, alt)
        return {"text/plain": repr(self), "text/html": html_table(*self._table()) + picture}


def _said(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "seconds":
        return duration(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if type(value) is int and name in ("params", "macs") else str(value)
