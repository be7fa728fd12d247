"""What takes the tensors of a model, in this model or elsewhere."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import keras


def outbound_nodes(operation: Any) -> list[Any]:
    """The nodes of all calls, in any model, that take a tensor this operation made."""
    return list(operation._outbound_nodes)


@contextlib.contextmanager
def consumers_kept(operations: Sequence[Any]) -> Iterator[None]:
    """Forget afterwards what took tensors of some operations in this scope.

    Args:
        operations: Those whose tensors may be taken.
    """
    before = [(each, list(each._outbound_nodes)) for each in operations]
    try:
        yield
    finally:
        for each, nodes in before:
            each._outbound_nodes[:] = nodes


def made_as(tensor: Any) -> int | None:
    """The number Keras counted up when it made a symbolic tensor; None where it has another name.

    Of two tensors of one session, the one made later has the higher number.
    """
    start, _, number = str(tensor.name).rpartition("_")
    if tensor.name == "keras_tensor":
        return 0
    return int(number) if start == "keras_tensor" and number.isdigit() else None


def held_by_a_model(nodes: Collection[Any]) -> set[int]:
    """The ids of those among the nodes that any model there is holds.

    It goes through all objects of the session, which takes a while: ask it once, and last.
    """
    wanted = set(map(id, nodes))
    found: set[int] = set()
    for thing in gc.get_objects():
        # The type is asked, since a class of someone's own may answer isinstance with code.
        if issubclass(type(thing), keras.Function):
            depths = vars(thing).get("_nodes_by_depth") or {}
            found |= wanted & {id(node) for nodes in depths.values() for node in nodes}
    return found
