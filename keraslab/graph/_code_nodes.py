"""What a call was given and what it returns, as far as code has to say it."""

from __future__ import annotations

from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._facts import call_defaults, canonical


def is_tensor(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def is_input(node: Any) -> bool:
    return isinstance(keras_internals.operation_of(node), keras.layers.InputLayer)


def tensors_given(node: Any) -> list[Any]:
    """The tensors that a call is given, without masks that Keras hands on by itself."""
    if keras_internals.takes_one_tensor(node):
        return list(keras_internals.tensors_in(node))
    args, kwargs = keras_internals.arguments_of(node)
    flat_args = keras.tree.flatten((args, keywords_given(node, kwargs)))
    return [value for value in flat_args if is_tensor(value)]


def keywords_given(node: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments that were given and are no defaults."""
    if not kwargs:
        return kwargs
    operation = keras_internals.operation_of(node)
    usual = call_defaults(operation)
    return {
        key: value
        for key, value in kwargs.items()
        if not _is_own_mask(node, key, value)
        and not (
            not any(map(is_tensor, keras.tree.flatten(value)))
            and (value is None or (key in usual and canonical(usual[key]) == canonical(value)))
        )
    }


def _is_own_mask(node: Any, key: str, value: Any) -> bool:
    """Whether a mask is the one that Keras hands on with the tensor it belongs to."""
    if not key.endswith("mask") or value is None:
        return False
    masks = keras.tree.flatten(value)
    if not all(mask is None or is_tensor(mask) for mask in masks):
        return False
    args, kwargs = keras_internals.arguments_of(node)
    owner = kwargs.get(key.removesuffix("_mask")) if key.endswith("_mask") else None
    for candidate in [owner] if owner is not None else args:
        own = [keras_internals.mask_of(t) for t in keras.tree.flatten(candidate) if is_tensor(t)]
        if len(own) == len(masks) and all(a is b for a, b in zip(own, masks, strict=True)):
            return True
    return False


def ways_out(node: Any) -> list[tuple[Any, ...]]:
    """The way to each output of a call in what the call returns."""
    operation = keras_internals.operation_of(node)
    inner = keras_internals.functional_of(operation)
    outputs = keras_internals.tensors_out(node)
    if inner is not None:
        structure = keras_internals.output_structure(inner)
        return [tuple(path) for path, _ in keras.tree.flatten_with_path(structure)]
    of_keras = type(operation).__module__.startswith("keras.")
    if len(outputs) == 1 and of_keras and isinstance(operation, keras.Layer):
        return [()]
    try:
        args, kwargs = keras_internals.arguments_of(node)
        structure = operation.compute_output_spec(*args, **kwargs)
        paths = [tuple(path) for path, _ in keras.tree.flatten_with_path(structure)]
    except Exception:  # a stranger's layer may raise anything
        paths = []
    if len(paths) == len(outputs):
        return paths
    return [()] if len(outputs) == 1 else [(i,) for i in range(len(outputs))]
