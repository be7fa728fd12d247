"""Any blocks side by side on the same input, and their outputs made into one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice
from keraslab.blocks._named_parts import named_parts

_MERGES = {"concat": L.Concatenate, "add": L.Add, "average": L.Average, "maximum": L.Maximum}


def merge(block: Block, outputs: Mapping[str, Any], method: str) -> Any:
    """Make the named outputs of a block's branches into one tensor, with a part of that block.

    Args:
        block: The block that has the branches.
        outputs: What each branch returned, by its name.
        method: `"concat"`, `"add"`, `"average"` or `"maximum"`.

    Raises:
        ValueError: If an output is no single tensor, or they do not fit together.
    """
    check_fit(block, outputs, method)
    tensors = list(outputs.values())
    if len(tensors) == 1:
        return tensors[0]
    if method == "concat":
        axis = _channel_axis(len(tensors[0].shape))
        return block.use("concat", L.Concatenate, axis=axis)(tensors)
    return block.use(method, _MERGES[method])(tensors)


def check_fit(block: Block, outputs: Mapping[str, Any], method: str) -> None:
    """Raise unless the named outputs are single tensors of shapes that can be merged so.

    Raises:
        ValueError: If they are not; it names every branch with its shape.
    """
    for name, y in outputs.items():
        if not isinstance(y, keras.KerasTensor):
            raise ValueError(
                f"{block._title}: {name!r} must return one tensor. Received: a {type(y).__name__}."
            )
    shapes = [tuple(y.shape) for y in outputs.values()]
    if len({len(shape) for shape in shapes}) > 1:
        advice = "An image becomes a vector by keras.layers.GlobalAveragePooling2D at its end."
        raise ValueError(_misfit(block, outputs, "must have as many axes", advice))
    axis = _channel_axis(len(shapes[0])) % len(shapes[0])
    for i, sizes in enumerate(zip(*shapes, strict=True)):
        if i == 0 or len(set(sizes) - {None}) < 2 or (i == axis and method == "concat"):
            continue
        if i != axis:
            what = f"must have the same size on axis {i}"
            advice = "Give every branch the same total stride, and padding='same'."
        else:
            what = f"must have the same channels for {method!r}"
            advice = (
                f"End each branch with {max(set(sizes) - {None})} channels; 'concat' takes any."
            )
        raise ValueError(_misfit(block, outputs, what, advice))


def _misfit(block: Block, outputs: Mapping[str, Any], what: str, advice: str) -> str:
    listing = ", ".join(f"{name!r} {tuple(y.shape)}" for name, y in outputs.items())
    return f"{block._title}: the outputs {what}. Received: {listing}. {advice}"


def _channel_axis(rank: int) -> int:
    first = keras.config.image_data_format() == "channels_first"
    return 1 if first and rank > 2 else -1


@dataclass(eq=False, repr=False)
class Branches(Block):
    """Blocks side by side on the same input, and what they return made into one.

    The split-transform-merge of Szegedy et al. 2014, "Going Deeper with Convolutions",
    https://arxiv.org/abs/1409.4842, with any blocks: each branch gets the whole input.

    - `"concat"`: outputs side by side along the channels (the last axis, or axis 1 of an image
      where `keras.config.image_data_format()` is `"channels_first"`); other sizes must agree.
    - `"add"`, `"average"`, `"maximum"`: entry by entry; all sizes must agree.

    A single branch is passed on as it is. A branch that does nothing, which makes a skip
    connection, is `keras.layers.Identity()`.

    Takes whatever every branch takes and returns one tensor.

    Args:
        branches: Blocks, layers, models, or functions that take `name=` and return one, in a
            list or in a dict that names them. In a list they are named after their class and
            counted: `branches__conv_norm1`. A layer or model handed in keeps its own name.
        merge: One of the four above.
        name: See `Block`.

    Raises:
        TypeError: If a branch is none of these.
        ValueError: If there are no branches, `merge` is not known, or the outputs do not fit.

    Example:
        >>> import keras
        >>> from keraslab.blocks import ConvNorm
        >>> both = Branches({"near": ConvNorm(8, 3), "far": ConvNorm(4, 7)})
        >>> both(keras.Input((32, 32, 3))).shape
        (None, 32, 32, 12)
        >>> list(both.parts)
        ['near', 'far', 'concat']
        >>> Branches([ConvNorm(8), ConvNorm(4)], "add", name="sum")(keras.Input((32, 32, 3)))
        Traceback (most recent call last):
        ...
        ValueError: Branches 'sum': the outputs must have the same channels for 'add'. Received: \
'conv_norm1' (None, 32, 32, 8), 'conv_norm2' (None, 32, 32, 4). End each branch with 8 \
channels; 'concat' takes any.
    """

    branches: Sequence[Any] | Mapping[str, Any]
    merge: str = "concat"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_choice(self.merge, _MERGES, "Branches(merge=...)")
        self._named()

    def wire(self, *inputs: Any) -> Any:
        """Connect every branch to the same input, and merge."""
        outputs = {name: self.use(name, branch)(*inputs) for name, branch in self._named().items()}
        return merge(self, outputs, self.merge)

    def _named(self) -> dict[str, Any]:
        example = "[ConvNorm(8), ConvNorm(8, 5)]"
        return named_parts(self.branches, "Branches(branches=...)", example, {self.merge})
