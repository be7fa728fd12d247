"""Several predictions from one trunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_activation, check_count
from keraslab.blocks._names import check_name


@dataclass(eq=False, repr=False)
class Heads(Block):
    """One output for each named task, from one shared input.

    Returns a dict of outputs under the names of the tasks, so a model made with it takes labels
    under these names and its history reads `digit_loss`, `digit_accuracy`. (With a single
    output Keras says `loss` and `accuracy`.) Hard parameter sharing as in Caruana 1997,
    "Multitask Learning", https://doi.org/10.1023/A:1007379606734.

    The input is `(batch, d)`; with more axes, every position gets its own prediction.

    Args:
        tasks: Name of each task, and what it is: `Regression(units)`, `Binary()`,
            `MultiClass(classes)`, `MultiLabel(labels)`, or any block. A block that is no task
            has no loss: give it with `compile_args(loss=...)`.
        hidden: Width of a `Dense` layer in front of each head, or `None` for none.
        activation: Name of the Keras activation of these hidden layers.
        name: See `Block`.

    Raises:
        TypeError: If a task is no block.
        ValueError: If there are no tasks, a name cannot be a layer's, or a width is below 1.

    Example:
        >>> import keras
        >>> from keraslab.blocks import Binary, MultiClass
        >>> heads = Heads({"digit": MultiClass(10), "even": Binary(weight=0.5)}, hidden=16)
        >>> x = keras.Input((64,))
        >>> model = keras.Model(x, heads(x))
        >>> {name: y.shape for name, y in model.output.items()}
        {'digit': (None, 10), 'even': (None, 1)}
        >>> model.compile("adam", **heads.compile_args())
        >>> heads.compile_args()["loss"]
        {'digit': 'sparse_categorical_crossentropy', 'even': 'binary_crossentropy'}
    """

    tasks: Mapping[str, Any]
    hidden: int | None = None
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        if not isinstance(self.tasks, Mapping) or not self.tasks:
            raise ValueError(
                f"Heads(tasks=...): must be a dict with a task or more, such as "
                f"{{'digit': MultiClass(10)}}. Received: {self.tasks!r}."
            )
        for task_name, task in self.tasks.items():
            check_name(task_name, f"Heads(tasks={{{task_name!r}: ...}})")
            if not isinstance(task, Block):
                raise TypeError(
                    f"Heads(tasks=...): task {task_name!r} must be Regression(), Binary(), "
                    f"MultiClass(classes), MultiLabel(labels) or a block. Received: {task!r}."
                )
        if self.hidden is not None:
            check_count(self.hidden, "Heads(hidden=...)")
        check_activation(self.activation, "Heads(activation=...)")

    def wire(self, x: Any) -> dict[str, Any]:
        """Connect every head to one tensor."""
        outputs = {}
        for task_name, task in self.tasks.items():
            head = self.use(task_name, task)
            y = x
            if self.hidden is not None:
                # A part of the head, not of Heads: it folds with its own head in a picture.
                y = head.use("hidden", L.Dense, self.hidden, activation=self.activation)(x)
            outputs[task_name] = head(y)
        return outputs

    def compile_args(
        self,
        *,
        loss: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Return what `model.compile(optimizer, **heads.compile_args())` needs.

        Args:
            loss: Losses for blocks that name none, or in place of a task's own, by task name.
            metrics: Lists of metrics, likewise.

        Returns:
            A dict of `loss`, `metrics` and `loss_weights`, each a dict by task name.

        Raises:
            ValueError: If a task has no loss, or a name is no task's.
        """
        losses, more = dict(loss or {}), dict(metrics or {})
        for argument, given in (("loss", losses), ("metrics", more)):
            for unknown in given.keys() - self.tasks.keys():
                raise ValueError(
                    f"compile_args({argument}=...): there is no task {unknown!r}. "
                    f"The tasks are {', '.join(map(repr, self.tasks))}."
                )
        for task_name, task in self.tasks.items():
            losses.setdefault(task_name, getattr(task, "loss", None))
            if losses[task_name] is None:
                raise ValueError(
                    f"compile_args(): task {task_name!r} is a {type(task).__name__}, which names "
                    f"no loss. Give one: compile_args(loss={{{task_name!r}: 'mse'}})."
                )
            more.setdefault(task_name, getattr(task, "metrics", ()))
        return {
            "loss": {task_name: losses[task_name] for task_name in self.tasks},
            "metrics": {task_name: list(more[task_name]) for task_name in self.tasks},
            "loss_weights": {
                task_name: float(getattr(task, "weight", 1.0))
                for task_name, task in self.tasks.items()
            },
        }
