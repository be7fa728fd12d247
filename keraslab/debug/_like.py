"""Layers of the person's applied without a trace of it in them."""

from __future__ import annotations

from typing import Any

import keras


class Like(keras.layers.Layer):  # type: ignore[misc]
    """A layer of the person's that is applied without a trace of it."""

    def __init__(self, ask: Any, name: str) -> None:
        super().__init__(name=name)
        self._ask = ask
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("training", None)
        return self._ask(*args, **kwargs)
