"""A model's config as a graph: rebuilt without weights, and without running what is unknown."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError
from keraslab.graph._data import TensorSpec
from keraslab.graph._scope import NeedsPlainBuild, Scope
from keraslab.graph._stranger import (
    Config,
    Recorded,
    UnknownLayer,
    class_of,
    cleaned,
    first_line,
    made_without_states,
    taken_by_next,
)

_DEEPEST = 50
"""How many models may lie one inside the other."""
_MOST_LAYERS = 25_000
"""How many layers a config may list, and how many calls; more would take minutes."""
_Place = tuple[str, int]
"""A layer by its name, and which of its calls."""


class Rebuilt(NamedTuple):
    """A config as a graph."""

    graph: Any
    name: str
    trainable: bool


def graph_of_config(config: Config, what: str = "The config") -> Rebuilt:
    """Rebuild a model from its config, with no weight allocated.

    Args:
        config: What ``model.get_config()`` or ``keras.saving.serialize_keras_object(model)``
            returns.
        what: What to call it in an error.

    Raises:
        ModelError: It is empty, is no config of a model of layers, or its calls go in a circle.
    """
    if not config:
        raise ModelError(f"{what} is empty: give what model.get_config() returns.")
    inner = config["config"] if isinstance(config.get("config"), dict) else config
    if not isinstance(inner.get("layers"), (list, tuple)):
        kind = config.get("class_name")
        of = f" is of the class {str(kind)[:60]!r} and" if kind else ""
        raise ModelError(
            f"{what}{of} lists no layers: only the configs of Functional and Sequential models do."
        )
    if not inner["layers"]:
        raise ModelError(f"{what} has no layers.")
    rebuild = _Rebuild(what)
    numbers = keras_internals.RandomState()
    try:
        with Scope().build(), keras_internals.safe_mode():
            graph = keras_internals.SoFar(*reversed(rebuild.ends(inner, 0)))
    except ModelError:
        raise
    except (Exception, NeedsPlainBuild) as error:  # a stranger's config may break anything
        raise ModelError(f"{what} is not one of a Keras model: {first_line(error)}") from error
    finally:
        # Looking at a model must not change what the next one starts from.
        numbers.put_back()
    return Rebuilt(graph, str(inner.get("name") or "model"), bool(inner.get("trainable", True)))


class _Rebuild:
    def __init__(self, what: str) -> None:
        self.what = what
        self._shared: dict[int, Any] = {}
        self._listed = 0

    def _count(self, more: int) -> None:
        self._listed += more
        if self._listed > _MOST_LAYERS:
            raise ModelError(f"{self.what} lists more than {_MOST_LAYERS:,} layers or calls.")

    def ends(self, config: Config, depth: int) -> tuple[Any, Any]:
        """The inputs and outputs of a model, in their structures."""
        if depth > _DEEPEST:
            raise ModelError(f"{self.what} holds models in models more than {_DEEPEST} deep.")
        if "input_layers" in config:
            return self._wired(config, depth)
        layers, start = self._sequential(config, depth)
        tensor = start
        for layer in layers:
            tensor = layer(tensor)
        return start, tensor

    # -- layers

    def _layer(self, data: Any, recorded: list[Recorded], depth: int) -> Any:
        """A layer, operation or model; a box where it must not or cannot be made."""
        if not isinstance(data, dict) or not isinstance(data.get("class_name"), str):
            raise ModelError(f"{self.what} lists a layer that says not of which class it is.")
        config = data.get("config")
        config = config if isinstance(config, dict) else {}
        name = str(data.get("name") or config.get("name") or data["class_name"])
        shared = data.get("shared_object_id")
        if isinstance(shared, int) and shared in self._shared:
            return self._shared[shared]
        made = None
        try:
            made = self._made(data, config, depth)
        except ModelError:
            raise
        except (Exception, NeedsPlainBuild):  # a stranger's settings may break any layer
            made = None
        if made is None:
            return UnknownLayer(name, data["class_name"], config, recorded)
        if made.name != name:
            vars(made)["name"] = name
        if isinstance(shared, int):
            self._shared[shared] = made
        return made

    def _made(self, data: Config, config: Config, depth: int) -> Any | None:
        if isinstance(config.get("layers"), (list, tuple)):
            return self._model(config, depth + 1)
        kind = class_of(data)
        if kind is None:
            return None
        clean, changed = cleaned(config)
        if issubclass(kind, keras.layers.Wrapper) and isinstance(config.get("layer"), dict):
            inner = self._layer(config["layer"], [], depth + 1)
            if isinstance(inner, UnknownLayer):
                return None
            if isinstance(inner, keras.Model) or "shared_object_id" in config["layer"]:
                del clean["layer"]
                return kind(layer=inner, **clean)
        made = made_without_states(kind, clean) or kind.from_config(clean)
        return keras_internals.with_config(made, config) if changed else made

    def _model(self, config: Config, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ModelError(f"{self.what} holds models in models more than {_DEEPEST} deep.")
        name = config.get("name")
        if "input_layers" in config:
            inputs, outputs = self._wired(config, depth)
            model = keras.Model(inputs, outputs, name=name)
        else:
            layers, start = self._sequential(config, depth, needs_start=False)
            model = keras.Sequential(layers if start is None else [start, *layers], name=name)
        if not config.get("trainable", True):
            model.trainable = False
        return model

    def _sequential(
        self, config: Config, depth: int, needs_start: bool = True
    ) -> tuple[list[Any], Any]:
        listed = list(config["layers"])
        self._count(len(listed))
        if len(listed) == 0:
            raise ModelError(f"{self.what} holds a Sequential model without layers.")
        layers: list[Any] = []
        start = None
        for number, data in enumerate(listed):
            recorded = [Recorded(None, tuple(taken_by_next(listed, number)))]
            layer = self._layer(data, recorded, depth)
            if isinstance(layer, keras.layers.InputLayer) and number == 0:
                start = layer.output
            else:
                layers.append(layer)
        shape = config.get("build_input_shape")
        if start is None and isinstance(shape, (list, tuple)):
            start = keras.Input(batch_shape=tuple(shape))
        if start is None and needs_start:
            raise ModelError(
                f"{self.what} is of a Sequential model that does not know its input shape: "
                "start the model with keras.Input(shape=...)."
            )
        return layers, start

    # -- calls

    def _wired(self, config: Config, depth: int) -> tuple[Any, Any]:
        listed: dict[str, Any] = {}
        for data in config["layers"]:
            if not isinstance(data, dict):
                raise ModelError(f"{self.what} lists a layer that is no config of one.")
            inner = data.get("config")
            name = data.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
            if not isinstance(name, str):
                raise ModelError(f"{self.what} lists a layer without a name.")
            if name in listed:
                raise ModelError(f"{self.what} lists two layers of the name {name[:60]!r}.")
            listed[name] = data
        nodes = {
            (name, number): node
            for name, data in listed.items()
            for number, node in enumerate(data.get("inbound_nodes") or ())
        }
        self._count(max(len(nodes), len(listed)))
        references = {place: list(_references(node)) for place, node in nodes.items()}
        recorded = _recorded(references)
        layers: dict[str, Any] = {}
        made: dict[_Place, list[Any]] = {}
        for name, data in listed.items():
            number = max(1, len(data.get("inbound_nodes") or ()))
            layers[name] = self._layer(
                data, [recorded.get((name, k), Recorded(None, ())) for k in range(number)], depth
            )
            if isinstance(layers[name], keras.layers.InputLayer):
                made[name, 0] = [layers[name].output]

        def tensor_of(history: Any) -> Any:
            return self._tensor(made, listed, history)

        for place in self._in_order(references):
            name = place[0]
            layer = layers[name]
            try:
                args, kwargs = _arguments(nodes[place], tensor_of)
                if type(layer).__name__ == "GetItem":
                    args = [tuple(a) if isinstance(a, list) else a for a in args]
                made[place] = _called(layer, args, kwargs)
            except ModelError:
                raise
            except (Exception, NeedsPlainBuild):  # a call that fails is still worth a box
                if not isinstance(layer, UnknownLayer):
                    calls = [recorded[p] for p in nodes if p[0] == name and p in recorded]
                    data = listed[name]
                    layer = UnknownLayer(name, data["class_name"], data["config"], calls)
                    layers[name] = layer
                given = [tensor_of(ref.history) for ref in references[place]]
                made[place] = _called(layer, given, {})

        def end(history: Any) -> Any:
            name, number, index = history
            # Keras counts a call more for a nested Functional model here.
            shift = "input_layers" in (listed.get(name, {}).get("config") or {})
            return tensor_of((name, number - 1 if shift and number else number, index))

        return _mapped(config["input_layers"], end), _mapped(config["output_layers"], end)

    def _in_order(self, references: Mapping[_Place, list[_Reference]]) -> Iterator[_Place]:
        """The calls, each after those it takes tensors from and after its layer's last one."""
        needs: dict[_Place, set[_Place]] = {}
        feeds: dict[_Place, list[_Place]] = defaultdict(list)
        for place, taken in references.items():
            before = {(ref.history[0], ref.history[1]) for ref in taken}
            if place[1]:
                before.add((place[0], place[1] - 1))
            needs[place] = {p for p in before if p in references}
            for earlier in needs[place]:
                feeds[earlier].append(place)
        ready = deque(place for place, before in needs.items() if not before)
        done = 0
        while ready:
            place = ready.popleft()
            done += 1
            yield place
            for later in feeds[place]:
                needs[later].discard(place)
                if not needs[later]:
                    ready.append(later)
        if done < len(needs):
            left = [name for (name, _), before in needs.items() if before]
            raise ModelError(
                f"{self.what} is no graph: its calls go in a circle through "
                f"{', '.join(repr(name[:40]) for name in left[:3])}."
            )

    def _tensor(
        self, made: Mapping[_Place, list[Any]], listed: Mapping[str, Any], history: Any
    ) -> Any:
        name, number, index = history
        tensors = made.get((name, number))
        if tensors is None or not 0 <= index < len(tensors):
            there = "which it does not hold" if name in listed else "a layer it does not list"
            raise ModelError(
                f"{self.what} refers to output {index} of call {number} of {str(name)[:60]!r}, "
                f"{there}."
            )
        return tensors[index]


