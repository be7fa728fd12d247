"""How many mistakes are found, and how many correct models are left in peace.

``python benchmarks/mistakes.py [FOLDER]`` judges the scripts of another folder that have the
same header.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/debug"))

from _measure import machine  # noqa: E402
from judging import Judgement, judge, run  # noqa: E402

import keraslab as kl  # noqa: E402


def table(folder: Path) -> None:
    """Print a row per family of mistakes, and what was missed."""
    judged: list[Judgement] = [judge(path) for path in sorted(folder.glob("[0-9]*.py"))]
    families: dict[str, list[Judgement]] = defaultdict(list)
    for each in judged:
        families[each.family].append(each)
    print(f"\n### {folder.name}\n")
    print("| family | scripts | code | place | cause | all three | a proven change |")
    print("|---|---|---|---|---|---|---|")
    for name, each in [*families.items(), ("all", judged)]:
        raised = [one for one in each if one.raised]
        counts = [
            sum(getattr(one, what) for one in each) for what in ("code", "place", "cause", "right")
        ]
        proven = f"{sum(one.proven for one in raised)} of {len(raised)}" if raised else ""
        print(f"| {name} | {len(each)} | {' | '.join(map(str, counts))} | {proven} |")
    for each in judged:
        if not each.right or (each.raised and not each.proven):
            print(f"- {each}")


def alarms(folder: Path) -> None:
    """Print what is said of correct models."""
    loud = 0
    paths = sorted(folder.glob("[0-9]*.py"))
    for path in paths:
        values, error = run(path)
        if error is not None:
            raise error
        report = kl.check(values["model"], values.get("x"), values.get("y"))
        if not report.ok:
            loud += 1
            print(f"- {path.stem}: {'; '.join(f'{one.code} {one.message}' for one in report)}")
    print(f"\nCorrect models with an error or warning: {loud} of {len(paths)}")


if __name__ == "__main__":
    print(machine())
    if len(sys.argv) > 1:
        table(Path(sys.argv[1]))
    else:
        table(ROOT / "tests/debug/given")
        table(ROOT / "tests/debug/held_out")
        alarms(ROOT / "tests/debug/good")
