"""Under which names a call was given its tensors."""

from __future__ import annotations

from typing import Any

import keras

from keraslab.graph import keras_internals

NO_KEY = (None,)
_MAY_HOLD_TENSORS = (keras.KerasTensor, dict, list, tuple)


def keys_of(node: Any) -> tuple[str | None, ...]:
    """For each tensor that a node takes, the dict key or keyword it stands under."""
    if keras_internals.takes_one_tensor(node):
        return NO_KEY
    args, kwargs = keras_internals.arguments_of(node)
    # Mostly a flag such as ``training`` is all that is given by name.
    if not any(isinstance(value, _MAY_HOLD_TENSORS) for value in kwargs.values()) and not any(
        isinstance(arg, dict) for arg in args
    ):
        return (None,) * len(keras_internals.tensors_in(node))
    return tuple(
        # A path starts with 0 and a position for args, with 1 and a keyword for kwargs.
        next((part for part in reversed(path[1:]) if isinstance(part, str)), None)
        for path, leaf in keras.tree.flatten_with_path((args, kwargs))
        if isinstance(leaf, keras.KerasTensor)
    )


def bound_inputs(inner: Any, node: Any) -> list[Any]:
    """The tensors a nested model was called with, in the order of its own inputs."""
    args, kwargs = keras_internals.arguments_of(node)
    value = args[0] if args else kwargs.get("inputs")
    structure = keras_internals.input_structure(inner)
    if isinstance(value, dict):
        # Keras matches a dict with listed inputs by the names of the inputs.
        listed = [tensor.name for tensor in inner.inputs]
        names = sorted(structure) if isinstance(structure, dict) else listed
        if all(name in value for name in names):
            value = [value[name] for name in names]
    bound = keras.tree.flatten(value)[: len(inner.inputs)]
    return [*bound, *[None] * (len(inner.inputs) - len(bound))]
