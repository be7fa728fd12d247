"""What ``fit`` does with data, a loss and metrics before it trains anything."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import keras

_ADAPTER = "keras.src.trainers.data_adapters.array_data_adapter"
_COMPILED = "keras.src.trainers.compile_utils"


def first_batch(few: tuple[Any, Any, Any], class_weight: Any = None) -> tuple[Any, Any, Any]:
    """A few samples as ``fit`` hands them to a step: ``x``, ``y``, ``sample_weight``.

    Args:
        few: The same as they were given; None for what was not.
        class_weight: As ``fit`` takes it.

    Raises:
        Exception: Whatever Keras raises of data that it does not take.
    """
    adapter = import_module(_ADAPTER).ArrayDataAdapter(
        *few, class_weight=class_weight, shuffle=False
    )
    batch = next(iter(adapter.get_numpy_iterator()))
    found: tuple[Any, Any, Any] = keras.utils.unpack_x_y_sample_weight(
        keras.tree.lists_to_tuples(batch)
    )
    return found


def as_inputs(functional: Any, x: Any) -> list[Any]:
    """Arrays as the inputs of a graph take them, one tensor for each.

    Args:
        functional: The graph, which is only asked.
        x: A few samples, in whatever structure ``fit`` was given them.

    Raises:
        Exception: Whatever Keras raises of arrays that do not fit.
    """
    functional._assert_input_compatibility(x)
    return list(functional._standardize_inputs(x))


def outputs_given(functional: Any, tensors: list[Any]) -> Any:
    """The specs of a graph's outputs for tensors of these shapes, in the outputs' structure.

    Args:
        functional: The graph, which is only asked.
        tensors: One for each input.

    Raises:
        Exception: Whatever Keras raises of shapes that do not fit.
    """
    specs = [
        keras.KerasTensor((ref.shape[0], *tensor.shape[1:]), dtype=ref.dtype)
        for tensor, ref in zip(tensors, functional.inputs, strict=True)
    ]
    packed = keras.tree.pack_sequence_as(functional._inputs_struct, specs)
    outputs = functional.compute_output_spec(packed)
    return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs


def adds_losses(model: Any) -> bool:
    """Whether a model has losses besides those of ``compile``."""
    return any(
        layer._loss_ids
        or layer.activity_regularizer is not None
        or any(getattr(v, "regularizer", None) for v in layer.trainable_variables)
        for layer in layers_within(model)
    )


def layers_within(model: Any) -> list[Any]:
    """A model, its layers, and theirs."""
    return list(model._flatten_layers())


class CompiledAnew:
    """The losses and metrics of ``compile``, built apart from any model.

    Args:
        names: What the model's outputs are called; None where they have no names.
        given: The arguments of ``compile`` that are about losses and metrics.

    Raises:
        Exception: Whatever ``compile`` raises of them.
    """

    def __init__(self, names: list[str] | None, given: Mapping[str, Any]) -> None:
        module = import_module(_COMPILED)
        loss, metrics = given.get("loss"), given.get("metrics")
        weighted = given.get("weighted_metrics")
        self._loss = self._metrics = None
        if loss is not None:
            self._loss = module.CompileLoss(loss, given.get("loss_weights"), output_names=names)
        if metrics is not None or weighted is not None:
            self._metrics = module.CompileMetrics(metrics, weighted, output_names=names)

    def step(self, y: Any, outputs: Any, sample_weight: Any) -> None:
        """Compare outputs with targets once, as a step of training does.

        Args:
            y: The targets.
            outputs: What the model gives.
            sample_weight: None where there are none.

        Raises:
            Exception: Whatever Keras raises of them.
        """
        y, outputs, sample_weight = keras.tree.map_structure(
            lambda each: None if each is None else keras.ops.convert_to_tensor(each),
            (y, outputs, sample_weight),
        )
        if self._loss is not None:
            self._loss(y, outputs, sample_weight)
        if self._metrics is not None:
            self._metrics.update_state(y, outputs, sample_weight)


def names_in_fitting() -> dict[str, tuple[Any, str]]:
    """Where the private names are that this needs, for the canary."""
    modules = {_ADAPTER: "ArrayDataAdapter", _COMPILED: "CompileMetrics"}
    found: dict[str, tuple[Any, str]] = {}
    for place, names in modules.items():
        try:
            found[f"{place} to fit"] = import_module(place), names
        except ImportError:
            found[f"{place} to fit"] = None, names
    tensor = keras.Input((1,))
    model = keras.Model(tensor, keras.layers.Dense(1)(tensor))
    return found | {
        "functional to fit": (
            model,
            "_assert_input_compatibility _standardize_inputs _inputs_struct _flatten_layers",
        ),
        "layer to fit": (model.layers[-1], "_loss_ids"),
    }
