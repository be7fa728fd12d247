"""Ways round what Keras does again for each layer; the results are the same, in half the time.

They stand in Keras' modules only while a build is listened to, which only one without weights
or a trace is.
"""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from collections.abc import Mapping
from typing import Any

import keras
from keras.src import backend, initializers
from keras.src.backend.common import global_state
from keras.src.layers import layer as layer_module
from keras.src.ops import operation as operation_module
from keras.src.ops.symbolic_arguments import SymbolicArguments
from keras.src.saving.object_registration import GLOBAL_CUSTOM_OBJECTS
from keras.src.saving.serialization_lib import SerializableDict
from keras.src.utils import naming, tracking


def shortcuts() -> list[tuple[Any, str, Any]]:
    """What is put round what: (module or class, name, maker of what stands there instead)."""
    points: list[tuple[Any, str, Any]] = [
        (layer_module, "inspect", _Inspect),
        (layer_module, "CallSpec", _call_spec),
        (operation_module, "inspect", _QuickInspect),
        (layer_module, "is_backend_tensor_or_symbolic", _layer_is_tensor),
        (backend, "is_tensor", _is_tensor),
        (backend.core, "is_tensor", _is_tensor),
        (initializers, "get", _get_initializer),
        (naming, "to_snake_case", functools.lru_cache(1000)),
        (tracking.Tracker, "track", _track),
        (SymbolicArguments, "__init__", _keep_arguments),
    ]
    if keras.config.backend() == "tensorflow":
        # The other backends hook into attributes themselves.
        points.append((keras.Layer, "__setattr__", _set_attribute))
        trackable = next(c for c in keras.Layer.__mro__ if _BEGIN in vars(c))
        points.append((trackable, _BEGIN, _begin_dependencies))
    return points


# -- signatures

_signatures: weakref.WeakKeyDictionary[Any, dict[tuple[str, bool], Any]] = (
    weakref.WeakKeyDictionary()
)


class _Inspect:
    """The module ``inspect``, remembering the signatures of functions."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def signature(self, called: Any) -> Any:
        """The signature of a function or method."""
        return self._remembered("signature", called)

    def getfullargspec(self, called: Any) -> Any:
        """The arguments of a function or method."""
        return self._remembered("getfullargspec", called)

    def _remembered(self, name: str, called: Any) -> Any:
        # First of all: what a method wraps is a plain function, which takes `self` as well.
        bound = isinstance(called, types.MethodType)
        function = called.__func__ if bound else called
        # Keras wraps `build` anew on each layer; what it wraps is what has the signature.
        while name == "signature" and "__wrapped__" in getattr(function, "__dict__", {}):
            function = function.__wrapped__
        if not isinstance(function, types.FunctionType) or vars(function):
            return getattr(self._module, name)(called)
        known = _signatures.setdefault(function, {})
        if (name, bound) not in known:
            known[name, bound] = getattr(self._module, name)(called)
        return known[name, bound]


class _Signature(inspect.Signature):
    """A signature that binds arguments in a fraction of the time; layers keep plain ones."""

    __slots__ = ("_keyword", "_names", "_needed")
    _names: tuple[str, ...]
    _needed: frozenset[str]
    _keyword: str | None

    def bind(self, /, *args: Any, **kwargs: Any) -> inspect.BoundArguments:
        """The arguments by the names of the parameters, as every signature gives them."""
        names = self._names
        if len(args) > len(names):
            return super().bind(*args, **kwargs)
        arguments: dict[str, Any] = dict(zip(names, args, strict=False))
        left: Mapping[str, Any] = kwargs
        for name in names[len(args) :]:
            if name in kwargs:
                arguments[name] = kwargs[name]
            elif name in self._needed:
                return super().bind(*args, **kwargs)
        if len(arguments) < len(args) + len(kwargs):
            left = {name: value for name, value in kwargs.items() if name not in arguments}
            if self._keyword is None or len(arguments) + len(left) < len(args) + len(kwargs):
                return super().bind(*args, **kwargs)
            arguments[self._keyword] = left
        return inspect.BoundArguments(self, arguments)


class _QuickInspect(_Inspect):
    """The same, with quick signatures: for where none is kept."""

    def signature(self, called: Any) -> Any:
        """The signature of a function or method."""
        found = super().signature(called)
        return _quick(found) if isinstance(found, inspect.Signature) else found


def _call_spec(original: Any) -> Any:
    @functools.wraps(original)
    def call_spec(signature: Any, *given: Any, **named: Any) -> Any:
        return original(_quick(signature), *given, **named)

    return call_spec


_quick_ones: dict[int, tuple[inspect.Signature, inspect.Signature]] = {}
"""By the id of the plain one, that and the quick one."""
_MOST = 1000


def _quick(signature: inspect.Signature) -> inspect.Signature:
    """The same signature, one that binds quickly."""
    plain, quick = _quick_ones.get(id(signature), (None, signature))
    if plain is not signature:
        quick = _made_quick(signature)
        if len(_quick_ones) > _MOST:
            _quick_ones.clear()
        _quick_ones[id(signature)] = signature, quick
    return quick


def _made_quick(signature: inspect.Signature) -> inspect.Signature:
    """The same signature, where it is one of named parameters only."""
    parameters = list(signature.parameters.values())
    kinds = [parameter.kind for parameter in parameters]
    keyword = parameters.pop().name if inspect.Parameter.VAR_KEYWORD in kinds else None
    if any(p.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD for p in parameters):
        return signature
    quick = _Signature(
        list(signature.parameters.values()), return_annotation=signature.return_annotation
    )
    quick._names = tuple([parameter.name for parameter in parameters])
    quick._needed = frozenset([p.name for p in parameters if p.default is p.empty])
    quick._keyword = keyword
    return quick


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
    }
)
_TRACKED: dict[type, Any] = {
    list: tracking.TrackedList,
    dict: tracking.TrackedDict,
    set: tracking.TrackedSet,
}


def _set_attribute(original: Any) -> Any:
    @functools.wraps(original)
    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        kind = type(value)
        state = self.__dict__
        if "_tracker" not in state:
            if name == "_tracker":
                original(self, name, value)
                return
            self._initialize_tracker()
        if kind in _UNTRACKED or issubclass(kind, keras.Initializer):
            object.__setattr__(self, name, value)
        elif kind in _TRACKED:
            if not tracking.is_tracking_enabled():
                # TensorFlow wraps lists by itself, unless it was told not to as well.
                own = state.get("_self_setattr_tracking", True)
                (original if own else object.__setattr__)(self, name, value)
            elif _is_plain(value):
                _set_container(self, name, kind, value)
            else:
                original(self, name, value)
        elif kind is tuple and _is_plain(value):
            object.__setattr__(self, name, value)
        elif kind is keras.Variable and tracking.is_tracking_enabled():
            state["_tracker"].track(value)
            self._track_trackable(value, name=name, overwrite=True)
            object.__setattr__(self, name, value)
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
        if kind is keras.KerasTensor or kind in _UNTRACKED:
            return False
        return not issubclass(kind, keras.Initializer) and original(x)

    return is_tensor


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
