"""An image and a question about it, fused into one answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._photo import image_input
from keraslab.zoo._settings import checked, count, counts, image_shape, maybe, one_of

_FUSIONS = ("multiply", "concat", "add", "gated", "bilinear", "cross_attention")


@checked(
    input_shape=image_shape,
    vocabulary=count,
    length=maybe(count),
    fusion=one_of(*_FUSIONS),
    filters=counts,
    embedding=count,
    recurrent=count,
    width=count,
    hidden=count,
)
def image_and_text(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    vocabulary: int = 10_000,
    length: int | None = 26,
    classes: int = 1000,
    *,
    fusion: str = "multiply",
    filters: Sequence[int] = (64, 128, 256, 512),
    embedding: int = 300,
    recurrent: int = 512,
    width: int = 1024,
    hidden: int = 1000,
    activation: str = "softmax",
    name: str = "image_and_text",
) -> keras.Model:
    """Return a model that answers a question about an image: visual question answering.

    After Antol et al. 2015, "VQA: Visual Question Answering", https://arxiv.org/abs/1505.00468,
    its model with the deeper LSTM. The question's words are embedded and pass two LSTM layers,
    whose last states and outputs, side by side, become a vector; the image's features become one
    as well; the two are multiplied entry by entry; two hidden layers of 1,000 with dropout choose
    among the 1,000 most frequent answers. Where the paper takes a frozen VGG for the image, the
    encoder here is a small residual network that is trained with the rest.

    Look at the place where two branches of unlike kind become one, and change `fusion`: with
    `"cross_attention"` the question looks at the regions of the image (as in Lu et al. 2019,
    "ViLBERT", https://arxiv.org/abs/1908.02265), where the others see their average.

    Args:
        input_shape: `(height, width, channels)` of the image.
        vocabulary: How many word ids there are; 0 is padding.
        length: Words of the question, with padding; `None` for any number.
        classes: How many answers.
        fusion: `"multiply"`, `"concat"`, `"add"`, `"gated"`, `"bilinear"` or
            `"cross_attention"`, see `keraslab.blocks.Fusion`.
        filters: Channels of the image encoder's stages; each halves the image.
        embedding: Width of the word vectors.
        recurrent: Width of both LSTM layers.
        width: Width of both branches where they meet.
        hidden: Width of the two layers before the answer.
        activation: Of the answer; `"linear"` gives logits.
        name: Of the model.

    Returns:
        A model from a dict of `image` and `text`, ids `(batch, length)`, to
        `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> model = image_and_text(
        ...     (32, 32, 3), 50, 8, 5, filters=(8, 16), embedding=8, recurrent=8, width=16, hidden=8
        ... )
        >>> model.output_shape
        (None, 5)
    """
    regions = fusion == "cross_attention"
    see = _ImageEncoder(tuple(filters), width, regions, name="image_encoder")
    read = _TextEncoder(vocabulary, embedding, recurrent, width, name="text_encoder")
    fuse = B.Fusion(fusion, name="fusion")
    answer = B.Chain(
        {
            "hidden1": partial(L.Dense, hidden, activation="tanh"),
            "dropout1": partial(L.Dropout, 0.5),
            "hidden2": partial(L.Dense, hidden, activation="tanh"),
            "dropout2": partial(L.Dropout, 0.5),
            "output": partial(L.Dense, classes, activation=activation, **full_precision()),
        },
        name="answer",
    )

    image = image_input(input_shape, 1, "image_and_text")
    text = keras.Input((length,), dtype="int32", name="text")
    # In this order, as in cross-attention the first one asks.
    y = answer(fuse({"text": read(text), "image": see(image)}))
    return keras.Model({"image": image, "text": text}, y, name=name)


@dataclass(eq=False, repr=False)
class _ImageEncoder(B.ImageBlock):
    """Residual stages, and their average or (with `regions`) one vector for each region."""

    filters: tuple[int, ...]
    width: int
    regions: bool

    def wire(self, x: Any) -> Any:
        for i, filters in enumerate(self.filters, start=1):
            x = self.use(f"stage{i}", B.Residual, filters, stride=2)(x)
        if not self.regions:
            x = self.use("pool", L.GlobalAveragePooling2D)(x)
        elif self.channel_axis == 1:  # attention and dense layers take the last axis
            x = self.use("channels_last", L.Permute, (2, 3, 1))(x)
        return self.use("features", L.Dense, self.width, activation="tanh")(x)


@dataclass(eq=False, repr=False)
class _TextEncoder(B.Block):
    """Word vectors, two LSTM layers, and their last states and outputs as one vector."""

    vocabulary: int
    embedding: int
    recurrent: int
    width: int

    def wire(self, ids: Any) -> Any:
        words = self.use("words", L.Embedding, self.vocabulary, self.embedding, mask_zero=True)(ids)
        lstm1 = self.use("lstm1", L.LSTM, self.recurrent, return_sequences=True, return_state=True)
        lstm2 = self.use("lstm2", L.LSTM, self.recurrent, return_state=True)
        sequence, output1, state1 = lstm1(words)
        _, output2, state2 = lstm2(sequence)
        last = self.use("states", L.Concatenate)([output1, state1, output2, state2])
        return self.use("features", L.Dense, self.width, activation="tanh")(last)
