"""From an image down to a small code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._checks import check_activation, check_count, check_filters
from keraslab.blocks._decoder import Decoder
from keraslab.blocks._image import ImageBlock


@dataclass(eq=False, repr=False)
class Encoder(ImageBlock):
    """Strided convolutions from an image down to a code.

    The narrowing half of an autoencoder (Hinton and Salakhutdinov 2006, "Reducing the
    Dimensionality of Data with Neural Networks", https://doi.org/10.1126/science.1127647), made
    of convolutions as in Radford et al. 2015, https://arxiv.org/abs/1511.06434. Each step is a
    convolution of stride 2, batch normalisation and an activation. `decoder` makes the mirror
    image. For one with skips from the way down to the way up see `UNet`.

    Takes an image-like tensor, see `ImageBlock`. Returns a vector `(batch, code)`, or with
    `code=None` the small image: each size divided by 2 and rounded up, once for each step.

    Args:
        filters: Channels after every step.
        code: Width of the code, or `None` to leave it an image.
        kernel_size: Size of the convolutions, 1 or more.
        activation: Name of a Keras activation.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor; with a
            `code`, if its sizes are not known, or come to another small image than those of the
            first call.

    Example:
        >>> import keras
        >>> encoder = Encoder([32, 64], code=8)
        >>> code = encoder(keras.Input((28, 28, 1)))
        >>> code.shape
        (None, 8)
        >>> decoder = encoder.decoder((28, 28, 1), output="sigmoid")
        >>> decoder.filters, decoder(code).shape
        ([64, 32], (None, 28, 28, 1))
        >>> Encoder([32, 64])(keras.Input((None, None, 3))).shape
        (None, None, None, 64)
    """

    filters: Sequence[int]
    code: int | None = None
    kernel_size: int = 4
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_filters(self.filters, "Encoder(filters=...)")
        if self.code is not None:
            check_count(self.code, "Encoder(code=...)")
        check_count(self.kernel_size, "Encoder(kernel_size=...)")
        check_activation(self.activation, "Encoder(activation=...)")

    def wire(self, x: Any) -> Any:
        """Connect the parts to one tensor."""
        self.channels(x)
        if self.code is not None and None in x.shape[1:]:
            raise ValueError(
                f"{self._title}: code={self.code} wants an image of known size. Received: "
                f"{x.shape}. Give numbers in keras.Input(shape=...), or code=None."
            )
        given = x
        for i, filters in enumerate(self.filters, start=1):
            x = self.conv(f"conv{i}", x, filters, self.kernel_size, 2)
            x = self.act(f"act{i}", self.norm(f"norm{i}", x), self.activation)
        if self.code is None:
            return x
        self._check_size(given, x)
        return self.use("code", L.Dense, self.code)(self.use("flat", L.Flatten)(x))

    def _check_size(self, given: Any, small: Any) -> None:
        flat = self.parts.get("flat")
        if flat is None or self.sizes(flat.input) == self.sizes(small):
            return
        step = 2 ** len(self.filters)
        sizes = [size or 0 for size in self.sizes(flat.input)]  # which are known
        fitting = ", ".join(f"{(n - 1) * step + 1} to {n * step}" for n in sizes)
        raise ValueError(
            f"{self._title}: its code was built for images of ({fitting}). Received: "
            f"{given.shape}. Bring them to that size with keras.layers.Resizing, take code=None, "
            f"which any size passes, or encoder.copy(), which has weights of its own."
        )

    def decoder(
        self, shape: Sequence[int | None], output: str = "linear", *, name: str | None = None
    ) -> Decoder:
        """Return the mirror image of this encoder, with weights of its own.

        It takes what the encoder returns, a vector or a small image.

        Args:
            shape: Of the images that the encoder takes, without the batch.
            output: Name of the Keras activation of the image.
            name: See `Block`.
        """
        widths = list(reversed(self.filters))
        return Decoder(shape, widths, self.kernel_size, self.activation, output, name=name)