class _Reference(NamedTuple):
    """A tensor that a call takes."""

    history: tuple[str, int, int]
    spec: TensorSpec | None


def _called(layer: Any, args: Any, kwargs: Any) -> list[Any]:
    layer(*args, **kwargs)
    return keras_internals.tensors_out(keras_internals.inbound_nodes(layer)[-1])


def _references(node: Any, depth: int = 0) -> Iterator[_Reference]:
    """The tensors in a call's serialised arguments."""
    if depth > _DEEPEST:
        raise ModelError("The arguments of a call are nested too deep.")
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            config = node["config"]
            shape, dtype = config.get("shape"), str(config.get("dtype", "float32"))
            spec = None if shape is None else TensorSpec(tuple(shape), dtype)
            yield _Reference(_history(config["keras_history"]), spec)
            return
        node = list(node.values())
    elif isinstance(node, (list, tuple)) and _is_history(node):
        # The older form: ["name", 0, 0, {}]
        yield _Reference(_history(node), None)
        node = node[3:]
    if isinstance(node, (list, tuple)):
        for part in node:
            yield from _references(part, depth + 1)


def _is_history(value: Any) -> bool:
    return (
        len(value) in (3, 4)
        and isinstance(value[0], str)
        and all(type(number) is int for number in value[1:3])
    )


