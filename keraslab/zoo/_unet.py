"""U-Net: a picture in, a class for every pixel out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keraslab import blocks as B
from keraslab.zoo._settings import checked, count, flag, function, maybe, picture_shape


@dataclass(eq=False, repr=False)
class _TwoConvolutions(B.ImageBlock):
    """Two 3x3 convolutions with biases and ReLU, without normalisation, as in the paper."""

    filters: int

    def wire(self, x: Any) -> Any:
        for part_name in ("conv1", "conv2"):
            x = self.conv(part_name, x, self.filters, use_bias=True, activation="relu")
        return x


@dataclass(eq=False, repr=False)
class _Head(B.ImageBlock):
    """A convolution of size 1: the same small classifier at every pixel."""

    classes: int
    activation: str

    def wire(self, x: Any) -> Any:
        x = self.conv("conv", x, self.classes, 1, use_bias=True)
        if self.activation == "linear":
            return x
        return self.over_channels("predictions", x, self.activation)


@checked(
    filters=count,
    depth=count,
    input_shape=picture_shape,
    block=maybe(function("keraslab.blocks.Residual")),
    skip=flag,
)
def unet(
    filters: int = 64,
    depth: int = 4,
    input_shape: Sequence[int | None] = (512, 512, 1),
    classes: int = 2,
    *,
    block: Callable[[int], Any] | None = None,
    skip: bool = True,
    activation: str = "softmax",
    name: str = "unet",
) -> keras.Model:
    """Return a U-Net, which gives every pixel of a picture a class.

    Ronneberger et al. 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    https://arxiv.org/abs/1505.04597. With the settings of the paper, which are the defaults,
    31,030,658 parameters: those of the paper's Figure 1 with its 23 convolutional layers. Here
    convolutions pad, so the output is as large as the input; the paper's do not, and make
    388x388 out of 572x572.

    What to look at: fold the picture to its levels and see the U; then set `skip=False` and
    compare how sharp the edges of the output become. With as many `classes` as channels and
    `activation="sigmoid"` it is an autoencoder with skips, to remove noise for example.

    Any size of picture works; where one is odd on its way down, a layer called `crop` cuts what
    comes back up, see `keraslab.blocks.UNet`. One or three sizes make it a network for sequences
    or volumes.

    Args:
        filters: Channels of the first level, doubled at each level below.
        depth: How often sizes are halved.
        input_shape: Sizes and channels; a size may be `None`.
        classes: Channels of the output.
        block: What makes the block of a level from its channels, such as
            `keraslab.blocks.Residual`. By default two 3x3 convolutions with ReLU.
        skip: `False` leaves the skips out.
        activation: Name of the Keras activation of the output; `"linear"` gives logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.
        TypeError: If `block` makes no block.

    Example:
        >>> model = unet(filters=8, depth=2, input_shape=(28, 28, 1), classes=10)
        >>> model.output_shape
        (None, 28, 28, 10)
    """
    levels = B.UNet(filters, depth, block or _TwoConvolutions, skip, name="levels")
    head = _Head(classes, activation, name="head")

    x = keras.Input(tuple(input_shape), name="image")
    return keras.Model(x, head(levels(x)), name=name)
