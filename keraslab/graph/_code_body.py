"""The statements of one Functional model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._code_layout import WIDTH, Apply, Expr, Row, Text, flat, statement
from keraslab.graph._code_names import is_automatic
from keraslab.graph._code_nodes import (
    is_input,
    is_tensor,
    keywords_given,
    tensors_given,
    ways_out,
)
from keraslab.graph._code_operations import write_operation
from keraslab.graph._code_values import key_text

if TYPE_CHECKING:
    from keraslab.graph._code_writer import Writer

_MOST_UNPACKED = 6


class Body:
    """The statements of one Functional model."""

    def __init__(self, writer: Writer, functional: Any, nodes: Sequence[Any]) -> None:
        self.writer, self.functional, self.nodes = writer, functional, nodes
        self.expr: dict[int, str] = {}
        """For the id of each tensor, what to write for it."""
        self.takers: dict[int, list[int]] = defaultdict(list)
        for place, node in enumerate(nodes):
            for tensor in tensors_given(node):
                self.takers[id(tensor)].append(place)
        for tensor in functional.outputs:
            self.takers[id(tensor)].append(len(nodes))
        self.group: tuple[str, ...] = ()

    def write(self) -> None:
        inputs = [n for n in self.nodes if is_input(n)]
        for node in inputs:
            layer = keras_internals.operation_of(node)
            word = self.writer.word(layer)
            if is_automatic(layer.name, "InputLayer") or word == "x":
                word = "inputs" if len(inputs) == 1 else "input_1"
            name = self.writer.names.new(word, "input")
            self.expr[id(keras_internals.tensors_out(node)[0])] = name
            self.writer.lines.extend(statement(name, self.writer.input(layer)))
        for place, node in enumerate(self.nodes):
            if not is_input(node):
                self._call(place, node)

    def _call(self, place: int, node: Any) -> None:
        operation = keras_internals.operation_of(node)
        outputs = keras_internals.tensors_out(node)
        self._comment(operation.name if isinstance(operation, keras.Layer) else "")
        if isinstance(operation, keras.Layer):
            layer = self.writer.layer(operation)
            expr: Expr = Apply(layer, self._arguments(node))
        else:
            expr = write_operation(node, self.writer.values, self.argument, is_tensor)
        word = self.writer.word(operation)
        if id(operation) in self.writer.variable:
            word += "_out"
        paths = ways_out(node)
        if paths == [()]:
            target = self._target(place, outputs[0], word)
            self.expr[id(outputs[0])] = target
            self.writer.lines.extend(statement(target, expr))
            return
        if all(len(path) == 1 and isinstance(path[0], int) for path in paths):
            used = [id(t) in self.takers for t in outputs]
            if 1 < len(paths) <= _MOST_UNPACKED and sum(used) * 2 >= len(paths):
                names = self._several(operation, word, used)
                self.expr.update(zip(map(id, outputs), names, strict=True))
                row = ", ".join(names)
                if len(f"{row} = {flat(expr)}") <= WIDTH:
                    self.writer.lines.append(f"{row} = {flat(expr)}")
                    return
                whole = self.writer.names.new(f"{word}_all")
                self.writer.lines.extend(statement(whole, expr))
                self.writer.lines.extend(statement(row, Text(whole)))
                return
        whole = self.writer.names.new(word)
        self.writer.lines.extend(statement(whole, expr))
        for tensor, path in zip(outputs, paths, strict=True):
            self.expr[id(tensor)] = whole + "".join(f"[{key_text(part)}]" for part in path)

    def _several(self, operation: Any, word: str, used: Sequence[bool]) -> list[str]:
        words = [word] * len(used)
        if isinstance(operation, keras.layers.RNN) or hasattr(operation, "return_state"):
            words = [word, *["state"] * (len(used) - 1)]
        return [self.writer.names.new(w) if u else "_" for w, u in zip(words, used, strict=True)]

    def _target(self, place: int, tensor: Any, word: str) -> str:
        """A tensor that goes on to the next statement alone is called x."""
        if all(taker == place + 1 for taker in self.takers[id(tensor)]):
            return "x"
        return self.writer.names.new(word)

    def _comment(self, name: str) -> None:
        """A heading where another block begins."""
        group = tuple(name.split("__")[:-1])
        if group and group != self.group:
            text = " › ".join(group)
            if len(text) < 60 and all(c.isalnum() or c in " _-›" for c in text):
                self.writer.lines.extend(["", f"# {text}"])
        self.group = group or self.group

    def _arguments(self, node: Any) -> tuple[tuple[str, Expr], ...]:
        args, kwargs = keras_internals.arguments_of(node)
        items = [("", self.argument(arg)) for arg in args]
        for key, value in keywords_given(node, kwargs).items():
            items.append((f"{key}=", self.argument(value)))
        return tuple(items)

    def argument(self, value: Any) -> Expr:
        """An argument of a call, with its tensors by their variables."""
        if isinstance(value, keras.KerasTensor):
            return Text(self.expr[id(value)])
        if isinstance(value, dict):
            entries = [(f"{key_text(k)}: ", self.argument(v)) for k, v in value.items()]
            return Row("{", tuple(entries), "}")
        if isinstance(value, (list, tuple)) and any(map(is_tensor, keras.tree.flatten(value))):
            brackets = "()" if isinstance(value, tuple) else "[]"
            items = tuple([("", self.argument(part)) for part in value])
            return Row(brackets[0], items, brackets[1])
        return self.writer.values.write(value)
