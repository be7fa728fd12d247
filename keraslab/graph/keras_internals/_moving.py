"""Putting layers back as they were, and moving calls from one layer to another."""

from __future__ import annotations

import copy
import operator
from collections.abc import Container, Mapping
from typing import Any

from keras.src.ops.function import make_node_key
from keras.src.ops.node import KerasHistory

from keraslab.graph.keras_internals._reading import functional_of


def forget_nodes(operation: Any, nodes: Container[int]) -> None:
    """Take the nodes with these ids out of an operation's lists."""
    for kept in (operation._inbound_nodes, operation._outbound_nodes):
        if any(id(node) in nodes for node in kept):
            _fill(kept, [node for node in kept if id(node) not in nodes])


class Before:
    """What a layer was, to put it back."""

    def __init__(self, layer: Any) -> None:
        self.state = dict(vars(layer))
        self.contents = {k: _plain(v) for k, v in self.state.items() if _is_container(v)}
        tracker = vars(layer).get("_tracker")
        self.tracker = None if tracker is None else _tracker_state(tracker)

    def put_back(self, layer: Any) -> None:
        """Make the layer what it was, its node lists apart."""
        for name, content in self.contents.items():
            if name not in _NODE_LISTS:
                _fill(self.state[name], content)
        vars(layer).clear()
        vars(layer).update(self.state)
        if self.tracker is not None:
            tracker = vars(layer)["_tracker"]
            tracker.locked, tracker.stored_ids = self.tracker


_NODE_LISTS = ("_inbound_nodes", "_outbound_nodes")
_OWN = ("build", "quantize")


def _is_container(value: Any) -> bool:
    return isinstance(value, list | dict | set)


def _plain(value: Any) -> Any:
    """A plain copy of a container, whatever Keras or TensorFlow wrapped it in."""
    kind = next(kind for kind in (list, dict, set) if isinstance(value, kind))
    return kind(value)


def copy_of(container: Any) -> Any:
    """A plain copy of a list, dict or set, whatever it is wrapped in; None of anything else."""
    return _plain(container) if _is_container(container) else None


def refill(container: Any, content: Any) -> None:
    """Give a container its former content, where it has another now."""
    now = _plain(container)
    if isinstance(content, dict):
        same = list(now) == list(content) and all(now[k] is content[k] for k in content)
    elif isinstance(content, set):
        same = now == content
    else:
        same = len(now) == len(content) and all(map(operator.is_, now, content))
    if not same:
        _fill(container, content)


def _fill(container: Any, content: Any) -> None:
    """Give a container other content; it stays the same object, with the same wrapping."""
    if len(container) == len(content):
        pairs = zip(container, content, strict=True)
        if isinstance(content, list) and all(a is b for a, b in pairs):
            return
    if hasattr(container, "_storage"):
        # TensorFlow's wrapper of a list refuses to be saved once it was changed in the middle.
        container._storage[:] = content
        container._last_wrapped_list_snapshot = list(content)
        return
    # Keras' tracking containers would track what comes in; the plain methods do not.
    own: Any = type(container)
    kind: Any = next((k for k in (list, dict, set) if k in own.__mro__), own)
    kind.clear(container)
    (kind.extend if kind is list else kind.update)(container, content)


def _tracker_state(tracker: Any) -> tuple[bool, dict[str, set[int]]]:
    return tracker.locked, {name: set(ids) for name, ids in tracker.stored_ids.items()}


def stand_in_for(operation: Any) -> Any:
    """A second object with all that an operation holds (its weights too) and its own lists."""
    kind: Any = type(operation)
    other = kind.__new__(kind)
    take_state(other, operation)
    vars(other).update({name: list(vars(operation)[name]) for name in _NODE_LISTS})
    return other


def take_state(target: Any, source: Any) -> None:
    """Make ``target`` hold what ``source`` holds, in lists of its own; its calls stay."""
    # `build` and `quantize` are set on each layer and know the layer they belong to.
    kept = {name: vars(target)[name] for name in (*_OWN, *_NODE_LISTS) if name in vars(target)}
    lists: dict[int, Any] = {}
    state = {}
    for name, value in vars(source).items():
        if _is_container(value) and name not in _NODE_LISTS:
            content = _plain(value)
            held = vars(target).get(name)
            if _is_container(held) and isinstance(held, type(content)):
                _fill(held, content)
                content = held
            lists[id(value)] = value = content
        state[name] = value
    tracker = state.get("_tracker")
    if tracker is not None:
        state["_tracker"] = other = copy.copy(tracker)
        other.locked, other.stored_ids = _tracker_state(tracker)
        other.config = {
            name: (test, lists.get(id(store), store))
            for name, (test, store) in tracker.config.items()
        }
    vars(target).clear()
    vars(target).update(state)
    vars(target).update(kept)


def call_instead(node: Any, operation: Any) -> None:
    """Make ``operation`` the one that a node applies."""
    node.operation = operation
    index = next(i for i, n in enumerate(operation._inbound_nodes) if n is node)
    for position, tensor in enumerate(node.outputs):
        tensor._keras_history = KerasHistory(operation, index, position)


def move_calls(source: Any, target: Any, nodes: Container[int]) -> None:
    """Move the calls with these ids, and what follows from them, to another operation."""
    for node in list(source._inbound_nodes):
        if id(node) in nodes:
            target._inbound_nodes.append(node)
            call_instead(node, target)
    target._outbound_nodes.extend(n for n in source._outbound_nodes if id(n) in nodes)


def replace_parts(holder: Any, others: Mapping[int, Any]) -> None:
    """Put other operations where an object holds these, by the id of the old one."""
    for name, value in list(vars(holder).items()):
        if name not in _NODE_LISTS and name != "_nodes":
            new = _replaced(value, others, 3)
            if new is not value:
                vars(holder)[name] = new
    tracker = vars(holder).get("_tracker")
    for ids in tracker.stored_ids.values() if tracker is not None else ():
        for old in [i for i in ids if i in others]:
            ids.remove(old)
            ids.add(id(others[old]))


def _replaced(value: Any, others: Mapping[int, Any], depth: int) -> Any:
    if id(value) in others:
        return others[id(value)]
    if depth and isinstance(value, list | dict):
        content = _plain(value)
        changed = False
        for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
            new = _replaced(item, others, depth - 1)
            if new is not item:
                content[key] = new
                changed = True
        if changed:
            _fill(value, content)
        if hasattr(value, "_storage"):
            replace_parts(value, others)
    elif depth and isinstance(value, tuple):
        new = [_replaced(item, others, depth - 1) for item in value]
        if any(a is not b for a, b in zip(new, value, strict=True)):
            return type(value)(*new) if hasattr(value, "_fields") else type(value)(new)
    return value


def recount_nodes(model: Any) -> None:
    """Write a graph's keys of its nodes again, after calls were moved."""
    graph = functional_of(model)
    if graph is not None:
        graph._nodes = {
            make_node_key(node.operation, node.operation._inbound_nodes.index(node))
            for nodes in graph._nodes_by_depth.values()
            for node in nodes
        }
