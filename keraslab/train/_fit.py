"""``fit`` as Keras has it, with a run that can be stopped, paused, kept and gone on with."""

from __future__ import annotations

import atexit
import inspect
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keraslab.train import _checkpoint
from keraslab.train._background import background_thread
from keraslab.train._best import BestWeights
from keraslab.train._callers import Callers
from keraslab.train._control import Control
from keraslab.train._facts import facts_of
from keraslab.train._guard import Guard, check_free
from keraslab.train._interrupt import gentle_interrupt
from keraslab.train._live_curves import LiveCurves
from keraslab.train._notebook import SHOWN_LIVE, shell
from keraslab.train._recorder import Keeps
from keraslab.train._run import Run

_alive: weakref.WeakSet[Run] = weakref.WeakSet()


def fit(
    model: Any,
    *arguments: Any,
    background: bool = False,
    name: str | None = None,
    seed: int | None = None,
    keep_best: bool | str = False,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool | str | os.PathLike[str] | None = None,
    store: Keeps = True,
    display: bool = True,
    **fit_arguments: Any,
) -> Run:
    """Train a model as ``model.fit`` does, with live curves and a run to hold on to.

    It takes what ``model.fit`` takes, in the same order, and blocks like it. A kernel interrupt
    ends the training after its present batch: model and history stay, and the cell ends
    normally; a second interrupt raises as usual.

    A loss that becomes NaN ends the training there, as ``model.fit`` does not: the run has failed
    and says where in ``diverged``, its history stays, and a checkpoint keeps the last whole epoch.
    To train on regardless, give ``kl.LiveCurves()`` to ``model.fit``.

    In the background it trains in a thread, with the settings of Keras that hold here, and
    cells go on running. Until the run is done the model's ``fit``, ``evaluate``, ``predict``,
    ``save`` and the like raise an error that names the run; callbacks and validation within the
    run may use them. Calling the model stays free, and another model that shares its layers is
    not guarded: what it trains meanwhile goes into the same weights.

    A checkpoint is one file of weights as Keras writes them, with the optimizer's state, the
    random numbers of layers such as ``Dropout``, and the history; it is written after each whole
    epoch, and where that fails, a warning says so and the training goes on. A run that goes on
    from it gives the same numbers as one that was never ended, at the same number of threads: for
    arrays, and for other data whose order depends on ``random`` and NumPy's global numbers only.
    Not carried on are a generator's own position, random numbers that a custom ``train_step``
    draws without a ``SeedGenerator`` of a layer, and the memory of callbacks such as
    ``EarlyStopping``. With TensorFlow, a seed makes every epoch take arrays in the same shuffled
    order; that is how Keras shuffles there.

    Args:
        model: A compiled Keras model of any kind.
        *arguments: What ``model.fit`` takes by position: ``x``, ``y`` and so on.
        background: Whether to return at once and train in a thread. A thread ends with its
            process.
        name: What the run is called; None for the model's name.
        seed: Set before the first batch, as ``keras.utils.set_random_seed`` does. The model's
            weights were drawn before, when it was built. None leaves random numbers alone,
            but a checkpoint wants a seed and then draws one.
        keep_best: Whether the model has the weights of its best epoch in the end, by
            ``val_loss``, or ``loss`` where there is none. The name of another value watches
            that. The optimizer keeps its last state.
        checkpoint: A path that ends in ``.weights.h5``, written after each epoch.
        resume: The path of a checkpoint to go on from, up to ``epochs`` in all; True for that
            of ``checkpoint`` if it exists yet.
        store: Whether the run is kept on this machine; a path or a ``Store`` keeps it there.
        display: Whether the curves are shown. Baselines and norms are shown by
            ``callbacks=[kl.LiveCurves(baseline=..., norms=True)]``.
        **fit_arguments: What ``model.fit`` takes by name. ``verbose`` is 0 unless given.

    Returns:
        The run; with ``background=True`` one that is still running.

    Raises:
        ModelInUseError: if another run trains the model.
        TypeError: if ``model.fit`` takes no such argument.
        ValueError: if the model is not compiled, or a checkpoint does not fit it.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> run = fit(model, np.ones((4, 2)), np.ones((4, 1)), display=False, store=False)
        >>> run.status, list(run.history)
        ('done', ['loss'])
    """
    training = Training(
        model,
        arguments,
        fit_arguments,
        name=name,
        seed=seed,
        keep_best=keep_best,
        checkpoint=checkpoint,
        resume=resume,
        store=store,
        background=background,
        display=display,
    )
    if background:
        training.start(Callers())
    else:
        training.run_here()
    return training.run


