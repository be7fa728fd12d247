"""Signatures looked up once for each function, and arguments bound in a fraction of the time."""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from collections.abc import Mapping
from typing import Any

_signatures: weakref.WeakKeyDictionary[Any, dict[tuple[str, bool], Any]] = (
    weakref.WeakKeyDictionary()
)


class Inspect:
    """The module ``inspect``, remembering the signatures of functions."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        # Asked for again, it is found without this method.
        found = vars(self)[name] = getattr(self._module, name)
        return found

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
        if name == "signature":
            # Keras wraps `build` anew on each layer; what it wraps is what has the signature.
            while type(function) is types.FunctionType and "__wrapped__" in vars(function):
                if "__signature__" in vars(function):
                    break  # it says itself that it is not that of what it wraps
                function = vars(function)["__wrapped__"]
            if not bound and isinstance(function, types.MethodType):
                bound, function = True, function.__func__
        if not isinstance(function, types.FunctionType) or vars(function):
            return getattr(self._module, name)(called)
        known = _signatures.setdefault(function, {})
        if (name, bound) not in known:
            known[name, bound] = getattr(self._module, name)(called)
        return known[name, bound]


class _Signature(inspect.Signature):
    """A signature that binds arguments in a fraction of the time; layers keep plain ones."""

    __slots__ = ("_keyword", "_names", "_needed", "defaults")
    _names: tuple[str, ...]
    _needed: frozenset[str]
    _keyword: str | None
    defaults: dict[str, Any]
    """Of every parameter in its order; None where one has to be given."""

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
        return _Bound(self, arguments)

    def with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Bound arguments, and the defaults of what was not given."""
        arguments = {**self.defaults, **given}
        if self._keyword is not None and self._keyword not in given:
            arguments[self._keyword] = {}
        return arguments


class _Bound(inspect.BoundArguments):
    """What a quick signature bound, and none of what has to be given is missing."""

    __slots__ = ()
    signature: _Signature

    def apply_defaults(self) -> None:
        """Add the defaults of what was not given, in the order of the parameters."""
        self.arguments = self.signature.with_defaults(self.arguments)


class QuickInspect(Inspect):
    """The same, with quick signatures: for where none is kept."""

    def signature(self, called: Any) -> Any:
        """The signature of a function or method."""
        found = super().signature(called)
        return quick(found) if isinstance(found, inspect.Signature) else found


def call_spec(original: Any) -> Any:
    @functools.wraps(original)
    def made(signature: Any, *given: Any, **named: Any) -> Any:
        return original(quick(signature), *given, **named)

    return made


_quick_ones: dict[int, tuple[inspect.Signature, inspect.Signature]] = {}
"""By the id of the plain one, that and the quick one."""
_MOST = 1000


def quick(signature: inspect.Signature) -> inspect.Signature:
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
    quick.defaults = {p.name: None if p.default is p.empty else p.default for p in parameters}
    return quick
