"""The one place that touches private names of Keras.

Everything else in keraslab asks the functions here. A test goes through the names used
and says which of them moved when Keras changes.
"""

from keraslab.graph.keras_internals._building import (
    PendingValue,
    RandomState,
    allocate,
    calm,
    fresh_names,
    in_stateless_scope,
    is_pending,
    record_of,
    rename,
    use_names,
    without_weights,
)
from keraslab.graph.keras_internals._canary import (
    moved_names,
)
from keraslab.graph.keras_internals._listening import (
    current_hooks,
    listening,
)
from keraslab.graph.keras_internals._moving import (
    Before,
    call_instead,
    forget_nodes,
    move_calls,
    recount_nodes,
    replace_parts,
    stand_in_for,
    take_state,
)
from keraslab.graph.keras_internals._reading import (
    arguments_of,
    functional_of,
    inbound_nodes,
    input_structure,
    makers_of,
    nodes_of,
    operation_of,
    output_structure,
    outputs_for,
    parts_of,
    settings_of,
    shape_of,
    takes_one_tensor,
    tensors_in,
    tensors_out,
)
from keraslab.graph.keras_internals._threads import (
    ThreadState,
    capture_thread_state,
)

__all__ = [
    "Before",
    "PendingValue",
    "RandomState",
    "ThreadState",
    "allocate",
    "arguments_of",
    "call_instead",
    "calm",
    "capture_thread_state",
    "current_hooks",
    "forget_nodes",
    "fresh_names",
    "functional_of",
    "in_stateless_scope",
    "inbound_nodes",
    "input_structure",
    "is_pending",
    "listening",
    "makers_of",
    "move_calls",
    "moved_names",
    "nodes_of",
    "operation_of",
    "output_structure",
    "outputs_for",
    "parts_of",
    "record_of",
    "recount_nodes",
    "rename",
    "replace_parts",
    "settings_of",
    "shape_of",
    "stand_in_for",
    "take_state",
    "takes_one_tensor",
    "tensors_in",
    "tensors_out",
    "use_names",
    "without_weights",
]
