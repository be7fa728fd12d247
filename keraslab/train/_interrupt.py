"""What a kernel interrupt does while a model trains in the main thread, or is waited for."""

from __future__ import annotations

import signal
import threading
import time
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


def happened(event: threading.Event, timeout: float | None = None) -> bool:
    """Wait for an event; an interrupt ends the waiting everywhere.

    Args:
        event: To wait for.
        timeout: Seconds to wait at most; None for as long as it takes.

    Returns:
        Whether it has happened.
    """
    until = None if timeout is None else time.monotonic() + timeout
    # In slices, because elsewhere than on Linux an interrupt does not end a wait.
    while not event.wait(0.2 if until is None else max(0.0, min(0.2, until - time.monotonic()))):
        if until is not None and time.monotonic() >= until:
            return False
    return True
