"""What a comparison held equal, and what not, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keraslab.train._plan import Variant
from keraslab.train._task import Budget

if TYPE_CHECKING:
    from keraslab.train._comparison import ComparedRun


def budget_said(budget: Budget) -> str:
    """The budget of a run."""
    if budget.epochs is not None:
        return f"The same budget: {budget.epochs} epoch{'' if budget.epochs == 1 else 's'} a run."
    if budget.macs is not None:
        return (
            f"The same budget: {budget.macs:,} multiply-accumulates forward a run, to the batch. "
            "A variant that needs fewer for an example sees more examples."
        )
    return (
        f"The same budget: {budget.seconds:g} seconds of training a run, to the batch; building, "
        "the first batch, validation and the test are not counted."
    )


def planned(
    variants: Sequence[Variant],
    seeds: Sequence[int],
    budget: Budget,
    fit: Mapping[str, Any],
    data: Sequence[str],
    *,
    arrays: bool,
    workers: str,
    at_once: int,
) -> list[str]:
    """What is held equal, as far as it is known before the first run.

    Args:
        variants: Those that can be trained.
        seeds: Of each.
        budget: Of a run.
        fit: More for ``model.fit``.
        data: Sentences about them.
        arrays: Whether Keras shuffles them.
        workers: Their kind.
        at_once: Runs at a time.
    """
    said = [budget_said(budget), *data]
    count = f"{len(seeds)} seed{'' if len(seeds) == 1 else 's'} ({_some(seeds)})"
    order = (
        "the examples come in the same order for all variants"
        if arrays
        else "what Keras draws begins alike; the order of the examples is the dataset's own"
    )
    said.append(f"{count}: with one seed {order}, and initial weights are drawn from it.")
    if settings := ", ".join(f"{key}={_short(value)}" for key, value in fit.items()):
        said.append(f"The same settings: {settings}.")
    said += _same_or_not("loss", {each.loss for each in variants})
    said += _same_or_not("optimizer with all its settings", {each.optimizer for each in variants})
    said += _sizes("parameters", [each.params for each in variants])
    said += _sizes("multiply-accumulates an example", [each.macs for each in variants])
    if at_once > 1:
        said.append(
            f"{at_once} runs share the machines at a time (executor: {workers}): seconds and "
            "latency depend on it, scores do not."
        )
        if budget.seconds is not None:
            said.append(
                "Not held equal: what a second is worth, as runs at the same time share caches "
                "and memory. For a budget of seconds run one at a time."
            )
    return said


def noticed(runs: Sequence[ComparedRun]) -> list[str]:
    """What the runs themselves told: threads and machines."""
    ended = [run for run in runs if run.status == "done"]
    if not ended:
        return []
    threads = {run.threads for run in ended}
    said = []
    if len(threads) == 1 and None not in threads:
        count = next(iter(threads))
        said.append(f"The same number of threads: {count} for every run.")
    else:
        named = _some(sorted({str(each) if each else "unknown" for each in threads}))
        said.append(
            f"Not held equal: the number of threads ({named}). The last digits of scores depend "
            "on it; give threads=."
        )
    if (machines := len({run.host for run in ended})) > 1:
        said.append(
            f"Not held equal: the machine ({machines} of them). Seconds and latency are not to be "
            "compared across machines."
        )
    return said


def _same_or_not(what: str, found: Collection[str]) -> list[str]:
    if len(found) == 1:
        return [f"The same {what}."]
    return [f"Not held equal: the {what}."] if found else []


def _sizes(what: str, sizes: Sequence[int | None]) -> list[str]:
    known = [size for size in sizes if size is not None]
    if len(sizes) < 2 or not known:
        return []
    if len(known) < len(sizes):
        return [f"Not known to be equal: {what}."]
    if len(set(known)) == 1:
        return [f"The same number of {what}: {known[0]:,}."]
    low, high = min(known), max(known)
    share = high / max(1, low)
    apart = f"{share:.2g} times" if share >= 1.95 else f"{share - 1:.1%} apart"
    return [f"Not held equal: {what}, {low:,} to {high:,} ({apart})."]


def _some(values: Sequence[Any]) -> str:
    shown = ", ".join(map(str, values[:6]))
    return shown if len(values) <= 6 else f"{shown} and {len(values) - 6} more"


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_short(each) for each in value)}]"
    plain = isinstance(value, bool | int | float | str | dict) or value is None
    return repr(value) if plain else type(value).__name__
