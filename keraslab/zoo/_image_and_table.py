"""An image and a row of a table about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._photo import image_input
from keraslab.zoo._settings import (
    channels_first,
    checked,
    count,
    counts,
    image_shape,
    natural,
    one_of,
)
from keraslab.zoo._table import Table, columns, table_inputs

_FUSIONS = ("film", "gated", "concat", "add", "multiply", "bilinear")
_OWN_NAMES = (
    "image",
    "table",
    "image_stages",
    "fusion",
    "last_stage",
    "pool",
    "output",
    "channels_last",
    "channels_first",
)


@checked(
    input_shape=image_shape,
    numbers=natural,
    categories=columns({"category": 10}, *_OWN_NAMES),
    fusion=one_of(*_FUSIONS),
    filters=counts,
    embedding=count,
    hidden=count,
)
def image_and_table(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    numbers: int = 8,
    categories: Mapping[str, int] | None = None,
    classes: int = 2,
    *,
    fusion: str = "film",
    filters: Sequence[int] = (64, 128, 256, 512),
    embedding: int = 8,
    hidden: int = 64,
    activation: str = "softmax",
    name: str = "image_and_table",
) -> keras.Model:
    """Return a model of an image and a row of numbers and categories that belong to it.

    A picture of a patient's brain with age and sex, a photograph of a house with its rooms. With
    `fusion="film"` the row changes how the image is seen: before the last stage every channel is
    scaled and shifted by what the row says, after Perez et al. 2018, "FiLM: Visual Reasoning with
    a General Conditioning Layer", https://arxiv.org/abs/1709.07871, as Pölsterl et al. 2021,
    "Combining 3D Image and Tabular Data via the Dynamic Affine Feature Map Transform",
    https://arxiv.org/abs/2107.05990, do in the last residual block. With any other, the two meet
    as vectors at the end: `"gated"` after Arevalo et al. 2017,
    https://arxiv.org/abs/1702.01992, and plain `"concat"`, `"add"`, `"multiply"`, `"bilinear"`.

    Look at where the arrow of the table enters the image's branch, early or late.

    Args:
        input_shape: `(height, width, channels)` of the image.
        numbers: How many numeric columns.
        categories: Name of each categorical column and how many values it has; by default
            `{"category": 10}`.
        classes: How many classes.
        fusion: See above.
        filters: Channels of the image's residual stages; each halves the image.
        embedding: Width of the vector of each categorical value.
        hidden: Width of the row's vector.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Returns:
        A model from a dict of `image`, `numbers` and one entry of ids `(batch, 1)` for each
        categorical column, to `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> model = image_and_table(
        ...     (32, 32, 3), 2, {"sex": 2, "site": 5}, filters=(8, 16), hidden=8
        ... )
        >>> list(model.input)
        ['image', 'numbers', 'sex', 'site']
    """
    table = Table(embedding, categories or {}, hidden, name="table")
    *before, last = filters
    see = _Stages(tuple(before), name="image_stages")
    fuse = B.Fusion(fusion, name="fusion")
    end = B.Residual(last, stride=2, name="last_stage")
    pool = L.GlobalAveragePooling2D(name="pool")

    row = table_inputs(numbers, categories or {}, "image_and_table")
    image = image_input(input_shape, 1, "image_and_table")
    seen, told = see(image), table(row)
    if fusion == "film":
        first = channels_first()  # the fusion scales the last axis
        if first:
            seen = L.Permute((2, 3, 1), name="channels_last")(seen)
        seen = fuse({"image": seen, "table": told})
        if first:
            seen = L.Permute((3, 1, 2), name="channels_first")(seen)
        y = pool(end(seen))
    else:
        y = fuse({"image": pool(end(seen)), "table": told})
    y = L.Dense(classes, activation=activation, name="output", **full_precision())(y)
    return keras.Model({"image": image, **row}, y, name=name)


@dataclass(eq=False, repr=False)
class _Stages(B.ImageBlock):
    """A stem and residual stages."""

    filters: tuple[int, ...]

    def wire(self, x: Any) -> Any:
        first = self.filters[0] if self.filters else int(x.shape[self.channel_axis])
        x = self.use("stem", B.ConvNorm, first)(x)
        for i, filters in enumerate(self.filters, start=1):
            x = self.use(f"stage{i}", B.Residual, filters, stride=2)(x)
        return x
