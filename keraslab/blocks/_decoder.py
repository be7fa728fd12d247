"""From a small code back up to an image, and the steps of every block that makes images larger."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count, check_filters
from keraslab.blocks._crop import crop_model
from keraslab.blocks._image import ImageBlock, layer_for

_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def _cut_length_model(shape: Any, dtype: str, more: int, *, name: str) -> Any:
    """Return a small model that cuts a sequence whose channels come first.

    Keras' Cropping1D, unlike its larger siblings, always takes the second axis for the length.
    """
    x = keras.Input(shape, dtype=dtype, name="large")
    y = L.Permute((2, 1))(L.Cropping1D((0, more))(L.Permute((2, 1))(x)))
    return keras.Model(x, y, name=name)


class UpBlock(ImageBlock):
    """Base of blocks that double the sizes of an image: adds the steps `up` and `crop`.

    Args:
        name: See `Block`.
    """

    def up(self, part_name: str, x: Any, filters: int, size: int = 2, **settings: Any) -> Any:
        """Double each size with a transposed convolution.

        Args:
            part_name: Name of the part, as in `use`.
            x: The tensor.
            filters: Channels of the output.
            size: Of the kernel.
            **settings: More of Keras' `Conv1DTranspose`, `Conv2DTranspose` or
                `Conv3DTranspose`.
        """
        layer = getattr(L, f"Conv{len(x.shape) - 2}DTranspose")
        settings = {"strides": 2, "padding": "same", **settings}
        return self.use(part_name, layer, filters, size, **settings)(x)

    def crop(self, part_name: str, x: Any, sizes: Sequence[int | None], like: Any = None) -> Any:
        """Cut what is too much at the end of an axis; adds no layer where nothing is.

        A part for known sizes says in its name what it cuts: `crop1_height_width`.

        Args:
            part_name: First part of the name.
            x: The tensor.
            sizes: The sizes wanted, without batch and channels.
            like: A tensor of these sizes, needed only where they are not known.
        """
        old = self.sizes(x)
        channels_first = self.channel_axis == 1
        if like is not None and (None in old or None in sizes):
            free: list[int | None] = [None] * len(old)
            shapes = [
                (y.shape[1], *free) if channels_first else (*free, y.shape[-1]) for y in (x, like)
            ]
            axes = tuple(range(1 + channels_first, len(x.shape) - (not channels_first)))
            dtypes = (x.dtype, like.dtype)
            return self.use(part_name, crop_model, *shapes, axes, dtypes)([x, like])
        extra = [0 if b is None or a is None else a - b for a, b in zip(old, sizes, strict=True)]
        if not any(extra):
            return x
        cut = [axis for axis, more in zip(_AXES[len(old)], extra, strict=True) if more]
        part_name = f"{part_name}_{'_'.join(cut)}"
        if len(old) == 1 and channels_first:
            shape = (x.shape[1], None)
            return self.use(part_name, _cut_length_model, shape, x.dtype, extra[0])(x)
        # Cropping1D takes a pair, the others a pair for each axis.
        pairs = (0, extra[0]) if len(old) == 1 else tuple((0, more) for more in extra)
        return self.use(part_name, layer_for(x, "Cropping"), pairs)(x)


@dataclass(eq=False, repr=False)
class Decoder(UpBlock):
    """Transposed convolutions from a code up to an image; the way back of an `Encoder`.

    A convolutional decoder as in Radford et al. 2015, "Unsupervised Representation Learning with
    Deep Convolutional Generative Adversarial Networks", https://arxiv.org/abs/1511.06434. Each
    step doubles the sizes. All but the last are normalised and activated; the last gives the
    channels of the image and carries a bias.

    Takes either a vector `(batch, d)`, which a `Dense` layer makes into a small image with
    `filters[0]` channels, or such a small image. Returns `(batch, *shape)`. The small image has
    each size of `shape` divided by 2 and rounded up, once for each step. **Where a size on the
    way is odd**, the doubled image is one too large and is cut at its end by a layer that says
    so, such as `decoder__crop2_height_width`.

    Args:
        shape: Of the image, without the batch, such as `(28, 28, 1)`; one to three sizes and
            the channels. A size may be `None` where the input is an image: it is doubled and
            never cut.
        filters: Channels of the small image and after every step but the last: as many numbers
            as there are steps.
        kernel_size: Size of the convolutions. An even one covers all positions equally often
            (Odena et al. 2016, https://doi.org/10.23915/distill.00003).
        activation: Name of the Keras activation between the steps.
        output: Name of the Keras activation of the image.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is neither a vector nor an image
            of the right size.

    Example:
        >>> import keras
        >>> decoder = Decoder((28, 28, 1), [64, 32], output="sigmoid")
        >>> decoder(keras.Input((8,))).shape
        (None, 28, 28, 1)
        >>> Decoder((28, 28, 1), [64, 32])(keras.Input((7, 7, 64))).shape
        (None, 28, 28, 1)
        >>> odd = Decoder((25, 28, 1), [64, 32], name="odd")
        >>> odd(keras.Input((8,))).shape, [part for part in odd.parts if "crop" in part]
        ((None, 25, 28, 1), ['crop1_height', 'crop2_height'])
    """

    shape: Sequence[int | None]
    filters: Sequence[int]
    kernel_size: int = 4
    activation: str = "relu"
    output: str = "linear"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        if not isinstance(self.shape, (list, tuple)) or len(self.shape) not in (2, 3, 4):
            raise ValueError(
                f"Decoder(shape=...): must be one to three sizes and the channels, such as "
                f"(28, 28, 1). Received: {self.shape!r}."
            )
        for size in self._wanted:
            if size is not None:
                check_count(size, "Decoder(shape=...)")
        check_count(self._image_channels, "Decoder(shape=...)")
        check_filters(self.filters, "Decoder(filters=...)")
        check_count(self.kernel_size, "Decoder(kernel_size=...)")
        check_activation(self.activation, "Decoder(activation=...)")
        check_activation(self.output, "Decoder(output=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        sizes = [tuple(self._wanted)]
        for _ in self.filters:
            sizes.append(tuple(size and -(-size // 2) for size in sizes[-1]))
        x = self._start(x, sizes.pop())
        widths = [*self.filters[1:], self._image_channels]
        for i, (width, size) in enumerate(zip(widths, reversed(sizes), strict=True), start=1):
            last = i == len(widths)
            x = self.up(f"up{i}", x, width, self.kernel_size, use_bias=last)
            x = self.crop(f"crop{i}", x, size)
            if not last:
                x = self.act(f"act{i}", self.norm(f"norm{i}", x), self.activation)
        if self.output == "linear":
            return x
        return self.over_channels("output", x, self.output)

    def _start(self, x: Any, sizes: tuple[int | None, ...]) -> Any:
        """Return the small image of these sizes that the steps begin with."""
        shape = getattr(x, "shape", None)
        if shape is not None and len(shape) == 2:
            self.settle("number of dimensions", 2)
            known = [size for size in sizes if size is not None]
            if len(known) < len(sizes):
                raise ValueError(
                    f"{self._title}: a vector can only become an image of known size. "
                    f"Received: shape={self.shape!r}. Give numbers, such as (28, 28, 1)."
                )
            x = self.use("dense", L.Dense, prod(known) * self.filters[0], use_bias=False)(x)
            x = self.use("reshape", L.Reshape, self._place_channels(known, self.filters[0]))(x)
            return self.act("act", self.norm("norm", x), self.activation)
        self.channels(x, sizes=len(sizes))
        for have, want in zip(self.sizes(x), sizes, strict=True):
            if have is not None and want is not None and have != want:
                good = self._place_channels(list(sizes), self.filters[0])
                raise ValueError(
                    f"{self._title}: an image of {self.shape!r} in {len(self.filters)} steps "
                    f"begins with one of {good}. Received: {tuple(shape or ())[1:]}."
                )
        return x

    @property
    def _wanted(self) -> Sequence[int | None]:
        return self.shape[1:] if self.channel_axis == 1 else self.shape[:-1]

    @property
    def _image_channels(self) -> Any:
        return self.shape[0 if self.channel_axis == 1 else -1]

    def _place_channels(self, sizes: Sequence[Any], channels: int) -> tuple[Any, ...]:
        return (channels, *sizes) if self.channel_axis == 1 else (*sizes, channels)
