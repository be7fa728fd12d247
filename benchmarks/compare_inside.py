"""What a comparison gains by tracing a model once, and how often its verdict is wrong.

1. Runs of one tower, a seed each, one after the other in this process: with one trace for all of
   them, and with a trace for each, in turn; CPU seconds a run.
2. Comparisons of variants that do not differ, drawn at random: the share of which the verdict calls
   some difference real.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
from _measure import machine  # noqa: E402
from compare import digits, tasks  # noqa: E402

RUNS, REPEATS, DRAWN = 4, 3, 10_000


def one_trace() -> None:
    """Print CPU seconds a run with one trace and with many."""
    from keraslab.train import _run_task
    from keraslab.train._workers import open_workers

    workers = open_workers(None, 1, 1)
    found: dict[str, list[float]] = {"a trace for each run": [], "one trace for all": []}
    try:
        workers.place(digits())
        for _ in range(REPEATS):
            for name, seconds in found.items():
                _run_task.TRACED.forget()
                start = 0.0
                for number, task in enumerate(tasks(RUNS + 1, 2)):
                    if number == 1:  # the first is traced in any case
                        start = time.process_time()
                    if name.startswith("a trace"):
                        _run_task.TRACED.forget()
                    done = workers.submit(_run_task.run_task, task).result()
                    if done.status != "done":
                        raise RuntimeError(str(done.error))
                seconds.append((time.process_time() - start) / RUNS)
                workers.messages()
    finally:
        workers.close()
    print(f"{RUNS} runs of the tower after the first, 2 epochs each, {REPEATS} times in turn:\n")
    print("| work | CPU s a run, median | least | most |\n|---|---|---|---|")
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        print(f"| {name} | {middle:.2f} | {min(seconds):.2f} | {max(seconds):.2f} |")


def false_alarms() -> None:
    """Print how often variants that do not differ are told apart."""
    from keraslab.train._verdict import verdict

    print(f"\n{DRAWN:,} comparisons of variants that do not differ, drawn at random:\n")
    print("| variants | seeds | some difference called real |\n|---|---|---|")
    for variants, seeds in ((2, 3), (2, 5), (3, 3), (4, 5)):
        draw = np.random.default_rng(0)
        wrong = 0
        for _ in range(DRAWN):
            shared = draw.normal(scale=0.02, size=seeds)  # what a seed does to all of them
            scores: dict[str, Any] = {
                f"v{i}": dict(
                    enumerate((0.9 + shared + draw.normal(scale=0.01, size=seeds)).tolist())
                )
                for i in range(variants)
            }
            found = verdict(scores, name="accuracy", higher_is_better=True)
            wrong += any(pair.differs for pair in found.pairs)
        print(f"| {variants} | {seeds} | {wrong / DRAWN:.1%} |")
    print("\n- The verdict's own bound is 5 %.")


def main() -> None:
    """Print both tables."""
    print(machine() + "\n")
    one_trace()
    false_alarms()


if __name__ == "__main__":
    main()
