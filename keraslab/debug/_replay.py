"""What expressions of someone's source meant, read again on stand-ins without running them."""

from __future__ import annotations

import ast
import inspect
import operator
from collections.abc import Iterator
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

import keras

from keraslab.debug._evidence import Evidence, spec_of, tensors_in
from keraslab.debug._source import UNKNOWN, Source
from keraslab.debug._syntax import bound_in, targets_of
from keraslab.debug._theirs import runs_theirs
from keraslab.debug._trial import stand_in
from keraslab.graph import keras_internals

Position = tuple[int, int]
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_DEEPEST = 40
_OPERATIONS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.USub: operator.neg,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_HARMLESS = tuple(
    f"{part}."
    for part in ("layers", "ops", "models", "activations", "initializers", "regularizers")
)
_LOOKS = ("activation", "name", "dtype")
"""Settings that change no shape; where their value is not known, they are left out."""


class Replay:
    """Reads a source again: which expression gave a variable its value, and what it was.

    Only layers and functions of Keras are called, on stand-ins; run it inside a trial.

    Args:
        source: The source of one of the person's frames.
        callers: The sources of the frames around it, the nearest first.
    """

    def __init__(self, source: Source, callers: tuple[Source, ...] = ()) -> None:
        self.source = source
        self._callers = callers
        self._mine: list[Any] = []
        self._depth = 0

    @classmethod
    def of(cls, evidence: Evidence) -> Replay | None:
        """The innermost frame of the person's."""
        return cls(evidence.sources[0], evidence.sources[1:]) if evidence.sources else None

    # What is written where.

    @cached_property
    def here(self) -> Position:
        """Where the failing statement starts."""
        statement = self.source.statement
        if statement is not None:
            return statement.lineno, statement.col_offset
        return (self.source.place.line, 0)

    @cached_property
    def scope(self) -> ast.AST:
        """The function that holds the failing line, or the whole file."""
        best: Any = self.source.tree or ast.Module([], [])
        for node in ast.walk(best):
            if (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                and _spans(node, self.here)
                and self.here >= (node.body[0].lineno, node.body[0].col_offset)
            ):
                best = node
        scope: ast.AST = best
        return scope

    def statements(self, scope: ast.AST | None = None) -> Iterator[ast.stmt]:
        """The statements of a function or file, without those of functions inside it."""
        waiting = list(getattr(scope or self.scope, "body", []))
        while waiting:
            each = waiting.pop(0)
            yield each
            if not isinstance(each, _DEFINITIONS):
                inner = [n for n in ast.iter_child_nodes(each) if isinstance(n, ast.stmt)]
                inner += [
                    s
                    for n in ast.iter_child_nodes(each)
                    if isinstance(n, ast.ExceptHandler)
                    for s in n.body
                ]
                waiting = inner + waiting

    def binding(self, name: str, at: Position | None = None) -> tuple[ast.stmt, ast.expr] | None:
        """The statement that last gave a variable its value, and the expression it took."""
        found = None
        for scope in dict.fromkeys((self.scope, self.source.tree)):
            for each in self.statements(scope):
                if (each.end_lineno, each.end_col_offset) > (at or self.here):
                    continue
                value = bound_in(each, name)
                if value is not None and (found is None or _start(each) > _start(found[0])):
                    found = each, value
            if found is not None or (scope is self.scope and name in self.parameters):
                return found
        return None

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the parameters of the function that holds the failing line."""
        arguments = getattr(self.scope, "args", None)
        if not isinstance(arguments, ast.arguments):
            return []
        return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]

    def made(self, node: ast.expr | None) -> ast.expr | None:
        """The expression that made a value: that of the variable, through other variables."""
        at = self.here
        for _ in range(_DEEPEST):
            if not isinstance(node, ast.Name):
                return node
            bound = self.binding(node.id, at)
            if bound is None:
                return None
            at, node = _start(bound[0]), bound[1]
        return None

    # What it was.

    def value(self, node: ast.AST, at: Position | None = None, env: Any = None) -> Any:
        """The value of an expression at a place of the source; ``UNKNOWN`` where not sure.

        Args:
            node: The expression.
            at: The start of the statement it stands in; None for the failing one.
            env: Values of variables that count before all others.
        """
        self._depth += 1
        try:
            return (
                UNKNOWN if self._depth > _DEEPEST else self._value(node, at or self.here, env or {})
            )
        finally:
            self._depth -= 1

    def _value(self, node: ast.AST, at: Position, env: Any) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node, at, env)
        if isinstance(node, (ast.List, ast.Tuple)):
            values = [self.value(each, at, env) for each in node.elts]
            kind = list if isinstance(node, ast.List) else tuple
            return UNKNOWN if any(v is UNKNOWN for v in values) else kind(values)
        if isinstance(node, ast.Dict) and None not in node.keys:
            keys = [self.value(key, at, env) for key in node.keys if key is not None]
            values = [self.value(each, at, env) for each in node.values]
            if any(v is UNKNOWN for v in (*keys, *values)):
                return UNKNOWN
            return dict(zip(keys, values, strict=True))
        if isinstance(node, ast.BinOp):
            left, right = self.value(node.left, at, env), self.value(node.right, at, env)
            work = _OPERATIONS.get(type(node.op))
            known = _plain(left) and _plain(right)
            return work(left, right) if work is not None and known else UNKNOWN
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = self.value(node.left, at, env), self.value(node.comparators[0], at, env)
            work = _OPERATIONS.get(type(node.ops[0]))
            known = _plain(left) and _plain(right)
            return work(left, right) if work is not None and known else UNKNOWN
        if isinstance(node, ast.UnaryOp):
            held, work = self.value(node.operand, at, env), _OPERATIONS.get(type(node.op))
            return work(held) if work is not None and _plain(held) else UNKNOWN
        if isinstance(node, ast.Slice):
            parts = [
                self.value(p, at, env) if p else None for p in (node.lower, node.upper, node.step)
            ]
            return UNKNOWN if any(p is UNKNOWN for p in parts) else slice(*parts)
        if isinstance(node, ast.Subscript):
            held, key = self.value(node.value, at, env), self.value(node.slice, at, env)
            known = type(held) in (list, tuple, dict) or isinstance(held, keras.KerasTensor)
            return held[key] if known and key is not UNKNOWN else self.source.value_of(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, at, env)
        if isinstance(node, ast.Call):
            return self._call(node, at, env)
        if isinstance(node, ast.Lambda):
            return self._lambda(node, at, env)
        return UNKNOWN

    def _lambda(self, node: ast.Lambda, at: Position, env: Any) -> Any:
        """A function that reads the body again, whatever it is called with."""
        names = [each.arg for each in node.args.args]

        def work(*args: Any) -> Any:
            value = self.value(node.body, at, {**env, **dict(zip(names, args, strict=False))})
            if value is UNKNOWN:
                raise ValueError("not known")
            return value

        return work

    def _name(self, node: ast.Name, at: Position, env: Any) -> Any:
        if node.id in env:
            return env[node.id]
        bound = self.binding(node.id, at)
        if bound == self.binding(node.id):
            value = self.source.value_of(node)
            # A change that names what the text does not import imports it.
            return keras if value is UNKNOWN and node.id == "keras" else value
        if bound is None:
            return self._argument(node.id)
        return self.value(bound[1], _start(bound[0]))

    def _argument(self, name: str) -> Any:
        """What a parameter was given, before the function put something else in its place."""
        if name not in self.parameters or not self._callers:
            return UNKNOWN
        caller = Replay(self._callers[0], self._callers[1:])
        call = caller.source.node
        if not isinstance(call, ast.Call):
            return UNKNOWN
        written = next((k.value for k in call.keywords if k.arg == name), None)
        names = [n for n in self.parameters if n != "self"]
        place = names.index(name) if name in names else len(call.args)
        if written is None and place < len(call.args):
            written = call.args[place]
        return caller.value(written) if written is not None else UNKNOWN

    def _attribute(self, node: ast.Attribute, at: Position, env: Any) -> Any:
        held = self.value(node.value, at, env)
        if isinstance(held, keras.KerasTensor) and node.attr in ("shape", "dtype", "ndim"):
            return getattr(held, node.attr)
        if isinstance(held, keras.Model) and node.attr in ("input", "output", "inputs", "outputs"):
            return getattr(held, node.attr)
        if isinstance(held, ModuleType):
            return vars(held).get(node.attr, UNKNOWN)
        return self.source.value_of(node)

    def _call(self, node: ast.Call, at: Position, env: Any) -> Any:
        work = self.value(node.func, at, env)
        args = [self.value(each, at, env) for each in node.args]
        kwargs = {k.arg: self.value(k.value, at, env) for k in node.keywords if k.arg}
        if len(kwargs) < len(node.keywords) or any(isinstance(a, ast.Starred) for a in node.args):
            return UNKNOWN
        makes = inspect.isclass(work) and issubclass(work, keras.Layer)
        if makes or (inspect.isfunction(work) and work.__name__ == "Input"):
            # The name is taken already, and a setting that nobody knows may not matter.
            kwargs.pop("name", None)
            kwargs = {
                key: value
                for key, value in kwargs.items()
                if value is not UNKNOWN or not (key.startswith(_LOOKS) or key.endswith("izer"))
            }
        if any(value is UNKNOWN for value in (*args, *kwargs.values())):
            return UNKNOWN
        if isinstance(work, FunctionType) and not (work.__module__ or "").startswith("keras."):
            return self._function(work, args, kwargs)
        return self.apply(work, *args, **kwargs)

    def apply(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a layer, a class of layers or a function of Keras; ``UNKNOWN`` for all else."""
        if isinstance(work, keras.Layer):
            return self._layer(work, args, kwargs)
        module = keras_internals.module_in_keras(work)
        # Not all of Keras: others load files, set seeds or clear the session.
        if not module.startswith(_HARMLESS) or not callable(work):
            return UNKNOWN
        made = work(*args, **kwargs)
        if isinstance(made, keras.Layer):
            self._mine.append(made)
        return made

    def _layer(self, layer: Any, args: Any, kwargs: Any) -> Any:
        if any(layer is each for each in self._mine):
            return layer(*args, **kwargs)
        if layer.built:
            # Asking for the shapes leaves no trace in the person's layer; a call would.
            spec = layer.compute_output_spec(*args, **kwargs)
            return keras.tree.map_structure(
                lambda each: (
                    stand_in(spec_of(each)) if isinstance(each, keras.KerasTensor) else each
                ),
                spec,
            )
        return type(layer).from_config(layer.get_config())(*args, **kwargs)

    def _function(self, work: FunctionType, args: list[Any], kwargs: dict[str, Any]) -> Any:
        definition = self.definition(work)
        if definition is None:
            return UNKNOWN
        try:
            env = dict(inspect.signature(work).bind(*args, **kwargs).arguments)
        except TypeError:
            return UNKNOWN
        end = (definition.end_lineno or 0, 10**6)
        for each in definition.body:
            if isinstance(each, ast.Return):
                return self.value(each.value, end, env) if each.value is not None else None
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
                env[each.targets[0].id] = self.value(each.value, end, env)
            elif not isinstance(each, (ast.Expr, ast.Pass)):
                return UNKNOWN
        return None

    def definition(self, work: Any) -> ast.FunctionDef | None:
        """The definition of a function or method in this source."""
        code = getattr(getattr(work, "__func__", work), "__code__", None)
        if code is None or code.co_filename != self.source.file or self.source.tree is None:
            return None
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
                first = min([node.lineno, *[d.lineno for d in node.decorator_list]])
                if first == code.co_firstlineno:
                    return node
        return None

    def tensors_before(self, node: ast.AST) -> list[str]:
        """Variables that may hold a tensor where an expression stands, the latest first."""
        at = _start(node)
        found: dict[str, Position] = {
            name: (0, index) for index, name in enumerate(self.parameters) if name != "self"
        }
        scopes = [self.scope] if self.parameters else [self.scope, self.source.tree]
        for scope in dict.fromkeys(scopes):
            for each in self.statements(scope):
                if (each.end_lineno, each.end_col_offset) <= at:
                    for target in targets_of(each):
                        if isinstance(target, ast.Name):
                            found[target.id] = max(_start(target), found.get(target.id, (0, 0)))
        return sorted(found, key=lambda name: found[name], reverse=True)


def only_tensor(value: Any) -> Any | None:
    """The value where it is a symbolic tensor."""
    return value if isinstance(value, keras.KerasTensor) else None


def holds_tensor(value: Any) -> bool:
    """Whether a value is a symbolic tensor or holds one."""
    return any(True for _ in tensors_in(value))


def _plain(value: Any) -> bool:
    kinds = (bool, int, float, str, tuple, list, keras.KerasTensor)
    if runs_theirs(value):
        return False
    return isinstance(value, kinds) or (value is not UNKNOWN and keras.ops.is_tensor(value))


def _spans(node: Any, at: Position) -> bool:
    return _start(node) <= at < (node.end_lineno, node.end_col_offset)


def _start(node: Any) -> Position:
    return node.lineno, node.col_offset
