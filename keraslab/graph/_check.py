"""Which models can be read, and a sentence for each that cannot."""

from __future__ import annotations

from typing import Any

import keras

from keraslab.graph import keras_internals


class ModelError(ValueError):
    """Something was given that cannot be read as a graph; the message is one clear sentence."""


def graph_or_error(model: Any) -> Any:
    """The Functional graph of a model; of a subclassed one, what its ``call`` does.

    Args:
        model: What the user gave as a model.

    Raises:
        ModelError: It is no Keras model, is not built yet, has no graph, or has no layers.
    """
    if not isinstance(model, keras.Model):
        raise ModelError(_not_a_model(model))
    name = f"The model '{model.name}'"
    functional = keras_internals.functional_of(model)
    if isinstance(model, keras.Sequential):
        if not model.layers:
            raise ModelError(f"{name} has no layers: add some with model.add(...).")
        if functional is None:
            raise ModelError(
                f"{name} does not know its input shape yet: start it with keras.Input(shape=...), "
                "or call model.build((None, ...)) with that shape."
            )
    if functional is None:
        from keraslab.graph._trace import trace_model  # it raises this module's error

        return trace_model(model)
    if all(isinstance(op, keras.layers.InputLayer) for op in functional.operations):
        raise ModelError(
            f"{name} has no layers: its outputs are its inputs. Call a layer between them."
        )
    return functional


def _not_a_model(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, type):
        return (
            f"A Keras model is needed, but the class {value.__name__} was received: "
            "make a model of it first."
        )
    if isinstance(value, keras.layers.Layer):
        return (
            f"A Keras model is needed, but the layer '{value.name}' ({kind}) was received: call it "
            "on keras.Input(shape=...) and wrap both ends in keras.Model(inputs, outputs)."
        )
    if isinstance(value, keras.KerasTensor):
        return (
            "A Keras model is needed, but a symbolic tensor was received: "
            "wrap it in keras.Model(inputs, outputs)."
        )
    if callable(value):
        called = getattr(value, "__name__", kind)
        return (
            f"A Keras model is needed, but {called} ({kind}) was received: "
            "call it, and give the model it returns."
        )
    text = repr(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return (
        f"A Keras model is needed, but {text} ({kind}) was received: "
        "give what keras.Model(inputs, outputs) or keras.Sequential([...]) returns."
    )
