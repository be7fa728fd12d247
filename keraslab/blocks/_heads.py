"""Several predictions from one trunk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_activation, check_count
from keraslab.blocks._names import check_name
from keraslab.blocks._uncertainty import UncertaintyWeighted


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
            `MultiClass(classes)`, `MultiLabel(labels)`, `Box()`, `SequenceLabels(classes)`, or
            any block. A block that is no task has no loss: give it with
            `compile_args(loss=...)`.
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
                    f"MultiClass(classes), MultiLabel(labels), Box(), SequenceLabels(classes) or "
                    f"a block. Received: {task!r}."
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

    def uncertainty_weighted(self, model: Any) -> Any:
        """Return a model to train in place of `model`, which learns how much each task counts.

        After Kendall et al. 2018, "Multi-Task Learning Using Uncertainty to Weigh Losses for
        Scene Geometry and Semantics", https://arxiv.org/abs/1705.07115. Each task gets one
        trainable number, the logarithm `s` of the variance of its noise, and the loss is the sum
        of

        - `exp(-s) / 2 * loss + s / 2` where the loss is the mean squared error,
        - `exp(-s) * loss + s / 2` elsewhere,

        so a task that stays hard counts less. Where `s` has settled, every weighted loss is 1/2.
        The sum may fall below 0; look at the losses one by one.

        What comes back shares all layers with `model`: training one trains the other. Only it
        knows the log-variances, so save and use `model`, which remains plain Keras. Compile it
        as you would the plain one; `fit` logs `digit_loss` and the learned `digit_weight` (the
        average over the epoch) beside the metrics. `task_weights` has the weights of now.

        Args:
            model: A model whose output is the dict that this block returned.

        Raises:
            ValueError: If the model's output is no dict with the names of the tasks.

        Example:
            >>> import keras, numpy as np
            >>> from keraslab.blocks import Binary, Regression
            >>> heads = Heads({"price": Regression(), "sold": Binary()})
            >>> x = keras.Input((3,))
            >>> model = keras.Model(x, heads(x))
            >>> trainer = heads.uncertainty_weighted(model)
            >>> trainer.compile("adam", **heads.compile_args())
            >>> y = {"price": np.ones(8), "sold": np.ones(8)}
            >>> history = trainer.fit(np.ones((8, 3)), y, verbose=0).history
            >>> sorted(history)  # doctest: +NORMALIZE_WHITESPACE
            ['loss', 'price_loss', 'price_mean_absolute_error', 'price_weight',
             'sold_accuracy', 'sold_loss', 'sold_weight']
        """
        output = getattr(model, "output", None)
        if (
            not isinstance(model, keras.Model)
            or not isinstance(output, Mapping)
            or set(output) != set(self.tasks)
        ):
            received = list(output) if isinstance(output, Mapping) else repr(model)
            raise ValueError(
                f"uncertainty_weighted(model): the model's output must be a dict with the keys "
                f"{', '.join(map(repr, self.tasks))}, as in keras.Model(x, heads(x)). "
                f"Received: {received}."
            )
        return UncertaintyWeighted(model, list(self.tasks))
