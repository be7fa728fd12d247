"""The Xception block: separable convolutions and a shortcut around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count, check_filters
from keraslab.blocks._image import ImageBlock, layer_for


@dataclass(eq=False, repr=False)
class Xception(ImageBlock):
    """Separable convolutions in a row, and a shortcut around them.

    After Chollet 2016, "Xception: Deep Learning with Depthwise Separable Convolutions",
    https://arxiv.org/abs/1610.02357, figure 5. A separable convolution filters each channel on
    its own and mixes the channels afterwards with a convolution of size 1: with 728 channels
    and a kernel of 3 it has a ninth of the weights of an ordinary one.

    Each one has its activation in front and its normalisation behind; with a `stride` over 1 a
    maximum pooling of size 3 comes last. The shortcut is the input itself where shapes agree,
    else a convolution of size 1 with its own normalisation. Nothing follows the sum.

    Takes a tensor `(batch, length, channels)` or `(batch, height, width, channels)` (channels
    second where `keras.config.image_data_format()` says so) and returns the same with
    `filters[-1]` channels and each size divided by `stride`, rounded up. Keras has no separable
    convolution for volumes.

    Args:
        filters: Channels of each separable convolution, in order, such as `[728, 728, 728]`.
        stride: Of the pooling and the shortcut, 1 or more.
        kernel_size: Size of the separable convolutions, 1 or more.
        activation: Name of a Keras activation.
        activation_first: Whether the first convolution has an activation in front too. The
            first block of the paper's network has none: it follows an activation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image or sequence.

    Example:
        >>> import keras
        >>> x = keras.Input((74, 74, 128))
        >>> entry = Xception([256, 256], stride=2)
        >>> entry(x).shape
        (None, 37, 37, 256)
        >>> entry.parts["sepconv1"].count_params()  # 3*3*128 + 128*256
        33920
        >>> middle = Xception([128] * 3)
        >>> middle(x).shape, "shortcut" in middle.parts
        ((None, 74, 74, 128), False)
    """

    filters: Sequence[int]
    stride: int = 1
    kernel_size: int = 3
    activation: str = "relu"
    activation_first: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_filters(self.filters, "Xception(filters=...)")
        for setting in ("stride", "kernel_size"):
            check_count(getattr(self, setting), f"Xception({setting}=...)")
        check_activation(self.activation, "Xception(activation=...)")
        if not isinstance(self.activation_first, bool):
            raise ValueError(
                f"Xception(activation_first=...): must be True or False. "
                f"Received: {self.activation_first!r}."
            )

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        channels = self.channels(x)
        if len(x.shape) > 4:
            raise ValueError(
                f"{self._title}: Keras has separable convolutions for images and sequences "
                f"only: (batch, height, width, channels). Received: {x.shape}."
            )
        y = x
        for i, count in enumerate(self.filters, 1):
            if i > 1 or self.activation_first:
                y = self.act(f"act{i}", y, self.activation)
            y = self.separable(f"sepconv{i}", y, count, self.kernel_size)
            y = self.norm(f"norm{i}", y)
        if self.stride > 1:
            y = self.use("pool", layer_for(x, "MaxPooling"), 3, self.stride, padding="same")(y)
        shortcut = x
        if channels != self.filters[-1] or self.stride > 1:
            shortcut = self.conv("shortcut", x, self.filters[-1], 1, self.stride)
            shortcut = self.norm("norm_shortcut", shortcut)
        return self.use("add", L.Add)([shortcut, y])

    def separable(self, part_name: str, x: Any, filters: int, size: int) -> Any:
        """Convolve each channel on its own, then mix them; a subclass may replace this step."""
        layer = self.use(
            part_name,
            layer_for(x, "SeparableConv"),
            filters,
            size,
            padding="same",
            use_bias=False,
        )
        return layer(x)
