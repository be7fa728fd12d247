"""Following what a layer's own ``call`` does, on symbolic tensors, and leaving no trace of it."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state

from keraslab.graph.keras_internals._building import fresh_names
from keraslab.graph.keras_internals._listening import listening
from keraslab.graph.keras_internals._moving import copy_of, forget_nodes, refill
from keraslab.graph.keras_internals._random import GlobalNumbers
from keraslab.graph.keras_internals._reading import SoFar, is_masked, parts_of

MOST_CALLS = 5_000
"""Calls that one trace may make; what loops on is given up."""

_ASIDE = (
    "uninitialized_variables",
    "name_scope_stack",
    "current_call_ctx",
    "autocast_scope",
    "symbolic_scope",
)
_NODE_LISTS = ("_inbound_nodes", "_outbound_nodes")


# What one trace puts aside in a layer, another that looks at the layer must not take for its own.
_one_at_a_time = threading.RLock()


class CannotTraceError(Exception):
    """What a layer does cannot be followed on symbolic tensors."""


class Traced(SoFar):
    """What one call of a layer does, held as a Functional graph holds its own."""

    def __init__(self, owner: Any, inputs: Any, outputs: Any, tracer: _Tracer) -> None:
        super().__init__(outputs, inputs)
        self.owner = owner
        """The layer or model that was called."""
        self.made_inside = tracer.operations
        """Ids of the operations that exist for this trace only."""
        reached = {id(node) for node in self._nodes_by_depth[0]}
        calls = [node for node in tracer.nodes if id(node) in reached]
        entries = [node for node in self._nodes_by_depth[0] if not node.input_tensors]
        made = {id(node) for node in calls}
        self.in_order = self.nodes = [*(e for e in entries if id(e) not in made), *calls]


class _Tracer:
    """Hears the calls of one trace."""

    record: Any = None

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.operations: dict[int, Any] = {}

    def made(self, operation: Any, _automatic: bool) -> None:
        """Keep what was made, so that its id stays its own."""
        self.operations[id(operation)] = operation

    def called(self, node: Any) -> None:
        """Keep the node, to take it out of the layers' lists later."""
        self.nodes.append(node)
        if len(self.nodes) > MOST_CALLS:
            raise CannotTraceError(f"it makes more than {MOST_CALLS:,} calls")

    def touched(self, layer: Any) -> None:
        """A layer is about to be built or called."""

    def compiled(self, _model: Any, _args: Any, _kwargs: Any) -> bool:
        """Whether ``compile`` was taken over; here it is not."""
        return False

    def refuse(self, reason: str) -> None:
        """Something needs real values; zeros do."""


def trace(
    owner: Any, called: Callable[..., Any], args: Any, kwargs: Any, inputs: Any = None
) -> Traced:
    """Call a layer's function on symbolic tensors and give back the calls it makes.

    Afterwards the layer, and all inside it, are what they were.

    Args:
        owner: The layer or model.
        called: Its ``call``, or what does the same.
        args: What to call it with; fresh symbolic tensors in any structure.
        kwargs: The same, by keyword.
        inputs: The structure to show them in; by default a list.

    Raises:
        CannotTraceError: It raises on symbolic tensors, gives back something else, or makes
            new weights.
    """
    with _one_at_a_time:
        return _trace(owner, called, args, kwargs, inputs)


def _trace(owner: Any, called: Callable[..., Any], args: Any, kwargs: Any, inputs: Any) -> Traced:
    tracer = _Tracer()
    before = [_State(part) for part in parts_of(owner)]
    try:
        with listening(tracer), _aside() as new_variables:
            _ease(owner)
            outputs = called(*args, **kwargs)
        if new_variables:
            raise CannotTraceError("it makes new weights each time it is called")
        flat = keras.tree.flatten(outputs)
        if not flat or not all(isinstance(tensor, keras.KerasTensor) for tensor in flat):
            raise CannotTraceError("it gives back something that is no tensor")
        if inputs is None:
            leaves = keras.tree.flatten((args, kwargs))
            inputs = [leaf for leaf in leaves if isinstance(leaf, keras.KerasTensor)]
        return Traced(owner, inputs, outputs, tracer)
    except CannotTraceError:
        raise
    except Exception as error:  # a stranger's layer may raise anything
        first = (str(error).strip().splitlines() or [""])[0]
        raise CannotTraceError(f"{type(error).__name__}: {first}") from error
    finally:
        ids = {id(node) for node in tracer.nodes}
        for node in tracer.nodes:
            for operation in (node.operation, *(o for o in _sources(node))):
                forget_nodes(operation, ids)
        for state in before:
            state.put_back()


