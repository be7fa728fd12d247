"""Residual networks, from 18 to 152 layers, in the forms of 2015 and 2016."""

from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import Ending, FineNorm, Stem, classify, image_input
from keraslab.zoo._settings import checked, count, image_shape, one_of

# Table 1 of the paper: how many blocks in each stage.
_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


class _Residual(FineNorm, B.Residual):
    """The block of depths 18 and 34, padded on all sides as the authors' code does."""

    momentum = 0.9
    epsilon = 1e-5

    def conv(
        self, part_name: str, x: Any, filters: int, size: Any = 3, stride: Any = 1, **more: Any
    ) -> Any:
        if size == 3:
            x = self.use(f"{part_name}_pad", L.ZeroPadding2D, 1)(x)
        return super().conv(part_name, x, filters, size, stride, padding="valid", **more)


class _BottleneckV1(FineNorm, B.Bottleneck):
    """Every convolution has a bias, though a normalisation follows that takes it off again."""

    def conv(
        self, part_name: str, x: Any, filters: int, size: Any = 3, stride: Any = 1, **more: Any
    ) -> Any:
        padding = "valid" if size == 1 else "same"
        return super().conv(
            part_name, x, filters, size, stride, padding=padding, use_bias=True, **more
        )


class _BottleneckV2(FineNorm, B.Bottleneck):
    """The sum is of two convolutions with biases; where only the size changes, of pixels."""

    def conv(
        self, part_name: str, x: Any, filters: int, size: Any = 3, stride: Any = 1, **more: Any
    ) -> Any:
        if size == 3:
            x = self.use(f"{part_name}_pad", L.ZeroPadding2D, 1)(x)
        bias = part_name in ("conv3", "shortcut")
        return super().conv(
            part_name, x, filters, size, stride, padding="valid", use_bias=bias, **more
        )

    def shortcut(self, x: Any, ready: Any) -> Any:
        if self.channels(x) == self.filters * self.expansion and self.stride > 1:
            return self.use("shortcut", L.MaxPooling2D, 1, self.stride)(x)
        return super().shortcut(x, ready)


class _ShallowStem(Stem):
    momentum = _Residual.momentum
    epsilon = _Residual.epsilon


class _ShallowEnding(Ending):
    momentum = _Residual.momentum
    epsilon = _Residual.epsilon


@checked(depth=one_of(*_STAGES), input_shape=image_shape, version=one_of(1, 2), width=count)
def resnet(
    depth: int = 50,
    input_shape: tuple[int | None, ...] = (224, 224, 3),
    classes: int = 1000,
    *,
    version: int = 1,
    width: int = 64,
    activation: str = "softmax",
    name: str = "resnet",
) -> keras.Model:
    """Build a residual network for images.

    He et al. 2015, "Deep Residual Learning for Image Recognition",
    https://arxiv.org/abs/1512.03385 (version 1), and He et al. 2016, "Identity Mappings in Deep
    Residual Networks", https://arxiv.org/abs/1603.05027 (version 2).

    A stem that quarters the image, four stages, and an average over what is left. Each stage
    after the first doubles the channels, and three of the four halve the image. Depths 18 and
    34 are made of `Residual` blocks, the others of `Bottleneck` blocks. Look at the shortcuts:
    where a stage changes neither size nor channels they are the input itself, so the gradient
    reaches the stem on a way with hardly a layer on it. In version 2 not even an activation
    stands on that way.

    Depths 50, 101 and 152 equal `keras.applications.ResNet50` and so on layer for layer: the
    step of version 1 in the first convolution of a stage and biases in its convolutions; the
    step of version 2 at the end of a stage. Depths 18 and 34, which are not in
    `keras.applications`, have the step at the start of a stage and no biases.

    | depth | parameters, version 1 | version 2 |
    |---|---|---|
    | 18 | 11,699,112 | 11,695,528 |
    | 34 | 21,814,696 | 21,811,112 |
    | 50 | 25,636,712 | 25,613,800 |
    | 101 | 44,707,176 | 44,675,560 |
    | 152 | 60,419,944 | 60,380,648 |

    Args:
        depth: Layers with weights: 18, 34, 50, 101 or 152.
        input_shape: Of an image, without the batch. Sizes may be `None`.
        classes: How many kinds of image to tell apart, 1 or more.
        version: 1 (2015) or 2 (2016, activations in front of the convolutions).
        width: Channels of the stem, 64 as published; all others follow it.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is none of these.

    Example:
        >>> model = resnet(18, (32, 32, 3), classes=10, width=8)
        >>> model.output_shape, model.count_params()
        ((None, 10), 178562)
    """
    image = image_input(input_shape, 1, "resnet")
    deep, pre = depth >= 50, version == 2

    stem, ending = (Stem, Ending) if deep else (_ShallowStem, _ShallowEnding)
    x = stem(width, bias=deep, normalise=not pre, name="stem")(image)
    for number, times in enumerate(_STAGES[depth], 1):
        strides = _strides(number, times, at_the_end=deep and pre)
        filters = width * 2 ** (number - 1)
        blocks = {
            f"block{i}": _block(filters, stride, deep=deep, pre=pre)
            for i, stride in enumerate(strides, 1)
        }
        x = B.Chain(blocks, name=f"stage{number}")(x)
    if pre:
        x = ending(name="ending")(x)
    return keras.Model(image, classify(x, classes, activation), name=name)


def _strides(stage: int, times: int, *, at_the_end: bool) -> list[int]:
    """Return the step of each block of a stage: three stages of four halve the image.

    The authors' code of version 2 halves at the end of a stage, and so not in the last one.
    """
    if at_the_end:
        return [1] * (times - 1) + [1 if stage == len(_STAGES[50]) else 2]
    return [1 if stage == 1 else 2] + [1] * (times - 1)


def _block(filters: int, stride: int, *, deep: bool, pre: bool) -> B.Block:
    if not deep:
        return _Residual(filters, stride, pre_activation=pre)
    if pre:
        return _BottleneckV2(filters, stride, pre_activation=True, stride_in="conv2")
    return _BottleneckV1(filters, stride, stride_in="conv1")
