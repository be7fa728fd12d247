"""How many threads the backend computes one training with."""

from __future__ import annotations

import os
import sys
from typing import Any

import keras

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # JAX's pool on the processor
)

_asked: set[int] = set()
"""What this process was asked for."""


def thread_environment(threads: int) -> dict[str, str]:
    """What the environment of a process must hold before it imports anything.

    Args:
        threads: As many as it shall compute with.

    Returns:
        Values by the names of variables.
    """
    return dict.fromkeys(VARIABLES, str(threads))


def use_threads(threads: int | None) -> int | None:
    """Ask the backend for a number of threads, which it takes only before it has started.

    Args:
        threads: As many as it shall compute with; None leaves it as it is.

    Returns:
        What ``threads_in_use`` says then: look whether it is what was asked for.
    """
    if threads is None:
        return threads_in_use()
    backend = keras.backend.backend()
    if backend == "tensorflow":
        setting = _tensorflow().config.threading
        try:
            if setting.get_intra_op_parallelism_threads() != threads:
                setting.set_intra_op_parallelism_threads(threads)
            if setting.get_inter_op_parallelism_threads() != threads:
                setting.set_inter_op_parallelism_threads(threads)
        except RuntimeError:  # it has started
            pass
    elif backend == "torch":
        sys.modules["torch"].set_num_threads(threads)
    elif backend == "jax" and not _asked:  # it reads this once, at its first computation
        os.environ["NPROC"] = str(threads)
    _asked.add(threads)
    return threads_in_use()


def threads_in_use() -> int | None:
    """Threads that the backend computes one operation with.

    Returns:
        Their number; None where the backend does not tell.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        found = _tensorflow().config.threading.get_intra_op_parallelism_threads()
        return int(found) or _from_environment("TF_NUM_INTRAOP_THREADS") or _cores()
    if backend == "torch":
        return int(sys.modules["torch"].get_num_threads())
    if backend == "jax":
        return _from_environment("NPROC") or _cores()
    return None


def _tensorflow() -> Any:
    return sys.modules["tensorflow"]  # Keras has imported it


def _from_environment(name: str) -> int | None:
    value = os.environ.get(name, "")
    return int(value) if value.isdigit() and int(value) else None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
