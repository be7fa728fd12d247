"""Training several tasks with weights that are learned, not chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

_SQUARED = keras.losses.get("mean_squared_error")


class _Each(keras.losses.Loss):  # type: ignore[misc]
    """A loss function with labels `(batch,)` fitted to predictions `(batch, 1)`, as Keras does."""

    def __init__(self, function: Any) -> None:
        super().__init__(name="each")
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
            y_true = ops.expand_dims(y_true, -1)
        return self.function(y_true, y_pred)


def _loss_of(loss: Any) -> Any:
    loss = keras.losses.get(loss)
    return loss if isinstance(loss, keras.losses.Loss) else _Each(loss)


def _is_squared(loss: Any) -> bool:
    return isinstance(loss, keras.losses.MeanSquaredError) or keras.losses.get(loss) is _SQUARED


class UncertaintyWeighted(keras.Model):  # type: ignore[misc]
    """A model to train in place of another one, which weighs its tasks by their uncertainty.

    `Heads.uncertainty_weighted(model)` makes it and says what it does.
    """

    def __init__(self, model: Any, tasks: Sequence[str]) -> None:
        super().__init__(model.input, model.output, name=f"{model.name}_uncertainty_weighted")
        self.log_variances = {
            task: self.add_weight(shape=(), initializer="zeros", name=f"{task}_log_variance")
            for task in tasks
        }
        self.loss_means = {task: keras.metrics.Mean(name=f"{task}_loss") for task in tasks}
        self.weight_means = {task: keras.metrics.Mean(name=f"{task}_weight") for task in tasks}
        self.task_losses: Any = None
        self.task_factors: Any = {}

    def save(self, *_args: Any, **_settings: Any) -> None:
        """Refuse: this model is for training only, and its file could not be loaded.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            "save(): this model is for training only. Save the plain model that "
            "uncertainty_weighted(model) was given: it has all the trained weights."
        )

    @property
    def task_weights(self) -> dict[str, float]:
        """What each task's loss is multiplied with at present."""
        self._check_compiled()
        return {task: float(ops.convert_to_numpy(self._weight(task))) for task in self.task_losses}

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Mapping[str, Any] | None = None,
        *,
        loss_weights: Any = None,
        **settings: Any,
    ) -> None:
        """Set the optimizer, losses and metrics: the same arguments as for the plain model.

        Args:
            optimizer: As in Keras.
            loss: A Keras loss for each task, by name.
            loss_weights: Not used, as the weights are learned: a fixed factor in front of a
                loss would be learned away.
            **settings: As in Keras.

        Raises:
            ValueError: If a task has no loss.
        """
        del loss_weights
        if not isinstance(loss, Mapping) or set(loss) != set(self.log_variances):
            raise ValueError(
                f"compile(loss=...): must be a dict with a loss for each of the tasks "
                f"{', '.join(map(repr, self.log_variances))}. Received: {loss!r}. "
                f"compile('adam', **heads.compile_args()) gives them."
            )
        self.task_losses = {task: _loss_of(loss[task]) for task in self.log_variances}
        self.task_factors = {
            task: 0.5 if _is_squared(loss[task]) else 1.0 for task in self.log_variances
        }
        super().compile(optimizer=optimizer, **settings)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the sum over tasks of `weight * loss + log_variance / 2`, and note both."""
        del x, training
        self._check_compiled()
        if not isinstance(y, Mapping) or not set(self.task_losses) <= set(y):
            raise ValueError(
                f"The labels must be a dict with the keys "
                f"{', '.join(map(repr, self.task_losses))}. "
                f"Received: {sorted(y) if isinstance(y, Mapping) else type(y).__name__}."
            )
        total = 0.0
        for task, loss in self.task_losses.items():
            each = sample_weight.get(task) if isinstance(sample_weight, Mapping) else sample_weight
            value, weight = loss(y[task], y_pred[task], sample_weight=each), self._weight(task)
            size = ops.shape(y_pred[task])[0]  # the last batch of an epoch may be smaller
            self.loss_means[task].update_state(value, sample_weight=size)
            self.weight_means[task].update_state(weight, sample_weight=size)
            total += weight * value + 0.5 * self.log_variances[task]
        for penalty in self.losses:  # weight regularisation, as in Keras
            total += ops.sum(ops.cast(penalty, "float32"))
        return total

    def _weight(self, task: str) -> Any:
        return self.task_factors[task] * ops.exp(-self.log_variances[task])

    def _check_compiled(self) -> None:
        if self.task_losses is None:
            raise ValueError(
                "This model has no losses yet: call compile('adam', **heads.compile_args())."
            )
