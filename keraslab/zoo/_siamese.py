"""Siamese network: are these two images of the same thing?"""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._photo import image_input, sizes_of
from keraslab.zoo._settings import checked, count, counts, image_shape, one_of

_DISTANCES = ("absolute", "squared", "euclidean", "cosine", "concat")


@checked(
    input_shape=image_shape,
    filters=counts,
    kernel_sizes=counts,
    embedding=count,
    distance=one_of(*_DISTANCES),
)
def siamese(
    input_shape: tuple[int, int, int] = (105, 105, 1),
    *,
    filters: Sequence[int] = (64, 128, 128, 256),
    kernel_sizes: Sequence[int] = (10, 7, 4, 4),
    embedding: int = 4096,
    distance: str = "absolute",
    activation: str = "sigmoid",
    name: str = "siamese",
) -> keras.Model:
    """Return the siamese network that compares two images, for one-shot recognition.

    After Koch, Zemel and Salakhutdinov 2015, "Siamese Neural Networks for One-shot Image
    Recognition", https://www.cs.cmu.edu/~rsalakhu/papers/oneshot1.pdf: one convolutional
    encoder is applied to both images, the sizes of the differences between the two embeddings
    are weighed, and a sigmoid says how likely the two show the same character. 38,951,745
    parameters as published; all but 4,097 of them are the encoder's, and they are counted once.

    Look at the two arrows into one encoder: it is computed twice. Each stage but the last ends in
    a pooling, so a smaller image wants smaller kernels.

    Args:
        input_shape: `(height, width, channels)` of each of the two images.
        filters: Channels of each convolution.
        kernel_sizes: Size of each convolution, as many as `filters`.
        embedding: Width of the embedding.
        distance: How embeddings are compared, see `keraslab.blocks.Twin`; the paper's is
            `"absolute"`.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Returns:
        A model from a list of two images to `(batch, 1)`. Labels are 1 for the same, 0 for
        different; the loss is `"binary_crossentropy"`.

    Raises:
        ValueError: If a setting is out of range or the image is too small.

    Example:
        >>> model = siamese((28, 28, 1), filters=(8, 16), kernel_sizes=(3, 3), embedding=32)
        >>> model.input_shape, model.output_shape
        ([(None, 28, 28, 1), (None, 28, 28, 1)], (None, 1))
    """
    if len(filters) != len(kernel_sizes):
        raise ValueError(
            f"siamese(kernel_sizes=...): must be as many as filters. "
            f"Received: {kernel_sizes!r} with filters={filters!r}."
        )
    image_input(input_shape, 1, "siamese")
    _check_size(input_shape, kernel_sizes)
    steps = {}
    for i, (width, size) in enumerate(zip(filters, kernel_sizes, strict=True), start=1):
        if i > 1:
            steps[f"pool{i - 1}"] = partial(L.MaxPooling2D, 2)
        steps[f"conv{i}"] = partial(L.Conv2D, width, size, activation="relu")
    steps["flatten"] = partial(L.Flatten)
    steps["embedding"] = partial(L.Dense, embedding, activation="sigmoid")
    twin = B.Twin(B.Chain(steps, name="encoder"), distance, name="twin")

    first = keras.Input(input_shape, name="first")
    second = keras.Input(input_shape, name="second")
    same = L.Dense(1, activation=activation, name="same", **full_precision())(twin(first, second))
    return keras.Model([first, second], same, name=name)


def _check_size(input_shape: tuple[int | None, ...], kernel_sizes: Sequence[int]) -> None:
    for size in sizes_of(input_shape):
        if size is None:
            raise ValueError(
                f"siamese(input_shape=...): height and width must be known, as the embedding sees "
                f"every pixel. Received: {tuple(input_shape)}. Try: 105 by 105."
            )
        left = size
        for i, kernel in enumerate(kernel_sizes):
            left = (left // 2 if i else left) - kernel + 1
        if left < 1:
            raise ValueError(
                f"siamese(input_shape=...): an image of {size} pixels is too small for the "
                f"kernel sizes {tuple(kernel_sizes)} with poolings between. "
                f"Received: {tuple(input_shape)}. Try kernel_sizes=(3, 3) with two filters."
            )
