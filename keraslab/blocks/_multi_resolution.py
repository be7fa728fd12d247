"""Parallel streams at several resolutions that exchange what they see."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from keras import layers as L

from keraslab.blocks._chain import Chain
from keraslab.blocks._checks import check_activation, check_count, check_filters, listed
from keraslab.blocks._conv_norm import ConvNorm
from keraslab.blocks._crop import crop_model
from keraslab.blocks._image import ImageBlock, layer_for
from keraslab.blocks._made_block import check_made, made_block
from keraslab.blocks._repeat import Repeat
from keraslab.blocks._residual import Residual


@dataclass(eq=False, repr=False)
class MultiResolution(ImageBlock):
    """Streams at several resolutions, each with blocks of its own, then exchanged all to all.

    One stage of the network of Wang et al. 2019, "Deep High-Resolution Representation Learning
    for Visual Recognition", https://arxiv.org/abs/1908.07919:

    1. *Enter*: a stream whose channels are not those wanted passes a 3x3 convolution. Each
       stream more than there are inputs starts from the lowest one, halved by a strided 3x3
       convolution.
    2. *Streams*: each passes `depth` residual blocks at its own resolution.
    3. *Exchange*: every stream becomes the sum of all. A higher one comes down by strided 3x3
       convolutions, one for each halving; a lower one comes up by a 1x1 convolution and by
       repeating each pixel. An activation follows.

    Takes a list of tensors, highest resolution first, or a single tensor for one stream; each is
    half the size of the one before, **rounded up**, as a strided convolution with same padding
    makes it. Returns a list with one tensor for each of `filters`. Where a size is odd, or not
    known, what comes up is one pixel too large or may be: the last ones are cut off.

    Args:
        filters: Channels of each stream, highest resolution first, as many as there are inputs
            or more.
        depth: Blocks in each stream, 1 or more.
        block: What makes a stream's block from its number of channels: a block class, or a
            function such as `lambda n: Bottleneck(n // 4)`. The block must keep the sizes and
            give that number of channels.
        activation: Name of the Keras activation after each sum and convolution.
        name: See `Block`.

    Raises:
        TypeError: If `block` makes no block.
        ValueError: If a setting is out of range, the inputs do not fit together, or a block
            changes its sizes or gives other channels.

    Example:
        >>> import keras
        >>> start = MultiResolution([8, 16], depth=1)
        >>> high, low = start(keras.Input((25, 25, 3)))
        >>> high.shape, low.shape
        ((None, 25, 25, 8), (None, 13, 13, 16))
        >>> [y.shape[1] for y in MultiResolution([8, 16, 32], depth=1)([high, low])]
        [25, 13, 7]
    """

    filters: Sequence[int]
    depth: int = 4
    block: Any = Residual
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_filters(self.filters, "MultiResolution(filters=...)")
        check_count(self.depth, "MultiResolution(depth=...)")
        check_activation(self.activation, "MultiResolution(activation=...)")
        made_block(self.block, self.filters[0], "MultiResolution(block=...)")

    def wire(self, *inputs: Any) -> list[Any]:
        """Connect the parts to one tensor for each resolution."""
        given = self._checked(inputs)
        streams = self._enter(given)
        for i, filters in enumerate(self.filters):
            part, x = f"stream{i + 1}", streams[i]
            block = made_block(self.block, filters, "MultiResolution(block=...)")
            streams[i] = self.use(part, Repeat, block, self.depth)(x)
            check_made(self, self.block, block, filters, x, streams[i], part)
        if len(streams) == 1:
            return streams
        return [self._exchange(streams, i) for i in range(len(streams))]

    def _checked(self, inputs: tuple[Any, ...]) -> list[Any]:
        """Return the inputs as a list, highest resolution first."""
        given = listed(inputs, self._title)
        if not 1 <= len(given) <= len(self.filters):
            raise ValueError(
                f"{self._title}: with filters={list(self.filters)!r} it takes 1 to "
                f"{len(self.filters)} inputs. Received: {len(given)}. "
                f"Give filters one number for each."
            )
        self.settle("number of inputs", len(given))
        for x in given:
            self.channels(x)
        for high, low in pairwise(given):
            for n, m in zip(self.sizes(high), self.sizes(low), strict=True):
                if n is not None and m is not None and m != -(-n // 2):
                    raise ValueError(
                        f"{self._title}: each input must be half the size of the one before, "
                        f"rounded up. Received: {', '.join(str(x.shape) for x in given)}. "
                        f"A strided convolution with padding='same' makes that size."
                    )
        return given

    def _enter(self, given: list[Any]) -> list[Any]:
        """Return all streams, with the channels wanted: those given, and new ones below."""
        streams = []
        low = given[-1]
        for i, filters in enumerate(self.filters):
            x = given[i] if i < len(given) else low
            if i >= len(given):
                low = x = self._conv(f"start{i + 1}", filters, 3, 2)(x)
            elif self.channels(x) != filters:
                x = self._conv(f"enter{i + 1}", filters)(x)
            streams.append(x)
        return streams

    def _exchange(self, streams: list[Any], to: int) -> Any:
        """Return the sum of all streams at the resolution of one."""
        same = []
        for i, x in enumerate(streams):
            y = x
            if i < to:
                y = self.use(f"down{i + 1}to{to + 1}", Chain, self._way_down(i, to))(x)
            elif i > to:
                y = self.use(f"up{i + 1}to{to + 1}", Chain, self._way_up(x, i, to))(x)
                y = self._cropped(f"crop{i + 1}to{to + 1}", y, streams[to])
            same.append(y)
        y = self.use(f"sum{to + 1}", L.Add)(same)
        return self.act(f"act{to + 1}", y, self.activation)

    def _way_down(self, start: int, to: int) -> dict[str, Any]:
        steps = {
            f"conv{i + 1}": ConvNorm(self.filters[start], 3, 2, self.activation)
            for i in range(to - start - 1)
        }
        return {**steps, f"conv{to - start}": ConvNorm(self.filters[to], 3, 2, "linear")}

    def _way_up(self, x: Any, start: int, to: int) -> dict[str, Any]:
        times = (2 ** (start - to),) * (len(x.shape) - 2)
        repeat = partial(layer_for(x, "UpSampling"), times[0] if len(times) == 1 else times)
        return {"conv": ConvNorm(self.filters[to], 1, activation="linear"), "repeat": repeat}

    def _cropped(self, part_name: str, y: Any, like: Any) -> Any:
        """Cut what came up to the size wanted, where it is known to fit already: nothing."""
        if None not in self.sizes(y) and self.sizes(y) == self.sizes(like):
            return y
        shapes = []
        for x in (y, like):
            shape: list[int | None] = [None] * (len(x.shape) - 1)
            shape[self.channel_axis if self.channel_axis < 0 else 0] = self.channels(x)
            shapes.append(tuple(shape))
        first = 1 if self.channel_axis == -1 else 2
        axes = tuple(range(first, first + len(y.shape) - 2))
        crop = self.use(part_name, crop_model, *shapes, axes, (y.dtype, like.dtype))
        return crop([y, like])

    def _conv(self, part_name: str, filters: int, size: int = 3, stride: int = 1) -> Any:
        return self.use(part_name, ConvNorm, filters, size, stride, self.activation)
