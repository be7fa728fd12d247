"""How large gradients and steps are, measured now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np

from keraslab.train._pace import Pace

Which = Literal["updates", "gradients"]

UPDATE, GRADIENT = "update_norm", "gradient_norm"


def checked_norms(norms: Any) -> tuple[Which, ...]:
    """Which norms are wanted.

    Raises:
        ValueError: if it is none of the choices, or the backend does not tell gradients.
    """
    jax = keras.config.backend() == "jax"
    if norms is False or norms is None:
        return ()
    if norms is True:
        return ("updates",) if jax else ("updates", "gradients")
    if norms not in ("updates", "gradients"):
        raise ValueError(
            "LiveCurves(norms=...) takes True, False, 'updates' or 'gradients'. "
            f"Received: {norms!r}."
        )
    if norms == "gradients" and jax:
        raise ValueError(
            "LiveCurves(norms='gradients'): with the JAX backend gradients stay inside the "
            "compiled step. Take norms='updates', how far the weights move in a step."
        )
    return (norms,)


class Norms:
    """Measures around single batches, as often as a share of the time allows.

    The update norm is the length of the change of all trainable weights in one batch. The
    gradient norm is that of all gradients together, as the optimizer is given them, before it
    clips them.

    Args:
        which: What to measure.
        share: The largest part of the time that it may take.
        clock: Gives the time in seconds.
    """

    def __init__(self, which: tuple[Which, ...], share: float, clock: Callable[[], float]) -> None:
        self._which = which
        self.pace = Pace(share, clock=clock, work=clock)
        self._before: list[Any] | None = None
        self._tap: _Tap | None = None

    def begin(self, model: Any) -> None:
        """A ``fit`` of this model begins."""
        self.end()
        optimizer = getattr(model, "optimizer", None)
        if "gradients" in self._which and callable(getattr(optimizer, "apply", None)):
            self._tap = _Tap(model)

    def before(self, model: Callable[[], Any]) -> None:
        """A batch begins; ``model`` is asked for only when it is measured."""
        self._before = None
        if not self.pace.due():
            return
        with self.pace.redraw():
            # Asking for the model costs something with JAX, and so does each copy.
            wanted = "updates" in self._which
            weights = model().trainable_variables if wanted else []
            self._before = [keras.ops.stop_gradient(keras.ops.copy(each)) for each in weights]
            if self._tap is not None:
                self._tap.armed = True

    def after(self, model: Callable[[], Any]) -> dict[str, float]:
        """A batch is done; the norms, where it was measured."""
        before, self._before = self._before, None
        if before is None:
            return {}
        found: dict[str, float] = {}
        with self.pace.redraw():
            if before:
                now = model().trainable_variables
                moved = [keras.ops.subtract(a, b) for a, b in zip(now, before, strict=True)]
                found[UPDATE] = _float(_norm(moved))
            if self._tap is not None:
                self._tap.armed = False
                if (norm := self._tap.take()) is not None:
                    found[GRADIENT] = norm
        return found

    def end(self) -> None:
        """The ``fit`` is over."""
        tap, self._tap = self._tap, None
        self._before = None
        if tap is not None:
            tap.remove()


class _Tap:
    """Listens to what an optimizer is given, through its public ``apply``."""

    def __init__(self, model: Any) -> None:
        self.armed = False
        self._optimizer = optimizer = model.optimizer
        self._norm: Any = keras.Variable(-1.0, trainable=False, dtype="float32", name=GRADIENT)
        # A compiled step is traced once and cannot look at a flag: there every batch is measured.
        always = keras.config.backend() == "tensorflow"
        inner = optimizer.apply

        def apply(grads: Any, trainable_variables: Any = None) -> Any:
            if always or self.armed:
                self._norm.assign(_norm([each for each in grads if each is not None]))
            return inner(grads, trainable_variables)

        optimizer.apply = apply
        if callable(getattr(model, "make_train_function", None)):
            model.make_train_function(force=True)

    def take(self) -> float | None:
        """The last norm; None where no gradient has passed."""
        found = _float(self._norm)
        return None if found == -1.0 else found

    def remove(self) -> None:
        """Give the optimizer its own ``apply`` back."""
        vars(self._optimizer).pop("apply", None)


def _norm(tensors: list[Any]) -> Any:
    """The length of all tensors taken as one vector."""
    total = keras.ops.convert_to_tensor(0.0, dtype="float32")
    for each in tensors:
        part = keras.ops.cast(keras.ops.convert_to_tensor(each), "float32")
        total = total + keras.ops.sum(keras.ops.square(part))
    return keras.ops.sqrt(total)


def _float(value: Any) -> float:
    return float(np.asarray(keras.ops.convert_to_numpy(value)))