def _history(value: Any) -> tuple[str, int, int]:
    if not isinstance(value, (list, tuple)) or not _is_history(value):
        raise ModelError(f"A tensor says not where it comes from: {str(value)[:60]}.")
    return value[0], value[1], value[2]


def _recorded(references: Mapping[_Place, list[_Reference]]) -> dict[_Place, Recorded]:
    """For each call, the shapes of what it took and of what others took from it."""
    outputs: dict[_Place, dict[int, TensorSpec]] = defaultdict(dict)
    for taken in references.values():
        for (name, number, index), spec in taken:
            if spec is not None and index < 1000:
                outputs[name, number][index] = spec
    found = {}
    for place, specs in outputs.items():
        taken = references.get(place, [])
        shapes = [ref.spec.shape for ref in taken if ref.spec is not None]
        nothing = TensorSpec((None,), "float32")
        found[place] = Recorded(
            tuple(shapes) if len(shapes) == len(taken) else None,
            tuple([specs.get(index, nothing) for index in range(max(specs) + 1)]),
        )
    return found


def _arguments(node: Any, tensor_of: Callable[[Any], Any]) -> tuple[list[Any], dict[str, Any]]:
    if isinstance(node, dict):
        args = _value(node.get("args") or [], tensor_of)
        return list(args), dict(_value(node.get("kwargs") or {}, tensor_of))
    tensors = [tensor_of(_history(part)) for part in node]
    kwargs = _value(node[-1][3], tensor_of) if len(node[-1]) == 4 else {}
    return [tensors[0] if len(tensors) == 1 else tensors], kwargs


def _value(data: Any, tensor_of: Callable[[Any], Any]) -> Any:
    """A serialised argument of a call; only plain values, arrays and tensors are made."""
    if isinstance(data, (list, tuple)):
        return type(data)(_value(item, tensor_of) for item in data)
    if not isinstance(data, dict):
        return data
    kind, config = data.get("class_name"), data.get("config")
    if kind is None:
        return {key: _value(item, tensor_of) for key, item in data.items()}
    if kind == "__keras_tensor__":
        return tensor_of(_history(config["keras_history"]))  # type: ignore[index]
    if kind == "__tuple__":
        return tuple(_value(item, tensor_of) for item in data["items"])
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__slice__":
        parts = [_value(config[part], tensor_of) for part in ("start", "stop", "step")]  # type: ignore[index]
        return slice(*parts)
    if kind in ("__numpy__", "__tensor__"):
        # A text dtype may ask for any memory: "S1000000000".
        dtype = keras.backend.standardize_dtype(config["dtype"])  # type: ignore[index]
        return np.array(config["value"], dtype=dtype)  # type: ignore[index]
    raise ValueError(f"an argument of the class {kind}")


def _mapped(structure: Any, end: Callable[[Any], Any]) -> Any:
    """The tensors in the structure in which a config lists a model's inputs or outputs."""
    if isinstance(structure, dict):
        return {key: _mapped(item, end) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        if _is_history(structure):
            return end(_history(structure))
        return type(structure)(_mapped(item, end) for item in structure)
    raise ModelError(f"An input or output says not where it comes from: {str(structure)[:60]}.")
