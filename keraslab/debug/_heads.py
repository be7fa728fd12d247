"""The outputs of a model: what each gives, and which loss it is trained with."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from keraslab.debug._activations import RANGES, activation_before
from keraslab.debug._shares import Share, share_losses, share_metrics, share_weights
from keraslab.graph import Edge, Graph, TensorSpec
from keraslab.graph.keras_internals import compiled_with, functional_of, wrapped_function


@dataclass(frozen=True)
class HeadLoss:
    """The loss of one output."""

    given: Any
    """What ``compile`` was given: a name, a function or an object."""
    name: str | None
    """Keras' own name, such as ``"mean_squared_error"``; None for someone's own loss.
    ``"crossentropy"`` is whichever the labels ask for."""
    from_logits: bool = False
    settings: Mapping[str, Any] | None = None
    """What it was made with, such as ``ignore_class``."""
    weight: float | None = None
    """Its weight in the sum of the losses; None for the default, or where it is no number."""

    @property
    def said(self) -> str:
        """What to call it in a sentence."""
        return said_of(self.given)

    @property
    def is_classes(self) -> bool:
        """Whether it compares probabilities, or logits, of classes."""
        return self.name in CLASSES or self.name in BINARY

    @property
    def is_distance(self) -> bool:
        """Whether it measures how far numbers are from numbers."""
        return self.name in DISTANCES


CLASSES = frozenset(
    {
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "sparse_categorical_crossentropy",
        "crossentropy",
    }
)
BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
DISTANCES = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
    }
)


@dataclass(frozen=True)
class Head:
    """One output of a model."""

    name: str
    """What ``compile`` and ``fit`` call it: its key, or the name of the last layer."""
    key: str | None
    """The dict key, where the model's outputs are a dict."""
    index: int
    """Its place among the outputs, in the order Keras flattens them."""
    call: str
    """The call in the graph that gives it."""
    spec: TensorSpec
    activation: str | None
    """The activation that is really applied last, ``"linear"`` for none, None if not known."""
    activated: str
    """The call that applies the activation."""
    layer: str
    """The name of the layer that applies the activation."""
    loss: HeadLoss | None = None
    """None where the model is not compiled, or this output has no loss."""
    metrics: tuple[Any, ...] = ()
    """What ``compile(metrics=...)`` was given for it."""

    @property
    def units(self) -> int | None:
        """The size of the last axis: classes, or numbers for each sample."""
        return self.spec.shape[-1] if len(self.spec.shape) > 1 else None

    @property
    def reach(self) -> tuple[float, float] | None:
        """The smallest and largest value it can give; None where it can give any."""
        return RANGES.get(self.activation or "")


@dataclass(frozen=True)
class Heads:
    """All outputs, and how what ``compile`` was given is shared among them."""

    heads: tuple[Head, ...]
    compiled: bool
    losses: Share
    weights: Share
    metrics: Share


def heads_of(model: Any, graph: Graph) -> tuple[Head, ...]:
    """The outputs of a model in the order Keras flattens them.

    Args:
        model: A model, compiled or not.
        graph: The same as data.
    """
    return all_heads(model, graph).heads


def all_heads(model: Any, graph: Graph) -> Heads:
    """The outputs of a model, and what of ``compile`` fits none of them.

    Args:
        model: A model, compiled or not.
        graph: The same as data.
    """
    edges: dict[str, list[Edge]] = {call.id: [] for call in graph.calls}
    for edge in graph.edges:
        edges[edge.target].append(edge)
    functional = functional_of(model)
    names = list(getattr(functional, "output_names", ()))
    if len(names) != len(graph.outputs):
        names = [graph.call_by_id[port.call].name for port in graph.outputs]
    keys = [port.key for port in graph.outputs]
    compiled = compiled_with(model)
    given = compiled.loss if compiled else None
    structure = getattr(functional, "output", None)
    losses = share_losses(given, names, keys, structure)
    weights = share_weights(compiled.loss_weights if compiled else None, given, losses, names, keys)
    metrics = share_metrics(compiled.metrics if compiled else None, names, keys)
    heads = []
    for index, port in enumerate(graph.outputs):
        activated = activation_before(graph, edges, port.call)
        units = port.spec.shape[-1] if len(port.spec.shape) > 1 else None
        heads.append(
            Head(
                name=str(port.key or names[index]),
                key=port.key,
                index=index,
                call=port.call,
                spec=port.spec,
                activation=activated.name if activated.name in KNOWN else None,
                activated=activated.call,
                layer=graph.call_by_id[activated.call].name,
                loss=loss_of(losses.of(index), weights.of(index), units),
                metrics=metrics.of(index) or (),
            )
        )
    return Heads(tuple(heads), compiled is not None, losses, weights, metrics)


KNOWN = frozenset(RANGES) | {
    *("linear", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish", "celu", "hard_silu")
}


def loss_of(given: Any, weight: Any = None, units: int | None = None) -> HeadLoss | None:
    """What is known of a loss, however it is given.

    Args:
        given: A name, config, class, object or function as ``compile`` takes it.
        weight: Its weight.
        units: The size of the output's last axis.
    """
    if given is None:
        return None
    number = float(weight) if isinstance(weight, (int, float)) else None
    if isinstance(given, str) and given.lower() in ("crossentropy", "ce"):
        name = "binary_crossentropy" if units == 1 else "crossentropy"
        return HeadLoss(given, name, weight=number)
    found = resolved(given)
    function, settings = found if found is not None else (None, {})
    known = _keras_name(function)
    logits = bool(settings.get("from_logits", False)) if known else False
    return HeadLoss(given, known, logits, dict(settings), number)


def resolved(given: Any) -> tuple[Callable[..., Any] | None, Mapping[str, Any]] | None:
    """The function of a loss and what it is always called with; None for someone's own class."""
    if isinstance(given, (str, Mapping)) or inspect.isclass(given):
        try:
            given = keras.losses.get(dict(given) if isinstance(given, Mapping) else given)
        except Exception:  # a name that Keras does not know
            return None
    settings: dict[str, Any] = {}
    while isinstance(given, functools.partial):
        settings = {**given.keywords, **settings}
        given = given.func
    if isinstance(given, keras.losses.Loss):
        return wrapped_function(given)
    return (given, settings) if callable(given) else None


@functools.cache
def _keras_functions() -> dict[int, str]:
    found = [f for f in vars(keras.losses).values() if inspect.isfunction(f)]
    known = {id(f): f.__name__ for f in found}
    return {key: name for key, name in known.items() if name not in ("get", "serialize")}


def _keras_name(function: Any) -> str | None:
    return _keras_functions().get(id(function))


def said_of(given: Any) -> str:
    """What to call a loss or metric in a sentence."""
    if isinstance(given, str):
        return f"{given!r}"
    if isinstance(given, functools.partial):
        return said_of(given.func)
    if inspect.isclass(given) or inspect.isfunction(given):
        return str(given.__name__)
    function = wrapped_function(given)
    if function is not None and type(given).__module__.split(".")[0] == "keras":
        inner = getattr(function[0], "__name__", None)
        if type(given).__name__ in ("LossFunctionWrapper", "MeanMetricWrapper") and inner:
            return str(inner)
    return type(given).__name__
