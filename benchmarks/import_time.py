"""What ``import keraslab`` adds to a bare Python."""

from __future__ import annotations

import statistics
import subprocess
import sys

from _measure import HEADER, interleaved, machine, row


def main():
    """Print the table."""
    print(machine())
    work = {
        "bare Python": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        "import keraslab": lambda: subprocess.run(
            [sys.executable, "-c", "import keraslab"], check=True
        ),
    }
    seconds = interleaved(work, repeats=20)
    print("\n" + HEADER)
    for name, values in seconds.items():
        print(row(name, values))
    bare, ours = (statistics.median(values) for values in seconds.values())
    print(f"\nThe import adds {1000 * (ours - bare):.1f} ms.")


if __name__ == "__main__":
    main()
