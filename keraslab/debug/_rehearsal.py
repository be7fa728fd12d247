"""A text in which ``compile``, ``fit`` ... failed, read again up to that call, which is tried."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keraslab.debug._evidence import TRAINING
from keraslab.debug._fit_case import FitCase, parameters_of
from keraslab.debug._fit_trial import FitTrial, Made
from keraslab.debug._reading import Reading
from keraslab.debug._replay import Position
from keraslab.debug._source import UNKNOWN, Source
from keraslab.graph import keras_internals

_MAKES = ("losses.", "metrics.", "optimizers.", "callbacks.")
_AGAIN = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)

_STORED = (ast.Name, ast.Attribute, ast.Subscript)
_PUT_ANEW = frozenset({"callbacks", "sample_weight", "epochs", "initial_epoch"})


class _ReachedError(Exception):
    """The failing call was read; what stands behind it on its line does not matter."""


class _Later:
    """What a training would give, which nobody knows."""


class Rehearsal(Reading):
    """Reads statements up to the call that failed, and tries that call.

    Args:
        source: The source of one of the person's frames, with another text or as it is.
        callers: The sources of the frames around it, the nearest first.
        case: The call that failed.
        failing: The same call in this text; None where it is not to be found.
    """

    def __init__(
        self,
        source: Source,
        callers: tuple[Source, ...],
        case: FitCase,
        failing: ast.Call | None,
    ) -> None:
        super().__init__(source, callers)
        self._case, self._failing = case, failing
        self._given = _given_by_text(case)
        self._compiled: dict[int, tuple[Any, Mapping[str, Any]]] = {}
        self._trials: list[FitTrial] = []
        self._vague = False
        written = [] if failing is None else [*failing.args, *[k.value for k in failing.keywords]]
        self._inside = {id(node) for each in written for node in ast.walk(each)}
        tree = source.tree
        self._repeated = failing is not None and any(
            isinstance(loop, _AGAIN) and any(node is failing for node in ast.walk(loop))
            for loop in (ast.walk(tree) if tree is not None else ())
        )

    def run(self, statement: ast.stmt, *, soft: bool = False) -> None:
        """As of any reading, up to the failing call."""
        try:
            super().run(statement, soft=soft)
        except _ReachedError:
            return
        except Exception:
            if self._vague:  # it may be about what a training gives, which is not known here
                self._stop()
            raise

    def ended(self) -> None:
        """Try the failing call with all that was read.

        Raises:
            UnsureError: It was not reached, or cannot be tried.
            Exception: Whatever Keras raises of it.
        """
        if not self._trials:
            self._stop()
        for each in self._trials:
            each.finish()

    # What the failing call was given is known, however it is written.

    def _value(self, node: ast.AST, at: Position, env: Any) -> Any:
        held = self._was_given(node, env)
        if held is not UNKNOWN:
            return held
        if isinstance(node, ast.Subscript):
            array = self._was_given(node.value, env)
            if array is UNKNOWN and isinstance(node.value, _STORED):
                array = self.value(node.value, at, env)
            if type(array) is np.ndarray:
                key = self.value(node.slice, at, env)
                return array[key] if _is_basic(key) else UNKNOWN
        return super()._value(node, at, env)

    def _was_given(self, node: ast.AST, env: Mapping[str, Any]) -> Any:
        """What the failing call was given in this place; ``UNKNOWN`` where that is not sure."""
        if id(node) not in self._inside:
            return UNKNOWN
        held = self._given.get(ast.dump(node), UNKNOWN)
        return held if held is not UNKNOWN and self._is_as_it_was(node, env) else UNKNOWN

    def _is_as_it_was(self, node: ast.AST, env: Mapping[str, Any]) -> bool:
        """Whether the variables of an expression hold what they held when it failed."""
        source = self._case.evidence.source
        for each in ast.walk(node):
            if not isinstance(each, ast.Name):
                continue
            held = env.get(each.id, self._env.get(each.id, UNKNOWN))
            if held is not UNKNOWN and (source is None or held is not source.value_of(each)):
                return False
        return True

    # Calls.

    def _call(self, node: ast.Call, at: Position, env: Any) -> Any:
        found = super()._call(node, at, env)
        if node is self._failing and self._trials and not self._repeated:
            raise _ReachedError
        return found

    def _method(self, held: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if isinstance(held, keras.Model) and name in TRAINING:
            return self._tried(held, name, args, kwargs)
        return super()._method(held, name, args, kwargs)

    def apply(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what harms nobody; all else stops the reading.

        Args:
            work: What is called.
            *args: What it is called with.
            **kwargs: The same by name.
        """
        if inspect.isclass(work) and keras_internals.module_in_keras(work).startswith(_MAKES):
            inspect.signature(work).bind(*args, **kwargs)
            return Made(work, args, kwargs)
        called = isinstance(work, keras.Model) and self._case.function == "__call__"
        if called and work is self._case.model:
            return self._tried(work, "__call__", list(args), kwargs)
        return super().apply(work, *args, **kwargs)

    def _tried(self, model: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self._failing is None:
            self._stop()
        names = parameters_of(model, name)
        if len(args) > len(names):
            raise TypeError(f"{name}() takes {len(names)} arguments")
        given = dict(zip(names, args, strict=False))
        wrong = [key for key in kwargs if key in given or key not in names]
        if wrong and name != "__call__":
            raise TypeError(f"{name}() takes no {wrong[0]}")
        given |= kwargs
        if name == "compile":
            self._compiled[id(model)] = model, given
        if name != self._case.function:
            return None if name == "compile" else self._later()
        compiled, fresh = self._state_of(model)
        graph = self._case.graph if model is self._case.model and self._case.readable else None
        self._trials.append(FitTrial(name, model, given, compiled, fresh, graph))
        return None if name == "compile" else self._later()

    def _later(self) -> _Later:
        self._vague = True
        return _Later()

    def _state_of(self, model: Any) -> tuple[Mapping[str, Any] | None, bool]:
        """What a model was compiled with, and whether that was read here."""
        if id(model) in self._compiled:
            return self._compiled[id(model)][1], True
        compiled = keras_internals.compiled_with(model)
        return (compiled._asdict() if compiled is not None else None), False


def _given_by_text(case: FitCase) -> dict[str, Any]:
    """What the failing call was given, by the text of each part of it."""
    found: dict[str, Any] = {}

    def note(node: ast.expr | None, value: Any) -> None:
        if node is None or isinstance(node, (ast.Constant, ast.Starred)):
            return
        text = ast.dump(node)
        found[text] = value if found.get(text, value) is value else UNKNOWN
        parts: list[tuple[Any, Any]] = []
        if isinstance(node, ast.Dict) and isinstance(value, dict):
            keys = [each.value if isinstance(each, ast.Constant) else None for each in node.keys]
            parts = [(n, value[k]) for k, n in zip(keys, node.values, strict=True) if k in value]
        elif isinstance(node, (ast.List, ast.Tuple)) and isinstance(value, (list, tuple)):
            parts = (
                list(zip(node.elts, value, strict=False)) if len(node.elts) == len(value) else []
            )
        for each in parts:
            note(*each)

    # Where only the frame of Keras itself tells, some of its variables hold something else by now.
    told = case.evidence.training is not None or case.function == "__call__"
    if told or not case.arguments.get("validation_split"):
        for name, value in case.arguments.items():
            if told or name not in _PUT_ANEW:
                note(case.argument(name), value)
    return found


def _is_basic(key: Any) -> bool:
    """Whether an index only looks at an array, and copies nothing."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(p is None or p is ... or isinstance(p, (int, slice)) for p in parts)
