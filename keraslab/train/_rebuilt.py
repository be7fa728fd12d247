"""A compiled model as a function that builds it anew, with fresh weights."""

from __future__ import annotations

import types
from typing import Any

import keras

_PARTS = (types.FunctionType, keras.initializers.Initializer, keras.regularizers.Regularizer)


class Rebuilt:
    """Builds a model like a given one; can be pickled, and holds none of its weights.

    Args:
        model: A compiled model that its config describes.
    """

    def __init__(self, model: Any) -> None:
        self._class = type(model)
        self._config = model.get_config()
        self._compiled = model.get_compile_config()
        self._built = model.get_build_config() if model.built else None
        self._own = own_objects(model)

    def __call__(self) -> Any:
        """Build and compile it."""
        from keraslab.graph.keras_internals import own_code

        with keras.saving.custom_object_scope(self._own), own_code():
            model = self._class.from_config(self._config)
            if not model.built and self._built:
                model.build_from_config(self._built)
            model.compile_from_config(self._compiled)
        return model


def own_objects(model: Any) -> dict[str, Any]:
    """Classes and functions of a model that are not Keras', by the names configs have for them."""
    from keraslab.graph.keras_internals import compiled_with

    found: dict[str, Any] = {}

    def add(each: Any) -> None:
        kind = each if isinstance(each, type | types.FunctionType) else type(each)
        module = getattr(kind, "__module__", "") or ""
        if module.split(".")[0] in ("keras", "builtins", "tensorflow", "numpy", "jax", "torch"):
            return
        found[kind.__name__] = kind
        found[keras.saving.get_registered_name(kind)] = kind

    def walk(layer: Any) -> None:
        add(layer)
        for value in vars(layer).values():
            if isinstance(value, _PARTS):
                add(value)
        for inner in getattr(layer, "layers", ()):
            walk(inner)

    walk(model)
    for layer in model.layers:
        walk(layer)
    compiled = compiled_with(model)
    given = [] if compiled is None else [compiled.loss, compiled.metrics, compiled.weighted_metrics]
    for each in [*keras.tree.flatten(given), model.optimizer]:
        if each is not None and not isinstance(each, str | int | float):
            add(each)
    return found
