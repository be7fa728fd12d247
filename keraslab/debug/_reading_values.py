"""Expressions of someone's text read again on stand-ins, as Python would run them."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import keras
import numpy as np

from keraslab.debug._like import Like
from keraslab.debug._replay import Position, Replay
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug._theirs import is_theirs, runs_theirs
from keraslab.graph import keras_internals

_MOST_CALLS = 400
"""Calls of Keras, and rounds of loops, in one reading."""
_LARGE = 200_000
"""Values of which an array is still made."""
_BUILTINS = frozenset(
    (
        *("range", "len", "list", "tuple", "dict", "set", "zip", "enumerate", "reversed"),
        *("sorted", "min", "max", "sum", "int", "float", "bool", "str", "abs", "round"),
        *("isinstance", "any", "all", "map", "divmod", "pow", "iter", "next", "repr"),
    )
)
_CHANGES = frozenset({"append", "extend", "insert", "pop", "reverse", "update", "sort"})
_CALLING = frozenset({"map", "sorted", "min", "max", "iter", "sort"})
"""Those that call what they are given."""
_ARRAYS = frozenset(("zeros", "ones", "arange", "array", "asarray", "prod", "full", "stack"))
_HARMLESS = tuple(
    f"{part}."
    for part in ("layers", "ops", "models", "activations", "initializers", "regularizers")
)
_SILENT = frozenset({"summary", "compile", "print"})
"""What is called for what it shows or notes, and changes no shape."""


_READ = frozenset({"layers", "input", "inputs", "output", "outputs", "name", "units"})
"""What of a layer or model of the person's can be read without a trace."""


def _is_large(value: Any) -> bool:
    """Whether an array of it would take long to make."""
    if isinstance(value, np.ndarray):
        return value.size > _LARGE
    if not isinstance(value, (list, tuple)) or not value:
        return False
    each = value[0]
    inner = len(each) if isinstance(each, (list, tuple)) else getattr(each, "size", 1)
    return len(value) * max(int(inner), 1) > _LARGE


class UnsureError(Exception):
    """Reading on would need code of the person's, or a value that is not known."""


@dataclass(frozen=True)
class Defined:
    """A function as the text defines it."""

    node: ast.FunctionDef
    env: Mapping[str, Any]


