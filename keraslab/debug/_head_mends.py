"""Changes of an output's layer or loss, each tried before it is offered."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keraslab.debug._finding import Fix
from keraslab.debug._heads import Head, said_of
from keraslab.graph import Call, Graph, what_if
from keraslab.graph._code_layout import flat
from keraslab.graph._code_values import Values


def layer_code(call: Call, **settings: Any) -> str:
    """The constructor of a layer with some settings changed: ``layers.Dense(10)``."""
    kind = type(call.operation)
    config = {**call.config, **settings}
    automatic = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.__name__)
    if re.fullmatch(rf"{automatic.lower()}(_\d+)?", str(config.get("name"))):
        config.pop("name", None)
    return flat(Values().made(kind, config)).replace('"', "'")


def other_layer(graph: Graph, head: Head, title: str, **settings: Any) -> Fix | None:
    """Offer another setting of the layer that applies an output's activation.

    Args:
        graph: The model as data.
        head: The output.
        title: What the change does, in a few words.
        **settings: The settings that change.

    Returns:
        None where the layer has no such setting, or the model does not fit together with it.
    """
    call = graph.call_by_id[head.activated]
    if call.kind != "layer" or not settings.keys() <= call.config.keys():
        return None
    try:
        changed = what_if(graph, {call.layer: settings})
        code = layer_code(call, **settings)
    except Exception:  # what cannot be worked out is not offered
        return None
    port = changed.outputs[head.index]
    return Fix(title, code, port.spec.text, changed.params - graph.params, tried=True)


def other_loss(
    heads: tuple[Head, ...], head: Head, title: str, written: str, activation: str | None = None
) -> Fix | None:
    """Offer another loss for an output; it is tried on a small batch of stand-ins.

    Args:
        heads: All outputs.
        head: The output whose loss changes.
        title: What the change does, in a few words.
        written: The loss as code: ``'mse'`` with its quotes, ``keras.losses.Huber()``.
        activation: What the output applies after the change, where that differs.
    """
    loss = _made(written)
    if loss is None or not _gives_a_number(loss, head, activation or head.activation):
        return None
    return Fix(title, loss_code(heads, {head.index: written}), tried=True)


def loss_code(heads: tuple[Head, ...], written: Mapping[int, str]) -> str:
    """The ``loss=`` of ``compile`` with some of the losses written anew."""
    if len(heads) == 1:
        return f"loss={written[0]}"
    kept = {head.index: said_of(head.loss.given) for head in heads if head.loss is not None}
    each = [f"{head.name!r}: {(kept | dict(written)).get(head.index)}" for head in heads]
    return f"loss={{{', '.join(each)}}}"


def _made(written: str) -> Any | None:
    """The loss that a short piece of code of ours makes."""
    text = re.fullmatch(r"'(\w+)'", written)
    if text:
        return keras.losses.get(text[1])
    try:
        call = ast.parse(written, mode="eval").body
        assert isinstance(call, ast.Call)
        kind = getattr(keras.losses, call.func.attr)  # type: ignore[attr-defined]
        return kind(**{str(k.arg): ast.literal_eval(k.value) for k in call.keywords})
    except Exception:  # not a loss that this Keras has
        return None


def works_with(given: Any, head: Head) -> bool:
    """Whether a loss as ``compile`` takes it gives a number for this output."""
    loss = keras.losses.get(given) if isinstance(given, str) else given
    return loss is not None and (
        not isinstance(given, str) or _gives_a_number(loss, head, head.activation)
    )


def outputs_like(head: Head, samples: int = 4, activation: str | None = None) -> Any:
    """Values such as an output gives, at random.

    Args:
        head: The output.
        samples: How many.
        activation: What it applies, where that is not what it applies now.
    """
    shape = (samples, *[size or 3 for size in head.spec.shape[1:]])
    values = np.random.default_rng(0).uniform(0.1, 0.9, shape).astype("float32")
    if (activation or head.activation) == "softmax":
        values /= values.sum(-1, keepdims=True)
    return values


def targets_for(head: Head, loss: Any = None, samples: int = 4) -> Any:
    """Targets of the form that a loss takes.

    Args:
        head: The output.
        loss: The loss; None for the one it has.
        samples: How many.
    """
    shape = (samples, *[size or 3 for size in head.spec.shape[1:]])
    name = str(getattr(loss, "name", None) or getattr(loss, "__name__", ""))
    if loss is None and head.loss is not None:
        name = str(head.loss.name)
    if name.startswith("sparse"):
        return np.zeros(shape[:-1], "int32")
    return np.random.default_rng(1).uniform(0.1, 0.9, shape).astype("float32")


def _gives_a_number(loss: Any, head: Head, activation: str | None) -> bool:
    values = outputs_like(head, activation=activation)
    target = targets_for(head, loss)
    try:
        if not isinstance(loss, keras.losses.Loss):
            values = keras.ops.convert_to_tensor(values)
            target = keras.ops.convert_to_tensor(target)
        result = keras.ops.convert_to_numpy(loss(target, values))
    except Exception:  # whatever a loss raises, it is not one to offer
        return False
    return bool(np.isfinite(result).all())
