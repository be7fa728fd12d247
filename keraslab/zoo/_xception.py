"""Xception: separable convolutions and shortcuts, and hardly anything else."""

from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import KerasNorm, classify, image_input
from keraslab.zoo._settings import checked, count, image_shape


class _ConvNorm(KerasNorm, B.ConvNorm):
    pass


class _Xception(KerasNorm, B.Xception):
    pass


class _SeparableNorm(KerasNorm):
    """A separable convolution with its normalisation and activation behind it."""

    filters: int

    def wire(self, x: Any) -> Any:
        conv = self.use(
            "sepconv", L.SeparableConv2D, self.filters, 3, padding="same", use_bias=False
        )
        return self.act("act", self.norm("norm", conv(x)), "relu")


@checked(input_shape=image_shape, middle=count)
def xception(
    input_shape: tuple[int | None, ...] = (299, 299, 3),
    classes: int = 1000,
    *,
    middle: int = 8,
    activation: str = "softmax",
    name: str = "xception",
) -> keras.Model:
    """Return an Xception network: 22.9 million parameters.

    Chollet 2016, "Xception: Deep Learning with Depthwise Separable Convolutions",
    https://arxiv.org/abs/1610.02357. Three flows, as in the paper's figure 5: the entry flow
    makes the image small and the channels many, the middle flow keeps both, the exit flow leads
    to the classifier. Equal to `keras.applications.Xception`, whose weights fit.

    What to look at: the shortcuts. In the entry and exit flow they are convolutions, as the size
    changes; in the middle flow they are the input itself.

    Args:
        input_shape: `(height, width, channels)`; sizes may be `None`, 7 pixels are the least.
        classes: How many classes, 1 or more.
        middle: How many blocks the middle flow has, 1 or more.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range or the image too small.

    Example:
        >>> small = xception((32, 32, 3), classes=10, middle=1)
        >>> small.output_shape, small.get_layer("middle__block1__add").output.shape
        ((None, 10), (None, 2, 2, 728))
    """
    image = image_input(input_shape, 7, "xception")

    stem = {
        "conv1": _ConvNorm(32, stride=2, padding="valid"),
        "conv2": _ConvNorm(64, padding="valid"),
    }
    x = B.Chain(stem, name="stem")(image)
    entry = {
        "block1": _Xception([128, 128], stride=2, activation_first=False),
        "block2": _Xception([256, 256], stride=2),
        "block3": _Xception([728, 728], stride=2),
    }
    x = B.Chain(entry, name="entry")(x)
    x = B.Repeat(_Xception([728, 728, 728], name="block"), middle, name="middle")(x)
    ending = {
        "block": _Xception([728, 1024], stride=2),
        "sepconv1": _SeparableNorm(1536),
        "sepconv2": _SeparableNorm(2048),
    }
    x = B.Chain(ending, name="exit")(x)
    return keras.Model(image, classify(x, classes, activation), name=name)
