"""Which call of which block made a tensor, and what a block was given to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING
from typing import Any, NamedTuple

import keras

from keraslab.blocks._settings import same_value


class BlockCall(NamedTuple):
    """One call of a block."""

    block: Any
    inputs: tuple[Any, ...]
    """What it was called on: tensors, or lists or dicts of them."""
    outputs: Any


_CALLS = "_keraslab_calls"


def remember(block: Any, inputs: tuple[Any, ...], outputs: Any, tensors: Sequence[Any]) -> None:
    """Let the tensors that a call returned know of it.

    The tensors hold the call, and nothing else does: it goes when they go, and a block that is
    called again and again holds no more than before.

    Args:
        block: The block.
        inputs: What it was called on.
        outputs: What it returned.
        tensors: The tensors of that.
    """
    kept = [keras.tree.map_structure(_itself, part) for part in (inputs, outputs)]
    call = BlockCall(block, *kept)
    for tensor in tensors:
        vars(tensor).setdefault(_CALLS, []).append(call)


def calls_of(tensor: Any) -> tuple[BlockCall, ...]:
    """The calls that returned this tensor, that of the innermost block first.

    Args:
        tensor: A symbolic tensor. One of a model that was loaded or cloned knows of none.

    Example:
        >>> from keraslab import blocks as B
        >>> chain = B.Chain([B.Residual(3)], name="chain")
        >>> y = chain(keras.Input((8, 8, 3)))
        >>> [call.block.name for call in calls_of(y)]
        ['chain__residual1', 'chain']
    """
    return tuple(getattr(tensor, _CALLS, ()))


def given_settings(block: Any) -> list[tuple[str, Any, bool]]:
    """The settings of a block that are needed to make it again, in the order of its fields.

    Args:
        block: The block.

    Returns:
        For each the name, the value, and whether the block cannot be made without it. The name
        is one of them where it was given by hand.

    Example:
        >>> from keraslab import blocks as B
        >>> given_settings(B.Residual(8, stride=2, name="narrow"))
        [('filters', 8, True), ('stride', 2, False), ('name', 'narrow', False)]
    """
    given = []
    for field in block._settings():
        value = getattr(block, field.name)
        if field.name == "name":
            continue
        needed = field.default is MISSING and field.default_factory is MISSING
        if not needed:
            usual = field.default if field.default is not MISSING else field.default_factory()
            if type(usual) is type(value) and same_value(usual, value):
                continue
        given.append((field.name, value, needed and not field.kw_only))
    if block._given_name is not None:
        given.append(("name", block._given_name, False))
    return given


def _itself(value: Any) -> Any:
    return value
