"""What Keras keeps for each thread, carried into another."""

from __future__ import annotations

import copy
import threading
from typing import Any

from keras.src.backend.common import global_state

_CARRIED = (
    "dtype_policy",
    "global_random_seed",
    "global_seed_generator",
    "object_name_uids",
    "custom_objects_scope_dict",
    "traceback_filtering",
    "interactive_logging",
    "flash_attention",
    "nnx_enabled",
    "distribution",
    "torch_device",
    "remat_scope_stack",
    "use_legacy_config",
    "safe_mode_saving",
)


class ThreadState:
    """What Keras keeps for one thread; ``with state:`` puts it into the thread it runs in."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._before = threading.local()

    def __enter__(self) -> ThreadState:
        stack = self._before.__dict__.setdefault("stack", [])
        stack.append({name: global_state.get_global_attribute(name) for name in _CARRIED})
        for name, value in self._values.items():
            global_state.set_global_attribute(name, _own_copy(value))
        return self

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.stack.pop().items():
            global_state.set_global_attribute(name, value)


def _own_copy(value: Any) -> Any:
    """Containers are copied, so that two threads do not count names in one dictionary."""
    return copy.copy(value) if isinstance(value, list | dict) else value


def capture_thread_state() -> ThreadState:
    """What Keras keeps for this thread, to carry it into a thread that is started.

    Carried are the dtype policy, seeds, automatic name counters, custom objects, traceback
    filtering, the distribution and the device. Open scopes of a build are not.

    Example:
        >>> import threading
        >>> import keras
        >>> state = capture_thread_state()
        >>> def work():
        ...     with state:
        ...         keras.layers.Dense(1)
        >>> thread = threading.Thread(target=work)
        >>> thread.start(); thread.join()
    """
    found = {name: global_state.get_global_attribute(name) for name in _CARRIED}
    return ThreadState({name: _own_copy(value) for name, value in found.items()})
