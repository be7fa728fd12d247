"""The dense block: every layer sees what all the layers before it made."""

from dataclasses import dataclass
from typing import Any, ClassVar

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count
from keraslab.blocks._image import ImageBlock


@dataclass(eq=False, repr=False)
class DenseLayer(ImageBlock):
    """What one layer of a `DenseBlock` adds: normalisation, activation and convolution.

    After Huang et al. 2016, "Densely Connected Convolutional Networks",
    https://arxiv.org/abs/1608.06993. With `bottleneck` a convolution of size 1 makes
    `width * growth` channels first, so that the one of size 3 costs the same however many
    channels come in.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    `growth` new channels alone, sizes unchanged.

    Args:
        growth: Channels of the output, 1 or more.
        bottleneck: `False` leaves the convolution of size 1 out.
        width: Channels between the two convolutions, in multiples of `growth`.
        activation: Name of a Keras activation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> layer = DenseLayer(12)
        >>> layer(keras.Input((32, 32, 64))).shape
        (None, 32, 32, 12)
        >>> list(layer.parts)
        ['norm1', 'act1', 'conv1', 'norm2', 'act2', 'conv2']
    """

    growth: int
    bottleneck: bool = True
    width: int = 4
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        _check(self, "growth", "width")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        self.channels(x)
        y = self.act("act1", self.norm("norm1", x), self.activation)
        if not self.bottleneck:
            return self.conv("conv1", y, self.growth)
        y = self.conv("conv1", y, self.width * self.growth, 1)
        y = self.act("act2", self.norm("norm2", y), self.activation)
        return self.conv("conv2", y, self.growth)


@dataclass(eq=False, repr=False)
class DenseBlock(ImageBlock):
    """Layers that each add a few channels to all that came before.

    After Huang et al. 2016, "Densely Connected Convolutional Networks",
    https://arxiv.org/abs/1608.06993. Where a residual block adds its correction to its input, a
    dense block puts what each `DenseLayer` makes beside it: the channels grow by `growth` a
    layer, and the first features still lie untouched among the last ones.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    same with `layers * growth` more channels, sizes unchanged. Between two of them belongs a
    `Transition`.

    Args:
        layers: How many layers, 1 or more.
        growth: Channels that each of them adds, 1 or more.
        bottleneck: Whether each layer narrows its input first, with a convolution of size 1.
        width: Channels of that convolution, in multiples of `growth`.
        activation: Name of a Keras activation.
        name: See `Block`.

    A subclass may set `layer_class` to a subclass of `DenseLayer` of its own.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> block = DenseBlock(layers=6, growth=32)
        >>> block(keras.Input((56, 56, 64))).shape  # 64 + 6*32
        (None, 56, 56, 256)
        >>> list(block.parts)[:4]
        ['layer1', 'concat1', 'layer2', 'concat2']
    """

    layers: int
    growth: int
    bottleneck: bool = True
    width: int = 4
    activation: str = "relu"
    layer_class: ClassVar[type[DenseLayer]] = DenseLayer

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        _check(self, "layers", "growth", "width")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        self.channels(x)
        settings = (self.growth, self.bottleneck, self.width, self.activation)
        for i in range(1, self.layers + 1):
            new = self.use(f"layer{i}", self.layer_class, *settings)(x)
            x = self.use(f"concat{i}", L.Concatenate, axis=self.channel_axis)([x, new])
        return x


def _check(block: DenseLayer | DenseBlock, *counts: str) -> None:
    title = type(block).__name__
    for setting in counts:
        check_count(getattr(block, setting), f"{title}({setting}=...)")
    if not isinstance(block.bottleneck, bool):
        raise ValueError(
            f"{title}(bottleneck=...): must be True or False. Received: {block.bottleneck!r}. "
            f"How wide it is says width=4."
        )
    check_activation(block.activation, f"{title}(activation=...)")
