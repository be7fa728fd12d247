"""What a head predicts: the output layer and the loss and metrics that belong to it."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_count, full_precision


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
        if isinstance(self.weight, bool) or not self.weight > 0:
            raise ValueError(
                f"{type(self).__name__}(weight=...): must be over 0. Received: {self.weight!r}."
            )

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

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.classes, "MultiClass(classes=...)")
        if self.classes == 1:
            raise ValueError(
                "MultiClass(classes=...): one class is always right. Received: 1. "
                "For yes or no use Binary()."
            )

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
