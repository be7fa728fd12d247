"""What all tests of training need around them."""

import signal

import pytest
from running import Shell


@pytest.fixture(autouse=True)
def _interrupts():
    # A shell that starts the tests in its background has them ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def no_pilot(monkeypatch):
    """Estimates are measured where they are tested: elsewhere the time is better spent."""
    from keraslab.train import _compare, _run_task

    monkeypatch.setattr(_compare, "pilot", lambda *_: None)
    monkeypatch.setattr(_run_task, "latency", lambda *_: 0.001)


@pytest.fixture
def notebook(monkeypatch):
    """Curves believe that they are in a notebook; ``shown`` has pairs of data and options."""
    import IPython.display

    from keraslab.train import _live_curves, _notebook

    made = Shell()
    for where in (_live_curves, _notebook):
        monkeypatch.setattr(where, "shell", lambda: made)
    monkeypatch.setattr(
        IPython.display, "display", lambda data, **how: made.shown.append((data, how))
    )
    return made
