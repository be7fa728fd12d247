"""A plain chain of layers, which Sequential says in less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._rules import Rule, silent_rule
from keraslab.debug._subject import Subject
from keraslab.debug._tried import as_model
from keraslab.graph import keras_internals

_FEWEST = 2


@silent_rule("KL972", "could-be-sequential", "style")
def could_be_sequential(rule: Rule, subject: Subject) -> Iterator[Finding]:
    """A Functional model in which each layer takes the tensor of the one before."""
    from keraslab.debug.checks._code import as_sequential

    model = subject.keras_model
    layers = None if model is None else _chain(model)
    if model is None or layers is None:
        return
    code = as_sequential(model)
    if code is None:
        return
    graph = subject.graph
    fix = Fix("write it as a Sequential model", code, graph.outputs[0].spec.text, 0)
    lines = [line for line in code.splitlines() if not line.startswith(("import ", "from "))]
    yield rule.finding(
        f"{graph.name!r} is a plain chain of {len(layers)} layers, from "
        f"{layers[0].name!r} to {layers[-1].name!r}: keras.Sequential says the same in less.",
        calls=(graph.outputs[0].call,),
        cause=Cause(layers[-1].name, "Each layer has one input and one output.", None),
        fixes=as_model(rule, subject, fix, run="\n".join(lines)),
        graph=graph,
    )


def _chain(model: Any) -> list[Any] | None:
    """The layers of a model in order; None where it is no plain chain of layers."""
    if isinstance(model, keras.Sequential) or type(model).__name__ != "Functional":
        return None
    if not isinstance(model.input, keras.KerasTensor) or not isinstance(
        model.output, keras.KerasTensor
    ):
        return None
    tensor = model.input
    layers = []
    for node in keras_internals.nodes_of(model)[1:]:
        layer = keras_internals.operation_of(node)
        gives = keras_internals.tensors_out(node)
        if not isinstance(layer, keras.Layer):
            # The masks that go along with a tensor are made by operations of their own; what
            # takes anything else of them is met below.
            continue
        if not _takes_only(node, tensor) or len(gives) != 1:
            return None
        layers.append(layer)
        tensor = gives[0]
    once = len({id(layer) for layer in layers}) == len(layers)
    return layers if once and len(layers) >= _FEWEST and tensor is model.output else None


def _takes_only(node: Any, tensor: Any) -> bool:
    """Whether a call is given this tensor, the mask that goes along with it, and no more."""
    if keras_internals.takes_one_tensor(node):
        return keras_internals.tensors_in(node)[0] is tensor
    args, kwargs = keras_internals.arguments_of(node)
    mask = keras_internals.mask_of(tensor)
    given = {k: v for k, v in kwargs.items() if v is not None and not (k == "mask" and v is mask)}
    return len(args) == 1 and args[0] is tensor and not given
