"""Checks that the two sequence-to-sequence blocks make on their inputs."""

from typing import Any

import keras


def check_seq2seq_inputs(title: str, inputs: list[Any]) -> tuple[Any, Any]:
    """Return source and target if there are these two.

    Args:
        title: How the error message calls the block.
        inputs: What the block was called on.

    Raises:
        ValueError: If there are not two tensors of ids.
    """
    if len(inputs) != 2:
        raise ValueError(
            f"{title}: takes two inputs, block(source, target) or block([source, target]). "
            f"Received: {len(inputs)}."
        )
    source, target = inputs
    check_ids(title, source, "source")
    check_ids(title, target, "target")
    return source, target


def check_ids(title: str, x: Any, what: str) -> None:
    """Raise unless `x` is one tensor `(batch, length)`.

    Raises:
        ValueError: If it is none.
    """
    _check_tensor(title, x, what, 2, "(batch, length), of ids: keras.Input((None,), dtype='int32')")


def check_memory(title: str, x: Any) -> None:
    """Raise unless `x` is one tensor `(batch, length, width)`.

    Raises:
        ValueError: If it is none.
    """
    _check_tensor(title, x, "memory", 3, "(batch, length, width), as encode(source) returns it")


def _check_tensor(title: str, x: Any, what: str, rank: int, wanted: str) -> None:
    if not isinstance(x, keras.KerasTensor) or len(x.shape) != rank:
        received = getattr(x, "shape", f"a {type(x).__name__}")
        raise ValueError(f"{title}: {what} must be {wanted}. Received: {received}.")
