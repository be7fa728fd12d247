"""InceptionV3: inception modules whose large kernels are factorised."""

from functools import partial
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import classify, image_input
from keraslab.zoo._settings import checked, factor, image_shape


class _ConvNorm(B.ConvNorm):
    """Batch normalisation shifts and does not scale: the next convolution's weights can."""

    def norm(self, part_name: str, x: Any) -> Any:
        layer = self.use(part_name, L.BatchNormalization, axis=self.channel_axis, scale=False)
        return layer(x)


class _Convolution:
    """The convolution of all modules below."""

    def convolution(self, filters: int, size: Any, stride: int = 1, padding: str = "same") -> Any:
        return _ConvNorm(filters, size, stride, padding=padding)


class _InceptionA(_Convolution, B.InceptionA):
    pass


class _InceptionB(_Convolution, B.InceptionB):
    pass


class _InceptionC(_Convolution, B.InceptionC):
    pass


class _ReductionA(_Convolution, B.ReductionA):
    pass


class _ReductionB(_Convolution, B.ReductionB):
    pass


@checked(input_shape=image_shape, width=factor)
def inception_v3(
    input_shape: tuple[int | None, ...] = (299, 299, 3),
    classes: int = 1000,
    *,
    width: float = 1.0,
    activation: str = "softmax",
    name: str = "inception_v3",
) -> keras.Model:
    """Return InceptionV3: 23,851,784 parameters.

    Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision",
    https://arxiv.org/abs/1512.00567. A stem brings the image to 35x35; then come three modules
    A, a reduction, four modules B at 17x17, a reduction, two modules C at 8x8, and the
    classifier. The auxiliary classifier of the paper's training is left out. Equal to
    `keras.applications.InceptionV3`, whose weights fit.

    Look at: which kernels stand side by side at each resolution. Large images get 3x3 and 5x5,
    middle-sized ones rows and columns of 7, small ones many channels.

    Args:
        input_shape: `(height, width, channels)`; sizes may be `None`, and 75 pixels are the
            least.
        classes: How many classes, 1 or more.
        width: Factor of all filters, over 0; 1 is the paper.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Returns:
        A model from images `(batch, height, width, channels)` to `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range or the image too small.

    Example:
        >>> small = inception_v3((75, 75, 3), classes=10, width=0.125)
        >>> small.output_shape
        (None, 10)
        >>> small.get_layer("inception_b4__concat").output.shape  # 768 / 8 channels
        (None, 3, 3, 96)
    """
    image = image_input(input_shape, 75, "inception_v3")

    def conv(filters: int, size: int, stride: int = 1, padding: str = "valid") -> Any:
        return _ConvNorm(max(1, round(filters * width)), size, stride, padding=padding)

    stem = {
        "conv1": conv(32, 3, 2),
        "conv2": conv(32, 3),
        "conv3": conv(64, 3, padding="same"),
        "pool1": partial(L.MaxPooling2D, 3, 2),
        "conv4": conv(80, 1),
        "conv5": conv(192, 3),
        "pool2": partial(L.MaxPooling2D, 3, 2),
    }
    x = B.Chain(stem, name="stem")(image)
    for i, pool_filters in enumerate((32, 64, 64), 1):
        x = _InceptionA(pool_filters, width=width, name=f"inception_a{i}")(x)
    x = _ReductionA(width=width, name="reduction_a")(x)
    for i, filters in enumerate((128, 160, 160, 192), 1):
        x = _InceptionB(filters, width=width, name=f"inception_b{i}")(x)
    x = _ReductionB(width=width, name="reduction_b")(x)
    for i in (1, 2):
        x = _InceptionC(width=width, name=f"inception_c{i}")(x)
    return keras.Model(image, classify(x, classes, activation), name=name)
