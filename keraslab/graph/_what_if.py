"""What a model would be with another size or setting, worked out without building it again."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from keraslab.graph._change import Change
from keraslab.graph._check import ModelError
from keraslab.graph._collection import collection_put_off
from keraslab.graph._data import Call, Graph, TensorSpec
from keraslab.graph._read import read_graph

Sizes = Sequence[int | None]


def what_if(
    model: Any,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    sizes: Mapping[str, Sizes] | Sizes | None = None,
    batch: int | None = None,
) -> Graph:
    """The graph that a model would have with other settings of layers, or other sizes.

    Nothing is built again: only the calls that the change reaches are worked out, and the
    model stays as it is. A setting may change the weights of later layers too, as it would
    where the model is written anew; another size may not change any weight.

    Args:
        model: What ``read_graph`` takes, or a graph it gave.
        settings: For the name of a layer, its settings that change, as its constructor calls
            them.
        sizes: The shape of each input by its name, or of the only input, without the batch.
        batch: The number of samples at once.

    Returns:
        The changed graph, for ``show``, ``summary``, ``diff`` and all else that takes one.

    Raises:
        ModelError: There is no such layer, setting or input, or what the change leads to does
            not fit together; the sentence names the call.

    Example:
        >>> import keras
        >>> x = keras.Input((32, 32, 3), name="image")
        >>> y = keras.layers.Conv2D(8, 3, name="conv")(x)
        >>> y = keras.layers.GlobalAveragePooling2D()(y)
        >>> model = keras.Model(x, keras.layers.Dense(2, name="out")(y))
        >>> wider = what_if(model, {"conv": {"filters": 16, "strides": 2}})
        >>> wider.call_by_id["conv#0"].outputs[0].text, wider.params
        ('? × 15 × 15 × 16', 482)
        >>> what_if(model, sizes=(64, 64, 3)).call_by_id["conv#0"].outputs[0].text
        '? × 62 × 62 × 8'
    """
    graph = model if isinstance(model, Graph) else read_graph(model)
    given = _new_inputs(graph, sizes, batch)
    with collection_put_off():
        return Change(graph, _configs(graph, settings or {}), bool(settings)).applied(given)


def _new_inputs(
    graph: Graph, sizes: Mapping[str, Sizes] | Sizes | None, batch: int | None
) -> dict[str, TensorSpec]:
    """The shapes of the inputs after the change, by the ids of their calls."""
    if batch is not None and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise ModelError(
            f"what_if(batch=...): must be a whole number, 1 or more. Received: {batch!r}."
        )
    ports = {graph.call_by_id[port.call].name: port for port in graph.inputs}
    if sizes is not None and not isinstance(sizes, Mapping):
        if len(ports) != 1:
            raise ModelError(
                f"what_if(sizes=...): the model has {len(ports)} inputs, so give a dict with "
                f"their names: {', '.join(ports)}."
            )
        sizes = {next(iter(ports)): sizes}
    given = {}
    for name, shape in (sizes or {}).items():
        if name not in ports:
            raise ModelError(_no_such(name, [], list(ports), "input"))
        old = ports[name].spec
        new = _shape_or_none(shape)
        if new is None or len(new) != len(old.shape) - 1:
            raise ModelError(
                f"what_if(sizes=...): {name!r} needs {len(old.shape) - 1} sizes, such as "
                f"{old.shape[1:]}. Received: {shape!r}."
            )
        given[ports[name].call] = replace(old, shape=(old.shape[0], *new))
    for port in ports.values() if batch is not None else ():
        spec = given.get(port.call, port.spec)
        given[port.call] = replace(spec, shape=(batch, *spec.shape[1:]))
    return given


def _shape_or_none(shape: object) -> tuple[int | None, ...] | None:
    if isinstance(shape, str) or not isinstance(shape, Sequence):
        return None
    whole = all(n is None or (isinstance(n, int) and not isinstance(n, bool)) for n in shape)
    return tuple(shape) if whole and all(n is None or n > 0 for n in shape) else None


def _configs(
    graph: Graph, settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """For each layer that changes, all its settings after the change."""
    layers = {call.layer: call for call in graph.calls if call.kind == "layer"}
    named: dict[str, list[str]] = {}
    if not isinstance(settings, Mapping):
        raise ModelError(_not_settings(settings))
    for layer, call in layers.items():
        named.setdefault(call.name, []).append(layer)
    configs: dict[str, Mapping[str, Any]] = {}
    for name, new in settings.items():
        if not isinstance(new, Mapping):
            raise ModelError(_not_settings({name: new}))
        same = [name] if name in layers else named.get(name, [])
        if len(same) != 1:
            raise ModelError(_no_such(name, same, sorted(layers)))
        configs[same[0]] = _config(layers[same[0]], new)
    return configs


def _not_settings(value: object) -> str:
    return (
        "what_if(settings=...): give for the name of a layer a dict of its settings, such as "
        f"{{'conv': {{'filters': 32}}}}. Received: {repr(value)[:60]}."
    )


def _config(call: Call, new: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a layer after the change."""
    config = dict(call.config)
    for setting in new:
        if setting not in config or setting == "name":
            known = sorted(config.keys() - {"name"})
            raise ModelError(_no_such(setting, [], known, f"setting of {call.name} ({call.type})"))
    return config | dict(new)


def _no_such(name: object, same: Sequence[str], known: Sequence[str], kind: str = "layer") -> str:
    if same:
        return f"what_if(...): several layers are called {name!r}: say {' or '.join(same)}."
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known[:12])}."
    return f"what_if(...): there is no {kind} {name!r}. {hint}"
