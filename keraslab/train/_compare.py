"""``compare``: variants of a model trained alike, over several seeds, and judged."""

from __future__ import annotations

import atexit
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from keraslab.train._background import background_thread
from keraslab.train._best import higher_is_better
from keraslab.train._compare_arguments import (
    check_sendable,
    checked_budget,
    checked_fit_arguments,
    checked_seeds,
    score_of,
)
from keraslab.train._compare_data import Checked, checked_data
from keraslab.train._comparison import Comparison
from keraslab.train._conduct import Conductor
from keraslab.train._explained import finding_of
from keraslab.train._fingerprint import fingerprint
from keraslab.train._held_equal import planned
from keraslab.train._interrupt import gentle_interrupt
from keraslab.train._kept import Kept, run_fingerprint, shared_fingerprint
from keraslab.train._notebook import shell
from keraslab.train._pilot import Pilot, estimate, pilot
from keraslab.train._plan import Variant, checked_variants, look_at
from keraslab.train._provenance import provenance
from keraslab.train._recorder import Keeps
from keraslab.train._run_task import is_arrays
from keraslab.train._states import states_folder
from keraslab.train._task import Budget
from keraslab.train._work import one_at_a_time
from keraslab.train._workers import DirectWorkers, Workers, open_workers

_alive: weakref.WeakSet[Comparison] = weakref.WeakSet()


def compare(
    variants: Mapping[str, Any],
    data: Any,
    *,
    test: Any = None,
    validation: Any = None,
    seeds: int | Iterable[int] = 3,
    epochs: int | None = None,
    macs: int | None = None,
    seconds: float | None = None,
    batch_size: int = 32,
    score: str | None = None,
    executor: Any = None,
    threads: int | None = None,
    halving: bool = False,
    store: Keeps = True,
    display: bool = True,
    background: bool = False,
    **fit_arguments: Any,
) -> Comparison:
    """Train variants of a model alike, with several seeds, and say which are better.

    Every run of a seed meets the same examples in the same order, starts from random numbers of
    that seed, and has the same budget and number of threads; ``held_equal`` says what was held
    equal and what was not. The test data are met once by each run, when its training is over.
    The same comparison gives exactly the same numbers again, at the same number of threads.

    Runs that are done are kept and not trained again: a comparison that was stopped or killed
    goes on where it was when it is called again, and one with more seeds or variants trains only
    those. A variant that fails takes no other with it.

    Args:
        variants: Functions by name, without arguments, each returning a compiled model; or
            compiled models, which are built anew for each seed and are not changed themselves.
        data: ``(x, y)`` or ``(x, y, sample_weight)`` of arrays, or of lists or dicts of arrays
            for several inputs or outputs; or a ``keras.utils.PyDataset`` or ``tf.data.Dataset``
            that has a length.
        test: Likewise; None to hold a fifth of the shuffled arrays apart.
        validation: Likewise, or a share of the training data such as 0.1. Looked at after each
            epoch; never decides the score.
        seeds: How many, from 0, or which.
        epochs: Of each run; 10 where no other budget is given.
        macs: Instead, multiply-accumulates forward of each run, for variants of several sizes.
        seconds: Instead, seconds of training of each run.
        batch_size: Of arrays.
        score: Which value of ``model.evaluate`` is compared; None for the first metric that all
            variants have, or else the loss.
        executor: None to train one run after the other here, ``"local"`` for processes of this
            machine, any ``concurrent.futures.Executor``, or a ``dask.distributed.Client``.
        threads: Of each run. Scores depend on it in their last digits.
        halving: Whether variants that do badly in validation are dropped early, by successive
            halving over epochs. What is dropped is never judged.
        store: Whether runs are kept on this machine; a path or a ``Store`` keeps them there.
        display: Whether a panel is shown; in a terminal, a line for the estimate and each run.
        background: Whether to return at once and conduct it in a thread. Runs of this process
            seed the random numbers that all its threads share.
        **fit_arguments: More for ``model.fit``, such as ``callbacks``; each run gets a copy.

    Returns:
        The comparison; with ``background=True`` one that goes on.

    Raises:
        TypeError: if something is of a kind that cannot be compared, or has no length.
        ValueError: if data or settings cannot be used, no variant has such a score, or workers
            do not see the folder that ``halving`` needs.

    Example:
        >>> import keras, numpy as np
        >>> def line(optimizer):
        ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        ...     model.compile(optimizer, "mse")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(40, 2))
        >>> found = compare(
        ...     {"sgd": lambda: line("sgd"), "adam": lambda: line("adam")},
        ...     (x, x.sum(1)),
        ...     seeds=2,
        ...     epochs=1,
        ...     display=False,
        ...     store=False,
        ... )
        >>> found.status, found.score_name, len(found.runs)
        ('done', 'loss', 4)
    """
    given = checked_variants(variants)
    listed = checked_seeds(seeds)
    budget = checked_budget(epochs, macs, seconds)
    if halving and budget.epochs is None:
        raise ValueError("compare(halving=True) drops variants after epochs; give epochs=....")
    fit = checked_fit_arguments(fit_arguments, batch_size)
    workers = open_workers(executor, threads, len(given) * len(listed))
    try:
        checked = checked_data(data, test, validation, batch_size, halving=halving)
        check_sendable(checked, workers)
        with one_at_a_time():
            looked = [
                look_at(name, each, listed[0], checked.example) for name, each in given.items()
            ]
        if not isinstance(workers, DirectWorkers):
            for variant in looked:
                if variant.unsendable is not None and variant.error is None:
                    variant.error, variant.exception = str(variant.unsendable), variant.unsendable
        name = score_of(score, looked)
        found = fingerprint(checked.data)
        shared = shared_fingerprint(found, budget, fit, threads, halving)
        good = {each.name: each for each in looked if each.error is None}
        comparison = Comparison(
            list(given),
            listed,
            score_name=name,
            higher_is_better=higher_is_better(name),
            fingerprint=shared,
            graphs={each.name: each.graph for each in looked if each.graph is not None},
            said=planned(
                list(good.values()),
                listed,
                budget,
                fit,
                checked.sentences,
                arrays=is_arrays(checked.data.train),
                workers=workers.kind,
                at_once=workers.count,
            ),
            validates=checked.data.validation is not None,
            budget=budget.kind,
            provenance={**provenance(), "data": found, "settings": _settings(budget, fit)},
        )
        kept = Kept(store, shared, _settings(budget, fit))
        _begin(comparison, looked, kept)
        states = states_folder(kept.folder, workers) if halving else None
        comparison.estimate = _estimate(comparison, good, checked, budget, fit, workers)
        conductor = Conductor(comparison, good, workers, kept, budget, fit, threads, states=states)
    except BaseException:
        workers.close()
        raise
    work = _work(conductor, checked, workers)
    if background:
        _start(comparison, work, display)
    else:
        _run_here(comparison, work, display)
    return comparison


