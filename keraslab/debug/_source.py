"""Someone's own source around the line that failed, and changes to it."""

from __future__ import annotations

import ast
import builtins
import linecache
import textwrap
from collections.abc import Iterator, Sequence
from functools import cached_property
from types import FrameType, ModuleType
from typing import Any

import keras

from keraslab.debug._finding import Edit, Place
from keraslab.debug._syntax import (
    NOT_ONCE,
    called,
    is_inside,
    is_same,
    keyword_of,
    literal,
    makes_input,
    parsed,
    path_in,
    stands_alone,
)
from keraslab.debug._syntax import UNKNOWN as UNKNOWN
from keraslab.debug._syntax import function_of as function_of
from keraslab.debug._syntax import last_name as last_name
from keraslab.debug._syntax import positions_of as positions_of

_LONGEST = 2_000_000
"""Characters of a file that are still parsed."""


class Source:
    """The source of one frame of someone's own code.

    Args:
        frame: The frame; its values are looked up, never changed.
        line: The line it was at.
        instruction: The instruction it was at.
    """

    def __init__(self, frame: FrameType, line: int, instruction: int) -> None:
        self._frame, self._line = frame, line
        positions = list(frame.f_code.co_positions())
        here = positions[instruction // 2] if instruction // 2 < len(positions) else (None,) * 4
        self._span = here if None not in here else None
        self._settings: dict[int, tuple[Any, dict[str, Any], tuple[str, ...]]] = {}

    # What stands there.

    @property
    def file(self) -> str:
        """The name of the file, as Python knows it."""
        return self._frame.f_code.co_filename

    @cached_property
    def text(self) -> str:
        """The whole file or cell; empty where it is not to be had."""
        return "".join(linecache.getlines(self.file, self._frame.f_globals))

    @cached_property
    def tree(self) -> ast.Module | None:
        """The parsed file or cell."""
        return parsed(self.text) if 0 < len(self.text) <= _LONGEST else None

    @cached_property
    def _nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree)) if self.tree is not None else ()

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def node(self) -> ast.expr | None:
        """The expression that failed."""
        if self._span is None or self.tree is None:
            return None
        first, last, column, end = self._span
        best = None
        for node in self._nodes:
            if not isinstance(node, ast.expr) or node.lineno > (first or 0):
                continue
            span = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
            if span == (first, last, column, end):
                return node
            around = (span[0], span[2]) <= (first, column) and (last, end) <= (span[1], span[3])
            if around and (best is None or is_inside(node, best)):
                best = node
        return best

    @cached_property
    def statement(self) -> ast.stmt | None:
        """The innermost statement that holds the line."""
        best = None
        for node in self._nodes:
            if isinstance(node, ast.stmt) and node.lineno <= self._line <= (node.end_lineno or 0):
                held = self.node is None or any(each is self.node for each in ast.walk(node))
                if held and (best is None or is_inside(node, best)):
                    best = node
        return best

    @cached_property
    def place(self) -> Place:
        """The expression that failed, as a place that people can find."""
        name = self._frame.f_code.co_name
        function = None if name.startswith("<") else name
        if self.node is not None:
            return self.place_of(self.node)
        text = linecache.getline(self.file, self._line, self._frame.f_globals).strip()
        return Place(called(self.file), self._line, 1, self._line, len(text) + 1, text, function)

    def place_of(self, node: ast.AST) -> Place:
        """An expression of this source as a place that people can find."""
        name = self._frame.f_code.co_name
        line, column, end_line, end_column = self.chars(node)
        return Place(
            file=called(self.file),
            line=line + 1,
            column=column + 1,
            end_line=end_line + 1,
            end_column=end_column + 1,
            text=self.text_of(node),
            function=None if name.startswith("<") else name,
        )

    def text_of(self, node: ast.AST) -> str:
        """An expression as it is written."""
        if not hasattr(node, "lineno"):
            return ast.unparse(node)
        line, column, last, end = self.chars(node)
        lines = self._lines[line : last + 1]
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][column:]
        return "\n".join(lines)

    # What the names mean.

    def value_of(self, node: ast.AST) -> Any:
        """The value of a name, or of an item or attribute of one; ``UNKNOWN`` for all else."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            for values in (self._frame.f_locals, self._frame.f_globals, vars(builtins)):
                if node.id in values:
                    return values[node.id]
        if isinstance(node, ast.Subscript):
            held, key = self.value_of(node.value), self.value_of(node.slice)
            if type(held) in (list, tuple, dict) and isinstance(key, (int, str)):
                try:
                    return held[key]
                except (LookupError, TypeError):
                    return UNKNOWN
        if isinstance(node, ast.Attribute):
            # Without getattr(), which may run a property of someone's class.
            held = self.value_of(node.value)
            return getattr(held, "__dict__", {}).get(node.attr, UNKNOWN)
        return UNKNOWN

    def name_of(self, value: Any) -> str | None:
        """The variable that holds a value: ``x``, ``parts[0]``, ``self.encoder``."""
        used = [n for n in ast.walk(self.node or ast.Pass()) if isinstance(n, ast.Name)]
        for node in used:
            if self.value_of(node) is value:
                return node.id
        for node in used:
            held = self.value_of(node)
            # What the line itself takes goes before another variable that holds the same.
            if type(held) in (list, dict) and (path := path_in(held, value)) is not None:
                return node.id + path
        scopes = [self._frame.f_locals]
        if self._frame.f_globals is not self._frame.f_locals:
            scopes.append(self._frame.f_globals)
        for scope in scopes:
            own = {name: held for name, held in scope.items() if not name.startswith("_")}
            for name, held in own.items():
                if held is value:
                    return name
            for name, held in own.items():
                if (path := path_in(held, value)) is not None:
                    return name + path
        return None

    def expression_of(self, value: Any) -> ast.expr | None:
        """The part of the failing expression that is this value."""
        for node in ast.walk(self.node) if self.node is not None else ():
            if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)):
                found = self.value_of(node)
                if found is value and found is not UNKNOWN:
                    return node
        return None

    def tensors(self) -> Iterator[tuple[str, Any]]:
        """The symbolic tensors that a variable here holds, the last one first."""
        scope = {**self._frame.f_globals, **self._frame.f_locals}
        for name, value in reversed(scope.items()):
            if issubclass(type(value), keras.KerasTensor) and not name.startswith("_"):
                yield name, value

    # How this person writes.

    def written(self, module: str, name: str) -> str:
        """How this code names something of Keras: ``layers.Dense``, ``tf.keras.layers.Dense``.

        Args:
            module: ``"layers"``, ``"ops"`` or ``""`` for Keras itself.
            name: ``Dense``.
        """
        holder = getattr(keras, module) if module else keras
        target = getattr(holder, name)
        path = f"{module}.{name}" if module else name
        scope = {**self._frame.f_globals, **self._frame.f_locals}
        own = {key: value for key, value in scope.items() if not key.startswith("_")}
        for key, value in own.items():
            if value is target:
                return key
        for key, value in own.items():
            if value is holder:
                return f"{key}.{name}"
        for key, value in own.items():
            if value is keras:
                return f"{key}.{path}"
        for key, value in own.items():
            # Only of a module: a stranger's object may do anything when asked for an attribute.
            if issubclass(type(value), ModuleType) and value.__name__ == "tensorflow":
                return f"{key}.keras.{path}"
        return f"keras.{path}"

    def layer(self, name: str, arguments: str = "") -> str:
        """How this code writes a layer: ``layers.Dense(8)``."""
        return f"{self.written('layers', name)}({arguments})"

    # Where things were made.

    def makers_of(self, operation: Any) -> list[ast.Call]:
        """The calls in this source that may have made a layer, by class and settings."""
        calls = [node for node in self.calls() if self.makes(node, operation)]
        named = [node for node in calls if literal(keyword_of(node, "name")) == operation.name]
        return named or calls

    def calls(self) -> Iterator[ast.Call]:
        """All calls in this source, in the order they are written."""
        yield from self._calls

    @cached_property
    def _calls(self) -> list[ast.Call]:
        found = [node for node in self._nodes if isinstance(node, ast.Call)]
        return sorted(found, key=lambda node: (node.end_lineno, node.end_col_offset))

    def makes(self, node: ast.Call, operation: Any) -> bool:
        """Whether a call may be what made a layer: its class, and no other setting."""
        if isinstance(operation, keras.layers.InputLayer):
            return last_name(node.func) in ("Input", "InputLayer") and makes_input(node, operation)
        if not isinstance(operation, keras.layers.Layer):
            return function_of(node, operation) is not None
        if not self.is_of_class(node, type(operation)):
            return False
        if id(operation) not in self._settings:
            try:
                config = operation.get_config()
            except Exception:  # a stranger's layer may raise anything
                config = {}
            self._settings[id(operation)] = (operation, config, positions_of(type(operation)))
        _, config, positions = self._settings[id(operation)]
        given_by_name = [(keyword.arg, keyword.value) for keyword in node.keywords]
        given_by_name += zip(positions, node.args, strict=False)
        for name, value in given_by_name:
            given = literal(value)
            if name in config and given is not UNKNOWN and not is_same(given, config[name]):
                return False
        return True

    def is_of_class(self, node: ast.Call, kind: type) -> bool:
        """Whether a call makes something of a class, by its name or another name of it."""
        return last_name(node.func) == kind.__name__ or self.value_of(node.func) is kind

    def runs_once(self, node: ast.AST) -> bool:
        """Whether an expression stands at the top of the file, outside loops and functions."""
        return id(node) not in self._repeated

    @cached_property
    def _repeated(self) -> set[int]:
        found: set[int] = set()
        for outer in self._nodes:  # the outer ones come first
            if isinstance(outer, NOT_ONCE) and id(outer) not in found:
                found |= {id(each) for each in ast.walk(outer)}
        return found

    @cached_property
    def _parents(self) -> dict[int, ast.AST]:
        nodes = self._nodes
        return {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}

    def parent_of(self, node: ast.AST) -> ast.AST | None:
        """What an expression is directly a part of."""
        return self._parents.get(id(node))

    def positions_of(self, call: ast.Call, operation: Any) -> tuple[str, ...]:
        """The names of the arguments that the call that makes an operation takes by position."""
        if isinstance(operation, keras.layers.InputLayer):
            return ("shape", "batch_size")
        return positions_of(function_of(call, operation) or type(operation))

    def assigned(self, name: str) -> list[ast.Assign]:
        """The assignments to a variable that stand above the failing line, the last one first."""
        found = [
            node
            for node in self._nodes
            if isinstance(node, ast.Assign)
            and node.lineno < self._line + (node is not self.statement)
            and node is not self.statement
            and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
        ]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset), reverse=True)

    def dense_units_after(self, statement: ast.stmt | None) -> list[int]:
        """The units of Dense layers that are applied to what a statement assigns."""
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        names = [each.id for each in targets if isinstance(each, ast.Name)]
        units = []
        for call in self.calls():
            inner, args = call.func, call.args
            applied = len(args) == 1 and isinstance(args[0], ast.Name) and args[0].id in names
            if applied and isinstance(inner, ast.Call) and last_name(inner.func) == "Dense":
                given = keyword_of(inner, "units") or (inner.args[0] if inner.args else None)
                number = self.value_of(given) if given is not None else None
                if isinstance(number, int) and call.lineno > self._line:
                    units.append(number)
        return units

    # Changes.

    def replace(self, node: ast.AST, text: str) -> Edit:
        """Another text in place of an expression."""
        return Edit(*self.chars(node), text)

    def cut(self, line: int, column: int, end_line: int, end_column: int) -> Edit:
        """A stretch of the text taken out; lines and columns from 0."""
        return Edit(line, column, end_line, end_column, "")

    def wrap(self, node: ast.AST, before: str, after: str = ")") -> Edit:
        """An expression with text around it."""
        return self.replace(node, f"{before}{self.text_of(node)}{after}")

    def keyword(self, call: ast.Call, name: str, value: str, positions: Sequence[str] = ()) -> Edit:
        """A call with an argument set, which may stand there by its position.

        Args:
            call: The call.
            name: The argument's name.
            value: Its value as code.
            positions: The names of the call's arguments in their order, where they are known.
        """
        held = keyword_of(call, name)
        if held is None and name in positions[: len(call.args)]:
            held = call.args[positions.index(name)]
        if held is not None:
            return self.replace(held, value)
        _, _, line, column = self.chars(call)
        inside = self.text_of(call)[:-1].rstrip()
        given = bool(call.args or call.keywords)
        start = ", " if given and not inside.endswith(",") else ""
        return Edit(line, column - 1, line, column - 1, f"{start}{name}={value}")

    def before(self, code: str) -> Edit | None:
        """Lines before the statement that failed; None where a line cannot be put there."""
        statement = self.statement
        if statement is None or not stands_alone(statement, self.node):
            return None
        line, column, _, _ = self.chars(statement)
        written = self._lines[line]
        ahead = written[:column]
        if ahead.strip():
            joined = "; ".join(textwrap.dedent(code).splitlines())
            return Edit(line, column, line, column, f"{joined}; ")
        return Edit(line, 0, line, 0, textwrap.indent(textwrap.dedent(code), ahead) + "\n")

    def chars(self, node: Any) -> tuple[int, int, int, int]:
        """First line and column, last line and column, from 0, in characters."""
        lines = self._lines

        def column(line: int, offset: int) -> int:
            return len(lines[line - 1].encode()[:offset].decode(errors="replace"))

        return (
            node.lineno - 1,
            column(node.lineno, node.col_offset),
            node.end_lineno - 1,
            column(node.end_lineno, node.end_col_offset),
        )
