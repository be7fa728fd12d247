"""Small checks that several blocks make on their settings and inputs."""

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import keras

from keraslab.blocks._block import Block


def check_count(value: Any, argument: str) -> None:
    """Raise unless `value` is a whole number of 1 or more.

    Args:
        value: The number received.
        argument: How the error message calls it, such as `"Residual(filters=...)"`.

    Raises:
        ValueError: If it is none.
    """
    # NumPy's whole numbers too: `ids.max() + 1` is one.
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{argument}: must be a whole number, 1 or more. Received: {value!r}.")


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
