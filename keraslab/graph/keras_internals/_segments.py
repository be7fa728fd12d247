"""Running segments of a model a second time on the way back, instead of holding their insides.

Of a segment only what goes in and what comes out is held until its gradient arrives. Then it
runs again, with the random numbers and the state it ran with before, under a tape of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import keras
from keras.src import backend
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

from keraslab.graph.keras_internals._random import GlobalNumbers, repeatable_tensorflow

Body = Callable[[list[Any]], list[Any]]
"""A segment: what comes out for what goes in, all else being the state of Keras."""


def as_masked(tensor: Any, original: Any) -> Any:
    """A tensor with the mask that another one has."""
    return _with_mask(tensor, backend.get_keras_mask(original))


def _with_mask(tensor: Any, mask: Any) -> Any:
    if mask is not None:
        backend.set_keras_mask(tensor, mask)
    return tensor


class OnTape:
    """Gradients by TensorFlow's tape, whole or segment by segment.

    Args:
        tf: The module.
        heard: Told the gradient of each tapped tensor by its key.
        layers: All layers of the model.
        running: A context in which layers act as in the run that gave the loss.
    """

    def __init__(
        self,
        tf: Any,
        heard: Callable[[Any, Any], None],
        layers: Sequence[Any],
        running: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        self.tf, self._heard, self._layers, self.running = tf, heard, layers, running
        self._tape: Any = None
        self._anchor: Any = None

    def loss(self, loss_of: Callable[[Any, Any], Any]) -> float:
        """Take the gradients of ``loss_of(tap, segment)`` and give its value."""
        before = GlobalNumbers()
        repeatable_tensorflow()
        try:
            with self.remembering() as (tape, anchor):
                loss = loss_of(self.tap, self.segment)
            tape.gradient(loss, anchor)
            return float(loss)
        finally:
            before.put_back()

    def tap(self, key: Any, tensor: Any) -> Any:
        """Give a tensor on; its gradient is heard, unless nothing is remembered."""
        if self._anchor is None:
            return as_masked(self.tf.identity(tensor), tensor)

        def told(gradient: Any) -> None:
            self._heard(key, keras.ops.convert_to_numpy(gradient))

        return as_masked(self.passed(told)(tensor, self._anchor), tensor)

    def segment(self, body: Body, given: list[Any]) -> list[Any]:
        """What ``body(given)`` gives; it runs a second time when gradients come back.

        State that it reads or writes and losses that it adds go in and out like tensors.
        """
        scope, before = backend.get_stateless_scope(), RandomNumbers()
        # A layer may take the mask off what it is given, as attention does.
        masks = list(map(backend.get_keras_mask, given))
        ran = _Noting(scope.state_mapping)
        with self._forgetting(), ran:
            made = body(given)
        results = [*made, *ran.losses, *ran.written.values()]
        if not all(map(self._is_plain, [*given, *results])):  # ragged or sparse: held as it is
            self._renamed(ran.losses, [])
            before.put_back()
            return body(list(map(_with_mask, given, masks)))
        places = [place for place, result in enumerate(results) if self.has_slope(result)]
        if places:
            inside = _Inside(self, body, given, masks, ran, before)
            found = inside.tied([results[place] for place in places], self._anchor)
            for place, tensor in zip(places, found, strict=True):
                results[place] = as_masked(tensor, results[place])
        end = len(made) + len(ran.losses)
        losses = results[len(made) : end]
        self._renamed(ran.losses, losses)
        scope.losses.extend(losses)
        scope.state_mapping.update(zip(ran.written, results[end:], strict=True))
        return results[: len(made)]

    @contextlib.contextmanager
    def remembering(self) -> Iterator[tuple[Any, Any]]:
        before, anchor = (self._tape, self._anchor), self.tf.zeros(())
        try:
            with self.tf.GradientTape(watch_accessed_variables=False) as tape:
                self._tape, self._anchor = tape, anchor
                tape.watch(anchor)
                yield tape, anchor
        finally:
            self._tape, self._anchor = before

    @contextlib.contextmanager
    def _forgetting(self) -> Iterator[None]:
        anchor, self._anchor = self._anchor, None
        try:
            with self._tape.stop_recording():
                yield
        finally:
            self._anchor = anchor

    def passed(self, told: Callable[[Any], None]) -> Any:
        """``passed(tensor, anchor)`` is the tensor; its gradient is told before it goes on."""
        tf = self.tf

        def passed(value: Any, _anchor: Any) -> Any:
            def back(gradient: Any) -> Any:
                told(gradient)
                return gradient, tf.zeros(())

            return tf.identity(value), back

        return tf.custom_gradient(passed)

    def _renamed(self, losses: Sequence[Any], others: Sequence[Any]) -> None:
        """Let layers take others for the losses that they added; without others, forget them."""
        names = {id(loss): {id(other)} for loss, other in zip(losses, others, strict=False)}
        for layer in self._layers if losses else ():
            for loss in losses:
                if id(loss) in layer._loss_ids:
                    layer._loss_ids.discard(id(loss))
                    layer._loss_ids.update(names.get(id(loss), ()))

    def _is_plain(self, value: Any) -> bool:
        return isinstance(value, self.tf.Tensor) or not self.tf.is_tensor(value)

    def has_slope(self, value: Any) -> bool:
        plain = isinstance(value, self.tf.Tensor)
        return plain and (value.dtype.is_floating or value.dtype.is_complex)


class _Inside:
    """One segment, as it waits for its gradient."""

    def __init__(
        self,
        way: OnTape,
        body: Body,
        given: list[Any],
        masks: list[Any],
        ran: _Noting,
        before: RandomNumbers,
    ) -> None:
        self.way, self.body, self.given, self.masks = way, body, given, masks
        self.state, self.before = ran.start, before
        self.read = [key for key, value in ran.read.items() if way.has_slope(value)]
        self.places = [place for place, value in enumerate(given) if way.has_slope(value)]
        self.reached: set[int] = set()

    def tied(self, results: list[Any], anchor: Any) -> list[Any]:
        """The results, led back to what goes into the segment."""
        tf = self.way.tf

        def ran(*_entering: Any) -> Any:
            return [tf.identity(result) for result in results], self.back

        # Weights first: their gradients are dealt with before the segment before this one runs.
        weights = [self.state[key] for key in self.read]
        entering = [*weights, *(self.given[place] for place in self.places)]
        found = tf.custom_gradient(ran)(*entering, anchor)
        # Where no gradient arrives TensorFlow says 0, which is another thing.
        return [
            self.way.passed(partial(self._reach, place))(tensor, anchor)
            for place, tensor in enumerate(found)
        ]

    def _reach(self, place: int, _gradient: Any) -> None:
        self.reached.add(place)

    def back(self, *gradients: Any) -> list[Any]:
        """The gradients for what went in."""
        way = self.way
        found: dict[tuple[str, int], Any] = {}

        def entering(kind: str, key: int, value: Any) -> Any:
            # To ask the tape for them would leak where two are one tensor, as those of a sum are.
            told = way.passed(lambda gradient: found.update({(kind, key): gradient}))
            return told(value, anchor)

        with way.running(), way.remembering() as (tape, anchor):
            self.before.put_back()
            state, given = dict(self.state), list(self.given)
            for key in self.read:
                state[key] = entering("state", key, state[key])
            for place in self.places:
                given[place] = entering("given", place, given[place])
            given = list(map(_with_mask, given, self.masks))
            with _Noting(state) as ran:
                made = self.body(given)
        results = [*made, *ran.losses, *ran.written.values()]
        results = [result for result in results if way.has_slope(result)]
        reached = sorted(self.reached)
        tape.gradient(
            [results[place] for place in reached],
            anchor,
            output_gradients=[gradients[place] for place in reached],
        )
        weights = [found.get(("state", key)) for key in self.read]
        return [*weights, *(found.get(("given", p)) for p in self.places), way.tf.zeros(())]


class _Noting(keras.StatelessScope):  # type: ignore[misc]
    """Keeps new values of variables from all others, and notes which values were read."""

    def __init__(self, start: Mapping[int, Any]) -> None:
        super().__init__(collect_losses=True, initialize_variables=False)
        self.start, self.state_mapping = dict(start), dict(start)
        self.read: dict[int, Any] = {}

    def get_current_value(self, variable: Any) -> Any:
        value = super().get_current_value(variable)
        if value is not None and value is self.start.get(id(variable)):
            self.read[id(variable)] = value
        return value

    @property
    def written(self) -> dict[int, Any]:
        """Values that were not there before."""
        values = self.state_mapping.items()
        return {key: value for key, value in values if value is not self.start.get(key)}


class RandomNumbers:
    """The state of all random numbers that are not kept in a variable."""

    def __init__(self) -> None:
        self._global = GlobalNumbers()
        self._seeds = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)

    def put_back(self) -> None:
        """Let all go on from there."""
        self._global.put_back()
        global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, self._seeds)
