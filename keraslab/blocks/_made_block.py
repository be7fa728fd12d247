"""Blocks that a setting makes from a number of channels, such as those of a U-Net's levels."""

import inspect
from collections.abc import Collection
from typing import Any

import keras

from keraslab.blocks._block import Block
from keraslab.blocks._image import ImageBlock
from keraslab.blocks._wiring import trial_build


def made_block(
    make: Any, filters: int, argument: str, others: Collection[Block | None] = ()
) -> Block:
    """Return the block that `make` makes for so many channels.

    Args:
        make: The block class or function received.
        filters: How many.
        argument: How the error message calls it, such as `"UNet(block=...)"`.
        others: Blocks that it must not return again.

    Raises:
        TypeError: If it is neither, cannot be called on a number, or returns no new block.
    """
    if isinstance(make, (Block, keras.Layer)) or not callable(make):
        raise TypeError(
            f"{argument}: must be a block class, or a function that makes a block from a number "
            f"of channels, such as lambda n: Residual(n). Received: {make!r}."
        )
    try:
        made = make(filters)
    except (TypeError, ValueError) as error:
        called = getattr(make, "__name__", type(make).__name__)
        kind = called if isinstance(make, type) else "ConvNeXt"
        raise TypeError(
            f"{argument}: {called}({filters}) failed: {str(error).rstrip('.')}. A block that wants "
            f"more than the number of channels is made by a function: {_way_out(kind)}."
        ) from error
    if not isinstance(made, Block) or made in others:
        raise TypeError(
            f"{argument}: must return a new block for every level, such as Residual(filters). "
            f"Received: {made!r}."
        )
    return made


def check_made(
    block: ImageBlock, make: Any, made: Block, filters: int, x: Any, y: Any, place: str
) -> None:
    """Raise unless what `make` made kept the sizes and gives so many channels.

    Args:
        block: The block that has it as a part.
        make: The class or function.
        made: What it made.
        filters: The channels wanted.
        x: What it was called on.
        y: What it returned.
        place: The name of the part.

    Raises:
        ValueError: If it did not.
    """
    shape, from_shape = getattr(y, "shape", ()), x.shape
    wanted = list(x.shape)
    wanted[block.channel_axis] = filters
    if tuple(shape[1:]) == tuple(wanted[1:]):
        wanted[block.channel_axis] += 1
        shape, from_shape = _at_other_channels(make, filters, wanted), tuple(wanted)
        if shape is None or shape[block.channel_axis] == filters:
            return
    raise ValueError(
        f"{block._title}: the block that block=... makes must keep the sizes and give {filters} "
        f"channels. Received: {shape or type(y).__name__} from {from_shape} in {place!r}, a "
        f"{type(made).__name__}. Same padding and stride 1 keep the sizes, and "
        f"{_way_out(type(made).__name__)} gives n channels."
    )


def _at_other_channels(make: Any, filters: int, shape: list[int | None]) -> Any:
    """Return the shape that a class makes of this one, or `None` where there is no telling.

    A class whose first setting is no number of channels, such as the size of a kernel, passes
    on whatever channels come in, which only shows where others come in than those wanted.
    """
    if not isinstance(make, type) or next(iter(inspect.signature(make).parameters)) == "filters":
        return None
    try:
        with trial_build(), keras.StatelessScope(initialize_variables=False):
            return make(filters, name="trial")(keras.Input(shape[1:])).shape
    except Exception:  # it takes its own number of channels only
        return None


def _way_out(kind: str) -> str:
    return f"block=lambda n: Chain([{kind}(...), ConvNorm(n, 1)])"
