"""The conductor of a comparison: hands tasks to workers, hears them, keeps what comes."""

from __future__ import annotations

import contextlib
import queue
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from keraslab.train import _run_task
from keraslab.train._comparison import ComparedRun, Comparison
from keraslab.train._explained import arrived, finding_of
from keraslab.train._halving import rungs, stay
from keraslab.train._kept import Kept
from keraslab.train._plan import Variant
from keraslab.train._run_task import run_task
from keraslab.train._task import Budget, Message, Outcome, Task
from keraslab.train._workers import DirectWorkers, Workers

AGAIN = 2
"""How often a run is begun anew because its worker died."""
GRACE = 60.0
"""Seconds that runs under way have to end after a stop."""


class Conductor:
    """Conducts one comparison.

    Args:
        comparison: what it fills in.
        variants: those that can be trained.
        workers: who trains; they are closed in the end.
        kept: the store.
        budget: of each run.
        fit: more for ``model.fit``.
        threads: of each run.
        states: the folder for trainings that are gone on with later, where hopeless variants
            are dropped early; None where all are trained to the end.
    """

    def __init__(
        self,
        comparison: Comparison,
        variants: Mapping[str, Variant],
        workers: Workers,
        kept: Kept,
        budget: Budget,
        fit: Mapping[str, Any],
        threads: int | None,
        *,
        states: Path | None,
    ) -> None:
        self.comparison = comparison
        self._variants = variants
        self._workers = workers
        self._kept = kept
        self._budget = budget
        self._fit = fit
        self._threads = threads
        self._folder = states
        self._done: queue.SimpleQueue[Future[Outcome]] = queue.SimpleQueue()
        self._pending: dict[Future[Outcome], ComparedRun] = {}
        self._suspects: list[ComparedRun] = []
        self._lost = 0
        self._until: int | None = None
        workers.on_message = self._hear
        if isinstance(workers, DirectWorkers):
            comparison._stop_now = workers.stop

    def work(self) -> None:
        """Train all runs that wait; returns when none is under way any more."""
        try:
            if self._folder is not None:
                self._work_in_rungs()
            else:
                self._train([run for run in self.comparison.runs if run.status == "waiting"])
        finally:
            self._leave_off()
            self._close()

    def _work_in_rungs(self) -> None:
        comparison = self.comparison
        left = [name for name in comparison.variants if name in self._variants]
        epochs = int(self._budget.epochs or 1)
        for end, how_many in rungs(epochs, len(left)):
            self._until = None if end >= epochs else end
            runs = [run for run in comparison.runs if run.variant in left]
            self._train([run for run in runs if run.status == "waiting"])
            if comparison.stopping:
                return
            if self._until is None:
                break
            scores: dict[str, list[float | None]] = {name: [] for name in left}
            for run in runs:
                scores[run.variant].append(self._so_far(run, end))
            staying = stay(scores, how_many, comparison.higher_is_better)
            for run in runs:
                if run.variant not in staying:
                    self._drop(run, end)
            left = [name for name in left if name in staying]
            comparison.changed()
        self._forget_states()

    def _so_far(self, run: ComparedRun, epochs: int) -> float | None:
        if run.status not in ("waiting", "done"):
            return None
        values = run.history.get(f"val_{self.comparison.score_name}", [])
        return values[min(epochs, len(values)) - 1] if values else None

    def _drop(self, run: ComparedRun, epochs: int) -> None:
        if run.status == "failed":
            return  # where all runs failed, that is what is to be said of the variant
        self.comparison.dropped[run.variant] = epochs
        if run.status == "waiting":
            run.status = "dropped"
            self._kept.ended(run, None)

    # Runs on their way

    def _train(self, runs: Sequence[ComparedRun]) -> None:
        """Have these trained, up to where they end now."""
        for run in runs:
            if self.comparison.stopping:
                break
            self._submit(run)
            while self._sort_out(wait=False):
                pass
        self._await()
        while self._suspects and not self.comparison.stopping:
            # Whose worker died may have killed it: alone it takes no other run with it.
            self._submit(self._suspects.pop(0))
            self._await()

    def _await(self) -> None:
        told = False
        give_up = 0.0
        while self._pending:
            self._sort_out(wait=True)
            if not self.comparison.stopping:
                continue
            if not told:
                told, give_up = True, time.monotonic() + GRACE
                self._workers.stop()
                for future in list(self._pending):
                    future.cancel()
            elif time.monotonic() > give_up:
                for run in self._pending.values():
                    run.error = f"It did not end within {GRACE:g} seconds after the stop."
                self._pending.clear()

    def _sort_out(self, *, wait: bool) -> bool:
        """Hear what came, and finish one run if one ended; whether one did."""
        future: Future[Outcome] | None = None
        with contextlib.suppress(queue.Empty):
            future = self._done.get(timeout=0.1 if wait else 0)
        for message in self._workers.messages():
            self._hear(message)
        run = None if future is None else self._pending.pop(future, None)
        if future is None or run is None:
            return future is not None
        self._finish(run, future)
        self.comparison.changed()
        return True

    def _submit(self, run: ComparedRun) -> None:
        variant = self._variants[run.variant]
        task = Task(
            variant=run.variant,
            seed_index=run.seed_index,
            seed=run.seed,
            build=variant.build,
            budget=self._budget,
            fit=self._fit,
            threads=self._threads,
            score=self.comparison.score_name,
            state=None if self._folder is None else str(self._state(run)),
            until=self._until,
            texts=variant.texts,
        )
        try:
            future = self._workers.submit(run_task, task)
        except TypeError as error:  # something cannot be sent
            self._fail(run, str(error), error)
            return
        self._pending[future] = run
        future.add_done_callback(self._done.put)

    def _hear(self, message: Message) -> None:
        """Something goes on in a run."""
        run = self.comparison.run(message.variant, message.seed_index)
        if message.kind == "began":
            if run.status == "waiting":
                run.status = "running"
            self._kept.began(run, self._variants[run.variant])
        elif run.status == "running" and message.kind in ("epoch", "progress"):
            run.part = max(run.part, message.part)
            if message.kind == "epoch" and message.epoch > run.epoch:
                run.epoch = message.epoch
                run.times.append(message.seconds)
                run.along.append(message.along)
                for name, value in message.values.items():
                    run.history.setdefault(name, []).append(value)
                self._kept.epoch(message)
        self.comparison.changed()

    def _finish(self, run: ComparedRun, future: Future[Outcome]) -> None:
        try:
            outcome = future.result()
        except CancelledError:
            run.status = "stopped"
            self._kept.ended(run, None)
        except BaseException as error:
            if self._workers.dead(error):
                self._lose(run, error)
            else:
                self._fail(run, f"{type(error).__name__}: {error}", error)
        else:
            self._take(run, outcome)

    def _take(self, run: ComparedRun, outcome: Outcome) -> None:
        """Put what came of a run into it."""
        self._kept.began(run, self._variants[run.variant])  # its message may be late
        run.seconds += outcome.seconds
        run.cpu_seconds += outcome.cpu_seconds
        run.threads, run.host, run.macs = outcome.threads, outcome.host, outcome.macs
        if outcome.history or outcome.status == "done":
            run.history = {name: list(values) for name, values in outcome.history.items()}
            run.times, run.along = list(outcome.times), list(outcome.along)
            run.epoch = max((len(each) for each in run.history.values()), default=0)
        if outcome.status == "paused":
            run.status = "waiting"
            return
        run.status, run.score, run.test = outcome.status, outcome.score, dict(outcome.test)
        run.latency, run.peak_memory = outcome.latency, outcome.peak_memory
        if outcome.status == "done":
            run.part = 1.0
        if outcome.error is not None:
            run.error, run.traceback = outcome.error, outcome.traceback
            run.exception = outcome.exception
            run.finding = arrived(outcome.finding) or finding_of(outcome.exception)
        self._kept.ended(run, outcome)

    def _fail(self, run: ComparedRun, said: str, error: BaseException | None = None) -> None:
        run.status, run.error, run.exception = "failed", said, error
        self._kept.ended(run, None)

    def _lose(self, run: ComparedRun, error: BaseException) -> None:
        """A worker died: begin its run anew, or give it up."""
        begun = run.status == "running"
        said = str(error).strip().splitlines()[:1]
        why = f"Its worker died ({type(error).__name__}{': ' + said[0] if said else ''})"
        run.tries += begun
        self._lost += 1
        if run.tries > AGAIN:
            self._fail(run, f"{why}, {run.tries} times. Memory that runs out is the usual reason.")
            return
        if self._lost > 3 * len(self.comparison.runs) + 3 or self.comparison.stopping:
            self._fail(run, f"{why}.")
            return
        try:
            self._workers.renew()
        except Exception as failed:
            self._fail(run, f"{why}. {failed}", failed)
            return
        run.status, run.part, run.epoch = "waiting", 0.0, 0
        run.history, run.times, run.along = {}, [], []
        if begun:
            run.error = None
            self._kept.again(run)
        if begun and self._workers.kind != "dask":
            self._suspects.append(run)
        else:
            self._submit(run)

    # The end

    def _leave_off(self) -> None:
        for run in self.comparison.runs:
            if run.status in ("waiting", "running"):
                run.status = "stopped"
                self._kept.ended(run, None)

    def _close(self) -> None:
        self._workers.close()
        if isinstance(self._workers, DirectWorkers):
            _run_task.TRACED.forget()  # this process has other things to remember
        if self._folder is not None and self._folder != self._kept.folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _state(self, run: ComparedRun) -> Path:
        return Path(str(self._folder)) / f"{run.fingerprint}.weights.h5"

    def _forget_states(self) -> None:
        for run in self.comparison.runs:
            if run.fingerprint:
                self._state(run).unlink(missing_ok=True)
