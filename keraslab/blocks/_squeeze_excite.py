"""Squeeze and excite: channels turned up and down by what the whole image shows."""

from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count
from keraslab.blocks._image import ImageBlock, layer_for


@dataclass(eq=False, repr=False)
class SqueezeExcite(ImageBlock):
    """Multiply each channel by a number from 0 to 1 that the averages of all channels decide.

    After Hu et al. 2017, "Squeeze-and-Excitation Networks", https://arxiv.org/abs/1709.01507:
    average over all positions, a narrow `Dense` layer with an activation, a `Dense` layer with
    one sigmoid per channel, and the product with the input.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    same shape. Sizes may be unknown and may differ from call to call.

    Args:
        ratio: How many times narrower the middle layer is than the input, 1 or more. The
            middle has `channels // ratio` units, and never less than one.
        activation: Name of the Keras activation of the middle layer.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> block = SqueezeExcite(ratio=4)
        >>> block(keras.Input((32, 32, 64))).shape
        (None, 32, 32, 64)
        >>> block.parts["squeeze"].units, block.parts["excite"].units
        (16, 64)
    """

    ratio: int = 16
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.ratio, "SqueezeExcite(ratio=...)")
        check_activation(self.activation, "SqueezeExcite(activation=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        channels = self.channels(x)
        narrow = max(1, channels // self.ratio)
        y = self.use("pool", layer_for(x, "GlobalAveragePooling"))(x)
        y = self.use("squeeze", L.Dense, narrow, activation=self.activation)(y)
        y = self.use("excite", L.Dense, channels, activation="sigmoid")(y)
        ones = (1,) * (len(x.shape) - 2)
        shape = (channels, *ones) if self.channel_axis == 1 else (*ones, channels)
        y = self.use("reshape", L.Reshape, shape)(y)
        return self.use("scale", L.Multiply)([x, y])
