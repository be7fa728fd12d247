"""A model to write as code, from its config or file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._code_values import CodeError
from keraslab.graph._from_config import graph_of_config
from keraslab.graph._from_file import config_of_file, is_path
from keraslab.graph._scope import Scope
from keraslab.graph._stranger import UnknownLayer, cleaned


def is_described(value: Any) -> bool:
    """Whether a value is a config, or names a file with one."""
    return is_path(value) or isinstance(value, Mapping)


def model_described(value: str | os.PathLike[str] | Mapping[str, Any]) -> Any:
    """The model of a config or ``.keras`` file, with no weight allocated and no stranger's code.

    Raises:
        CodeError: It holds what is not made from a file: a class not known here, a lambda.
        ModelError: It is the config of no model.
    """
    config, what = (
        (dict(value), "The config") if isinstance(value, Mapping) else config_of_file(value)
    )
    graph, name, trainable = graph_of_config(config, what)
    operations = [keras_internals.operation_of(node) for node in keras_internals.nodes_of(graph)]
    unknown = [op for op in operations if isinstance(op, UnknownLayer)]
    inner = config["config"] if isinstance(config.get("config"), dict) else config
    if unknown or cleaned(inner["layers"])[1]:
        text = f"the layer '{unknown[0].name}' ({unknown[0].class_name})" if unknown else "a layer"
        raise CodeError(
            f"{what} holds {text} with code of its own, which is not made from a file. "
            "Load the model with keras.models.load_model(...), and give to_code what that returns."
        )
    inputs, outputs = (
        keras_internals.input_structure(graph),
        keras_internals.output_structure(graph),
    )
    with Scope().build():
        model = keras.Model(inputs, outputs, name=name)
        if "input_layers" not in inner:
            layers = [op for op in model.layers if not isinstance(op, keras.layers.InputLayer)]
            start = next(op for op in operations if isinstance(op, keras.layers.InputLayer))
            model = keras.Sequential([start, *layers], name=name)
    if not trainable:
        model.trainable = False
    return model
