"""What the networks that classify images check and share."""

from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import channels_first


def image_input(shape: tuple[int | None, ...], least: int, caller: str) -> Any:
    """Return the input of a network for images, called `image`.

    Args:
        shape: As `image_shape` has checked it.
        least: Smallest height and width that the network takes.
        caller: Name of that function, for the error message.

    Raises:
        ValueError: If the image is too small.
    """
    if any(size is not None and size < least for size in sizes_of(shape)):
        raise ValueError(
            f"{caller}(input_shape=...): height and width must be {least} or more, as the network "
            f"halves them several times. Received: {shape}; {max(least, 224)} by "
            f"{max(least, 224)} works."
        )
    return keras.Input(shape, name="image")


def sizes_of(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Return the shape of an image without its channels."""
    return shape[1:] if channels_first() else shape[:-1]


def classify(x: Any, classes: int, activation: str, *, dropout: float = 0.0) -> Any:
    """Return the prediction: the average over the image, and one dense layer, `output`."""
    x = L.GlobalAveragePooling2D(name="pool")(x)
    if dropout:
        x = L.Dropout(dropout, name="dropout")(x)
    return L.Dense(classes, activation=activation, name="output", **full_precision())(x)


class KerasNorm(B.ImageBlock):
    """Steps of a network that `keras.applications` has too: batch normalisation as there."""

    momentum = 0.99


class FineNorm(KerasNorm):
    """Batch normalisation with the small number that DenseNet and ResNet have in Keras."""

    epsilon = 1.001e-5


class Stem(FineNorm):
    """Convolution of size 7 and maximum pooling; both pad on all sides, whatever the size."""

    filters: int
    bias: bool = False
    normalise: bool = True

    def wire(self, x: Any) -> Any:
        x = self.use("conv_pad", L.ZeroPadding2D, 3)(x)
        x = self.conv("conv", x, self.filters, 7, 2, padding="valid", use_bias=self.bias)
        if self.normalise:
            x = self.act("act", self.norm("norm", x), "relu")
        x = self.use("pool_pad", L.ZeroPadding2D, 1)(x)
        return self.use("pool", L.MaxPooling2D, 3, 2)(x)


class Ending(FineNorm):
    """The normalisation and activation owed to the last layer that has them in front."""

    def wire(self, x: Any) -> Any:
        return self.act("act", self.norm("norm", x), "relu")
