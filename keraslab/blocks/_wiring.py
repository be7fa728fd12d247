"""All or nothing: what a failed call made is taken back, and a trial build leaves no trace."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_Undo = Callable[[], object]

# One lock for all blocks: blocks nest and may be shared, so with a lock each, a part that one
# thread is about to take back could already be in another thread's model.
_lock = threading.RLock()
_done: list[_Undo] = []
_depth = 0


class Trial:
    """One `trial_build()`."""

    def __init__(self) -> None:
        self.undo: list[_Undo] = []
        self.reserved: set[str] = set()


class _Local(threading.local):
    trial: Trial | None = None


_local = _Local()


def current_trial() -> Trial | None:
    """Return the innermost open trial of this thread, if there is one."""
    return _local.trial


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Take back everything recorded inside if the body raises; one thread at a time."""
    global _depth
    with _lock:
        mark = len(_done)
        _depth += 1
        try:
            yield
        except BaseException:
            while len(_done) > mark:
                _done.pop()()
            raise
        finally:
            _depth -= 1
            if _depth == 0:
                _done.clear()


def record(undo: _Undo, born: Trial | None) -> None:
    """Remember how to take back a change to a block.

    Args:
        undo: Takes the change back; may be called twice.
        born: The trial in which the changed block was made, if any. A block that is older
            than the open trial gets its change taken back when the trial ends too.
    """
    _done.append(undo)
    record_trial(undo, born)


def record_trial(undo: _Undo, born: Trial | None) -> None:
    """Remember how to take back a change at the end of the open trial only."""
    trial = _local.trial
    if trial is not None and trial is not born:
        trial.undo.append(undo)


def reserve(name: str, born: Trial | None) -> None:
    """Keep the name of an older block that is called in a trial from the trial's own blocks.

    A trial counts names from the start, so the first block in it would take the same one.
    """
    trial = _local.trial
    if trial is not None and trial is not born:
        trial.reserved.add(name)


def is_reserved(name: str) -> bool:
    """Return whether an older block that was called in the open trial has this name."""
    trial = _local.trial
    return trial is not None and name in trial.reserved


@contextmanager
def trial_build() -> Iterator[None]:
    """Tell blocks that the body is a build without weights, and put captured ones back after.

    Such a build may call a block that was made outside of it. The layers which that block makes
    during the trial have no weights and must not be found by a real build later, so the block
    forgets them when the body ends. Blocks made inside the body keep theirs, and refuse to use
    them after it until they have weights. To be entered by whatever allocates no weights.

    Example:
        >>> import keras
        >>> from keraslab import blocks as B
        >>> tower = B.Residual(4)
        >>> with trial_build(), keras.StatelessScope(initialize_variables=False):
        ...     y = tower(keras.Input((8, 8, 4)))
        >>> len(tower.parts)
        0
    """
    outer, trial = _local.trial, Trial()
    _local.trial = trial
    try:
        yield
    finally:
        _local.trial = outer
        with _lock:
            while trial.undo:
                trial.undo.pop()()
