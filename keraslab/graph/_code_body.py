"""The statements of one Functional model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras

from keraslab.blocks._calls import BlockCall
from keraslab.graph import keras_internals
from keraslab.graph._code_blocks import Region, given
from keraslab.graph._code_layout import WIDTH, Apply, Expr, Row, Text, flat, statement
from keraslab.graph._code_names import is_automatic
from keraslab.graph._code_nodes import (
    is_input,
    is_tensor,
    keywords_given,
    ways_out,
)
from keraslab.graph._code_operations import write_operation
from keraslab.graph._code_values import key_text

if TYPE_CHECKING:
    from keraslab.graph._code_writer import Writer

_MOST_UNPACKED = 6


class Body:
    """The statements of one Functional model."""

    def __init__(self, writer: Writer, functional: Any, steps: Sequence[Any]) -> None:
        self.writer, self.functional, self.steps = writer, functional, steps
        self.expr: dict[int, str] = {}
        """For the id of each tensor, what to write for it."""
        self.takers: dict[int, list[int]] = defaultdict(list)
        for place, step in enumerate(steps):
            for tensor in given(step):
                self.takers[id(tensor)].append(place)
        for tensor in functional.outputs:
            self.takers[id(tensor)].append(len(steps))
        self.group: tuple[str, ...] = ()

    def write(self) -> None:
        inputs = [s for s in self.steps if not isinstance(s, Region) and is_input(s)]
        for node in inputs:
            layer = keras_internals.operation_of(node)
            word = self.writer.word(layer)
            if is_automatic(layer.name, "InputLayer") or word == "x":
                word = "inputs" if len(inputs) == 1 else "input_1"
            name = self.writer.names.new(word, "input")
            self.expr[id(keras_internals.tensors_out(node)[0])] = name
            self.writer.lines.extend(statement(name, self.writer.input(layer)))
        for place, step in enumerate(self.steps):
            if isinstance(step, Region):
                self._block(place, step.call)
            elif not is_input(step):
                self._call(place, step)

    def _block(self, place: int, call: BlockCall) -> None:
        """The call of a block."""
        self.group = ()
        block = self.writer.layer(call.block)
        items = tuple([("", self.argument(value)) for value in call.inputs])
        known = {id(t) for t in keras.tree.flatten(call.inputs)}
        found = keras.tree.flatten_with_path(call.outputs)
        outputs = [(tensor, tuple(path)) for path, tensor in found if id(tensor) not in known]
        self._assign(place, call.block, Apply(block, items), outputs)

    def _call(self, place: int, node: Any) -> None:
        operation = keras_internals.operation_of(node)
        self._comment(operation.name if isinstance(operation, keras.Layer) else "")
        if isinstance(operation, keras.Layer):
            layer = self.writer.layer(operation)
            expr: Expr = Apply(layer, self._arguments(node))
        else:
            expr = write_operation(node, self.writer.values, self.argument, is_tensor)
        outputs = zip(keras_internals.tensors_out(node), ways_out(node), strict=True)
        self._assign(place, operation, expr, list(outputs))

    def _assign(
        self, place: int, maker: Any, expr: Expr, outputs: Sequence[tuple[Any, tuple[Any, ...]]]
    ) -> None:
        """The statement that gives what a call returns its names."""
        word = self.writer.word(maker)
        if id(maker) in self.writer.variable:
            word += "_out"
        paths = [path for _, path in outputs]
        if paths == [()]:
            tensor = outputs[0][0]
            self.expr[id(tensor)] = target = self._target(place, tensor, word)
            self.writer.put(statement(target, expr), maker)
            return
        if all(len(path) == 1 and path[0] == at for at, path in enumerate(paths)):
            used = [id(t) in self.takers for t, _ in outputs]
            if 1 < len(paths) <= _MOST_UNPACKED and sum(used) * 2 >= len(paths):
                names = self._several(maker, word, used)
                self.expr.update({id(t): n for (t, _), n in zip(outputs, names, strict=True)})
                row = ", ".join(names)
                if len(f"{row} = {flat(expr)}") <= WIDTH:
                    self.writer.put([f"{row} = {flat(expr)}"], maker)
                    return
                whole = self.writer.names.new(f"{word}_all")
                self.writer.put(statement(whole, expr), maker)
                self.writer.put(statement(row, Text(whole)), maker)
                return
        whole = self.writer.names.new(word)
        self.writer.put(statement(whole, expr), maker)
        for tensor, path in outputs:
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
