"""Whether a block may be called on what it is given, and a sentence where it may not."""

import inspect
from collections.abc import Callable
from typing import Any

import keras


def check_inputs(title: str, wire: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    """Refuse what a block cannot be called on.

    Args:
        title: How messages name the block.
        wire: Its method that connects the parts.
        inputs: What it was called with.

    Raises:
        TypeError: If an input is no symbolic tensor, or there are more or fewer than it takes.
    """
    signature = inspect.signature(wire)
    try:
        signature.bind(*inputs)
    except TypeError:
        takes = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
        form = signature.replace(parameters=takes, return_annotation=signature.empty)
        text = f"{title} is called as block{form}. Received: {len(inputs)} inputs."
        if len(inputs) > 1 == len(takes):
            text += (
                " Make one of them first, such as Fusion()([a, b]); or call the block once "
                "for each, which shares its weights."
            )
        raise TypeError(text) from None
    for value in keras.tree.flatten(inputs):
        if not isinstance(value, keras.KerasTensor):
            raise TypeError(_wrong_input(title, value))


def describe(value: Any) -> str:
    """A wrong value in a few words, for a message."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if _is_callable_on_tensors(value):
        return f"the {type(value).__name__} {value.name!r}" if value.name else repr(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"a {type(value).__name__} of shape {shape}"
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def _wrong_input(title: str, value: Any) -> str:
    start = f"{title} was called on {describe(value)}. A block connects symbolic tensors"
    if _is_callable_on_tensors(value):
        return f"{start}: call that one first and pass its output, block(layer(x))."
    return (
        f"{start}, such as x = keras.Input((28, 28, 1)). To run it on data, make a model: "
        f"keras.Model(x, block(x))."
    )


def _is_callable_on_tensors(value: Any) -> bool:
    """Whether it is a layer, or a block, which this module knows by its ``wire``."""
    return isinstance(value, keras.Layer) or (
        not isinstance(value, type) and hasattr(value, "wire") and hasattr(value, "name")
    )
