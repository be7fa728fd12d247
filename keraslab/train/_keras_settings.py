"""What a user told Keras in this process, for workers to be told the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import keras

from keraslab.train._parcel import unpack


@dataclass(frozen=True)
class KerasSettings:
    """The backend, the number formats, and the classes that were registered."""

    backend: str
    floatx: str
    epsilon: float
    image_data_format: str
    dtype_policy: Mapping[str, Any]
    custom_objects: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of_this_process(cls, *, classes: bool = True) -> KerasSettings:
        """Read them; registered classes that cannot be pickled are left out.

        Args:
            classes: Whether to take the registered classes too.
        """
        packed: dict[str, bytes] = {}
        for name, each in keras.saving.get_custom_objects().items() if classes else ():
            with suppress(Exception):  # whoever needs it hears of it by name in the worker
                packed[name] = cloudpickle.dumps(each)
        return cls(
            backend=keras.backend.backend(),
            floatx=keras.config.floatx(),
            epsilon=keras.config.epsilon(),
            image_data_format=keras.config.image_data_format(),
            dtype_policy=keras.dtype_policies.serialize(keras.config.dtype_policy()),
            custom_objects=packed,
        )

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let them hold in this thread, and what was before hold again afterwards.

        Registered classes stay: they add, and take nothing away.

        Raises:
            RuntimeError: if this process has another backend.
        """
        here = keras.backend.backend()
        if here != self.backend:
            raise RuntimeError(
                f"The worker's Keras has the backend {here!r}, and this comparison's has "
                f"{self.backend!r}. Start the workers with KERAS_BACKEND={self.backend}."
            )
        known = keras.saving.get_custom_objects()
        for name, packed in self.custom_objects.items():
            with suppress(Exception):  # a cell that ran again made the class anew
                known[name] = unpack(packed)
        before = KerasSettings.of_this_process(classes=False)
        self._set()
        try:
            yield
        finally:
            before._set()

    def _set(self) -> None:
        keras.config.set_floatx(self.floatx)
        keras.config.set_epsilon(self.epsilon)
        keras.config.set_image_data_format(self.image_data_format)
        policy = keras.dtype_policies.deserialize(dict(self.dtype_policy))
        keras.config.set_dtype_policy(policy)
