"""The residual block: layers that learn a correction to what goes past them."""

from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count
from keraslab.blocks._image import ImageBlock


@dataclass(eq=False, repr=False)
class Residual(ImageBlock):
    """Two convolutions and a shortcut around them.

    After He et al. 2015, "Deep Residual Learning for Image Recognition",
    https://arxiv.org/abs/1512.03385: convolution, batch normalisation, activation, convolution,
    batch normalisation, plus the shortcut, activation. With `pre_activation`, after He et al.
    2016, "Identity Mappings in Deep Residual Networks", https://arxiv.org/abs/1603.05027: each
    convolution has its normalisation and activation in front, nothing follows the sum, and a
    tower of such blocks wants one more normalisation and activation at its end.

    The shortcut is the input itself where shapes agree. Where the number of channels changes or
    `stride` is over 1, it is a convolution of size 1 (with its own normalisation in the first
    form; taken from the activated input in the second). Convolutions carry no bias, as
    normalisation follows them or, in the second form, the next block's does.

    Takes a tensor `(batch, length, channels)`, `(batch, height, width, channels)` or
    `(batch, depth, height, width, channels)` and returns the same with `filters` channels and
    each size divided by `stride`, rounded up. Where `keras.config.image_data_format()` is
    `"channels_first"`, channels come second.

    Args:
        filters: Channels of the output, 1 or more.
        stride: Step of the first convolution, 1 or more.
        kernel_size: Size of both convolutions, 1 or more.
        activation: Name of a Keras activation.
        pre_activation: Use the form of 2016.
        skip: `False` leaves the shortcut out: the plain network that a residual one is
            compared with.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> x = keras.Input((32, 32, 16))
        >>> Residual(16)(x).shape
        (None, 32, 32, 16)
        >>> narrow = Residual(64, stride=2)
        >>> narrow(x).shape
        (None, 16, 16, 64)
        >>> narrow.parts["shortcut"].count_params()  # 1*1*16*64
        1024
    """

    filters: int
    stride: int = 1
    kernel_size: int = 3
    activation: str = "relu"
    pre_activation: bool = False
    skip: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("filters", "stride", "kernel_size"):
            check_count(getattr(self, setting), f"Residual({setting}=...)")
        check_activation(self.activation, "Residual(activation=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        project = self.channels(x) != self.filters or self.stride > 1
        if self.pre_activation:
            ready = self.act("act1", self.norm("norm1", x), self.activation)
            y = self.conv("conv1", ready, self.filters, self.kernel_size, self.stride)
            y = self.act("act2", self.norm("norm2", y), self.activation)
            y = self.conv("conv2", y, self.filters, self.kernel_size)
            if not self.skip:
                return y
            shortcut = self.conv("shortcut", ready, self.filters, 1, self.stride) if project else x
            return self.use("add", L.Add)([shortcut, y])
        y = self.conv("conv1", x, self.filters, self.kernel_size, self.stride)
        y = self.act("act1", self.norm("norm1", y), self.activation)
        y = self.conv("conv2", y, self.filters, self.kernel_size)
        y = self.norm("norm2", y)
        if self.skip:
            shortcut = x
            if project:
                shortcut = self.conv("shortcut", x, self.filters, 1, self.stride)
                shortcut = self.norm("norm_shortcut", shortcut)
            y = self.use("add", L.Add)([shortcut, y])
        return self.act("act2", y, self.activation)
