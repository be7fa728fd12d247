"""Writing a model, and the models in it, statement by statement."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._code_body import Body
from keraslab.graph._code_head import import_lines, needs_lines
from keraslab.graph._code_layout import Apply, Expr, Row, Text, quoted, statement
from keraslab.graph._code_names import Names, is_automatic, snake_case
from keraslab.graph._code_nodes import tensors_given
from keraslab.graph._code_values import Values
from keraslab.graph._facts import canonical


class Writer:
    """Writes one model.

    Args:
        model: A Functional or Sequential model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
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
        return "\n".join([*head, "", *self.lines, ""])

    # ------------------------------------------------------------------ what there is

    def _collect(self, model: Any, seen: set[int]) -> None:
        """Find the nested models, and how often each layer is used anywhere."""
        if id(model) in seen:
            return
        seen.add(id(model))
        functional = keras_internals.functional_of(model)
        nodes = self._needed(functional)
        self.kept[id(model)] = nodes
        for node in nodes:
            operation = keras_internals.operation_of(node)
            if not isinstance(operation, keras.Layer):
                continue
            self.uses[id(operation)] += 1
            if keras_internals.functional_of(operation) is not None:
                self._collect(operation, seen)
            elif not isinstance(operation, keras.layers.InputLayer) and id(operation) not in seen:
                seen.add(id(operation))
                self._collect_parts(operation, seen)
        self.sections.append(model)

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

    def _needed(self, functional: Any) -> list[Any]:
        """The nodes to write: without masks that Keras makes again by itself."""
        nodes = keras_internals.nodes_of(functional)
        wanted = {id(t) for t in [*functional.outputs, *functional.inputs]}
        kept = []
        for node in reversed(nodes):
            if any(id(t) in wanted for t in keras_internals.tensors_out(node)):
                kept.append(node)
                wanted.update(id(t) for t in tensors_given(node))
        return kept[::-1]

    def _name_layers(self) -> None:
        """Give the variables of models and shared layers their names, before tensors get any."""
        for model in self.sections[:-1]:
            self.variable[id(model)] = self.names.new(self.word(model), "inner_model")
        self.variable[id(self.model)] = "model"
        automatic: set[str] = set()
        given: set[str] = set()
        for model in self.sections:
            for node in self.kept[id(model)]:
                layer = keras_internals.operation_of(node)
                if not isinstance(layer, keras.Layer):
                    continue
                if self.uses[id(layer)] > 1 and id(layer) not in self.variable:
                    self.variable[id(layer)] = self.names.new(self.word(layer), "layer")
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
        if is_automatic(operation.name, kind):
            return snake_case(kind)
        return str(operation.name).rsplit("__", 1)[-1]

    # ------------------------------------------------------------------ layers

    def layer(self, layer: Any) -> Expr:
        """A layer as its variable, or as the expression that makes it."""
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
            self.lines.extend(statement(self.variable[id(layer)], made))

    def _made(self, layer: Any) -> Expr:
        kind = type(layer)
        config = dict(layer.get_config())
        live: dict[str, Any] = {}
        for key, value in config.items():
            held = getattr(layer, key, None)
            if isinstance(held, keras.Layer) and isinstance(value, dict):
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
            self._functional(model)
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

    def _functional(self, model: Any) -> None:
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
