"""What there is to compare about a call: its kind, settings, constants, shapes and wiring."""

from __future__ import annotations

import hashlib
import inspect
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import numpy as np

from keraslab.graph import keras_internals
from keraslab.graph._arguments import value_text
from keraslab.graph._data import Call, Edge, Graph

_COUNTER = re.compile(r"_\d+(?=__|$)")
_NOT_COMPARED = frozenset({"name", "trainable", "batch_shape", "batch_input_shape"})
_LONGEST = 60


class Wire(NamedTuple):
    """Where one argument of a call comes from."""

    slot: str
    """The argument: empty for the first one, ``[1]`` for its second entry, ``key`` by name."""
    source: int
    """The position of the call that made the tensor."""
    output: int


@dataclass(eq=False, slots=True)
class Facts:
    """One call, as far as it is compared."""

    call: Call
    kind: tuple[Any, ...]
    """Two calls of different kinds are never one call that changed."""
    settings: Mapping[str, Any]
    constants: Mapping[str, Any]
    wires: tuple[Wire, ...]
    ports: tuple[str, ...]
    """Which inputs and outputs of the model it is."""
    trainable: str
    after: list[tuple[str, int, int]] = field(default_factory=list)
    """The wires that leave it: slot, position of the call that takes it, which output."""


def facts_of(graph: Graph) -> list[Facts]:
    """The facts of every call, in the order of the graph."""
    position = {call.id: i for i, call in enumerate(graph.calls)}
    edges: dict[str, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        edges[edge.target].append(edge)
    ports: dict[str, list[str]] = defaultdict(list)
    for side, found in (("input", graph.inputs), ("output", graph.outputs)):
        for number, port in enumerate(found, 1):
            which = str(number) if port.key is None else repr(port.key)
            more = f" [{port.index}]" if port.index else ""
            ports[port.call].append(f"{side} {which}{more}")
    settings: dict[str, Mapping[str, Any]] = {}
    facts = []
    for call in graph.calls:
        if call.layer not in settings:
            settings[call.layer] = _settings(call)
        taken = sorted(edges[call.id], key=lambda edge: edge.target_index)
        slots, constants = _arguments(call, taken)
        wires = [
            Wire(slot, position[e.source], e.source_index)
            for slot, e in zip(slots, taken, strict=True)
        ]
        facts.append(
            Facts(
                call,
                _kind(call),
                settings[call.layer],
                constants,
                tuple(sorted(wires)),
                tuple(ports[call.id]),
                _trainable(call),
            )
        )
    for at, one in enumerate(facts):
        for wire in one.wires:
            facts[wire.source].after.append((wire.slot, at, wire.output))
    return facts


def without_counters(name: str) -> str:
    """A name without the numbers that Keras counts up: ``dense_7`` and ``dense`` are alike."""
    return _COUNTER.sub("", name)


def is_automatic(call: Call) -> bool:
    """Whether Keras may have made up this name."""
    return without_counters(call.name.rsplit("__", 1)[-1]) == _snake_case(call.type)


def _snake_case(text: str) -> str:
    text = re.sub(r"\W+", "", text)
    text = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", text)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def _kind(call: Call) -> tuple[Any, ...]:
    return (call.kind, call.type, type(call.operation).__module__.partition(".")[0] == "keras")


def _trainable(call: Call) -> str:
    flags = {weight.trainable for weight in call.weights}
    return "" if not flags else "partly" if len(flags) > 1 else "yes" if flags.pop() else "no"


def _settings(call: Call) -> Mapping[str, Any]:
    try:
        if call.kind == "operation":
            found = keras_internals.settings_of(call.operation)
        else:
            found = {k: v for k, v in call.config.items() if k not in _NOT_COMPARED}
        return {str(key): canonical(value) for key, value in found.items()}
    except RecursionError:
        return {}


class Thing(NamedTuple):
    """A serialised object, such as an initialiser: its class and settings."""

    kind: str
    settings: tuple[tuple[str, Any], ...]


class Array(NamedTuple):
    """An array by its size and contents."""

    shape: tuple[int, ...]
    dtype: str
    digest: str
    text: str


def canonical(value: Any) -> Any:
    """A value in a form that compares by contents, the same in every build of a model."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value
    if isinstance(value, Mapping):
        if "class_name" in value and "config" in value:
            return _thing(value)
        return tuple(sorted((str(k), canonical(v)) for k, v in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple([canonical(item) for item in value])
    if isinstance(value, slice):
        return ("slice", canonical(value.start), canonical(value.stop), canonical(value.step))
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array(value)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    if hasattr(value, "get_config"):
        return canonical(keras.saving.serialize_keras_object(value))
    # An address in memory would differ from build to build.
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


_PLAIN = (type(None), bool, int, str)


@lru_cache(maxsize=4096)
def _plain_thing(kind: str, settings: tuple[tuple[str, Any], ...]) -> Thing:
    """One object for all alike: a large model holds thousands of equal policies."""
    if any(name == "trainable" for name, _ in settings):
        settings = tuple([part for part in settings if part[0] != "name"])
    return Thing(kind, settings)


def _thing(value: Mapping[str, Any]) -> Thing:
    config = value["config"]
    if not isinstance(config, Mapping):
        return Thing(str(value["class_name"]), (("", canonical(config)),))
    if all(type(part) in _PLAIN for part in config.values()):
        return _plain_thing(str(value["class_name"]), tuple(sorted(config.items())))
    if "trainable" in config or "layers" in config:  # a layer, whose name says nothing
        config = {k: v for k, v in config.items() if k != "name"}
    if isinstance(config.get("layers"), (list, tuple)):
        config = _numbered(config)
    return Thing(
        str(value["class_name"]), tuple(sorted((str(k), canonical(v)) for k, v in config.items()))
    )


def _numbered(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a model inside a layer, its layers named by number."""
    names = {
        layer["name"]: f"layer {number}"
        for number, layer in enumerate(config["layers"])
        if isinstance(layer, Mapping) and isinstance(layer.get("name"), str)
    }

    def renamed(part: Any) -> Any:
        if isinstance(part, str):
            return names.get(part, part)
        if isinstance(part, Mapping):
            return {k: renamed(v) for k, v in part.items() if k != "build_config"}
        return [renamed(item) for item in part] if isinstance(part, (list, tuple)) else part

    layers = [
        {**layer, "inbound_nodes": renamed(layer.get("inbound_nodes")), "name": number}
        if isinstance(layer, Mapping)
        else layer
        for number, layer in enumerate(config["layers"])
    ]
    wiring = {k: renamed(config[k]) for k in ("input_layers", "output_layers") if k in config}
    return {**config, **wiring, "layers": layers}


def _array(value: Any) -> Any:
    if isinstance(value, keras.KerasTensor):
        return "tensor"
    try:
        plain = np.asarray(keras.ops.convert_to_numpy(value))
    except Exception:  # a variable without a value
        return (tuple(value.shape), str(value.dtype))
    if plain.shape == () and plain.dtype.kind in "biuf":
        return canonical(plain.item())
    digest = hashlib.sha256(np.ascontiguousarray(plain).tobytes()).hexdigest()
    return Array(plain.shape, str(plain.dtype), digest, value_text(value))


def shown(value: Any) -> str:
    """A canonical value as short text."""
    text = _shown(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _shown(value: Any) -> str:
    if isinstance(value, Thing):
        settings = dict(value.settings)
        if value.kind.endswith("DTypePolicy"):
            return str(settings.get("name"))
        given = [f"{k}={_shown(v)}" if k else _shown(v) for k, v in value.settings if v is not None]
        return f"{value.kind}({', '.join(given)})"
    if isinstance(value, Array):
        return value.text
    if isinstance(value, tuple):
        if value[:1] == ("slice",):
            return "slice(" + ", ".join(map(_shown, value[1:])) + ")"
        return "(" + ", ".join(map(_shown, value)) + ("," if len(value) == 1 else "") + ")"
    return value_text(value)


def _arguments(call: Call, taken: list[Edge]) -> tuple[list[str], Mapping[str, Any]]:
    """For each tensor taken the argument it goes to, and the constants among the arguments."""
    node = call.node
    if node is None or call.kind == "input":
        given = dict(enumerate(call.arguments)) if call.kind != "input" else {}
        return _plain_slots(taken), {f"argument {i + 1}": text for i, text in given.items()}
    if keras_internals.takes_one_tensor(node):
        return [""] * len(taken), {}
    kind: Any = type(call.operation)
    names, defaults = _parameters(kind)
    slots: list[str] = []
    constants: dict[str, Any] = {}
    for path, leaf in _leaves(node):
        root, *rest = path
        name = (names[root] if root < len(names) else f"{root}") if isinstance(root, int) else root
        first = bool(names) and name == names[0]
        slot = ("" if first else name) + "".join(f"[{part!r}]" for part in rest)
        if isinstance(leaf, keras.KerasTensor):
            slots.append(slot)
        elif leaf is not None:
            value = canonical(leaf)
            if rest or name not in defaults or canonical(defaults[name]) != value:
                constants[slot or name] = value
    # An input that a nested model was not given has no edge; then the order alone is known.
    return (slots if len(slots) == len(taken) else _plain_slots(taken)), constants


def _plain_slots(taken: list[Edge]) -> list[str]:
    if len(taken) == 1 and taken[0].key is None:
        return [""]
    return [f"[{i}]" if e.key is None else f"[{e.key!r}]" for i, e in enumerate(taken)]


def _leaves(node: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The arguments with the way to each: position or keyword first, then keys and indices."""
    for path, leaf in keras.tree.flatten_with_path(keras_internals.arguments_of(node)):
        yield tuple(path[1:]), leaf


def call_defaults(operation: Any) -> dict[str, Any]:
    """The defaults of what a layer or operation is called with."""
    kind: Any = type(operation)
    return _parameters(kind)[1]


@lru_cache(maxsize=512)
def _parameters(kind: Any) -> tuple[list[str], dict[str, Any]]:
    """The names of what a layer or operation is called with, and the defaults among them."""
    try:
        parameters = list(inspect.signature(kind.call).parameters.values())[1:]
    except (TypeError, ValueError, AttributeError):
        return [], {}
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return positional, {p.name: p.default for p in parameters if p.default is not p.empty}
