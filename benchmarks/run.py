"""Run every benchmark, each in a process of its own: ``make bench``, or name some of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = [path.stem for path in sorted(HERE.glob("*.py")) if path.stem not in ("run", "_measure")]


def main(wanted: list[str]) -> int:
    """Run the benchmarks of these names, or all."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(NAMES)}.")
        return 2
    failed = 0
    for name in wanted or NAMES:
        print(f"\n## {name}\n", flush=True)
        failed |= subprocess.run([sys.executable, HERE / f"{name}.py"], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
