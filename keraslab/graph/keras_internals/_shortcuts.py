"""Ways round what Keras does again for each layer; the results are the same, in half the time.

They stand in Keras' modules only while a build is listened to, which only one without weights
or a trace is.
"""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

import keras
from keras.src import backend, initializers
from keras.src.backend.common import global_state
from keras.src.layers import layer as layer_module
from keras.src.ops import operation as operation_module
from keras.src.ops.symbolic_arguments import SymbolicArguments
from keras.src.saving.object_registration import GLOBAL_CUSTOM_OBJECTS
from keras.src.saving.serialization_lib import SerializableDict
from keras.src.tree import tree_api
from keras.src.utils import naming, tracking

from keraslab.graph.keras_internals._signatures import Inspect, QuickInspect, call_spec


def shortcuts() -> list[tuple[Any, str, Any]]:
    """What is put round what: (module or class, name, maker of what stands there instead)."""
    points: list[tuple[Any, str, Any]] = [
        (layer_module, "inspect", Inspect),
        (layer_module, "CallSpec", call_spec),
        (operation_module, "inspect", QuickInspect),
        (layer_module, "is_backend_tensor_or_symbolic", _layer_is_tensor),
        (backend, "is_tensor", _is_tensor),
        (backend.core, "is_tensor", _is_tensor),
        (tree_api.tree_impl, "is_nested", _is_nested),
        (initializers, "get", _get_initializer),
        (naming, "to_snake_case", functools.lru_cache(1000)),
        (tracking.Tracker, "track", _track),
        (tracking, "is_tracking_enabled", _is_tracking_enabled),
        (SymbolicArguments, "__init__", _keep_arguments),
    ]
    if keras.config.backend() == "tensorflow":
        # The other backends hook into attributes themselves.
        points.append((keras.Layer, "__setattr__", _set_attribute))
        trackable = next(c for c in keras.Layer.__mro__ if _BEGIN in vars(c))
        points.append((trackable, _BEGIN, _begin_dependencies))
    return points


# -- attributes

# Values of these types are no part of a layer's state, so that tracking them does nothing.
_UNTRACKED = frozenset(
    {
        type(None),
        bool,
        int,
        float,
        str,
        types.FunctionType,
        types.MethodType,
        inspect.Signature,
        keras.InputSpec,
        keras.DTypePolicy,
        SerializableDict,
        tracking.Tracker,
    }
)
_NESTED = frozenset({dict, list, tuple})
_TRACKED: dict[type, Any] = {
    list: tracking.TrackedList,
    dict: tracking.TrackedDict,
    set: tracking.TrackedSet,
}


def _set_attribute(original: Any) -> Any:
    plain = object.__setattr__

    @functools.wraps(original)
    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        kind = type(value)
        state = self.__dict__
        if "_tracker" not in state and kind is not tracking.Tracker:
            self._initialize_tracker()
        if kind in _UNTRACKED:
            plain(self, name, value)
        elif kind in _TRACKED:
            if not tracking.is_tracking_enabled():
                # TensorFlow wraps lists by itself, unless it was told not to as well.
                own = state.get("_self_setattr_tracking", True)
                (original if own else plain)(self, name, value)
            elif _is_plain(value):
                _set_container(self, name, kind, value)
            else:
                original(self, name, value)
        elif issubclass(kind, keras.Initializer) or (kind is tuple and _is_plain(value)):
            plain(self, name, value)
        elif kind is keras.Variable and tracking.is_tracking_enabled():
            state["_tracker"].track(value)
            self._track_trackable(value, name=name, overwrite=True)
            plain(self, name, value)
        else:
            original(self, name, value)

    return __setattr__


def _is_plain(container: Any) -> bool:
    """Whether nothing in a list, dict, set or tuple is a layer's state or a list of such."""
    for value in container.values() if type(container) is dict else container:
        kind = type(value)
        if kind not in _UNTRACKED and not (kind is tuple and _is_plain(value)):
            return False
    return True


def _set_container(layer: Any, name: str, kind: Any, value: Any) -> None:
    """Set an attribute to a container that holds nothing to track, as Keras would."""
    state = layer.__dict__
    made = _TRACKED[kind](value)
    made.tracker = state["_tracker"]
    if state.get("_self_setattr_tracking", True) and "_tracked" in state:
        list.append(state["_tracked"], name)
    object.__setattr__(layer, name, made)


def _track(original: Any) -> Any:
    @functools.wraps(original)
    def track(self: Any, attr: Any) -> Any:
        return attr if type(attr) in _UNTRACKED else original(self, attr)

    return track


def _is_tracking_enabled(original: Any) -> Any:
    state = global_state.GLOBAL_STATE_TRACKER

    @functools.wraps(original)
    def is_tracking_enabled() -> Any:
        return getattr(state, "tracking_on", True)

    return is_tracking_enabled


_BEGIN = "_maybe_initialize_trackable"


def _begin_dependencies(original: Any) -> Any:
    @functools.wraps(original)
    def begin(self: Any) -> None:
        if "_self_unconditional_checkpoint_dependencies" not in vars(self):
            original(self)

    return begin


# -- what a call is given


def _keep_arguments(original: Any) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if kwargs or len(args) != 1 or type(args[0]) is not keras.KerasTensor:
            original(self, *args, **kwargs)
            return
        self.args, self.kwargs = args, {}
        self._flat_arguments, self.keras_tensors = list(args), list(args)
        self._single_positional_tensor = args[0]

    return __init__


def _layer_is_tensor(original: Any) -> Any:
    @functools.wraps(original)
    def is_backend_tensor_or_symbolic(x: Any, allow_none: bool = False) -> Any:
        return isinstance(x, keras.KerasTensor) or original(x, allow_none)

    return is_backend_tensor_or_symbolic


def _is_tensor(original: Any) -> Any:
    @functools.wraps(original)
    def is_tensor(x: Any) -> Any:
        kind = type(x)
        if kind is keras.KerasTensor or kind in _UNTRACKED or kind in _NESTED:
            return False
        return not issubclass(kind, keras.Initializer) and original(x)

    return is_tensor


def _is_nested(original: Any) -> Any:
    @functools.wraps(original)
    def is_nested(structure: Any) -> Any:
        kind = type(structure)
        if kind is keras.KerasTensor or kind in _UNTRACKED:
            return False
        return kind in _NESTED or original(structure)

    return is_nested


def _get_initializer(original: Any) -> Any:
    known: dict[str, Any] = {}

    @functools.wraps(original)
    def get(identifier: Any) -> Any:
        if isinstance(identifier, keras.Initializer):
            return identifier
        if type(identifier) is not str or _is_custom(identifier):
            return original(identifier)
        if identifier in known:
            return known[identifier].from_config({})
        found = original(identifier)
        kind = type(found)
        if isinstance(found, keras.Initializer) and kind.__module__.startswith("keras."):
            known[identifier] = kind
        return found

    return get


def _is_custom(name: str) -> bool:
    """Whether a name stands for something that Keras does not bring."""
    scope = global_state.get_global_attribute("custom_objects_scope_dict", {})
    return name in GLOBAL_CUSTOM_OBJECTS or name in scope