def _work(conductor: Conductor, checked: Checked, workers: Workers) -> Callable[[], None]:
    def work() -> None:
        if any(run.status == "waiting" for run in conductor.comparison.runs):
            try:
                workers.place(checked.data)
            except BaseException:
                workers.close()
                raise
        conductor.work()

    return work


def _run_here(comparison: Comparison, work: Callable[[], None], display: bool) -> None:
    if display:
        _show(comparison, below=False)
    error: BaseException | None = None
    try:
        with gentle_interrupt(comparison.stop):
            work()
    except BaseException as raised:
        error = raised
        raise
    finally:
        comparison.ended(error)


def _start(comparison: Comparison, work: Callable[[], None], display: bool) -> None:
    if display:
        _show(comparison, below=True)

    def conduct() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as raised:  # whatever it is, it must not end here unseen
            error = raised
        comparison.ended(error)
        _alive.discard(comparison)

    _alive.add(comparison)
    background_thread(conduct, "keraslab comparison").start()


def _show(comparison: Comparison, *, below: bool) -> None:
    if comparison.panel is not None and shell() is not None:
        if below:
            comparison.panel.show()
        else:
            comparison.panel.show()
            comparison.panel.shown_above()
        return
    told: set[int] = set()

    def tell(found: Comparison) -> None:
        for place, run in enumerate(found.runs):
            if place in told or run.status in ("waiting", "running"):
                continue
            told.add(place)
            score = "" if run.score is None else f", {found.score_name} {run.score:.4g}"
            again = " (kept from before)" if run.reused else ""
            said = f": {run.error}" if run.error else ""
            _say(f"{run.variant}, seed {run.seed}: {run.status}{score}{again}{said}")

    if comparison.estimate is not None:
        _say(comparison.estimate.said)
    tell(comparison)
    comparison.on_change(tell)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _begin(comparison: Comparison, looked: list[Variant], kept: Kept) -> None:
    """Fill in what is known: variants that cannot be trained, and runs done before."""
    by_name = {each.name: each for each in looked}
    for variant in looked:
        if variant.error is None:
            continue
        finding = finding_of(variant.exception)
        for run in comparison.runs:
            if run.variant == variant.name:
                run.status, run.error = "failed", variant.error
                run.exception, run.finding = variant.exception, finding
    waiting = [run for run in comparison.runs if run.status == "waiting"]
    for run in waiting:
        run.fingerprint = run_fingerprint(comparison.fingerprint, by_name[run.variant], run.seed)
    kept.take_over(waiting, comparison.score_name)


def _estimate(
    comparison: Comparison,
    good: Mapping[str, Variant],
    checked: Checked,
    budget: Budget,
    fit: Mapping[str, Any],
    workers: Workers,
) -> Any:
    waiting = [good[run.variant] for run in comparison.runs if run.status == "waiting"]
    unlike = {id(each): each for each in waiting}.values()
    by_size = sorted(unlike, key=lambda each: each.macs or 0)
    ends = by_size if len(by_size) < 2 else [by_size[0], by_size[-1]]
    if len(ends) == 2 and (ends[1].macs or 0) < 2 * (ends[0].macs or 1):
        ends = ends[1:]
    pilots: list[Pilot] = []
    with one_at_a_time():
        for variant in ends:
            found = pilot(variant, checked.data.train, fit)
            pilots += [] if found is None else [found]
    return estimate(
        waiting,
        pilots,
        budget,
        batches=checked.batches,
        examples=checked.examples,
        validation=checked.validation_examples,
        workers=workers.count,
        reused=sum(run.reused for run in comparison.runs),
    )


def _settings(budget: Budget, fit: Mapping[str, Any]) -> dict[str, Any]:
    from keraslab.train._facts import said

    own = {name: value for name, value in vars(budget).items() if value is not None}
    return {**own, **{name: said(value) for name, value in fit.items()}}


@atexit.register
def _end_all() -> None:
    """End what goes on in the background before the interpreter ends."""
    for comparison in list(_alive):
        comparison.stop()
    for comparison in list(_alive):
        comparison._done.wait(10)
