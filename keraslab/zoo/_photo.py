"""What the networks that classify images check and share."""

from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import check_activation, check_count, full_precision


def image_input(shape: Any, least: int, caller: str) -> Any:
    """Return the input of a network for images, called `image`.

    Args:
        shape: `(height, width, channels)` as the function of the zoo was given it; channels
            first where `keras.config.image_data_format()` says so. Sizes may be `None`.
        least: Smallest height and width that the network takes.
        caller: Name of that function, for the error message.

    Raises:
        ValueError: If it is no such shape, or the image is too small.
    """
    first = keras.config.image_data_format() == "channels_first"
    example = (3, 224, 224) if first else (224, 224, 3)
    axes = "(channels, height, width)" if first else "(height, width, channels)"
    where = f"{caller}(input_shape=...)"
    fine = isinstance(shape, (list, tuple)) and len(shape) == 3
    if not fine or shape[0 if first else -1] is None:
        raise ValueError(f"{where}: must be {axes}, such as {example}. Received: {shape!r}.")
    for size in shape:
        if size is not None:
            check_count(size, where)
    if any(size is not None and size < least for size in (shape[1:] if first else shape[:-1])):
        raise ValueError(
            f"{where}: height and width must be {least} or more, as the network halves them "
            f"several times. Received: {tuple(shape)}; {example} works."
        )
    return keras.Input(tuple(shape), name="image")


def classify(x: Any, classes: int, activation: str, *, dropout: float = 0.0) -> Any:
    """Return the prediction: the average over the image, and one dense layer, `output`."""
    x = L.GlobalAveragePooling2D(name="pool")(x)
    if dropout:
        x = L.Dropout(dropout, name="dropout")(x)
    return L.Dense(classes, activation=activation, name="output", **full_precision())(x)


def check_classes(classes: Any, activation: Any, caller: str) -> None:
    """Raise unless there are classes, and the activation is one of Keras by name."""
    check_count(classes, f"{caller}(classes=...)")
    check_activation(activation, f"{caller}(activation=...)")


def check_factor(value: Any, argument: str) -> None:
    """Raise unless `value`, by which all widths are multiplied, is a number over 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(f"{argument}: must be a number over 0, such as 1.0. Received: {value!r}.")


class KerasNorm(B.ImageBlock):
    """Steps of a network that `keras.applications` has too: batch normalisation as there."""

    momentum = 0.99
