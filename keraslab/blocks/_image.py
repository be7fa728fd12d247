"""What blocks for images, sequences and volumes have in common."""

from typing import Any, ClassVar

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import full_precision


def layer_for(x: Any, kind: str) -> Any:
    """Return the Keras layer class of a kind for a tensor of this many axes.

    Args:
        x: A tensor `(batch, ..., channels)` with one to three axes between.
        kind: First part of the class name: `"Conv"`, `"DepthwiseConv"`, `"MaxPooling"`, ...

    Raises:
        ValueError: If Keras has no such layer for so many axes.

    Example:
        >>> import keras
        >>> layer_for(keras.Input((32, 3)), "Conv").__name__
        'Conv1D'
    """
    found = getattr(L, f"{kind}{len(x.shape) - 2}D", None)
    if found is None:
        raise ValueError(f"Keras has no {kind} for a tensor of shape {x.shape}.")
    return found


class ImageBlock(Block):
    """Base of blocks that convolve images, and sequences and volumes just the same.

    It adds to `Block` a step for each of the field's usual parts. A subclass may replace a
    step, and with it that part everywhere in the block: a `norm` that uses
    `keras.layers.GroupNormalization` makes a residual block with group normalisation.

    Tensors are `(batch, length, channels)`, `(batch, height, width, channels)` or
    `(batch, depth, height, width, channels)`; channels come second where
    `keras.config.image_data_format()` is `"channels_first"`.

    Args:
        name: See `Block`.

    Example:
        >>> import keras
        >>> from keras import layers as L
        >>> from keraslab import blocks as B
        >>> class GroupResidual(B.Residual):
        ...     def norm(self, part_name, x):
        ...         return self.use(part_name, L.GroupNormalization, groups=4)(x)
        >>> block = GroupResidual(16)
        >>> block(keras.Input((8, 8, 16))).shape, type(block.parts["norm1"]).__name__
        ((None, 8, 8, 16), 'GroupNormalization')
    """

    # Of batch normalisation, for a subclass to set. Keras' own momentum of 0.99 needs some hundred
    # batches before validation means anything; 0.9 is what the reference implementations use.
    momentum: ClassVar[float] = 0.9
    epsilon: ClassVar[float] = 1e-3

    @property
    def channel_axis(self) -> int:
        """The axis of the channels: -1, or 1 where they come first."""
        return 1 if keras.config.image_data_format() == "channels_first" else -1

    def channels(self, x: Any, *, sizes: int | None = None) -> int:
        """Check that `x` is one image-like tensor and return the number of its channels.

        Args:
            x: What the block was called on.
            sizes: How many axes there must be between batch and channels, or `None` for 1 to 3.

        Raises:
            ValueError: If it has another number of axes than on the first call, or none that
                could be an image, or its channels are not known.
        """
        ranks = (3, 4, 5) if sizes is None else (sizes + 2,)
        if not isinstance(x, keras.KerasTensor) or len(x.shape) not in ranks:
            shape = getattr(x, "shape", type(x).__name__)
            shapes = {
                3: "(batch, length, channels)",
                4: "(batch, height, width, channels)",
                5: "(batch, depth, height, width, channels)",
            }
            raise ValueError(
                f"{self._title}: the input must be one image-like tensor: "
                f"{' or '.join(shapes[rank] for rank in ranks)}. Received: {shape}. "
                f"A single channel can be added with keras.layers.Reshape((height, width, 1))."
            )
        self.settle("number of dimensions", len(x.shape))
        channels = x.shape[self.channel_axis]
        if channels is None:
            raise ValueError(
                f"{self._title}: the number of channels must be known. Received: {x.shape}. "
                f"Give it in keras.Input(shape=...)."
            )
        return int(channels)

    def sizes(self, x: Any) -> tuple[int | None, ...]:
        """Return the shape of `x` without batch and channels."""
        return tuple(x.shape[2:] if self.channel_axis == 1 else x.shape[1:-1])

    def conv(
        self,
        part_name: str,
        x: Any,
        filters: int,
        size: int | tuple[int, ...] = 3,
        stride: int | tuple[int, ...] = 1,
        **settings: Any,
    ) -> Any:
        """Convolve: same padding and no bias, as a normalisation follows or comes next.

        Args:
            part_name: Name of the part, as in `use`.
            x: The tensor.
            filters: Channels of the output.
            size: Of the kernel.
            stride: Step of the kernel.
            **settings: More of Keras' `Conv1D`, `Conv2D` or `Conv3D`.
        """
        settings = {"padding": "same", "use_bias": False, **settings}
        layer = self.use(part_name, layer_for(x, "Conv"), filters, size, strides=stride, **settings)
        return layer(x)

    def over_channels(self, part_name: str, x: Any, activation: str) -> Any:
        """Apply an activation in full precision; a softmax goes over the channels."""
        act = self.use(part_name, L.Activation, activation, **full_precision())
        if self.channel_axis == -1:
            return act(x)
        # Keras' softmax and the like always take the last axis.
        last = len(x.shape) - 1
        x = self.use("channels_last", L.Permute, (*range(2, last + 1), 1))(x)
        return self.use("channels_first", L.Permute, (last, *range(1, last)))(act(x))

    def norm(self, part_name: str, x: Any) -> Any:
        """Normalise by batch, with the class's `momentum` (0.9) and `epsilon` (0.001)."""
        layer = self.use(
            part_name,
            L.BatchNormalization,
            axis=self.channel_axis,
            momentum=self.momentum,
            epsilon=self.epsilon,
        )
        return layer(x)

    def act(self, part_name: str, x: Any, activation: str) -> Any:
        """Apply the Keras activation of this name; `"linear"` adds no layer."""
        if activation == "linear":
            return x
        return self.use(part_name, L.Activation, activation)(x)
