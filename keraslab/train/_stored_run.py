"""A run as the store holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from keraslab.train._database import OF_EPOCHS
from keraslab.train._progress import duration

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keraslab.draw._curves_picture import Plot
    from keraslab.train._runs import Shown
    from keraslab.train._store import Points, Store


class StoredRun:
    """A run as it was kept; what it logged is read when it is asked for.

    Attributes:
        id: Tells it from all other runs.
        name: What it is called.
        status: ``"running"``, ``"done"``, ``"stopped"``, ``"failed"``, ``"interrupted"``, or
            ``"killed"`` where its process died with the run under way.
        started: When it began, by the clock of the machine that ran it.
        facts: All that is known of it.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        name: str,
        status: str,
        started: float,
        facts: Mapping[str, Any],
    ) -> None:
        self._store = store
        self.id = run_id
        self.name = name
        self.status = status
        self.started = datetime.fromtimestamp(started)
        self.facts = facts

    @property
    def seed(self) -> int | None:
        """Its seed, where it had one."""
        return self.facts.get("seed")

    @property
    def settings(self) -> dict[str, Any]:
        """How it was started: small values as they were, data by their shape."""
        return dict(self.facts.get("settings") or {})

    @property
    def versions(self) -> dict[str, str]:
        """Of Keras, its backend and so on."""
        return dict(self.facts.get("versions") or {})

    @property
    def commit(self) -> str | None:
        """The git commit checked out where it was started."""
        return self.facts.get("commit")

    @property
    def cost(self) -> dict[str, Any]:
        """``params`` and ``macs`` of the model, where they are known."""
        return dict(self.facts.get("cost") or {})

    @property
    def error(self) -> str | None:
        """What ended it, where it failed."""
        return self.facts.get("error")

    @property
    def best(self) -> tuple[int, float, str] | None:
        """The best epoch, counted from 1, its value, and which value that is."""
        found = self.facts.get("best")
        return None if found is None else (found[0], found[1], found[2])

    @property
    def comparison(self) -> str | None:
        """The fingerprint of the comparison it belongs to."""
        return self.facts.get("comparison")

    @property
    def variant(self) -> str | None:
        """Which variant of the comparison it trained."""
        return self.facts.get("variant")

    @property
    def seed_index(self) -> int | None:
        """Which of the comparison's seeds it had, from 0."""
        return self.facts.get("seed_index")

    @property
    def fingerprint(self) -> str | None:
        """Of its data, where that is known."""
        return self.facts.get("fingerprint")

    @cached_property
    def config(self) -> Any:
        """The config of its model, as Keras' ``get_config`` gave it; None where none was kept."""
        return self._store.config_of(self.id)

    @property
    def points(self) -> Points:
        """All that it logged: rows of step, epoch, seconds and value under kind and name.

        The kinds are ``"batch"``, ``"train"`` and ``"validation"``, and ``"value"`` for the
        learning rate and for norms, where they were measured.
        """
        return self._points()

    @property
    def seconds(self) -> float | None:
        """How long it took; of one that did not end, up to the last that was kept."""
        known = self.facts.get("seconds")
        if known is not None:
            return float(known)
        return max((row[2] for row in self.last.values()), default=None)

    @property
    def last(self) -> dict[tuple[str, str], tuple[float, ...]]:
        """The last step, epoch, seconds and value under each kind and name."""
        known: dict[tuple[str, str], tuple[float, ...]] | None = self.__dict__.get("_last")
        if known is None:
            known = self._store.last_of([self.id]).get(self.id, {})
            if self.status != "running":
                self._last = known
        return known

    @property
    def history(self) -> dict[str, list[float]]:
        """A list per name, a value per epoch, as Keras has it; per step for a loop of steps."""
        found = self._points(epochs_only=True)
        if not found:
            return {
                key: [row[3] for row in rows]
                for (kind, key), rows in self._points().items()
                if kind == "batch"
            }
        return {
            key if kind == "train" else f"val_{key}": [row[3] for row in rows]
            for (kind, key), rows in found.items()
        }

    def _points(self, *, epochs_only: bool = False) -> Points:
        if self.status == "running":
            return self._store.points_of(self.id, epochs_only=epochs_only)
        known: dict[bool, Points] = self.__dict__.setdefault("_known", {})
        if epochs_only and False in known:
            return {name: rows for name, rows in known[False].items() if name[0] in OF_EPOCHS}
        if epochs_only not in known:
            known[epochs_only] = self._store.points_of(self.id, epochs_only=epochs_only)
        return known[epochs_only]

    @property
    def plots(self) -> list[Plot]:
        """Its curves, a plot for each value."""
        from keraslab.train._stored_curves import plots

        return plots(self.points)

    def to_figure(self) -> Figure:
        """The curves as a matplotlib ``Figure``, with what they say."""
        from keraslab.draw._curves_picture import figure
        from keraslab.train._stored_curves import plots, reading

        points = self.points
        found = reading(points)
        return figure(
            plots(points),
            said=self._line(),
            note=self.error or "",
            below=found.sentences,
            marks=found.marks,
        )

    def show(self) -> Shown:
        """The curves as a picture, to be the last line of a cell."""
        from keraslab.train._runs import Shown

        return Shown(self.to_figure, repr(self))

    def _line(self) -> str:
        said = [f"{self.name}: {self.status}"]
        if self.seconds is not None:
            said.append(duration(self.seconds))
        said.append(f"begun {self.started:%Y-%m-%d %H:%M}")
        return ", ".join(said)

    def __repr__(self) -> str:
        lines = [f"StoredRun {self.id} {self._line()}"]
        lines += [f"  {key}: {rows[-1]:.4g}" for key, rows in self.history.items() if rows]
        if self.error:
            lines.append(f"  {self.error}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self.show()._repr_mimebundle_()
