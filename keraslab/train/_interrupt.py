"""What a kernel interrupt does while a model trains in the main thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def gentle_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first interrupt call ``stop``, and only the second one raise.

    In other threads than the main one, which alone hears interrupts, this does nothing.

    Args:
        stop: called at the first interrupt; it must not block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # interrupts are ignored here, or are none of Python's business
        yield
        return
    heard = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        if heard:
            before(number, frame)
        else:
            heard = True
            stop()

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
