"""Small tasks for workers; a module of its own, so that other processes can import it."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from keraslab.train._task import Budget, Data, Message, Outcome, Task
from keraslab.train._thread_count import threads_in_use

WAIT = 120
"""Seconds that nothing takes, unless something is broken."""
X = np.arange(20_000, dtype="float32").reshape(200, 100)
DATA = Data((X, X[:, :1]), None, (X[:5], X[:5, :1]))


def task(variant="plain", seed_index=0, **given):
    return Task(
        **{
            "variant": variant,
            "seed_index": seed_index,
            "seed": 7 + seed_index,
            "build": b"",
            "budget": Budget(epochs=1),
        }
        | given
    )


def message(asked, kind, **values):
    return Message(asked.variant, asked.seed_index, kind, values=values)


def look(asked, data, channel):
    """Say what a run finds in its worker."""
    channel.send(message(asked, "began", pid=os.getpid()))
    x = data.train[0]
    total = float(x.sum())
    x[:] = 0  # what a run changes is its own
    channel.send(message(asked, "ended", total=np.float32(total)))
    return Outcome("done", score=total, threads=threads_in_use(), test={"pid": os.getpid()})


def until_stopped(asked, data, channel):
    """Go on until the channel says that it is enough."""
    channel.send(message(asked, "began", pid=os.getpid()))
    end = time.monotonic() + WAIT
    while not channel.stopping and time.monotonic() < end:
        time.sleep(0.005)
    return Outcome("stopped" if channel.stopping else "done")


def die_once(asked, data, channel):
    """Die as a process does that the system kills, but only the first time."""
    channel.send(message(asked, "began", pid=os.getpid()))
    mark = Path(asked.state)
    if not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome("done", test={"pid": os.getpid()})


def fail(asked, data, channel):
    raise ValueError(f"no good: {asked.variant}")


class OnlyHereError(Exception):
    """An exception that cannot be pickled."""

    def __reduce__(self):
        raise TypeError("stays here")


def fail_softly(asked, data, channel):
    return Outcome("failed", error="OnlyHereError: no", exception=OnlyHereError("no"))


def explain(error):
    return f"{type(error).__name__} {error}"


def explain_unsendably(error):
    return OnlyHereError("no")


def explain_badly(error):
    raise ValueError("who explains fails")


def nothing(asked, data, channel):
    return Outcome("done")


def settings(asked, data, channel):
    """Say what Keras was told in this worker."""
    import keras

    registered = keras.saving.get_registered_object("test>Twice")
    said = {"policy": keras.config.dtype_policy().name, "epsilon": str(keras.config.epsilon())}
    if registered is not None:
        said["twice"] = str(registered.factor)
    return Outcome("done", versions=said)
