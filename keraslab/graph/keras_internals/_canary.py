"""Which private name of Keras is not where it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras.src import backend, initializers
from keras.src.backend.common import global_state
from keras.src.layers import layer as layer_module
from keras.src.ops import operation as operation_module
from keras.src.tree import tree_api
from keras.src.utils import naming, tracking

from keraslab.graph.keras_internals._compiled import names_in_compile
from keraslab.graph.keras_internals._gradients import names_for_gradients
from keraslab.graph.keras_internals._listening import MUST_RUN
from keraslab.graph.keras_internals._random import names_for_random
from keraslab.graph.keras_internals._reading import functional_of


def moved_names() -> list[str]:
    """The private names that are needed here and that this Keras does not have."""
    fixed = {
        "keras.Layer": (
            keras.Layer,
            "_open_name_scope _flatten_layers _initialize_tracker __setattr__",
        ),
        "keras.Variable": (keras.Variable, "_deferred_initialize _direct_assign"),
        "keras.Model": (keras.Model, " ".join(("compile", *MUST_RUN))),
        "keras.src.layers.layer": (
            layer_module,
            "inspect CallSpec is_backend_tensor_or_symbolic",
        ),
        "keras.src.initializers": (initializers, "get"),
        "keras.src.utils.naming": (naming, "to_snake_case auto_name"),
        "keras.src.utils.tracking.Tracker": (tracking.Tracker, "track"),
        "keras.src.backend": (backend, "is_tensor"),
        "keras.src.backend.core": (backend.core, "is_tensor"),
        "keras.src.utils.tracking": (
            tracking,
            "Tracker TrackedList TrackedDict TrackedSet is_tracking_enabled",
        ),
        "keras.src.backend.common.global_state": (global_state, "GLOBAL_STATE_TRACKER"),
        "keras.src.tree.tree_api": (tree_api.tree_impl, "is_nested"),
        "keras.src.ops.operation": (operation_module, "inspect"),
    }
    if moved := _absent(fixed):
        return moved
    before = global_state.get_global_attribute("uninitialized_variables")
    pending: list[Any] = []
    global_state.set_global_attribute("uninitialized_variables", pending)
    try:
        with keras.StatelessScope(initialize_variables=False):
            tensor = keras.Input((2, 2))
            model = keras.Sequential(
                [tensor, mask := keras.layers.Masking(), keras.layers.Dense(1)]
            )
    finally:
        global_state.set_global_attribute("uninitialized_variables", before)
    if not pending:
        return ["global state uninitialized_variables"]
    layer = model.layers[1]
    tracked = "_tracked _track_trackable _maybe_initialize_trackable _self_setattr_tracking"
    if keras.config.backend() == "tensorflow":
        tracked += " _self_unconditional_checkpoint_dependencies"
    else:
        tracked = ""
    found = {
        "layer": (
            layer,
            "_inbound_nodes _outbound_nodes _tracker _build_shapes_dict _loss_ids build quantize",
        ),
        "TensorFlow's layer": (layer, tracked),
        "tensor": (tensor, "_keras_history"),
        "masked tensor": (mask.output, "_keras_mask"),
        "variable": (pending[0], "_initializer _value _shape _dtype _trainable"),
        "sequential": (model, "_functional _compute_loss"),
        "functional": (
            functional_of(model),
            "_nodes _nodes_by_depth _inputs_struct _outputs_struct _standardize_inputs",
        ),
    }
    if moved := _absent(
        {**found, **names_in_compile(), **names_for_gradients(), **names_for_random()}
    ):
        return moved
    node = layer._inbound_nodes[0]
    return _absent(
        {
            "node": (node, "operation arguments input_tensors outputs"),
            "arguments": (node.arguments, "_single_positional_tensor _flat_arguments fill_in"),
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