class Training:
    """A ``fit`` that is prepared: all that can be wrong with it has been said.

    Args:
        model: The model.
        arguments: By position for ``model.fit``.
        fit_arguments: By name.
        curves: Curves to go on with; None for new ones.
        facts: More to be kept with the run.
        **options: Those of ``fit``.
    """

    def __init__(
        self,
        model: Any,
        arguments: tuple[Any, ...] = (),
        fit_arguments: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        seed: int | None = None,
        keep_best: bool | str = False,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool | str | os.PathLike[str] | None = None,
        store: Keeps = True,
        background: bool = True,
        display: bool = False,
        curves: LiveCurves | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        given = _bound(model, arguments, fit_arguments or {})
        check_free(model)
        if not getattr(model, "compiled", True):
            raise ValueError(
                f"kl.fit(model) needs a compiled model. Call model.compile(...) on "
                f"{model.name!r} first."
            )
        self._checkpoint = _path(checkpoint, "checkpoint")
        state = _resumed(model, resume, self._checkpoint, given, seed)
        if state is not None:
            seed = state.seed
            given["initial_epoch"] = state.epoch
        elif seed is None and self._checkpoint is not None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        own = [each for each in _callbacks(given) if isinstance(each, LiveCurves)]
        self.run = Run.of_fit(
            model,
            facts_of(model, given, name, seed) | dict(facts or {}),
            store=store,
            weights=BestWeights(
                wanted=bool(keep_best),
                name=keep_best if isinstance(keep_best, str) else None,
                ahead=background,
            ),
            curves=curves or (own[0] if own else None),
        )
        self._shown = display and (background or not own)
        if state is not None:
            _go_on(self.run, state)
        self._own = bool(own)
        self._control = Control(self.run, self._checkpoint, state)
        self._given = given
        self._seed = seed

    def run_here(self) -> None:
        """Train in this thread; what goes wrong is raised."""
        run = self.run
        if not self._own:
            run.curves._display = self._shown
        run.curves._instead = run.instead
        if run.curves._display and run.panel is not None:
            run.panel.shown_above()
        interrupted = False

        def stop() -> None:
            nonlocal interrupted
            interrupted = True
            run.switch.stop()  # no listeners: this may come between any two lines

        self._set_seed()
        error: BaseException | None = None
        try:
            with gentle_interrupt(stop):
                self._fit()
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._put_back()
            self._end(error, interrupted)

    def start(self, callers: Callers | None = None) -> None:
        """Train in a thread of its own, with the settings of this thread.

        Args:
            callers: Whose lines an error is traced back to; None for nobody's.
        """
        run = self.run
        guard = Guard(run.model, run.name)
        try:
            if self._shown:
                # Below a cell the panel shows the curves; a terminal gets its lines.
                run.curves._display = shell() is None or run.panel is None
                if not run.curves._display:
                    run.panel.show()
            elif not self._own:
                run.curves._display = False
            self._set_seed()
        except BaseException:
            guard.lift()
            raise

        def work() -> None:
            error: BaseException | None = None
            try:
                with guard.held_by_this_thread():
                    try:
                        self._fit()
                    finally:
                        self._put_back()
            except BaseException as raised:  # whatever it is, it must not end here unseen
                error = raised if callers is None else callers.above(raised)
            if callers is not None:
                callers.forget()
            self._end(error, interrupted=False)

        _alive.add(run)
        try:
            background_thread(work, f"keraslab {run.name}").start()
        except BaseException:
            guard.lift()
            raise

    def _set_seed(self) -> None:
        if self._seed is not None:
            keras.utils.set_random_seed(self._seed)

    def _fit(self) -> None:
        given, self._given = self._given, {}  # the data must not live as long as the run
        curves = [] if self._own else [self.run.curves]
        given["callbacks"] = [*_callbacks(given), *curves, self._control]
        self.run.model.fit(*given.pop("*", ()), **given)

    def _put_back(self) -> None:
        kept = self.run.weights.put_back(self.run.model)
        if kept is not None:
            self.run.recorder.note(kept=tuple(kept))

    def _end(self, error: BaseException | None, interrupted: bool) -> None:
        run = self.run
        if error is not None:
            run.curves.finish(error)
        run.curves._instead = SHOWN_LIVE  # they may be given to another training
        run.ended(error, interrupted=interrupted)
        _alive.discard(run)


def _bound(
    model: Any, arguments: tuple[Any, ...], fit_arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of ``model.fit`` by name; those that have none under ``"*"``."""
    if not callable(getattr(model, "fit", None)):
        raise TypeError(
            "kl.fit(model, ...) takes a Keras model. "
            f"Received: {type(model).__name__}. A loop of your own reports through "
            "keraslab.Run('name').log(...)."
        )
    try:
        bound = inspect.signature(model.fit).bind(*arguments, **fit_arguments)
    except TypeError as error:
        of_curves = [name for name in fit_arguments if name in ("baseline", "norms", "budget")]
        way = "".join(f" Give callbacks=[kl.LiveCurves({name}=...)]." for name in of_curves[:1])
        raise TypeError(f"kl.fit(...) passes its arguments to model.fit: {error}.{way}") from None
    given: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            given |= value
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            given["*"] = value
        else:
            given[name] = value
    given.setdefault("verbose", 0)
    return given


def _callbacks(given: Mapping[str, Any]) -> list[Any]:
    callbacks = given.get("callbacks")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]


def _path(path: str | os.PathLike[str] | None, argument: str) -> Path | None:
    return None if path is None else _checkpoint.checked(path, argument)


def _resumed(
    model: Any,
    resume: bool | str | os.PathLike[str] | None,
    checkpoint: Path | None,
    given: Mapping[str, Any],
    seed: int | None,
) -> _checkpoint.State | None:
    if resume is None or resume is False:
        return None
    if resume is True:
        if checkpoint is None:
            raise ValueError("kl.fit(resume=True) goes on from checkpoint=..., which is not given.")
        if not checkpoint.is_file():
            return None
        path = checkpoint
    else:
        path = _checkpoint.checked(resume, "resume")
    if given.get("initial_epoch"):
        raise ValueError(
            "kl.fit(resume=...) goes on where the checkpoint ended; leave initial_epoch out. "
            f"Received: initial_epoch={given['initial_epoch']}."
        )
    state = _checkpoint.read(path, model)
    if seed not in (None, state.seed):
        raise ValueError(
            f"kl.fit(resume=...): the run in {path} has the seed {state.seed}. Received: "
            f"seed={seed}; leave it out."
        )
    return state


def _go_on(run: Run, state: _checkpoint.State) -> None:
    """Let history, curves and best epoch begin with what the checkpoint tells."""
    for number, values, seconds in zip(state.numbers, state.epochs, state.times, strict=True):
        run.record.end_epoch(number, values, seconds)
        for key, value in values.items():
            kind = "validation" if key.startswith("val_") else "train"
            run.recorder.add(kind, key.removeprefix("val_"), 0, number + 1.0, seconds, value)


@atexit.register
def _end_all() -> None:
    """End what trains in the background, so that no thread computes in an interpreter that ends."""
    for run in list(_alive):
        run.stop()
    for run in list(_alive):
        run._done.wait(10)
