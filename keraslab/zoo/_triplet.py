"""Triplet network: like nearer than unlike."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import image_input
from keraslab.zoo._settings import checked, count, counts, image_shape, number
from keraslab.zoo._stages import residual_stages


class TripletNetwork(NamedTuple):
    """What `triplet` returns; both models share every weight.

    Attributes:
        encoder: From an image to its embedding of length 1, `(batch, embedding)`.
        model: From a list of anchor, positive and negative to what training makes small,
            `(batch, 1)`.
    """

    encoder: keras.Model
    model: keras.Model


@checked(
    input_shape=image_shape,
    filters=counts,
    depth=count,
    embedding=count,
    margin=number(above=0, below=4),
)
def triplet(
    input_shape: tuple[int, int, int] = (96, 96, 3),
    *,
    filters: Sequence[int] = (32, 64, 128, 256),
    depth: int = 2,
    embedding: int = 128,
    margin: float = 0.2,
    name: str = "triplet",
) -> TripletNetwork:
    """Return a network that learns embeddings from triplets, and its encoder.

    After Schroff et al. 2015, "FaceNet: A Unified Embedding for Face Recognition and
    Clustering", https://arxiv.org/abs/1503.03832: one encoder on three images, embeddings of
    128 numbers brought to length 1, and the triplet loss with a margin of 0.2. The paper's
    encoders are networks of Zeiler and Fergus and of Inception kind; the one here is residual
    (He et al. 2015, https://arxiv.org/abs/1512.03385), a stage for each entry of `filters`.

    Look at the one encoder with three arrows in, and at how `encoder` afterwards compares images
    that were never seen: by the distance of two vectors, with no further training.

    The model computes the loss itself, so its targets are zeros:

        network.model.compile("adam", "mean_absolute_error")
        network.model.fit([anchors, positives, negatives], np.zeros(n))

    Args:
        input_shape: `(height, width, channels)` of each image.
        filters: Channels of each stage; each but the first halves the image.
        depth: Residual blocks in each stage.
        embedding: Width of the embedding.
        margin: How much nearer the positive should be, in squared distance.
        name: Of the model; the encoder is called `name_encoder`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> network = triplet((28, 28, 1), filters=(8, 16), depth=1, embedding=4)
        >>> network.encoder.output_shape, network.model.output_shape
        ((None, 4), (None, 1))
    """
    image = image_input(input_shape, 1, "triplet")
    encoder = B.Chain(
        {
            "stem": B.ConvNorm(filters[0]),
            **residual_stages(filters, depth),
            "pool": partial(L.GlobalAveragePooling2D),
            "embedding": partial(L.Dense, embedding),
        },
        name="encoder",
    )
    compare = B.Triplet(encoder, margin, name="triplet")

    images = [keras.Input(input_shape, name=part) for part in ("anchor", "positive", "negative")]
    return TripletNetwork(
        encoder=keras.Model(image, compare.embed(image), name=f"{name}_encoder"),
        model=keras.Model(images, compare(images), name=name),
    )
