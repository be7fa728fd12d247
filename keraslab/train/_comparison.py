"""A comparison: its runs as they go on, and what can be said of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keraslab.train._held_equal import noticed
from keraslab.train._interrupt import happened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keraslab.graph import Graph, GraphDiff
    from keraslab.train._pilot import Estimate
    from keraslab.train._verdict import Verdict

_panel: Callable[[Comparison], Any] | None = None


def show_comparisons_with(panel: Callable[[Comparison], Any]) -> None:
    """Say how a comparison is shown in a notebook; rooms above this one know widgets.

    Args:
        panel: makes of a comparison what has ``show()``, ``shown_above()`` and ``bundle()``.
    """
    global _panel
    _panel = panel


@dataclass
class ComparedRun:
    """One variant with one seed.

    Attributes:
        variant: Its name.
        seed_index: Which of the seeds, from 0.
        seed: The seed itself.
        status: ``"waiting"``, ``"running"``, ``"done"``, ``"failed"``, ``"stopped"``, or
            ``"dropped"`` by successive halving.
        score: Of the test; None before its end.
        test: All values of the test.
        history: A list per name, a value per epoch.
        times: Seconds from the begin to the end of each epoch.
        along: How much of its budget was spent at the end of each epoch, in the budget's unit.
        seconds: Of training, neither the first batch nor validation counted.
        cpu_seconds: From its begin to its end, of all threads.
        latency: Seconds of one prediction of one example.
        peak_memory: Bytes that its process held at most; None where unknown.
        error: What ended it, in one line.
        exception: The exception, where it was raised in this process.
        traceback: Of it, as text.
        finding: What is known about the exception, wherever it was raised.
        part: How much of its budget is spent, 0 to 1.
        epoch: Epochs that are whole.
        reused: Whether it was trained in an earlier comparison.
        tries: How often it was begun anew because its worker died.
        id: Of the run in the store; None for one that is not kept.
    """

    variant: str
    seed_index: int
    seed: int
    status: str = "waiting"
    score: float | None = None
    test: Mapping[str, float] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    along: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latency: float | None = None
    peak_memory: int | None = None
    error: str | None = None
    exception: BaseException | None = field(default=None, repr=False)
    traceback: str | None = field(default=None, repr=False)
    finding: Any = field(default=None, repr=False)
    part: float = 0.0
    epoch: int = 0
    reused: bool = False
    tries: int = 0
    threads: int | None = None
    host: str = ""
    macs: int | None = None
    id: str | None = None
    fingerprint: str = ""


class Comparison:
    """Variants of a model, trained alike, and what their scores say.

    ``kl.compare`` makes one.

    Attributes:
        variants: Their names.
        seeds: One for each run of a variant.
        runs: All runs, by variant and then by seed.
        status: ``"running"``, ``"done"``, ``"stopped"``, or ``"failed"`` where no run was done.
        score_name: Which value of the test is the score.
        higher_is_better: Of the score.
        budget: What each run may spend, ``"epochs"``, ``"macs"`` or ``"seconds"``; its curves
            are drawn along it.
        validates: Whether there are validation data.
        estimate: What it was to take, before it began.
        provenance: Versions, commit, machine, date, and the fingerprint of the data.
        fingerprint: Of data, budget and settings; runs that are kept are found again by it.
        graphs: The graph of each variant that has one.
        dropped: After which epoch successive halving dropped a variant.
        error: What ended it, where it was no run's fault.
    """

    def __init__(
        self,
        variants: Sequence[str],
        seeds: Sequence[int],
        *,
        score_name: str,
        higher_is_better: bool,
        fingerprint: str,
        said: Sequence[str] = (),
        graphs: Mapping[str, Graph] | None = None,
        provenance: Mapping[str, Any] | None = None,
        validates: bool = False,
        budget: str = "epochs",
    ) -> None:
        self.budget = budget
        self.validates = validates
        self.variants = tuple(variants)
        self.seeds = tuple(seeds)
        self.runs = [
            ComparedRun(variant, index, seed)
            for variant in self.variants
            for index, seed in enumerate(self.seeds)
        ]
        self.status = "running"
        self.score_name = score_name
        self.higher_is_better = higher_is_better
        self.fingerprint = fingerprint
        self.graphs = dict(graphs or {})
        self.provenance = dict(provenance or {})
        self.dropped: dict[str, int] = {}
        self.estimate: Estimate | None = None
        self.error: BaseException | None = None
        self.started = time.time()
        self._began = time.monotonic()
        self.ended_at: float | None = None
        self._said = tuple(said)
        self._stop = threading.Event()
        self._done = threading.Event()
        self._listeners: list[Callable[[Comparison], None]] = []
        self._stop_now: Callable[[], None] | None = None
        self._shown: Any = None

    # What is known

    @property
    def elapsed(self) -> float:
        """Seconds since it began, by a clock that nobody sets."""
        return time.monotonic() - self._began

    def run(self, variant: str, seed_index: int) -> ComparedRun:
        """One run.

        Args:
            variant: Its name.
            seed_index: Which of the seeds, from 0.
        """
        return self.runs[self.variants.index(variant) * len(self.seeds) + seed_index]

    @property
    def held_equal(self) -> list[str]:
        """What was the same for all runs, and what was not, in sentences."""
        return [*self._said, *noticed(self.runs)]

    @property
    def scores(self) -> dict[str, dict[int, float | None]]:
        """Of the runs that are done, by variant and seed index; None for those that failed."""
        return {
            variant: {
                run.seed_index: run.score if run.status == "done" else None
                for run in self.runs
                if run.variant == variant and run.status in ("done", "failed")
            }
            for variant in self.variants
        }

    @property
    def verdict(self) -> Verdict:
        """Which variants are better than which, by the runs that are done so far."""
        from keraslab.train._verdict import verdict

        return verdict(
            self.scores,
            name=self.score_name,
            higher_is_better=self.higher_is_better,
            dropped=tuple(self.dropped),
        )

    def rows(self) -> list[dict[str, Any]]:
        """A row per variant, as plain values."""
        from keraslab.train._comparison_table import rows_of

        return rows_of(self)

    def to_markdown(self) -> str:
        """The table as Markdown."""
        from keraslab.train._comparison_table import markdown

        return markdown(self.rows())

    def to_latex(self) -> str:
        """The table as LaTeX."""
        from keraslab.train._comparison_table import latex

        return latex(self.rows())

    def to_frame(self) -> Any:
        """A pandas table, a row per run.

        Raises:
            ImportError: if pandas is not installed; ``runs`` holds the same values.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError(
                "Comparison.to_frame() needs pandas (pip install pandas). Comparison.runs holds "
                "the same values."
            ) from error
        names = ["variant", "seed_index", "seed", "status", "score", "seconds", "cpu_seconds"]
        names += ["latency", "peak_memory", "epoch", "reused", "error"]
        rows = [
            {name: getattr(run, name) for name in names}
            | {f"test.{name}": value for name, value in run.test.items()}
            for run in self.runs
        ]
        return pandas.DataFrame(rows)

    def to_figure(self) -> Figure:
        """Curves and costs as a matplotlib ``Figure``."""
        from keraslab.draw._comparison_picture import figure

        return figure(self)

    def diff(self, a: str, b: str) -> GraphDiff:
        """What changes from the graph of one variant to that of another.

        Args:
            a: The name of a variant.
            b: Of the other.

        Raises:
            KeyError: if there is no such variant, or no graph of it is known.
        """
        from keraslab.graph import diff

        for name in (a, b):
            if name not in self.graphs:
                known = ", ".join(repr(each) for each in self.graphs)
                raise KeyError(f"diff({name!r}): graphs are known of {known or 'no variant'}.")
        return diff(self.graphs[a], self.graphs[b])

    # What can be done with it

    def stop(self) -> None:
        """End the runs under way after their present batch; what is done stays. At once."""
        self._stop.set()
        if self._stop_now is not None:
            self._stop_now()

    @property
    def stopping(self) -> bool:
        """Whether its end was asked for."""
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it has ended; an interrupt ends the waiting, not the comparison.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.

        Returns:
            Whether it has ended.

        Raises:
            BaseException: what ended it, where it was no run's fault.
        """
        if not happened(self._done, timeout):
            return False
        if self.error is not None:
            raise self.error
        return True

    def on_change(self, listener: Callable[[Comparison], None]) -> None:
        """Call ``listener`` whenever a run goes on or ends, and at the end.

        Args:
            listener: takes the comparison; it is called from the thread that conducts it.
        """
        self._listeners.append(listener)

    def changed(self) -> None:
        """Tell all who listen."""
        for listener in list(self._listeners):
            listener(self)

    def ended(self, error: BaseException | None = None) -> None:
        """It is over; called once."""
        self.error = error
        self.ended_at = time.time()
        if error is not None:
            self.status = "failed"
        elif self.stopping:
            self.status = "stopped"
        else:
            done = any(run.status == "done" for run in self.runs)
            self.status = "done" if done else "failed"
        try:
            self.changed()
        finally:
            self._done.set()

    # How it is shown

    @property
    def panel(self) -> Any:
        """What shows it in a notebook; None where nothing does."""
        if self._shown is None and _panel is not None:
            self._shown = _panel(self)
        return self._shown

    def __repr__(self) -> str:
        done = sum(run.status == "done" for run in self.runs)
        lines = [
            f"Comparison of {len(self.variants)} variants: {self.status}, "
            f"{done} of {len(self.runs)} runs done"
        ]
        if done:
            lines += ["", self.to_markdown(), "", str(self.verdict)]
        lines += [
            f"{run.variant}, seed {run.seed}: {run.error}"
            for run in self.runs
            if run.error is not None
        ]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        if self.panel is not None:
            return self.panel.bundle()
        return {"text/plain": repr(self), "text/markdown": self.to_markdown()}
