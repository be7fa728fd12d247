"""Building with no variable allocated, and giving one its memory later."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Container, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.backend.common.stateless_scope import get_stateless_scope
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from keras.src.saving.serialization_lib import SafeModeScope
from keras.src.utils.naming import auto_name

from keraslab.graph.keras_internals._random import GlobalNumbers

_CONSTANTS = (
    keras.initializers.Zeros,
    keras.initializers.Ones,
    keras.initializers.Constant,
    keras.initializers.Identity,
)


def _is_at_hand(tensor: Any) -> bool:
    """Whether a tensor has a value now, and is no step of a function that is being traced."""
    try:
        keras.ops.convert_to_numpy(tensor)
    except Exception:
        return False
    return True


class PendingValue:
    """Stands where a variable's initializer was, until the variable is allocated.

    Shape inference may ask for the value of a variable that has none: there zeros do, and
    are cheaper than random numbers. Anything else that asks for a value needs a real model.
    """

    def __init__(self, initializer: Any, hooks: Any) -> None:
        self.initializer = initializer
        self.record = hooks.record

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """Zeros in shape inference; else an error that says what to do."""
        scope = get_stateless_scope()
        if scope is None:
            raise self.record.error()
        if isinstance(scope, _BuildScope):
            seed = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
            if seed is not None and seed.state._initializer is self:
                return self.initializer(shape, dtype=dtype)
            if type(self.initializer) in _CONSTANTS:
                # No weight changes in the scope, so the first value is the value.
                value = self.initializer(shape, dtype=dtype)
                if _is_at_hand(value):
                    return value
            scope.hooks.refuse("uses the values of weights while it builds")
        return keras.ops.zeros(shape, dtype=dtype)

    def refuse(self, _value: Any) -> None:
        """Stands where a variable's method that writes its value was."""
        raise self.record.error("giving a weight a value")


class _PendingList(list[Any]):
    """Keras' list of variables to be allocated, which marks what comes in."""

    def __init__(self, hooks: Any) -> None:
        super().__init__()
        self.hooks = hooks

    def append(self, variable: Any) -> None:
        variable._initializer = pending = PendingValue(variable._initializer, self.hooks)
        vars(variable)["_direct_assign"] = pending.refuse
        super().append(variable)


class _BuildScope(keras.StatelessScope):  # type: ignore[misc]
    """Keras' scope in which no variable is allocated or changed."""

    def __init__(self, hooks: Any) -> None:
        super().__init__(initialize_variables=False)
        self.hooks = hooks
        self.seed_updates: list[tuple[Any, Any]] = []

    def add_update(self, update: Any) -> None:
        seed = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
        if seed is None or update[0] is not seed.state:
            self.hooks.refuse("changes the values of weights")
        super().add_update(update)


def in_stateless_scope() -> bool:
    """Whether this thread is inside shape inference or another scope without real values."""
    return get_stateless_scope() is not None


_DURING_A_BUILD = (
    "uninitialized_variables",
    "object_name_uids",
    "name_scope_stack",
    "current_call_ctx",
    "autocast_scope",
    "symbolic_scope",
)


@contextlib.contextmanager
def fresh_names() -> Iterator[dict[str, int]]:
    """Count automatic names from the start inside, go on where they were after."""
    before = global_state.get_global_attribute("object_name_uids")
    counters: dict[str, int] = collections.defaultdict(int)
    global_state.set_global_attribute("object_name_uids", counters)
    try:
        yield counters
    finally:
        global_state.set_global_attribute("object_name_uids", before)


def use_names(counters: dict[str, int]) -> None:
    """Go on counting automatic names from ``counters``."""
    fresh = collections.defaultdict(int, counters)
    global_state.set_global_attribute("object_name_uids", fresh)


@contextlib.contextmanager
def without_weights(hooks: Any) -> Iterator[list[Any]]:
    """Build with no variable allocated; gives the list that the pending ones come into."""
    before = {name: global_state.get_global_attribute(name) for name in _DURING_A_BUILD}
    pending = _PendingList(hooks)
    scope = _BuildScope(hooks)
    global_state.set_global_attribute("uninitialized_variables", pending)
    global_state.set_global_attribute("name_scope_stack", [])
    try:
        with scope:
            yield pending
    finally:
        for name, value in before.items():
            global_state.set_global_attribute(name, value)
        # The random numbers drawn inside count, as they would in a plain build.
        seed = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
        if seed is not None and get_stateless_scope() is None:
            value = scope.get_current_value(seed.state)
            allocate(seed.state)
            if value is not None:
                seed.state.assign(value)


class RandomState:
    """Where the random numbers that a build draws from stand now, to draw them again."""

    def __init__(self) -> None:
        self._global = GlobalNumbers()
        self._seed = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
        self._value = None
        if self._seed is not None and not in_stateless_scope():
            self._value = np.array(keras.ops.convert_to_numpy(self._seed.state))

    def put_back(self) -> None:
        """Forget what was drawn since."""
        self._global.put_back()
        global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, self._seed)
        if self._seed is not None and self._value is not None:
            self._seed.state.assign(self._value)


def is_pending(variable: Any) -> bool:
    """Whether a variable was made in a skeleton and has no memory yet."""
    return isinstance(getattr(variable, "_initializer", None), PendingValue)


def record_of(variable: Any) -> Any:
    """The record of the build that made a pending variable."""
    return variable._initializer.record


def allocate(variable: Any) -> None:
    """Give a pending variable its memory and first value; others are left alone."""
    if is_pending(variable):
        variable._initializer = variable._initializer.initializer
        vars(variable).pop("_direct_assign", None)
        variable._deferred_initialize()


def rename(operation: Any, taken: Container[str]) -> None:
    """Give an operation the next automatic name that is not taken."""
    while operation.name in taken:
        vars(operation)["name"] = auto_name(type(operation).__name__)


def calm(error: Exception) -> Exception:
    """Keep Keras from adding a list of arguments to an error's message."""
    error._keras_call_info_injected = True  # type: ignore[attr-defined]
    return error


def safe_mode() -> Any:
    """A scope in which nothing that runs a stranger's code is made from a config."""
    return SafeModeScope(True)


def with_config(operation: Any, config: Any) -> Any:
    """Let a layer's ``get_config`` give the config it was read from."""
    vars(operation)["get_config"] = lambda: dict(config)
    return operation