def like(tensor: Any, shape: Any, layer: Any, masks: dict[int, Any] | None) -> Any:
    """A fresh symbolic tensor in the place of one that a layer takes.

    Args:
        tensor: The one it takes.
        shape: The shape of the new one.
        layer: The layer, which may cast what it takes.
        masks: New masks by the id of the old ones; one made here is put there. None for no mask.
    """
    dtype = str(tensor.dtype)
    if getattr(layer, "autocast", False) and keras.backend.is_float_dtype(dtype):
        dtype = layer.compute_dtype
    new = keras.KerasTensor(shape, dtype, name=tensor.name)
    if masks is not None and is_masked(tensor):
        old = tensor._keras_mask
        if id(old) not in masks:
            masks[id(old)] = keras.KerasTensor(tuple(old.shape), "bool", name="mask")
        new._keras_mask = masks[id(old)]
    return new


def filled(node: Any, known: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A node's arguments with other tensors in the places of its own."""
    args, kwargs = node.arguments.fill_in(known)
    return tuple(args), dict(kwargs)


def shapes_built_for(layer: Any) -> dict[str, Any] | None:
    """For each argument of its call, the shapes a layer was built with; None where unknown."""
    shapes = getattr(layer, "_build_shapes_dict", None)
    return dict(shapes) if isinstance(shapes, dict) and shapes else None


def _sources(node: Any) -> list[Any]:
    found = [getattr(t, "_keras_history", None) for t in node.input_tensors]
    return [h.operation for h in found if h is not None and h.operation is not None]


def _ease(layer: Any) -> None:
    """Keep a layer from what it does with real values only; its state is put back after."""
    vars(layer)["add_loss"] = _nothing
    for name in ("_can_attempt_fused_lstm", "_can_attempt_fused_gru"):
        if hasattr(layer, name):
            vars(layer)[name] = _nothing


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    return None


@contextlib.contextmanager
def _aside() -> Iterator[list[Any]]:
    """Let nothing made inside reach what Keras keeps; gives the list of new variables."""
    before = {name: global_state.get_global_attribute(name) for name in _ASIDE}
    numbers = GlobalNumbers()
    made: list[Any] = []
    try:
        with (
            fresh_names(),
            warnings.catch_warnings(),
            keras.StatelessScope(initialize_variables=False),
        ):
            warnings.simplefilter("ignore")
            for name in _ASIDE:
                global_state.set_global_attribute(name, None)
            global_state.set_global_attribute("uninitialized_variables", made)
            global_state.set_global_attribute("name_scope_stack", [])
            yield made
    finally:
        for name, value in before.items():
            global_state.set_global_attribute(name, value)
        if made:
            numbers.put_back()
        else:  # another thread may be drawing from the others
            numbers.put_tensorflow_back()


class _State:
    """What a layer holds, to put back what a call changed and nothing else.

    Another thread may be training the layer, so what did not change is not touched.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.values = dict(vars(layer))
        copies = {name: copy_of(value) for name, value in self.values.items()}
        self.contents = {
            name: copy
            for name, copy in copies.items()
            if copy is not None and name not in _NODE_LISTS
        }

    def put_back(self) -> None:
        now = vars(self.layer)
        for name in [name for name in now if name not in self.values]:
            del now[name]
        for name, value in self.values.items():
            if now.get(name) is not value or name not in now:
                now[name] = value
        for name, content in self.contents.items():
            refill(self.values[name], content)
