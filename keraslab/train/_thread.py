"""A training in a thread of its own, which can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import keras


class _StopOnRequest(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends ``fit``, and a validation within it, after the batch under way."""

    def __init__(self, asked: threading.Event) -> None:
        super().__init__()
        self._asked = asked

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        if self._asked.is_set():
            self.model.stop_training = True

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        if self._asked.is_set():
            self.model.stop_training = True
            self.model.stop_evaluating = True


class TrainingThread:
    """Runs ``model.fit`` in a thread, so that a notebook goes on answering.

    Args:
        model: A compiled Keras model.
        callbacks: Keras callbacks; a ``LiveCurves`` among them also learns of an error.
        on_done: Called with this object at the end, from the thread, just before ``done`` is
            set.
        **fit_arguments: What ``model.fit`` takes. ``verbose`` is 0 unless it is given.

    Attributes:
        done: Set when the training is over, however it ended.
        error: What ``fit`` raised, or None.
        history: What ``fit`` returned, or None.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> training = TrainingThread(model, x=np.ones((4, 2)), y=np.ones((4, 1)))
        >>> training.start()
        >>> training.done.wait(60), training.error
        (True, None)
    """

    def __init__(
        self,
        model: Any,
        *,
        callbacks: Sequence[Any] = (),
        on_done: Callable[[TrainingThread], None] | None = None,
        **fit_arguments: Any,
    ) -> None:
        self.model = model
        self.done = threading.Event()
        self.error: BaseException | None = None
        self.history: Any = None
        self._asked = threading.Event()
        self._callbacks = list(callbacks)
        self._on_done = on_done
        self._fit_arguments = {"verbose": 0, **fit_arguments}
        self._state: Any = None
        self._thread = threading.Thread(target=self._run, name="keraslab training", daemon=True)

    def start(self) -> None:
        """Begin. The dtype policy and other settings of the calling thread hold in the new one."""
        from keraslab.graph.keras_internals import capture_thread_state

        self._state = capture_thread_state()
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after the batch under way; returns at once."""
        self._asked.set()

    @property
    def stopped(self) -> bool:
        """Whether a stop was asked for."""
        return self._asked.is_set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, ``timeout`` seconds at most."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with self._state:
                self.history = self.model.fit(
                    callbacks=[*self._callbacks, _StopOnRequest(self._asked)],
                    **self._fit_arguments,
                )
        except BaseException as error:  # whatever it is, it must not end in the thread unseen
            self.error = error
            for callback in self._callbacks:
                if hasattr(callback, "finish"):
                    callback.finish(error)
        finally:
            try:
                if self._on_done is not None:
                    self._on_done(self)
            finally:
                self.done.set()
