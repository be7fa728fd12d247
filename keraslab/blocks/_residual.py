"""The residual block: layers that learn a correction to what goes past them."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_activation, check_count

_CONVOLUTIONS = {3: L.Conv1D, 4: L.Conv2D, 5: L.Conv3D}
# Keras' own 0.99 needs some hundred batches before validation means anything; 0.9 is what the
# reference implementations of the paper use.
_MOMENTUM = 0.9


@dataclass(eq=False, repr=False)
class Residual(Block):
    """Two convolutions and a shortcut around them.

    After He et al. 2015, "Deep Residual Learning for Image Recognition",
    https://arxiv.org/abs/1512.03385: convolution, batch normalisation, activation, convolution,
    batch normalisation, plus the shortcut, activation. With `pre_activation`, after He et al.
    2016, "Identity Mappings in Deep Residual Networks", https://arxiv.org/abs/1603.05027: each
    convolution has its normalisation and activation in front, nothing follows the sum, and a
    tower of such blocks wants one more normalisation and activation at its end.

    The shortcut is the input itself where shapes agree. Where the number of channels changes or
    `stride` is over 1, it is a convolution of size 1 (with its own normalisation in the first
    form; taken from the activated input in the second). Convolutions carry no bias, as
    normalisation follows them or, in the second form, the next block's does.

    Takes a tensor `(batch, length, channels)`, `(batch, height, width, channels)` or
    `(batch, depth, height, width, channels)` and returns the same with `filters` channels and
    each size divided by `stride`, rounded up. Where `keras.config.image_data_format()` is
    `"channels_first"`, channels come second.

    Args:
        filters: Channels of the output, 1 or more.
        stride: Step of the first convolution, 1 or more.
        kernel_size: Size of both convolutions, 1 or more.
        activation: Name of a Keras activation.
        pre_activation: Use the form of 2016.
        skip: `False` leaves the shortcut out: the plain network that a residual one is
            compared with.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> x = keras.Input((32, 32, 16))
        >>> Residual(16)(x).shape
        (None, 32, 32, 16)
        >>> narrow = Residual(64, stride=2)
        >>> narrow(x).shape
        (None, 16, 16, 64)
        >>> narrow.parts["shortcut"].count_params()  # 1*1*16*64
        1024
    """

    filters: int
    stride: int = 1
    kernel_size: int = 3
    activation: str = "relu"
    pre_activation: bool = False
    skip: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("filters", "stride", "kernel_size"):
            check_count(getattr(self, setting), f"Residual({setting}=...)")
        check_activation(self.activation, "Residual(activation=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        channels = self._check_input(x)
        project = channels != self.filters or self.stride > 1
        if self.pre_activation:
            ready = self._activate("1", self._normalize("1", x))
            y = self._convolve("conv1", ready, self.kernel_size, self.stride)
            y = self._activate("2", self._normalize("2", y))
            y = self._convolve("conv2", y, self.kernel_size)
            if not self.skip:
                return y
            shortcut = self._convolve("shortcut", ready, 1, self.stride) if project else x
            return self.use("add", L.Add)([shortcut, y])
        y = self._convolve("conv1", x, self.kernel_size, self.stride)
        y = self._activate("1", self._normalize("1", y))
        y = self._convolve("conv2", y, self.kernel_size)
        y = self._normalize("2", y)
        if self.skip:
            shortcut = x
            if project:
                shortcut = self._convolve("shortcut", x, 1, self.stride)
                shortcut = self._normalize("_shortcut", shortcut)
            y = self.use("add", L.Add)([shortcut, y])
        return self._activate("2", y)

    def _check_input(self, x: Any) -> int:
        """Return the number of channels of the input."""
        if not isinstance(x, keras.KerasTensor) or len(x.shape) not in _CONVOLUTIONS:
            shape = getattr(x, "shape", type(x).__name__)
            raise ValueError(
                f"{self._title}: the input must be one image-like tensor: (batch, length, "
                f"channels), (batch, height, width, channels) or with a depth too. "
                f"Received: {shape}. A single channel can be added with "
                f"keras.layers.Reshape((height, width, 1))."
            )
        self.settle("number of dimensions", len(x.shape))
        channels = x.shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"{self._title}: the number of channels must be known. Received: {x.shape}. "
                f"Give it in keras.Input(shape=...)."
            )
        return int(channels)

    @property
    def _channel_axis(self) -> int:
        return 1 if keras.config.image_data_format() == "channels_first" else -1

    def _convolve(self, part_name: str, x: Any, size: int, stride: int = 1) -> Any:
        return self.use(
            part_name,
            _CONVOLUTIONS[len(x.shape)],
            self.filters,
            size,
            strides=stride,
            padding="same",
            use_bias=False,
        )(x)

    def _normalize(self, number: str, x: Any) -> Any:
        norm = self.use(
            f"norm{number}", L.BatchNormalization, axis=self._channel_axis, momentum=_MOMENTUM
        )
        return norm(x)

    def _activate(self, number: str, x: Any) -> Any:
        return self.use(f"act{number}", L.Activation, self.activation)(x)
