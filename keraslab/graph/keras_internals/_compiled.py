"""What ``compile(...)`` was given, as Keras keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras

from keraslab.graph.keras_internals._fitting import names_in_fitting


class Compiled(NamedTuple):
    """What ``compile(...)`` was given, unchanged; None for what was left out."""

    loss: Any = None
    loss_weights: Any = None
    metrics: Any = None
    weighted_metrics: Any = None


def compiled_with(model: Any) -> Compiled | None:
    """What a model was compiled with; None where it was not, or keeps it in another way.

    Args:
        model: A model. It needs not have been trained.
    """
    if not getattr(model, "compiled", False):
        return None
    loss = getattr(model, "_compile_loss", None)
    metrics = getattr(model, "_compile_metrics", None)
    return Compiled(
        getattr(loss, "_user_loss", None),
        getattr(loss, "_user_loss_weights", None),
        getattr(metrics, "_user_metrics", None),
        getattr(metrics, "_user_weighted_metrics", None),
    )


def wrapped_function(loss: Any) -> tuple[Any, Mapping[str, Any]] | None:
    """The function that a loss or metric object only wraps, and what it always passes to it.

    Args:
        loss: A loss or metric object, such as ``compile`` takes.

    Returns:
        None where the object does more than that.
    """
    kind = type(loss)
    own = kind.__name__ in _PLAIN_WRAPPERS or any(
        getattr(holder, kind.__name__, None) is kind for holder in (keras.losses, keras.metrics)
    )
    function = getattr(loss, "fn", None) or getattr(loss, "_fn", None)
    if not own or not isinstance(loss, (keras.losses.Loss, keras.metrics.Metric)):
        return None
    return None if function is None else (function, dict(loss._fn_kwargs))


_PLAIN_WRAPPERS = frozenset({"LossFunctionWrapper", "MeanMetricWrapper"})


def names_in_compile() -> Mapping[str, tuple[Any, str]]:
    """Where the private names used here must be: holders with the names each needs."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mae", metrics=["mse"])
    wrapper = keras.losses.MeanSquaredError()
    return {
        "model": (model, "compiled _compile_loss _compile_metrics"),
        "compile_loss": (model._compile_loss, "_user_loss _user_loss_weights"),
        "compile_metrics": (model._compile_metrics, "_user_metrics _user_weighted_metrics"),
        "loss": (wrapper, "fn _fn_kwargs"),
        **names_in_fitting(),
    }
