"""Which private name of Keras is not where it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras.src import backend
from keras.src.backend.common import global_state
from keras.src.layers import layer as layer_module
from keras.src.ops import operation as operation_module
from keras.src.utils import tracking

from keraslab.graph.keras_internals._listening import MUST_RUN
from keraslab.graph.keras_internals._reading import functional_of


def moved_names() -> list[str]:
    """The private names that building without weights needs and this Keras does not have."""
    fixed = {
        "keras.Layer": (keras.Layer, "_open_name_scope _flatten_layers __setattr__"),
        "keras.Variable": (keras.Variable, "_deferred_initialize _direct_assign"),
        "keras.Model": (keras.Model, " ".join(("compile", *MUST_RUN))),
        "keras.src.layers.layer": (layer_module, "inspect is_backend_tensor_or_symbolic"),
        "keras.src.backend": (backend, "is_tensor"),
        "keras.src.backend.core": (backend.core, "is_tensor"),
        "keras.src.utils.tracking": (
            tracking,
            "TrackedList TrackedDict TrackedSet is_tracking_enabled",
        ),
        "keras.src.ops.operation": (operation_module, "inspect"),
    }
    if moved := _absent(fixed):
        return moved
    before = global_state.get_global_attribute("uninitialized_variables")
    pending: list[Any] = []
    global_state.set_global_attribute("uninitialized_variables", pending)
    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.Sequential([tensor := keras.Input((2,)), keras.layers.Dense(1)])
    finally:
        global_state.set_global_attribute("uninitialized_variables", before)
    if not pending:
        return ["global state uninitialized_variables"]
    layer = model.layers[0]
    found = {
        "layer": (layer, "_inbound_nodes _outbound_nodes _tracker build quantize"),
        "tensor": (tensor, "_keras_history"),
        "variable": (pending[0], "_initializer _value"),
        "functional": (functional_of(model), "_nodes _nodes_by_depth"),
    }
    if moved := _absent(found):
        return moved
    node = layer._inbound_nodes[0]
    return _absent(
        {
            "node": (node, "operation input_tensors outputs"),
            "tracker": (layer._tracker, "locked stored_ids config"),
        }
    )


def _absent(needed: Mapping[str, tuple[Any, str]]) -> list[str]:
    return [
        f"{place}.{name}"
        for place, (holder, names) in needed.items()
        for name in names.split()
        if not hasattr(holder, name)
    ]
