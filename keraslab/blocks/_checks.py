"""Small checks that several blocks make on their settings and inputs."""

from collections.abc import Iterable, Mapping
from math import inf
from numbers import Integral, Real
from typing import Any

import keras

from keraslab.blocks._block import Block


def check_count(value: Any, argument: str, least: int = 1) -> None:
    """Raise unless `value` is a whole number of `least` or more.

    Args:
        value: The number received.
        argument: How the error message calls it, such as `"Residual(filters=...)"`.
        least: The least that it may be.

    Raises:
        ValueError: If it is none.
    """
    # NumPy's whole numbers too: `ids.max() + 1` is one.
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{argument}: must be a whole number, {least} or more. Received: {value!r}."
        )


def check_filters(value: Any, argument: str) -> None:
    """Raise unless `value` is a list or tuple of one or more numbers of channels.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError(
            f"{argument}: must be a list of numbers of channels, in order, such as [32, 64]. "
            f"Received: {value!r}."
        )
    for filters in value:
        check_count(filters, argument)


def check_number(
    value: Any,
    argument: str,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> None:
    """Raise unless `value` is a finite number within the bounds given.

    Args:
        value: The number received, of Python or NumPy.
        argument: How the error message calls it, such as `"Transition(compression=...)"`.
        above: What it must be more than.
        least: The least that it may be.
        below: What it must be less than.
        most: The most that it may be.

    Raises:
        ValueError: If it is none.
    """
    number = isinstance(value, Real) and not isinstance(value, bool)
    finite = number and abs(value) < inf
    within = finite and (
        (above is None or value > above)
        and (least is None or value >= least)
        and (below is None or value < below)
        and (most is None or value <= most)
    )
    if not within:
        bounds = {"above": above, "of at least": least, "below": below, "at most": most}
        shown = " and ".join(f"{word} {n}" for word, n in bounds.items() if n is not None)
        kind = "finite number" if number and not finite else "number"
        text = f"{argument}: must be a {kind} {shown}".rstrip()
        raise ValueError(f"{text}. Received: {value!r}.")


def check_choice(value: Any, choices: Iterable[str], argument: str) -> None:
    """Raise unless `value` is one of `choices`.

    Raises:
        ValueError: If it is none.
    """
    choices = list(choices)
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{argument}: must be one of {listed}. Received: {value!r}.")


def check_activation(value: Any, argument: str) -> None:
    """Raise unless `value` is the name of a Keras activation.

    Only names are taken: a function would not load where it is not defined.

    Raises:
        ValueError: If it is none.
    """
    try:
        known = isinstance(value, str) and keras.activations.get(value) is not None
    except ValueError:
        known = False
    if not known:
        raise ValueError(
            f"{argument}: must be the name of a Keras activation, such as 'relu', 'gelu' or "
            f"'linear'. Received: {value!r}."
        )


def one_or_two(block: Block, inputs: tuple[Any, ...], forms: str) -> tuple[Any, Any]:
    """Return the one input of a call and `None`, or both of two, and keep to that number.

    Args:
        block: The block called.
        inputs: What it was called on.
        forms: How the error message says what it takes, such as `"layer(x), or layer(x, memory)"`.

    Raises:
        ValueError: If there are more, it was another number on the first call, or they come as a
            dict.
    """
    tensors = listed(inputs, block._title)
    if len(tensors) not in (1, 2):
        raise ValueError(f"{block._title}: takes {forms}. Received: {len(tensors)} inputs.")
    block.settle("number of inputs", len(tensors))
    return tensors[0], tensors[1] if len(tensors) == 2 else None


def listed(inputs: tuple[Any, ...], title: str) -> list[Any]:
    """Return the inputs of a call as a list: `block(a, b)` and `block([a, b])` are the same.

    Args:
        inputs: What the block was called on.
        title: How the error message calls the block.

    Raises:
        ValueError: If they come as a dict, since their order matters.
    """
    if len(inputs) == 1 and isinstance(inputs[0], Mapping):
        keys = list(inputs[0])
        way_out = ", ".join(f"inputs[{key!r}]" for key in keys)
        raise ValueError(
            f"{title}: the order of the inputs matters, so they cannot be a dict. Received: one "
            f"with the keys {keys}. Pass them in a list: [{way_out}]."
        )
    if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)):
        return list(inputs[0])
    return list(inputs)


def full_precision() -> dict[str, str]:
    """Return `{"dtype": "float32"}` under a half-precision policy, else nothing.

    Predictions and distances are computed in full precision there: a probability or a square
    close to 0 vanishes in 16 bits.
    """
    half = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    return {"dtype": "float32"} if half else {}


def check_part(value: Any, argument: str) -> None:
    """Raise unless `value` is a finished block, layer or model.

    Raises:
        TypeError: If it is none.
    """
    if isinstance(value, type):
        raise TypeError(
            f"{argument}: must be a finished block, layer or model. Received: the class "
            f"{value.__name__}; write {value.__name__}(...) with its settings."
        )
    if not isinstance(value, (Block, keras.Layer)):
        raise TypeError(f"{argument}: must be a block, layer or model. Received: {value!r}.")
