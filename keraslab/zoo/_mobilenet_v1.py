"""MobileNet, the first one: depthwise and pointwise convolutions in one long chain."""

from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import KerasNorm, classify, image_input
from keraslab.zoo._settings import checked, factor, image_shape

# Table 1 of the paper: channels and stride of each pair of convolutions.
_PAIRS = [
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
]


class _ConvNorm(KerasNorm, B.ConvNorm):
    pass


class _Separable(KerasNorm):
    """A depthwise and a pointwise convolution, each with normalisation and activation."""

    filters: int
    stride: int

    def wire(self, x: Any) -> Any:
        padding = "same"
        if self.stride > 1:  # at the end alone, where "same" pads an odd size at both ends
            x = self.use("pad", L.ZeroPadding2D, ((0, 1), (0, 1)))(x)
            padding = "valid"
        settings = {"strides": self.stride, "padding": padding, "use_bias": False}
        x = self.use("depthwise", L.DepthwiseConv2D, 3, **settings)(x)
        x = self.act("act_depthwise", self.norm("norm_depthwise", x), "relu6")
        x = self.conv("pointwise", x, self.filters, 1)
        return self.act("act_pointwise", self.norm("norm_pointwise", x), "relu6")


@checked(alpha=factor, input_shape=image_shape)
def mobilenet_v1(
    alpha: float = 1.0,
    input_shape: tuple[int | None, ...] = (224, 224, 3),
    classes: int = 1000,
    *,
    dropout: float = 0.001,
    activation: str = "softmax",
    name: str = "mobilenet_v1",
) -> keras.Model:
    """Return a MobileNet of 2017: 4.3 million parameters at `alpha` 1.

    Howard et al. 2017, "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
    Applications", https://arxiv.org/abs/1704.04861. A convolution, then 13 pairs of a depthwise
    and a pointwise one, as in the paper's table 1. It computes what `keras.applications.MobileNet`
    does; there the last layer is a convolution of size 1, here it is the paper's dense layer.

    This network is a plain chain. No layer has two inputs and no tensor is used twice, so a
    `keras.Sequential` of the same layers is the same network: it needs the Functional API only
    to be looked into, or built on.

    What to look at: nearly all the weights lie in the pointwise convolutions.

    Args:
        alpha: Width: the channels of every layer times this, rounded down.
        input_shape: `(height, width, channels)`; sizes may be `None`, 31 pixels are the least.
        classes: How many classes, 1 or more.
        dropout: Part of the features that is dropped before the last layer in training.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range or the image too small.

    Example:
        >>> small = mobilenet_v1(0.25, (32, 32, 3), classes=10)
        >>> small.output_shape, small.get_layer("pair13__pointwise").output.shape
        ((None, 10), (None, 1, 1, 256))
    """
    if int(32 * alpha) < 1:
        raise ValueError(
            f"mobilenet_v1(alpha=...): leaves the first convolution without channels. "
            f"Received: {alpha!r}. The paper's smallest is 0.25."
        )
    image = image_input(input_shape, 31, "mobilenet_v1")

    x = _ConvNorm(int(32 * alpha), stride=2, activation="relu6", name="stem")(image)
    for i, (channels, stride) in enumerate(_PAIRS, 1):
        x = _Separable(int(channels * alpha), stride, name=f"pair{i}")(x)
    return keras.Model(image, classify(x, classes, activation, dropout=dropout), name=name)
