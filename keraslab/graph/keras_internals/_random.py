"""Random numbers of one training that nothing else in the process draws from or disturbs."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
from keras.src.backend.common import global_state
from keras.src.random import seed_generator
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from keras.src.saving.serialization_lib import SafeModeScope
from keras.src.utils.rng_utils import GLOBAL_RANDOM_SEED

from keraslab.graph.keras_internals._threads import capture_thread_state

_CONTEXT = "tensorflow.python.eager.context"


class _Own:
    """Stands where Keras has Python's ``random``: a thread may draw from numbers of its own."""

    def __init__(self) -> None:
        self.held = threading.local()

    def randint(self, low: int, high: int) -> int:
        """From this thread's own numbers, or else from those of all."""
        own: random.Random | None = getattr(self.held, "random", None)
        return random.randint(low, high) if own is None else own.randint(low, high)

    def __getattr__(self, name: str) -> Any:
        return getattr(random, name)


_own = _Own()
_lock = threading.Lock()
_users = 0


class GlobalNumbers:
    """Where the global random numbers of Python, NumPy, TensorFlow and PyTorch stand now.

    What is not loaded has none. TensorFlow's are those that follow from ``tf.random.set_seed``.
    """

    def __init__(self) -> None:
        self._python, self._numpy = random.getstate(), np.random.get_state()
        self._tensorflow = _tensorflow_state()
        torch = sys.modules.get("torch")
        self._torch = None if torch is None else (torch, torch.get_rng_state())

    def put_back(self) -> None:
        """Let them go on from there."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        self.put_tensorflow_back()
        if self._torch is not None:
            torch, state = self._torch
            torch.set_rng_state(state)

    def put_tensorflow_back(self) -> None:
        """Let TensorFlow's alone go on from there, from which its operations draw when traced."""
        _put_tensorflow_back(self._tensorflow)


@contextlib.contextmanager
def private_random(seed: int) -> Iterator[None]:
    """Draw Keras' seeds from numbers that only this thread has, and put all others back after.

    Keras draws the seeds of initializers and layers from Python's global ``random``, which any
    thread may use in between. Inside, the global numbers of Python, NumPy, TensorFlow and PyTorch
    are seeded as ``keras.utils.set_random_seed`` does, for code that asks them; outside, they and
    what Keras keeps for this thread go on where they were.

    Args:
        seed: A whole number from 0 to 2**32 - 1.

    Example:
        >>> import keras
        >>> def first_weight():
        ...     with private_random(3):
        ...         layer = keras.layers.Dense(1)
        ...         layer.build((None, 1))
        ...     return float(layer.kernel[0, 0])
        >>> before = random.getstate()
        >>> first_weight() == first_weight(), random.getstate() == before
        (True, True)
    """
    global _users
    numbers = GlobalNumbers()
    outer = getattr(_own.held, "random", None)
    with _lock:
        _users += 1
        seed_generator.python_random = _own
    _own.held.random = random.Random(seed)
    try:
        with capture_thread_state():
            seed_all(seed)
            yield
    finally:
        _own.held.random = outer
        with _lock:
            _users -= 1
            if not _users:
                seed_generator.python_random = random
        numbers.put_back()


def seed_all(seed: int) -> None:
    """Seed all global random numbers and those of Keras; the private ones go on.

    Unlike ``keras.utils.set_random_seed`` this loads no TensorFlow where it is not in use.
    """
    global_state.set_global_attribute(GLOBAL_RANDOM_SEED, seed)
    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, None)
    random.seed(seed)
    np.random.seed(seed)
    tensorflow, torch = sys.modules.get("tensorflow"), sys.modules.get("torch")
    if tensorflow is not None:
        tensorflow.random.set_seed(seed)
    if torch is not None:
        torch.manual_seed(seed)


def own_code() -> Any:
    """A scope in which configs of the user's own models may hold code, such as a lambda."""
    return SafeModeScope(False)


def _tensorflow_state() -> tuple[Any, Any, Any] | None:
    context = _context()
    if context is None or not hasattr(context, "_seed"):
        return None
    numbers = getattr(context, "_rng", None)
    return context, context._seed, None if numbers is None else numbers.getstate()


def _put_tensorflow_back(state: tuple[Any, Any, Any] | None) -> None:
    if state is None:
        return
    context, seed, numbers = state
    now = getattr(context, "_rng", None)
    if context._seed == seed and (now is None or now.getstate() == numbers):
        return  # to set it clears what TensorFlow holds ready for each operation
    context._set_global_seed(seed)
    if numbers is not None:
        context._rng.setstate(numbers)


def repeatable_tensorflow() -> None:
    """Let TensorFlow's operations draw from numbers that can be put back, also without a seed."""
    context = _context()
    if context is not None and getattr(context, "_seed", 0) is None:
        context._set_global_seed(random.Random().getrandbits(31))


def _context() -> Any:
    module: ModuleType | None = sys.modules.get(_CONTEXT)
    return None if module is None else module.context()


def names_for_random() -> dict[str, tuple[Any, str]]:
    """Where the private names used here must be: holders with the names each needs."""
    found: dict[str, tuple[Any, str]] = {
        "keras.src.random.seed_generator": (seed_generator, "python_random make_default_seed"),
    }
    context = _context()
    if context is not None:
        found["TensorFlow's context"] = (context, "_seed _set_global_seed")
    return found
