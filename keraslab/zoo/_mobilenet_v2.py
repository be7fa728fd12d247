"""MobileNetV2: inverted residuals, small enough for a telephone."""

from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import KerasNorm, classify, image_input
from keraslab.zoo._settings import checked, factor, image_shape

# Table 2 of the paper: expansion, channels, blocks, stride of the first block.
_STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


class _Norm(KerasNorm):
    momentum = 0.999


class _ConvNorm(_Norm, B.ConvNorm):
    pass


class _InvertedResidual(_Norm, B.InvertedResidual):
    def depthwise(self, part_name: str, x: Any, size: int, stride: int) -> Any:
        """Pad by hand where the image gets smaller: the same pixels on every backend."""
        if stride == 1:
            return super().depthwise(part_name, x, size, stride)
        # One row at the end, and where the size is known to be odd one at the start.
        padding = [(0 if n is None else n % 2, 1) for n in self.sizes(x)]
        x = self.use("pad", L.ZeroPadding2D, padding)(x)
        layer = self.use(part_name, L.DepthwiseConv2D, size, strides=stride, use_bias=False)
        return layer(x)


@checked(alpha=factor, input_shape=image_shape)
def mobilenet_v2(
    alpha: float = 1.0,
    input_shape: tuple[int | None, ...] = (224, 224, 3),
    classes: int = 1000,
    *,
    activation: str = "softmax",
    name: str = "mobilenet_v2",
) -> keras.Model:
    """Return a MobileNetV2: 3.5 million parameters at `alpha` 1.

    Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    https://arxiv.org/abs/1801.04381. Seven stages of inverted residuals, as in the paper's
    table 2, between two convolutions. Equal to `keras.applications.MobileNetV2`, whose weights
    fit.

    What to look at: the sum at the end of a block joins two narrow tensors, and what lies
    between is six times wider. The first block of each stage has no shortcut.

    Args:
        alpha: Width: the channels of every layer but the last convolution's times this,
            rounded to a multiple of 8. Over 1 the last one grows too.
        input_shape: `(height, width, channels)`; sizes may be `None`, and images then want 31
            pixels or more.
        classes: How many classes, 1 or more.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> small = mobilenet_v2(0.35, (32, 32, 3), classes=10)
        >>> small.output_shape, small.get_layer("stage2__block2__add").output.shape
        ((None, 10), (None, 8, 8, 8))
    """
    image = image_input(input_shape, 1, "mobilenet_v2")

    x = _ConvNorm(_to_eight(32 * alpha), stride=2, activation="relu6", name="stem")(image)
    for i, (expansion, channels, blocks, stride) in enumerate(_STAGES, 1):
        filters = _to_eight(int(channels * alpha))
        stage = {
            f"block{j + 1}": _InvertedResidual(filters, 1 if j else stride, expansion)
            for j in range(blocks)
        }
        x = B.Chain(stage, name=f"stage{i}")(x)
    last = _to_eight(1280 * alpha) if alpha > 1 else 1280
    x = _ConvNorm(last, 1, activation="relu6", padding="valid", name="last")(x)
    return keras.Model(image, classify(x, classes, activation), name=name)


def _to_eight(channels: float) -> int:
    """Return the nearest multiple of 8, the next one up where that takes more than a tenth."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
