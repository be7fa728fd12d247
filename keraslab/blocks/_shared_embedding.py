"""One table of vectors for several inputs of ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_count
from keraslab.blocks._padding import real_steps


def _average_model(width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: ids and their vectors in, the average out."""
    ids = keras.Input((None,), dtype="int32")
    vectors = keras.Input((None, width), dtype=dtype)
    real = real_steps(ids, dtype)
    # Where there is nothing but padding the average is zeros, not 0 / 0.
    count = ops.maximum(ops.sum(real, axis=1), 1.0)
    return keras.Model([ids, vectors], ops.sum(vectors * real, axis=1) / count, name=name)


@dataclass(eq=False, repr=False)
class SharedEmbedding(Block):
    """One embedding table applied to several inputs of ids.

    Two texts in one language, or an item and the items someone looked at before, are told by
    the same ids, so they share one table of vectors: its weights are counted once and learn
    from every input. Averaging the vectors of a history is how Covington et al. 2016, "Deep
    Neural Networks for YouTube Recommendations", https://doi.org/10.1145/2959100.2959190,
    describe a user by what was watched.

    Call it on one tensor, `shared(a, b)`, a list or a dict; what comes back has the same form.
    Each input holds whole numbers, `(batch,)` or `(batch, length)`, and becomes
    `(batch, width)` or `(batch, length, width)`. With `pooling="average"` a sequence becomes
    `(batch, width)`: the average of its vectors without those of id 0, which is padding; zeros
    where there is nothing but padding.

    Args:
        ids: How many ids there are, from 0 to `ids - 1`; 1 or more.
        width: Size of each vector, 1 or more.
        pooling: `"average"` or `None`.
        mask: Mark id 0 as padding for layers that read Keras masks, such as recurrent layers
            and attention. Not together with `pooling`, which leaves padding out by itself.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range or an input holds no whole numbers.

    Example:
        >>> import keras
        >>> shared = SharedEmbedding(1000, 16, pooling="average")
        >>> item, history = keras.Input((1,), dtype="int32"), keras.Input((20,), dtype="int32")
        >>> vectors = shared({"item": item, "history": history})
        >>> {name: y.shape for name, y in vectors.items()}
        {'item': (None, 16), 'history': (None, 16)}
        >>> keras.Model([item, history], vectors).count_params()  # 1000*16, once
        16000
    """

    ids: int
    width: int
    pooling: str | None = None
    mask: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.ids, "SharedEmbedding(ids=...)")
        check_count(self.width, "SharedEmbedding(width=...)")
        if self.pooling is not None:
            check_choice(self.pooling, ["average"], "SharedEmbedding(pooling=...)")
            if self.mask:
                raise ValueError(
                    f"SharedEmbedding(mask=...): pooling={self.pooling!r} leaves padding out by "
                    f"itself. Received: {self.mask!r}. Leave mask out."
                )

    def wire(self, *inputs: Any) -> Any:
        """Connect the table to every input."""
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        if isinstance(given, keras.KerasTensor):
            return self._look_up(given, "the input")
        if not given:
            raise ValueError(f"{self._title}: takes one input or more. Received: {given!r}.")
        if isinstance(given, Mapping):
            return {key: self._look_up(x, f"input {key!r}") for key, x in given.items()}
        return [self._look_up(x, f"input {i}") for i, x in enumerate(given, start=1)]

    def _look_up(self, x: Any, which: str) -> Any:
        if not isinstance(x, keras.KerasTensor) or "int" not in str(x.dtype):
            kind = getattr(x, "dtype", type(x).__name__)
            raise ValueError(
                f"{self._title}: {which} must be one tensor of ids, such as "
                f"keras.Input((20,), dtype='int32'). Received: {kind}."
            )
        if len(x.shape) > 2:
            raise ValueError(
                f"{self._title}: {which} must be (batch,) or (batch, length). Received: {x.shape}."
            )
        table = self.use("embedding", L.Embedding, self.ids, self.width, mask_zero=self.mask)
        vectors = table(x)
        if self.pooling is None or len(x.shape) == 1:
            return vectors
        return self.use("average", _average_model, self.width, vectors.dtype)([x, vectors])
