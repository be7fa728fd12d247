"""The bottleneck block: a residual block that is narrow where it is costly."""

from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_choice, check_count
from keraslab.blocks._image import ImageBlock


@dataclass(eq=False, repr=False)
class Bottleneck(ImageBlock):
    """Narrow by a convolution of size 1, convolve, widen by another; a shortcut goes past.

    After He et al. 2015, "Deep Residual Learning for Image Recognition",
    https://arxiv.org/abs/1512.03385, the block of the networks with 50 layers and more: each of
    the three convolutions has its normalisation behind it, the last activation follows the sum.
    With `pre_activation`, after He et al. 2016, "Identity Mappings in Deep Residual Networks",
    https://arxiv.org/abs/1603.05027: normalisation and activation stand in front of each
    convolution, nothing follows the sum, and a tower of such blocks wants one more
    normalisation and activation at its end.

    The shortcut is the input itself where shapes agree. Where the number of channels changes or
    `stride` is over 1, it is a convolution of size 1 (with its own normalisation in the first
    form; taken from the activated input in the second).

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    same with `expansion * filters` channels and each size divided by `stride`, rounded up.

    Args:
        filters: Channels of the narrow part, 1 or more.
        stride: Step of the block, 1 or more.
        kernel_size: Size of the middle convolution, 1 or more.
        activation: Name of a Keras activation.
        pre_activation: Use the form of 2016.
        expansion: How many times wider the output is than the narrow part, 1 or more.
        stride_in: Which convolution takes the step: `"conv1"`, the one that narrows, as in 2015
            (three of four pixels are never looked at), or `"conv2"`, the middle one, as most
            later code has it ("ResNet v1.5") at a little more cost.
        skip: `False` leaves the shortcut out: the plain network that a residual one is
            compared with.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> block = Bottleneck(16, stride=2)
        >>> block(keras.Input((32, 32, 64))).shape
        (None, 16, 16, 64)
        >>> {name: part.filters for name, part in block.parts.items() if "conv" in name}
        {'conv1': 16, 'conv2': 16, 'conv3': 64}
    """

    filters: int
    stride: int = 1
    kernel_size: int = 3
    activation: str = "relu"
    pre_activation: bool = False
    expansion: int = 4
    stride_in: str = "conv1"
    skip: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("filters", "stride", "kernel_size", "expansion"):
            check_count(getattr(self, setting), f"Bottleneck({setting}=...)")
        check_activation(self.activation, "Bottleneck(activation=...)")
        check_choice(self.stride_in, ["conv1", "conv2"], "Bottleneck(stride_in=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        self.channels(x)
        first, second = (self.stride, 1) if self.stride_in == "conv1" else (1, self.stride)
        narrow, wide = self.filters, self.filters * self.expansion
        if self.pre_activation:
            ready = self.act("act1", self.norm("norm1", x), self.activation)
            y = self.conv("conv1", ready, narrow, 1, first)
            y = self.act("act2", self.norm("norm2", y), self.activation)
            y = self.conv("conv2", y, narrow, self.kernel_size, second)
            y = self.act("act3", self.norm("norm3", y), self.activation)
            y = self.conv("conv3", y, wide, 1)
            return self.use("add", L.Add)([self.shortcut(x, ready), y]) if self.skip else y
        y = self.conv("conv1", x, narrow, 1, first)
        y = self.act("act1", self.norm("norm1", y), self.activation)
        y = self.conv("conv2", y, narrow, self.kernel_size, second)
        y = self.act("act2", self.norm("norm2", y), self.activation)
        y = self.norm("norm3", self.conv("conv3", y, wide, 1))
        if self.skip:
            y = self.use("add", L.Add)([self.shortcut(x, x), y])
        return self.act("act3", y, self.activation)

    def shortcut(self, x: Any, ready: Any) -> Any:
        """Return what goes past the convolutions; a subclass may replace this step.

        Args:
            x: The block's input.
            ready: The same after the first normalisation and activation, with
                `pre_activation`; else `x` itself.
        """
        wide = self.filters * self.expansion
        if self.channels(x) == wide and self.stride == 1:
            return x
        y = self.conv("shortcut", ready, wide, 1, self.stride)
        return y if self.pre_activation else self.norm("norm_shortcut", y)
