"""Where results come from: versions, commit, machine and date; no names of people or hosts."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import keras
import numpy as np

from keraslab.train._commit import git_commit
from keraslab.train._fingerprint import fingerprint
from keraslab.train._thread_count import threads_in_use

__all__ = ["fingerprint", "provenance", "versions"]


def provenance() -> dict[str, Any]:
    """What someone needs to know to get the same numbers again.

    Returns:
        Versions, the git commit of the present folder and whether files differ from it, the
        machine's kind, the cores that this process may use, its threads, and the date (UTC). No
        host name, user name or path.
    """
    commit = git_commit()
    return {
        "versions": versions(),
        "commit": commit,
        "uncommitted_changes": None if commit is None else _changed(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": _cores(),
        "threads": threads_in_use(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """Of keraslab, Keras, its backend, NumPy and Python."""
    from keraslab import __version__

    backend = keras.config.backend()
    found = {
        "keraslab": __version__,
        "keras": keras.__version__,
        "backend": backend,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    version = getattr(sys.modules.get(backend), "__version__", None)
    return found | ({backend: str(version)} if version else {})


def _changed() -> bool | None:
    """Whether a file that git keeps differs from the commit; None where git cannot be asked."""
    # Neither a lock nor a program that the folder's own settings name.
    asked = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain"]
    try:
        said = subprocess.run(
            [*asked, "--untracked-files=no", "--ignore-submodules"],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return bool(said.stdout.strip())


def _processor() -> str | None:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as rows:
            for row in rows:
                key, _, value = row.partition(":")
                if key.strip() == "model name":
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or None


def _cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
