"""A variant's model is traced once and used for one seed after another.

TensorFlow and JAX trace and compile the step of each new model, which takes longer than the
training of a small one, and TensorFlow gives back little of the memory that it takes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import keras


class TracedModel:
    """Keeps the last model that was trained, with the functions that were traced for it."""

    def __init__(self) -> None:
        self._model: Any = None

    def instead_of(self, model: Any, callbacks: Iterable[Any] = ()) -> Any:
        """The kept model in the state of a new one, where it is the same but for its state.

        A model with code of one's own in it is given back as it is: what such code computed
        while it was traced belongs to the model that it was traced for.

        Args:
            model: Compiled, and not trained yet.
            callbacks: Of its training; those of one's own may do anything to a model.
        """
        kept, self._model = self._model, None
        key = _key(model) if all(map(_is_of_keras, callbacks)) else None
        if key is None:
            return model
        # The kept one as it is now: a training may have changed more than its state.
        self._model = (
            kept if kept is not None and _key(kept) == key and _put(model, kept) else model
        )
        return self._model

    def forget(self) -> None:
        """Keep none."""
        self._model = None


def _is_of_keras(each: Any) -> bool:
    return type(each).__module__.partition(".")[0] == "keras"


def _key(model: Any) -> str | None:
    """All that decides what is traced, as text; None where that is not known."""
    if not _is_of_keras(model):
        return None
    try:
        whole = {"model": json.loads(model.to_json()), "compile": model.get_compile_config()}
        if not _of_keras_alone(whole):
            return None
        return json.dumps(whole, sort_keys=True)
    except Exception:  # a part without a config
        return None


def _of_keras_alone(config: Any) -> bool:
    if isinstance(config, Mapping):
        name = str(config.get("class_name", "__dict__"))  # "__tuple__", "__keras_tensor__": values
        if not name.startswith("__") and (
            name == "Lambda" or str(config.get("module")).partition(".")[0] != "keras"
        ):
            return False
        return all(_of_keras_alone(each) for each in config.values())
    if isinstance(config, list | tuple):
        return all(_of_keras_alone(each) for each in config)
    return True


def _put(source: Any, target: Any) -> bool:
    """Give the target all state of the source; False where they are not alike."""
    optimizers = source.optimizer, target.optimizer
    if None not in optimizers:
        for model, optimizer in zip((source, target), optimizers, strict=True):
            if not optimizer.built:
                optimizer.build(model.trainable_variables)
    pairs = [(source.variables, target.variables)]
    if None not in optimizers:
        pairs.append((source.optimizer.variables, target.optimizer.variables))
    for here, there in pairs:
        if [(v.shape, v.dtype) for v in here] != [(v.shape, v.dtype) for v in there]:
            return False
    for here, there in pairs:
        for new, old in zip(here, there, strict=True):
            old.assign(keras.ops.convert_to_numpy(new.value))
    target.reset_metrics()
    target.stop_training = False
    return True
