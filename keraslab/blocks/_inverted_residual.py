"""The inverted residual block: wide inside, narrow at both ends."""

from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count
from keraslab.blocks._image import ImageBlock, layer_for


@dataclass(eq=False, repr=False)
class InvertedResidual(ImageBlock):
    """Widens the channels, filters each on its own, narrows them again without activation.

    After Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    https://arxiv.org/abs/1801.04381: a convolution of size 1 that multiplies the channels by
    `expansion`, a depthwise convolution, and a convolution of size 1 down to `filters`, each
    followed by normalisation and the first two by an activation. The shortcut joins the narrow
    ends, where little has to be kept in memory, and is there only where it can be the input
    itself: `stride` 1 and as many channels out as in.

    Takes a tensor `(batch, length, channels)` or `(batch, height, width, channels)` (channels
    second where `keras.config.image_data_format()` says so) and returns the same with `filters`
    channels and each size divided by `stride`, rounded up. Keras has no depthwise convolution
    for volumes.

    Args:
        filters: Channels of the output, 1 or more.
        stride: Step of the depthwise convolution, 1 or more.
        expansion: How many times wider the inside is; 1 leaves the first convolution out.
        kernel_size: Size of the depthwise convolution, 1 or more.
        activation: Name of a Keras activation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image or sequence.

    Example:
        >>> import keras
        >>> x = keras.Input((56, 56, 24))
        >>> block = InvertedResidual(24)
        >>> block(x).shape
        (None, 56, 56, 24)
        >>> block.parts["depthwise"].output.shape  # wide inside: 6*24
        (None, 56, 56, 144)
        >>> InvertedResidual(32, stride=2)(x).shape
        (None, 28, 28, 32)
    """

    filters: int
    stride: int = 1
    expansion: int = 6
    kernel_size: int = 3
    activation: str = "relu6"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("filters", "stride", "expansion", "kernel_size"):
            check_count(getattr(self, setting), f"InvertedResidual({setting}=...)")
        check_activation(self.activation, "InvertedResidual(activation=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        channels = self.channels(x)
        if len(x.shape) > 4:
            raise ValueError(
                f"{self._title}: Keras has depthwise convolutions for images and sequences "
                f"only: (batch, height, width, channels). Received: {x.shape}."
            )
        y = x
        if self.expansion > 1:
            y = self.conv("expand", y, self.expansion * channels, 1)
            y = self.act("act_expand", self.norm("norm_expand", y), self.activation)
        y = self.depthwise("depthwise", y, self.kernel_size, self.stride)
        y = self.act("act_depthwise", self.norm("norm_depthwise", y), self.activation)
        y = self.norm("norm_project", self.conv("project", y, self.filters, 1))
        if self.stride == 1 and channels == self.filters:
            return self.use("add", L.Add)([x, y])
        return y

    def depthwise(self, part_name: str, x: Any, size: int, stride: int) -> Any:
        """Convolve each channel on its own; a subclass may replace this step."""
        layer = self.use(
            part_name,
            layer_for(x, "DepthwiseConv"),
            size,
            strides=stride,
            padding="same",
            use_bias=False,
        )
        return layer(x)
