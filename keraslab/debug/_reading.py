"""Statements of someone's text read one after another, on stand-ins, as Python would run them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import keras

from keraslab.debug._reading_values import Defined, ReadingValues
from keraslab.debug._reading_values import UnsureError as UnsureError
from keraslab.debug._tensors import tensors_in, upstream

_FEW = 200
"""Items of a list up to which tensors are looked for in it."""


class _ReturnedError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Reading(ReadingValues):
    """Reads the statements of one function or file again."""

    def operations(self) -> list[Any]:
        """The layers and operations that lead to the symbolic tensors there are."""
        frame = vars(self.source)["_frame"]
        held = [*frame.f_globals.values(), *frame.f_locals.values()]
        few = [v for v in held if not isinstance(v, (list, tuple, dict)) or len(v) <= _FEW]
        return upstream(list(tensors_in(few, 3)))

    def is_made(self, name: str) -> bool:
        """Whether a variable holds what was built of layers, or nothing, and no plain value."""
        held = self.source.value_of(ast.Name(name, ast.Load()))
        return held is None or isinstance(held, (keras.KerasTensor, keras.Layer, list, dict, tuple))

    def run(self, statement: ast.stmt, *, soft: bool = False) -> None:
        """Read one statement.

        Args:
            statement: One of the function or file.
            soft: Whether what the person's variables hold will do where it cannot be read.

        Raises:
            UnsureError: It cannot be read.
            Exception: Whatever Keras raises of it.
        """
        try:
            self._run(statement, self._env)
        except _ReturnedError:
            if not self._holds_failing(statement):
                self._stop()  # the line that failed is not reached this time
        except UnsureError:
            if not soft:
                raise
            self.unsure = False
            for name in bound_names(statement):
                self._env.pop(name, None)

    def ended(self) -> None:
        """Called once behind the last statement."""

    # Statements.

    def _run(self, each: ast.stmt, env: dict[str, Any]) -> None:
        at = (each.lineno, each.col_offset)
        if isinstance(each, ast.Expr):
            if not isinstance(each.value, ast.Constant):
                self._known(each.value, at, env)
        elif isinstance(each, ast.Assign):
            value = self._known(each.value, at, env)
            for target in each.targets:
                self._bind(target, value, at, env)
        elif isinstance(each, ast.AnnAssign):
            if each.value is not None:
                self._bind(each.target, self._known(each.value, at, env), at, env)
        elif isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name):
            held = ast.copy_location(ast.Name(each.target.id, ast.Load()), each.target)
            both = ast.copy_location(ast.BinOp(held, each.op, each.value), each)
            env[each.target.id] = self._known(both, at, env)
        elif isinstance(each, ast.For) and not each.orelse:
            for item in self._rounds(self._known(each.iter, at, env)):
                self._bind(each.target, item, at, env)
                self._all(each.body, env)
        elif isinstance(each, ast.If):
            self._all(each.body if self._truth(each.test, at, env) else each.orelse, env)
        elif isinstance(each, (ast.With, ast.Try)) and self._holds_failing(each):
            self._all(each.body, env)
        elif isinstance(each, ast.FunctionDef) and not each.decorator_list:
            env[each.name] = Defined(each, env)
        elif isinstance(each, ast.Return):
            raise _ReturnedError(None if each.value is None else self._known(each.value, at, env))
        elif not isinstance(each, (ast.Pass, ast.Import, ast.ImportFrom)):
            self._stop()

    def _holds_failing(self, outer: ast.stmt) -> bool:
        return any(node is self.source.statement for node in ast.walk(outer))

    def _all(self, body: list[ast.stmt], env: dict[str, Any]) -> None:
        for each in body:
            self._run(each, env)

    def _function_of(
        self, node: ast.FunctionDef, args: Any, kwargs: Any, env: Mapping[str, Any]
    ) -> Any:
        inner = {**env, **self._bound(node, list(args), dict(kwargs), env)}
        self._within += 1
        if self._within > 8:
            self._stop()
        try:
            self._all(node.body, inner)
        except _ReturnedError as returned:
            return returned.value
        finally:
            self._within -= 1
        return None

    def _bound(
        self, node: ast.FunctionDef, args: list[Any], kwargs: dict[str, Any], env: Any
    ) -> dict[str, Any]:
        """The parameters of a function with what they are given."""
        form = node.args
        names = [a.arg for a in (*form.posonlyargs, *form.args)]
        every = [*names, *[a.arg for a in form.kwonlyargs]]
        at = (node.lineno, node.col_offset)
        found: dict[str, Any] = {}
        for name, default in zip(
            names[len(names) - len(form.defaults) :], form.defaults, strict=True
        ):
            found[name] = self._known(default, at, env)
        for each, held in zip(form.kwonlyargs, form.kw_defaults, strict=True):
            if held is not None:
                found[each.arg] = self._known(held, at, env)
        if len(args) > len(names) and form.vararg is None:
            raise TypeError(f"{node.name}() takes {len(names)} arguments")
        found |= dict(zip(names, args, strict=False))
        if form.vararg is not None:
            found[form.vararg.arg] = tuple(args[len(names) :])
        others = {key: value for key, value in kwargs.items() if key not in every}
        if others and form.kwarg is None:
            raise TypeError(f"{node.name}() takes no {next(iter(others))}")
        found |= {key: value for key, value in kwargs.items() if key in every}
        if form.kwarg is not None:
            found[form.kwarg.arg] = others
        if missing := [name for name in every if name not in found]:
            raise TypeError(f"{node.name}() misses {missing[0]}")
        return found


def bound_names(statement: ast.stmt) -> set[str]:
    """The variables that a statement gives a value."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    return {
        n.id
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def read_names(statement: ast.stmt) -> set[str]:
    """The variables that a statement reads."""
    found = {
        n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        found.add(statement.target.id)
    return found
