"""The transition between two dense blocks: fewer channels, half the size."""

from dataclasses import dataclass
from typing import Any

from keraslab.blocks._checks import check_activation, check_number
from keraslab.blocks._image import ImageBlock, layer_for


@dataclass(eq=False, repr=False)
class Transition(ImageBlock):
    """Narrows the channels with a convolution of size 1 and halves the image by averaging.

    After Huang et al. 2016, "Densely Connected Convolutional Networks",
    https://arxiv.org/abs/1608.06993: normalisation, activation, convolution, average pooling.
    It stands between two dense blocks, which concatenate and therefore need one size.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns
    `compression` times its channels and half its sizes, all rounded down.

    Args:
        compression: Part of the channels that is kept, over 0 and up to 1.
        activation: Name of a Keras activation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, no channel would be left, the image is too
            small to halve, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> Transition()(keras.Input((56, 56, 256))).shape
        (None, 28, 28, 128)
    """

    compression: float = 0.5
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_number(self.compression, "Transition(compression=...)", above=0, most=1)
        check_activation(self.activation, "Transition(activation=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        channels = self.channels(x)
        filters = int(channels * self.compression)
        if filters < 1:
            raise ValueError(
                f"{self._title}: compression={self.compression!r} of {channels} channels leaves "
                f"none. Received: {x.shape}. With {1 / channels:.2g} one is left."
            )
        if any(size is not None and size < 2 for size in self.sizes(x)):
            raise ValueError(
                f"{self._title}: each size must be 2 or more to be halved. Received: {x.shape}. "
                f"Start from a larger image, or leave a transition out."
            )
        y = self.act("act", self.norm("norm", x), self.activation)
        y = self.conv("conv", y, filters, 1)
        return self.use("pool", layer_for(x, "AveragePooling"), 2)(y)
