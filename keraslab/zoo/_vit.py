"""The vision transformer: an image read as a sequence of patches."""

from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._photo import image_input, sizes_of
from keraslab.zoo._settings import check_heads, checked, count, image_shape


class _Patches(B.ImageBlock):
    """Cuts an image into squares and turns each into a vector."""

    width: int
    patch: int

    def wire(self, x: Any) -> Any:
        settings = {"padding": "valid", "use_bias": True}
        x = self.conv("conv", x, self.width, self.patch, self.patch, **settings)
        if self.channel_axis == 1:
            x = self.use("channels_last", L.Permute, (2, 3, 1))(x)
        return self.use("sequence", L.Reshape, (-1, self.width))(x)


def _zero_model(width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: a sequence in, the number 0 for each sample out."""
    x = keras.Input((None, width), dtype=dtype)
    first = ops.sum(ops.zeros_like(x, dtype="int32"), axis=(1, 2))
    return keras.Model(x, ops.expand_dims(first, 1), name=name)


class _ClassToken(B.Block):
    """Puts a learned vector in front of a sequence, the only row of a table."""

    def wire(self, x: Any) -> Any:
        width = x.shape[-1]
        row = self.use("row", _zero_model, width, x.dtype)(x)
        token = self.use("embedding", L.Embedding, 1, width)(row)
        return self.use("concat", L.Concatenate, axis=1)([token, x])


@checked(
    input_shape=image_shape,
    patch=count,
    width=count,
    depth=count,
    heads=count,
    hidden=count,
)
def vit(
    input_shape: tuple[int, ...] = (224, 224, 3),
    classes: int = 1000,
    *,
    patch: int = 16,
    width: int = 768,
    depth: int = 12,
    heads: int = 12,
    hidden: int = 3072,
    dropout: float = 0.0,
    activation: str = "softmax",
    name: str = "vit",
) -> keras.Model:
    """Build a vision transformer for images.

    Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words: Transformers for Image Recognition
    at Scale", https://arxiv.org/abs/2010.11929.

    The image is cut into patches, each becomes one vector, and from there on there is nothing
    about images: a token of its own is put in front, every place gets its position, and encoder
    layers (normalised before each part) let all places look at each other. What the token has
    gathered at the end is classified. Look at the positions: they are learned, since two
    dimensions are not built in anywhere.

    The defaults are ViT-B/16.

    | model | patch, width, depth, heads, hidden | parameters |
    |---|---|---|
    | ViT-B/16 | 16, 768, 12, 12, 3072 | 86,567,656 |
    | ViT-B/32 | 32, 768, 12, 12, 3072 | 88,224,232 |
    | ViT-L/16 | 16, 1024, 24, 16, 4096 | 304,326,632 |

    Args:
        input_shape: Of an image, without the batch; height and width are multiples of `patch`.
        classes: How many kinds of image to tell apart, 1 or more.
        patch: Height and width of a patch.
        width: Of the vector of each patch, a multiple of `heads`.
        depth: How many encoder layers.
        heads: Of each attention.
        hidden: Width of the feed-forward part of each layer.
        dropout: Share dropped after the positions and after each part of a layer.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range, or the patches do not fill the image.

    Example:
        >>> model = vit((8, 8, 1), 10, patch=4, width=8, depth=2, heads=2, hidden=16)
        >>> model.output_shape, model.count_params()
        ((None, 10), 1490)
    """
    check_heads("vit", width, heads)
    image = image_input(input_shape, patch, "vit")
    sizes: Any = sizes_of(input_shape)
    if any(size is None or size % patch for size in sizes):
        raise ValueError(
            f"vit(input_shape=...): height and width must be multiples of patch={patch}. "
            f"Received: {tuple(input_shape)}; {14 * patch} by {14 * patch} works."
        )
    patches = (sizes[0] // patch) * (sizes[1] // patch)

    x = _Patches(width, patch, name="patches")(image)
    x = _ClassToken(name="class_token")(x)
    x = B.Positions("learned", patches + 1, name="positions")(x)
    if dropout:
        x = L.Dropout(dropout, name="dropout")(x)
    layer = B.TransformerEncoder(heads, hidden, "gelu", dropout, pre_norm=True, name="layer")
    x = B.Repeat(layer, depth, name="encoder")(x)
    x = L.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = L.Cropping1D((0, patches), name="first")(x)
    x = L.Flatten(name="class_vector")(x)
    y = L.Dense(classes, activation=activation, name="output", **full_precision())(x)
    return keras.Model(image, y, name=name)
