"""Settings of a layer that is to be made for other sizes than it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unbuilt(config: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's config without the shapes for which the layers inside it were built.

    Keras builds a layer inside another, such as the cell of an ``RNN``, for those shapes as soon
    as it is made, and the layer around it then takes its weights as they are.

    Args:
        config: What ``get_config`` gave.

    Example:
        >>> import keras
        >>> rnn = keras.layers.RNN(keras.layers.LSTMCell(4))
        >>> _ = rnn(keras.KerasTensor((None, 5, 3)))
        >>> "build_config" in rnn.get_config()["cell"]
        True
        >>> "build_config" in unbuilt(rnn.get_config())["cell"]
        False
    """
    return {key: _without(value) for key, value in config.items()}


def _without(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)([_without(each) for each in value])
    if not isinstance(value, dict):
        return value
    made_of_a_class = "class_name" in value
    return {
        key: _without(each)
        for key, each in value.items()
        if not (made_of_a_class and key == "build_config")
    }
