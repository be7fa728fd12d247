"""A thread that works as the cell that started it would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context


def background_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """A thread, not yet started, with the settings of this one.

    Those of Keras, and the context variables: in these a kernel keeps which cell it answers, and
    some kernels send nothing from a thread that does not have them.

    Args:
        work: What it does.
        name: Of the thread.

    Returns:
        A daemon thread.
    """
    from keraslab.graph.keras_internals import capture_thread_state

    state = capture_thread_state()

    def run() -> None:
        with state:
            work()

    target = copy_context().run
    return threading.Thread(target=target, args=(run,), name=name, daemon=True)
