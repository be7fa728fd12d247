"""What a head predicts: the output layer and the loss and metrics that belong to it."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
from keras import layers as L
from keras import ops

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_count, check_number, full_precision


@dataclass(eq=False, repr=False)
class Task(Block):
    """Base of the tasks that `Heads` knows: a block with a loss, metrics and a weight.

    A task of your own is a subclass with a `wire(self, x)` method and the names of a Keras loss
    and of Keras metrics.

    Args:
        weight: How much its loss counts among the others, over 0.
        name: See `Block`.
    """

    loss: ClassVar[Any] = None
    metrics: ClassVar[tuple[Any, ...]] = ()

    weight: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_number(self.weight, f"{type(self).__name__}(weight=...)", above=0)

    def _predict(self, x: Any, units: int, activation: str) -> Any:
        return self.use("output", L.Dense, units, activation=activation, **full_precision())(x)


@dataclass(eq=False, repr=False)
class Regression(Task):
    """One number or several, without bounds; mean squared error.

    Args:
        units: How many numbers, 1 or more.
        weight: See `Task`.
        name: See `Block`.
    """

    units: int = 1
    loss: ClassVar[Any] = "mean_squared_error"
    metrics: ClassVar[tuple[Any, ...]] = ("mean_absolute_error",)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.units, "Regression(units=...)")

    def wire(self, x: Any) -> Any:
        """Connect the output layer: `(batch, d)` to `(batch, units)`."""
        return self._predict(x, self.units, "linear")


@dataclass(eq=False, repr=False)
class Binary(Task):
    """Yes or no, as the probability of yes; labels 0 and 1.

    Args:
        weight: See `Task`.
        name: See `Block`.
    """

    loss: ClassVar[Any] = "binary_crossentropy"
    metrics: ClassVar[tuple[Any, ...]] = ("accuracy",)

    def wire(self, x: Any) -> Any:
        """Connect the output layer: `(batch, d)` to `(batch, 1)`."""
        return self._predict(x, 1, "sigmoid")


@dataclass(eq=False, repr=False)
class MultiClass(Task):
    """One of several classes, as a probability for each; labels 0 to `classes - 1`.

    Args:
        classes: How many classes, 2 or more.
        weight: See `Task`.
        name: See `Block`.
    """

    classes: int
    loss: ClassVar[Any] = "sparse_categorical_crossentropy"
    metrics: ClassVar[tuple[Any, ...]] = ("accuracy",)
    _yes_or_no: ClassVar[str] = "Binary()"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        try:
            check_count(self.classes, f"{type(self).__name__}(classes=...)", least=2)
        except ValueError as error:
            raise ValueError(f"{error} For yes or no use {self._yes_or_no}.") from None

    def wire(self, x: Any) -> Any:
        """Connect the output layer: `(batch, d)` to `(batch, classes)`."""
        return self._predict(x, self.classes, "softmax")


@dataclass(eq=False, repr=False)
class MultiLabel(Task):
    """Any number of several labels, as a probability for each; a row of 0s and 1s.

    Args:
        labels: How many labels, 1 or more.
        weight: See `Task`.
        name: See `Block`.
    """

    labels: int
    loss: ClassVar[Any] = "binary_crossentropy"
    # "accuracy" would be read as that of one class out of several.
    metrics: ClassVar[tuple[Any, ...]] = ("binary_accuracy",)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.labels, "MultiLabel(labels=...)")

    def wire(self, x: Any) -> Any:
        """Connect the output layer: `(batch, d)` to `(batch, labels)`."""
        return self._predict(x, self.labels, "sigmoid")


@dataclass(eq=False, repr=False)
class Box(Task):
    """Where in the image a thing is: `(x, y, width, height)` of its box, as shares of the image.

    `x` and `y` are the upper left corner; all four lie between 0 and 1. The loss is Huber's,
    which Girshick 2015, "Fast R-CNN", https://arxiv.org/abs/1504.08083, calls smooth L1: the
    square of small errors, the plain size of large ones. It turns over at 0.1, a tenth of the
    image. The metric is the mean absolute error; `Box.overlap` measures what detectors are
    usually judged by, after `predict`, as Keras has no metric of that name that every place a
    model is loaded would know.

    Args:
        weight: See `Task`.
        name: See `Block`.
    """

    loss: ClassVar[Any] = keras.losses.Huber(delta=0.1)
    metrics: ClassVar[tuple[Any, ...]] = ("mean_absolute_error",)

    def wire(self, x: Any) -> Any:
        """Connect the output layer: `(batch, d)` to `(batch, 4)`."""
        return self._predict(x, 4, "sigmoid")

    @staticmethod
    def overlap(true: Any, predicted: Any) -> Any:
        """Return the intersection over union of boxes: 1 where they agree, 0 where apart.

        Args:
            true: Boxes `(..., 4)`, as numbers or tensors.
            predicted: As many boxes.

        Returns:
            A tensor `(...)`, 0 where both boxes are empty.

        Example:
            >>> overlap = Box.overlap([0.0, 0.0, 0.5, 0.5], [0.25, 0.0, 0.5, 0.5])
            >>> round(float(keras.ops.convert_to_numpy(overlap)), 3)
            0.333
        """
        a, b = (ops.convert_to_tensor(boxes, "float32") for boxes in (true, predicted))
        start = ops.maximum(a[..., :2], b[..., :2])
        end = ops.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
        common = ops.prod(ops.maximum(end - start, 0.0), axis=-1)
        union = ops.prod(a[..., 2:], axis=-1) + ops.prod(b[..., 2:], axis=-1) - common
        return common / ops.maximum(union, keras.config.epsilon())


@dataclass(eq=False, repr=False)
class SequenceLabels(MultiClass):
    """One of several classes for every step of a sequence; labels `(batch, length)`.

    Tagging words is such a task: Collobert et al. 2011, "Natural Language Processing (almost)
    from Scratch", https://arxiv.org/abs/1103.0398. Steps that a Keras mask marks as padding, as
    `Embedding(mask_zero=True)` does, count neither in the loss nor in the accuracy; their labels
    may be anything from 0 to `classes - 1`.

    Args:
        classes: How many classes, 2 or more.
        weight: See `Task`.
        name: See `Block`.
    """

    _yes_or_no: ClassVar[str] = "SequenceLabels(2)"

    def wire(self, x: Any) -> Any:
        """Connect the output layer: `(batch, length, d)` to `(batch, length, classes)`."""
        if len(x.shape) != 3:
            raise ValueError(
                f"{self._title}: the input must be a sequence (batch, length, d). "
                f"Received: {x.shape}. MultiClass({self.classes}) labels a whole sample."
            )
        return self._predict(x, self.classes, "softmax")
