"""Down to a small image and up again, with every size on the way up fed from its twin."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_count
from keraslab.blocks._conv_norm import ConvNorm
from keraslab.blocks._decoder import UpBlock
from keraslab.blocks._image import layer_for
from keraslab.blocks._made_block import check_made, made_block
from keraslab.blocks._repeat import Repeat


@dataclass(eq=False, repr=False)
class UNet(UpBlock):
    """A way down and a way up, joined by a skip at every size.

    After Ronneberger et al. 2015, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", https://arxiv.org/abs/1505.04597. On the way down every level is a block
    followed by max pooling, which halves the sizes; each level has twice the channels of the one
    above. On the way up a transposed convolution doubles the sizes, the tensor from the same
    level of the way down is put beside it, and a block follows. Convolutions pad, so the output
    has the sizes of the input (the paper's do not pad, and its output is smaller).

    **Any size works.** An odd size is halved and rounded up, so what comes back up is one too
    large, and is cut at its end to the size of the skip. A layer in the model says so:
    `unet__crop1_height` cuts the height at the first level; where all sizes fit there is none.
    Where a size is `None` the cut, called `unet__crop1`, is found while the model runs.

    Takes an image-like tensor, see `ImageBlock`, and returns one of the same sizes with
    `filters` channels.

    Args:
        filters: Channels of the first level, doubled at each level below.
        depth: How often sizes are halved, 1 or more.
        block: What makes the block of a level from its number of channels: a block class, such
            as `Residual`, or a function, such as
            `lambda n: Repeat(Residual(n), 2)`. The block must keep the sizes and give that
            number of channels. By default two times `ConvNorm`.
        skip: `False` leaves the skips out: the network that a U-Net is compared with.
        name: See `Block`.

    Raises:
        TypeError: If `block` is no class or function that returns a block.
        ValueError: If a setting is out of range, the input is no image-like tensor, or a block
            changes its sizes or gives other channels.

    Example:
        >>> import keras
        >>> from keraslab.blocks import Residual
        >>> unet = UNet(8, depth=2)
        >>> unet(keras.Input((32, 32, 3))).shape
        (None, 32, 32, 8)
        >>> odd = UNet(8, depth=2, block=Residual)
        >>> odd(keras.Input((30, 25, 3))).shape  # 30, 15, 8 and 25, 13, 7
        (None, 30, 25, 8)
        >>> [part for part in odd.parts if part.startswith("crop")]
        ['crop2_height_width', 'crop1_width']
    """

    filters: int
    depth: int = 4
    block: Callable[[int], Any] | None = None
    skip: bool = True
    _blocks: dict[str, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check the settings and make the blocks, which get their layers when called."""
        super().__post_init__()
        check_count(self.filters, "UNet(filters=...)")
        check_count(self.depth, "UNet(depth=...)")
        for level in range(1, self.depth + 1):
            for way in ("encode", "decode"):
                self._blocks[f"{way}{level}"] = self._new_block(self._width(level))
        self._blocks["bottom"] = self._new_block(self._width(self.depth + 1))

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        self.channels(x)
        levels = range(1, self.depth + 1)
        skips = {}
        for level in levels:
            skips[level] = self._step(level, f"encode{level}", x)
            x = self.pool(f"pool{level}", skips[level])
        x = self._step(self.depth + 1, "bottom", x)
        for level in reversed(levels):
            same = skips[level]
            x = self.up(f"up{level}", x, self._width(level))
            x = self.crop(f"crop{level}", x, self.sizes(same), same)
            if self.skip:
                x = self.use(f"concat{level}", L.Concatenate, axis=self.channel_axis)([same, x])
            x = self._step(level, f"decode{level}", x)
        return x

    def pool(self, part_name: str, x: Any) -> Any:
        """Halve each size, rounded up."""
        return self.use(part_name, layer_for(x, "MaxPooling"), 2, padding="same")(x)

    def _width(self, level: int) -> int:
        return int(self.filters * 2 ** (level - 1))

    def _new_block(self, filters: int) -> Any:
        if self.block is None:
            return Repeat(ConvNorm(filters), 2)
        made = made_block(self.block, filters, "UNet(block=...)", self._blocks.values())
        made.name = None  # named after its place, see `wire`
        return made

    def _step(self, level: int, part_name: str, x: Any) -> Any:
        block = self._blocks[part_name]
        y = self.use(part_name, block)(x)
        check_made(self, self.block, block, self._width(level), x, y, part_name)
        return y
