"""The ConvNeXt block: a residual block built as a transformer's."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count, check_number
from keraslab.blocks._image import ImageBlock, layer_for

_EPSILON = 1e-6  # as in the authors' code


@dataclass(eq=False, repr=False)
class ConvNeXt(ImageBlock):
    """Look around channel by channel, then mix the channels position by position.

    After Liu et al. 2022, "A ConvNet for the 2020s", https://arxiv.org/abs/2201.03545: a
    depthwise convolution with a large kernel, layer normalisation over the channels, a
    convolution of size 1 that widens, an activation, one that narrows again, and the sum with
    the input. The branch is multiplied by one small number per channel, which is trained
    ("layer scale", Touvron et al. 2021, https://arxiv.org/abs/2103.17239), so that a deep
    tower starts out as almost the identity.

    Takes `(batch, length, channels)` or `(batch, height, width, channels)`, channels second
    where `keras.config.image_data_format()` is `"channels_first"`, and returns the same shape.
    The paper's networks change size and width between these blocks.

    Args:
        kernel_size: Size of the depthwise convolution, 1 or more.
        expansion: How many times wider the middle is than the input, 1 or more.
        activation: Name of the Keras activation in the middle.
        layer_scale: What the branch is multiplied by at first, or `None` for no such layer.
        skip: `False` leaves the sum with the input out.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input has not one or two axes between
            batch and channels.

    Example:
        >>> import keras
        >>> block = ConvNeXt()
        >>> block(keras.Input((32, 32, 96))).shape
        (None, 32, 32, 96)
        >>> [name for name, part in block.parts.items() if part.weights]
        ['depthwise', 'norm', 'expand', 'project', 'layer_scale']
    """

    kernel_size: int = 7
    expansion: int = 4
    activation: str = "gelu"
    layer_scale: float | None = 1e-6
    skip: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("kernel_size", "expansion"):
            check_count(getattr(self, setting), f"ConvNeXt({setting}=...)")
        check_activation(self.activation, "ConvNeXt(activation=...)")
        if self.layer_scale is not None:
            check_number(self.layer_scale, "ConvNeXt(layer_scale=...)", above=0)

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        channels = self.channels(x)
        if len(x.shape) == 5:
            raise ValueError(
                f"{self._title}: Keras has no depthwise convolution for volumes. The input must "
                f"be (batch, length, channels) or (batch, height, width, channels). "
                f"Received: {x.shape}."
            )
        y = self.depthwise("depthwise", x)
        y = self.norm("norm", y)
        y = self.conv("expand", y, self.expansion * channels, 1, use_bias=True)
        y = self.act("act", y, self.activation)
        y = self.conv("project", y, channels, 1, use_bias=True)
        if self.layer_scale is not None:
            y = self.scale("layer_scale", y, float(self.layer_scale))
        return self.use("add", L.Add)([x, y]) if self.skip else y

    def depthwise(self, part_name: str, x: Any) -> Any:
        """Convolve each channel by itself."""
        layer = layer_for(x, "DepthwiseConv")
        return self.use(part_name, layer, self.kernel_size, padding="same")(x)

    def norm(self, part_name: str, x: Any) -> Any:
        """Normalise the channels of each position."""
        layer = self.use(part_name, L.LayerNormalization, axis=self.channel_axis, epsilon=_EPSILON)
        return layer(x)

    def scale(self, part_name: str, x: Any, initial: float) -> Any:
        """Multiply each channel by a trained number of its own."""
        # Keras has no layer for just this. A depthwise kernel of one pixel is the same, and
        # unlike EinsumDense it knows the size of every later call too.
        layer = self.use(
            part_name,
            layer_for(x, "DepthwiseConv"),
            1,
            use_bias=False,
            depthwise_initializer=keras.initializers.Constant(initial),
        )
        return layer(x)
