"""Writing a model, and the models in it, statement by statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import keras

from keraslab.blocks import Block
from keraslab.blocks._calls import given_settings
from keraslab.graph import keras_internals
from keraslab.graph._code_blocks import Region, needed, things_in, with_blocks
from keraslab.graph._code_body import Body
from keraslab.graph._code_head import import_lines, needs_lines
from keraslab.graph._code_layout import Apply, Expr, Row, Text, quoted, statement
from keraslab.graph._code_names import Names, is_automatic, snake_case
from keraslab.graph._code_values import Values
from keraslab.graph._facts import canonical


class Writer:
    """Writes one model.

    Args:
        model: A Functional or Sequential model.
        refused: The ids of blocks to write as the layers they made; None for all.
    """

    def __init__(self, model: Any, refused: Collection[int] | None = None) -> None:
        self.model, self.refused = model, refused
        self.values = Values()
        self.values.layer = self.layer
        self.names = Names()
        self.lines: list[str] = []
        self.sections: list[Any] = []
        """The models, inner ones first."""
        self.uses: Counter[int] = Counter()
        self.variable: dict[int, str] = {}
        self.defined: set[int] = set()
        self.kept: dict[int, list[Any]] = {}
        self.named_kinds: set[str] = set()
        self.frozen: set[int] = set()
        self.written: list[tuple[int, int, Any]] = []
        """Lines, from and to, that a block was the reason for."""
        self._collect(model, set())
        self._name_layers()

    def source(self) -> str:
        """The whole source."""
        for model in self.sections:
            if self.lines:
                self.lines.append("")
            self._section(model)
        head = ["import keras", *self.values.imports]
        head = import_lines(head)
        if self.values.needs:
            head = [*needs_lines(self.values.needs), *head]
        self.above = "\n".join(head).count("\n") + 2
        return "\n".join([*head, "", *self.lines, ""])

    def regions(self) -> list[Region]:
        """The calls of blocks, in all models."""
        return [s for steps in self.kept.values() for s in steps if isinstance(s, Region)]

    def called(self) -> list[Any]:
        """The layers that the code calls itself."""
        steps = [s for kept in self.kept.values() for s in kept if not isinstance(s, Region)]
        return [keras_internals.operation_of(step) for step in steps]

    def block_at(self, line: int) -> Any:
        """The block that a line of the source was written for, if one was."""
        at = line - 1 - self.above
        found = [block for start, end, block in self.written if start <= at < end]
        return found[0] if found else None

    # ------------------------------------------------------------------ what there is

    def _collect(self, model: Any, seen: set[int]) -> None:
        """Find the nested models, and how often each layer is used anywhere."""
        if id(model) in seen:
            return
        seen.add(id(model))
        functional = keras_internals.functional_of(model)
        steps = needed(keras_internals.nodes_of(functional), functional)
        if self.refused is not None and not isinstance(model, keras.Sequential):
            steps = with_blocks(steps, functional, self.refused)
        self.kept[id(model)] = steps
        for step in steps:
            if isinstance(step, Region):
                self._collect_thing(step.call.block, seen)
            elif isinstance(keras_internals.operation_of(step), keras.Layer):
                self._collect_thing(keras_internals.operation_of(step), seen)
        self.sections.append(model)

    def _collect_thing(self, thing: Any, seen: set[int]) -> None:
        """Count a layer or block, and find the models in it."""
        self.uses[id(thing)] += 1
        if keras_internals.functional_of(thing) is not None:
            self._collect(thing, seen)
        elif not isinstance(thing, keras.layers.InputLayer) and id(thing) not in seen:
            seen.add(id(thing))
            if isinstance(thing, Block):
                for _, value, _ in given_settings(thing):
                    for part in things_in(value):
                        self._collect_thing(part, seen)
            else:
                self._collect_parts(thing, seen)

    def _collect_parts(self, layer: Any, seen: set[int]) -> None:
        """Find the models inside a wrapper, and count the layers that are in none of these."""
        counted: set[int] = set()
        for part in keras_internals.parts_of(layer)[1:]:
            if id(part) in counted:
                continue
            self.uses[id(part)] += 1
            if keras_internals.functional_of(part) is not None:
                counted.update(map(id, keras_internals.parts_of(part)))
                self._collect(part, seen)

    def _name_layers(self) -> None:
        """Give the variables of models and shared layers their names, before tensors get any."""
        for model in self.sections[:-1]:
            self.variable[id(model)] = self.names.new(self.word(model), "inner_model")
        self.variable[id(self.model)] = "model"
        automatic: set[str] = set()
        given: set[str] = set()
        for model in self.sections:
            for step in self.kept[id(model)]:
                layer = _maker(step)
                if not isinstance(layer, (keras.Layer, Block)):
                    continue
                if self.uses[id(layer)] > 1 and id(layer) not in self.variable:
                    self.variable[id(layer)] = self.names.new(self.word(layer), "layer")
                if isinstance(layer, Block):
                    continue
                kind = type(layer).__name__
                (automatic if is_automatic(layer.name, kind) else given).add(
                    snake_case(kind) if is_automatic(layer.name, kind) else layer.name
                )
        # A name given by hand may be one that Keras would count up for another class.
        self.named_kinds = {
            kind for kind in automatic if any(_counts_as(name, kind) for name in given)
        }

    def word(self, operation: Any) -> str:
        """The word for a layer or operation that reads best: its own, or that of its class."""
        kind = type(operation).__name__
        if isinstance(operation, Block):
            return operation._given_name or snake_case(kind)
        if is_automatic(operation.name, kind):
            return snake_case(kind)
        return str(operation.name).rsplit("__", 1)[-1]

    # ------------------------------------------------------------------ layers

    def layer(self, layer: Any) -> Expr:
        """A layer or block as its variable, or as the expression that makes it."""
        if id(layer) in self.variable:
            self._define(layer)
            return Text(self.variable[id(layer)])
        if self.uses[id(layer)] > 1:
            self.variable[id(layer)] = self.names.new(self.word(layer), "layer")
            self._define(layer)
            return Text(self.variable[id(layer)])
        return self._made(layer)

    def _define(self, layer: Any) -> None:
        if id(layer) not in self.defined:
            self.defined.add(id(layer))
            made = self._made(layer)
            self.put(statement(self.variable[id(layer)], made), layer)

    def put(self, lines: Sequence[str], maker: Any) -> None:
        """Append lines of source."""
        if isinstance(maker, Block):
            self.written.append((len(self.lines), len(self.lines) + len(lines), maker))
        self.lines.extend(lines)

    def _made_block(self, block: Any) -> Expr:
        items: list[tuple[str, Expr]] = []
        for name, value, by_place in given_settings(block):
            by_place = by_place and not any(key for key, _ in items)
            items.append(("" if by_place else f"{name}=", self.values.write(value)))
        return Apply(self.values.found(type(block)), tuple(items))

    def _made(self, layer: Any) -> Expr:
        if isinstance(layer, Block):
            return self._made_block(layer)
        kind = type(layer)
        config = dict(layer.get_config())
        live: dict[str, Any] = {}
        for key, value in config.items():
            held = getattr(layer, key, None)
            is_lambda = isinstance(value, dict) and value.get("class_name") == "__lambda__"
            if (isinstance(value, dict) and isinstance(held, keras.Layer)) or (
                is_lambda and callable(held)
            ):
                live[key] = held
            elif isinstance(value, list) and isinstance(held, (list, tuple)) and held:
                layers = [part for part in held if isinstance(part, keras.Layer)]
                if len(layers) == len(held):
                    live[key] = layers
        if isinstance(layer, keras.layers.Bidirectional):
            config, live = _bidirectional(layer, config), {}
        if isinstance(layer, keras.layers.MultiHeadAttention) and _on_all_axes(layer):
            config.pop("attention_axes", None)
        name = config.pop("name", layer.name)
        trainable = config.pop("trainable", True)
        dtype = config.pop("dtype", None)
        items = self.values.arguments(kind, config, live)
        dtype = dtype["config"].get("name") if _is_policy(dtype) else dtype
        if dtype not in (None, "float32"):
            items.append(("dtype=", self.values.write(dtype)))
        if trainable is False and id(layer) not in self.frozen:
            items.append(("trainable=", Text("False")))
        items.extend(self._given_name(name, kind.__name__))
        return Apply(self.values.found(kind), tuple(items))

    def _given_name(self, name: str, kind: str) -> list[tuple[str, Expr]]:
        if is_automatic(name, kind) and snake_case(kind) not in self.named_kinds:
            return []
        return [("name=", Text(quoted(name)))]

    # ------------------------------------------------------------------ models

    def _section(self, model: Any) -> None:
        inner = model is not self.model
        if inner:
            self.lines.append(f"# {self.variable[id(model)]}")
        self.defined.add(id(model))
        frozen = not model.trainable and not any(
            part.trainable for part in keras_internals.parts_of(model)
        )
        if frozen:
            self.frozen.update(map(id, keras_internals.parts_of(model)))
        if isinstance(model, keras.Sequential):
            self._sequential(model)
        else:
            self._wired(model)
        if frozen or not (inner or model.trainable):
            self.lines.append(f"{self.variable[id(model)]}.trainable = False")

    def _sequential(self, model: Any) -> None:
        functional: Any = keras_internals.functional_of(model)
        given = functional.inputs[0]
        node = next(
            n
            for n in self.kept[id(model)]
            if any(t is given for t in keras_internals.tensors_out(n))
        )
        rows = [self.input(keras_internals.operation_of(node))]
        rows.extend(self.layer(layer) for layer in model.layers)
        row = Row("[", tuple([("", expr) for expr in rows]), "]")
        name = self._given_name(model.name, "Sequential")
        expr = Apply(Text("keras.Sequential"), (("", row), *name))
        self.lines.extend(statement(self.variable[id(model)], expr))

    def _wired(self, model: Any) -> None:
        functional = keras_internals.functional_of(model)
        body = Body(self, functional, self.kept[id(model)])
        body.write()
        ends = [
            body.argument(keras_internals.input_structure(functional)),
            body.argument(keras_internals.output_structure(functional)),
        ]
        name = self._given_name(model.name, "Functional")
        if name and type(model).__name__ != "Functional":
            name = self._given_name(model.name, type(model).__name__)
        expr = Apply(Text("keras.Model"), (*[("", end) for end in ends], *name))
        self.lines.extend(statement(self.variable[id(model)], expr))

    def input(self, layer: Any) -> Expr:
        config = layer.get_config()
        shape = list(config["batch_shape"])
        items: list[tuple[str, Expr]] = [("", self.values.write(tuple(shape[1:])))]
        if not shape:
            items = [("batch_shape=", Text("()"))]
        elif shape[0] is not None:
            items.append(("batch_size=", Text(repr(shape[0]))))
        if config.get("dtype") not in (None, "float32"):
            items.append(("dtype=", self.values.write(config["dtype"])))
        for flag in ("sparse", "ragged", "optional"):
            if config.get(flag):
                items.append((f"{flag}=", Text("True")))
        items.extend(self._given_name(layer.name, "InputLayer"))
        return Apply(Text("keras.Input"), tuple(items))


def _maker(step: Any) -> Any:
    """The layer, operation or block that a step calls."""
    return step.call.block if isinstance(step, Region) else keras_internals.operation_of(step)


def _is_policy(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "DTypePolicy"


def _counts_as(name: str, base: str) -> bool:
    return name == base or (name.startswith(base + "_") and name[len(base) + 1 :].isdigit())


def _bidirectional(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
    """The layer as it was given, and the backward one only where it is no mirror of it."""
    forward = {"name": str(layer.forward_layer.name).removeprefix("forward_")}
    inner = {**config["layer"], "config": {**config["layer"]["config"], **forward}}
    config = {**config, "layer": inner}
    back = config.pop("backward_layer", None)
    if back is not None:
        mirror = {**inner, "config": {**inner["config"], "go_backwards": True}}
        if canonical(mirror) != canonical(back):
            config["backward_layer"] = {**back, "config": dict(back["config"])}
    for key in ("layer", "backward_layer"):
        if key in config:
            settings = config[key]["config"]
            # Set by the wrapper, whatever the layer was given.
            if settings.get("zero_output_for_mask") == settings.get("return_sequences"):
                settings.pop("zero_output_for_mask", None)
    return config


def _on_all_axes(layer: Any) -> bool:
    """Whether attention goes over all axes between batch and features, as it does by itself."""
    made = keras_internals.inbound_nodes(layer)
    taken = keras_internals.tensors_in(made[0]) if made else []
    axes = layer.get_config().get("attention_axes")
    return bool(taken) and list(axes or ()) == list(range(1, len(taken[0].shape) - 1))