class ReadingValues(Replay):
    """Reads the expressions of one function or file again.

    Args:
        source: The source of one of the person's frames, with another text or as it is.
        callers: The sources of the frames around it, the nearest first.
    """

    def __init__(self, source: Source, callers: tuple[Source, ...]) -> None:
        super().__init__(source, callers)
        self.unsure = False
        """Whether reading stopped at something unknown, whatever was raised of it."""
        self._env: dict[str, Any] = {}
        self._owned: list[Any] = []
        self._likes: dict[int, tuple[Any, Any]] = {}
        self._calls = 0
        self._within = 0

    def _value(self, node: ast.AST, at: Position, env: Any) -> Any:
        if isinstance(node, ast.Starred):
            self._stop()
        if isinstance(node, (ast.List, ast.Tuple)):
            values: list[Any] = []
            for each in node.elts:
                if isinstance(each, ast.Starred):
                    values += self._items(each.value, at, env)
                else:
                    values.append(self._known(each, at, env))
            if isinstance(node, ast.Tuple):
                return tuple(values)
            self._owned.append(values)
            return values
        if isinstance(node, ast.Dict):
            made = super()._value(node, at, env)
            self._owned.append(made)
            return made
        if isinstance(node, ast.BoolOp):
            value: Any = None
            for each in node.values:
                value = self._kept(each, at, env)
                if bool(value) is isinstance(node.op, ast.Or):
                    break
            return value
        if isinstance(node, ast.IfExp):
            return self._known(
                node.body if self._truth(node.test, at, env) else node.orelse, at, env
            )
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            if isinstance(node.ops[0], (ast.Is, ast.IsNot)):
                left, right = self._known(node.left, at, env), node.comparators[0]
                return (left is self._known(right, at, env)) is isinstance(node.ops[0], ast.Is)
            if isinstance(node.ops[0], (ast.In, ast.NotIn)):
                left, right = self._kept(node.left, at, env), node.comparators[0]
                return (left in self._kept(right, at, env)) is isinstance(node.ops[0], ast.In)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not self._truth(node.operand, at, env)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)) and len(node.generators) == 1:
            return self._listed(node, at, env)
        if isinstance(node, ast.JoinedStr):
            return self._text(node, at, env)
        return super()._value(node, at, env)

    def _listed(self, node: Any, at: Position, env: Any) -> Any:
        part, inner = node.generators[0], dict(env)
        found: Any = []
        for item in self._rounds(self._known(part.iter, at, env)):
            self._bind(part.target, item, at, inner)
            if all(self._truth(test, at, inner) for test in part.ifs):
                found.append(self._known(node.elt, at, inner))
        if isinstance(node, ast.GeneratorExp):
            found = iter(found)
        self._owned.append(found)
        return found

    def _text(self, node: ast.JoinedStr, at: Position, env: Any) -> str:
        parts = []
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                if each.format_spec is not None or each.conversion != -1:
                    self._stop()
                parts.append(str(self._kept(each.value, at, env)))
            else:
                parts.append(str(self._known(each, at, env)))
        return "".join(parts)

    def _lambda(self, node: ast.Lambda, at: Position, env: Any) -> Any:
        names = [each.arg for each in node.args.args]
        return lambda *args: self._known(
            node.body, at, {**env, **dict(zip(names, args, strict=False))}
        )

    def _name(self, node: ast.Name, at: Position, env: Any) -> Any:
        for known in (env, self._env):
            if node.id in known:
                return known[node.id]
        if self._within:  # in a function that the text calls
            return self.source.value_of(node)
        return super()._name(node, at, env)

    def _attribute(self, node: ast.Attribute, at: Position, env: Any) -> Any:
        held = self.value(node.value, at, env)
        if isinstance(held, ModuleType):
            return getattr(held, node.attr)  # what a module does not have, it raises
        if isinstance(held, keras.KerasTensor):
            return getattr(held, node.attr)
        if isinstance(held, keras.Layer) and any(held is each for each in self._mine):
            value = getattr(held, node.attr)
            return UNKNOWN if callable(value) else value
        if isinstance(held, keras.Layer) and node.attr in _READ:
            return getattr(held, node.attr)
        if inspect.isclass(held) and not hasattr(held, node.attr):
            raise AttributeError(node.attr)
        return super()._attribute(node, at, env)

    def _call(self, node: ast.Call, at: Position, env: Any) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id == "print":
            for each in node.args:
                self._known(each, at, env)
            return None
        args: list[Any] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                args += self._items(each.value, at, env)
            else:
                args.append(self._known(each, at, env))
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self._known(keyword.value, at, env)
            kwargs |= {keyword.arg: value} if keyword.arg is not None else dict(value)
        if isinstance(node.func, ast.Attribute):
            held = self.value(node.func.value, at, env)
            found = self._method(held, node.func.attr, args, kwargs)
            if found is not UNKNOWN:
                return found
        work = self._known(node.func, at, env)
        return self.apply(work, *args, **kwargs)

    def _method(self, held: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What a method of a plain value or of a model made here gives."""
        if isinstance(held, (list, dict, str, tuple)):
            changes = isinstance(held, (list, dict)) and name in _CHANGES
            if changes and not any(held is each for each in self._owned):
                self._stop()
            self._must_all_keep((held, *args, *kwargs.values()), name in _CALLING)
            return getattr(held, name)(*args, **kwargs)
        if not isinstance(held, keras.Layer):
            return UNKNOWN
        if isinstance(held, keras.Model) and name == "get_layer":
            return held.get_layer(*args, **kwargs)
        if not any(held is each for each in self._mine):
            self._stop()
        if name in _SILENT:
            return None
        if isinstance(held, keras.Sequential) and name in ("add", "pop"):
            return held.add(*self._without_trace(args)) if name == "add" else held.pop()
        if hasattr(held, name):
            self._stop()
        raise AttributeError(f"{type(held).__name__} has no {name}")

    def apply(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what harms nobody; all else stops the reading."""
        self._calls += 1
        if self._calls > _MOST_CALLS:
            self._stop()
        if isinstance(work, Defined):
            return self._function_of(work.node, args, kwargs, work.env)
        if isinstance(work, FunctionType) and work.__code__.co_filename == self.source.file:
            found = self._definition_of(work)
            if found is None:
                self._stop()
            return self._function_of(found, args, kwargs, {})
        name = getattr(work, "__name__", "")
        if name in _ARRAYS and getattr(np, name, None) is work:
            self._must_all_keep(args)
            if any(_is_large(each) for each in args):
                self._stop()
            return getattr(np, name)(*args, **kwargs)
        if inspect.isbuiltin(work) or work in vars(builtins).values():
            if getattr(work, "__name__", "") not in _BUILTINS:
                self._stop()
            if work is not isinstance:
                self._must_all_keep((*args, *kwargs.values()), name in _CALLING)
            made = work(*args, **kwargs)
            if isinstance(made, (zip, enumerate, reversed, map)):
                made = iter(list(made))  # what it calls is called here, and may raise
            if isinstance(made, (list, dict, Iterator)):
                self._owned.append(made)
            return made
        if isinstance(work, keras.Layer):
            args, kwargs = self._without_trace((args, kwargs))
            return self._without_trace(work)(*args, **kwargs)
        if not callable(work):
            raise TypeError(f"{type(work).__name__} is not callable")
        pads = name == "pad_sequences" and not any(_is_large(each) for each in args)
        module = keras_internals.module_in_keras(work)
        if not module.startswith(_HARMLESS) and not (pads and module.startswith("utils.")):
            self._stop()
        args, kwargs = self._without_trace((args, kwargs))
        made = work(*args, **kwargs)
        if isinstance(made, keras.Layer):
            self._mine.append(made)
        return made

    def _without_trace(self, value: Any) -> Any:
        """The same, with a stand-in for each layer of the person's."""

        def like(each: Any) -> Any:
            if not isinstance(each, keras.Layer) or any(each is m for m in self._mine):
                return each
            if isinstance(each, keras.layers.InputLayer):
                return each
            if id(each) not in self._likes:
                if each.built:
                    made = Like(each.compute_output_spec, each.name)
                else:
                    made = type(each).from_config(each.get_config())
                self._likes[id(each)] = (each, made)
            return self._likes[id(each)][1]

        if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
            return type(value)(self._without_trace(each) for each in value)
        if type(value) is dict:
            return {key: self._without_trace(each) for key, each in value.items()}
        return like(value)

    def _definition_of(self, work: FunctionType) -> ast.FunctionDef | None:
        """The definition of a function in this text, by its name where that is sure."""
        tree = self.source.tree
        found = [
            node
            for node in (tree.body if tree is not None else ())
            if isinstance(node, ast.FunctionDef) and node.name == work.__name__
        ]
        return found[0] if len(found) == 1 and not found[0].decorator_list else None

    def _function_of(
        self, node: ast.FunctionDef, args: Any, kwargs: Any, env: Mapping[str, Any]
    ) -> Any:
        raise NotImplementedError

    # Steps.

    def _bind(self, target: ast.expr, value: Any, at: Position, env: dict[str, Any]) -> None:
        if isinstance(target, ast.Name):
            env[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._must_keep(value)
            values = list(value)  # of a symbolic tensor it raises, as it did for the person
            star = next((i for i, t in enumerate(target.elts) if isinstance(t, ast.Starred)), None)
            if star is None:
                if len(values) != len(target.elts):
                    raise ValueError("another number of values to unpack")
                pairs = list(zip(target.elts, values, strict=True))
            else:
                after = len(target.elts) - star - 1
                if len(values) < len(target.elts) - 1:
                    raise ValueError("not enough values to unpack")
                end = len(values) - after
                held = target.elts[star]
                assert isinstance(held, ast.Starred)
                pairs = list(zip(target.elts[:star], values[:star], strict=True))
                pairs.append((held.value, values[star:end]))
                pairs += zip(target.elts[star + 1 :], values[end:], strict=True)
            for inner, item in pairs:
                self._bind(inner, item, at, env)
        elif isinstance(target, ast.Subscript):
            held_by = self._known(target.value, at, env)
            if not any(held_by is each for each in self._owned):
                self._stop()
            held_by[self._known(target.slice, at, env)] = value
        else:
            self._stop()

    def _must_keep(self, value: Any) -> None:
        """Stop before what would have less to give afterwards, or runs code of the person's."""
        if runs_theirs(value):
            self._stop()
        kind = type(value)
        plain = kind.__module__.split(".")[0] in ("builtins", "collections", "numpy", "keras")
        plain = plain or keras.ops.is_tensor(value)
        given = isinstance(value, Iterator) or (hasattr(kind, "__iter__") and not plain)
        if given and not any(value is each for each in self._owned):
            self._stop()

    def _must_all_keep(self, values: Iterable[Any], called: bool = False) -> None:
        for each in values:
            self._must_keep(each)
            if called and (isinstance(each, Defined) or is_theirs(each)):
                self._stop()

    def _kept(self, node: ast.AST, at: Position, env: dict[str, Any]) -> Any:
        """What is known, and can be used without any code of the person's."""
        value = self._known(node, at, env)
        self._must_keep(value)
        return value

    def _items(self, node: ast.AST, at: Position, env: dict[str, Any]) -> list[Any]:
        return list(self._kept(node, at, env))

    def _rounds(self, value: Any) -> Iterator[Any]:
        self._must_keep(value)
        for item in value:  # of a symbolic tensor it raises
            self._calls += 1
            if self._calls > _MOST_CALLS:
                self._stop()
            yield item

    def _truth(self, test: ast.expr, at: Position, env: dict[str, Any]) -> bool:
        return bool(self._kept(test, at, env))  # of a symbolic tensor it raises

    def _known(self, node: ast.AST, at: Position, env: dict[str, Any]) -> Any:
        value = self.value(node, at, env)
        if value is UNKNOWN:
            self._stop()
        return value

    def _stop(self) -> NoReturn:
        self.unsure = True
        raise UnsureError
