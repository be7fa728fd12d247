"""Convolution, normalisation, activation: the brick of most networks for images."""

from dataclasses import dataclass
from typing import Any

from keraslab.blocks._checks import check_activation, check_choice, check_count
from keraslab.blocks._image import ImageBlock


@dataclass(eq=False, repr=False)
class ConvNorm(ImageBlock):
    """A convolution without bias, batch normalisation and an activation.

    After Ioffe and Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by
    Reducing Internal Covariate Shift", https://arxiv.org/abs/1502.03167.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    same with `filters` channels. With `padding="same"` each size is divided by `stride` and
    rounded up; with `"valid"` it shrinks by `kernel_size - 1` first.

    Args:
        filters: Channels of the output, 1 or more.
        kernel_size: Size of the convolution, or one for each axis, such as `(1, 7)`.
        stride: Step of the convolution, 1 or more.
        activation: Name of a Keras activation; `"linear"` for none.
        padding: `"same"` or `"valid"`.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> block = ConvNorm(8, stride=2)
        >>> block(keras.Input((32, 32, 3))).shape
        (None, 16, 16, 8)
        >>> list(block.parts)
        ['conv', 'norm', 'act']
    """

    filters: int
    kernel_size: int | tuple[int, ...] = 3
    stride: int = 1
    activation: str = "relu"
    padding: str = "same"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.filters, "ConvNorm(filters=...)")
        size: Any = self.kernel_size
        if isinstance(size, list) or size == ():
            raise ValueError(
                f"ConvNorm(kernel_size=...): must be a whole number or a tuple with one for each "
                f"axis, such as 3 or (1, 7). Received: {size!r}."
            )
        for each in size if isinstance(size, tuple) else (size,):
            check_count(each, "ConvNorm(kernel_size=...)")
        check_count(self.stride, "ConvNorm(stride=...)")
        check_activation(self.activation, "ConvNorm(activation=...)")
        check_choice(self.padding, ["same", "valid"], "ConvNorm(padding=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        self.channels(x)
        size, axes = self.kernel_size, len(x.shape) - 2
        if isinstance(size, tuple) and len(size) != axes:
            raise ValueError(
                f"{self._title}: kernel_size must be a whole number or have one for each axis "
                f"between batch and channels, {axes}. Received: {size} for {x.shape}. "
                f"Try: kernel_size={max(size)}."
            )
        y = self.conv("conv", x, self.filters, self.kernel_size, self.stride, padding=self.padding)
        return self.act("act", self.norm("norm", y), self.activation)
