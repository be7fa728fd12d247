"""Two inputs, one shared encoder, and how far apart what it makes of them is."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_part, listed
from keraslab.blocks._unit_length import unit

# A root has no finite slope at 0, where two equal inputs are. Below this square it is flat.
_SMALLEST_SQUARE = 1e-12


def _absolute(a: Any, b: Any) -> Any:
    return ops.absolute(a - b)


def _squared(a: Any, b: Any) -> Any:
    return ops.square(a - b)


def _euclidean(a: Any, b: Any) -> Any:
    square = ops.sum(ops.square(a - b), axis=-1, keepdims=True)
    return ops.sqrt(ops.maximum(square, _SMALLEST_SQUARE))


def _cosine(a: Any, b: Any) -> Any:
    return 1.0 - ops.sum(unit(a) * unit(b), axis=-1, keepdims=True)


_DISTANCES = {
    "absolute": _absolute,
    "squared": _squared,
    "euclidean": _euclidean,
    "cosine": _cosine,
}


def _distance_model(kind: str, shape: tuple[int | None, ...], dtype: str, *, name: str) -> Any:
    """Return a small model without weights: two embeddings in, their distance out."""
    a, b = keras.Input(shape, dtype=dtype), keras.Input(shape, dtype=dtype)
    left, right = a, b
    if dtype in ("float16", "bfloat16"):  # squares of small differences vanish in 16 bits
        left, right = ops.cast(a, "float32"), ops.cast(b, "float32")
    return keras.Model([a, b], _DISTANCES[kind](left, right), name=name)


@dataclass(eq=False, repr=False)
class Twin(Block):
    """One encoder applied to two inputs, and the distance between the two embeddings.

    The siamese network of Bromley et al. 1993, "Signature Verification using a Siamese Time
    Delay Neural Network",
    https://papers.nips.cc/paper/1993/hash/288cc0ff022877bd3df94bc9360b9c5d-Abstract.html, and of
    Hadsell et al. 2006 (https://doi.org/10.1109/CVPR.2006.100). Both branches share every
    weight: the encoder is counted once and computed twice.

    Call it as `twin(a, b)` or `twin([a, b])`. With embeddings `(batch, d)` the output is

    - `"absolute"`: `|a - b|`, `(batch, d)`;
    - `"squared"`: `(a - b)**2`, `(batch, d)`;
    - `"euclidean"`: the length of `a - b`, `(batch, 1)`; never below 1e-6, which keeps the
      gradient of two equal inputs finite;
    - `"cosine"`: 1 minus the cosine of the angle, `(batch, 1)`, from 0 (same direction) to 2;
      1 where an embedding is all zeros, which passes no gradient;
    - `"concat"`: both embeddings side by side, `(batch, 2 * d)`; the only one that tells a
      from b.

    A `Dense(1)` that decides "same" from one distance wants a negative weight; started positive
    by chance it may never turn, so start it at -1 (`kernel_initializer`) or lower.

    Args:
        encoder: A block, layer or model, called once for each input. A layer or model keeps its
            name; an unnamed block is called `twin__encoder`.
        distance: One of the five above.
        name: See `Block`.

    Raises:
        TypeError: If the encoder is none.
        ValueError: If `distance` is not known, there are not two inputs, or the two embeddings
            do not fit each other.

    Example:
        >>> import keras
        >>> encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(8)])
        >>> twin = Twin(encoder, distance="euclidean")
        >>> a, b = keras.Input((28, 28)), keras.Input((28, 28))
        >>> model = keras.Model([a, b], twin(a, b))
        >>> model.output_shape, model.count_params()  # 28*28*8 + 8
        ((None, 1), 6280)
    """

    encoder: Any
    distance: str = "absolute"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_part(self.encoder, "Twin(encoder=...)")
        check_choice(self.distance, [*_DISTANCES, "concat"], "Twin(distance=...)")

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to two inputs."""
        pair = listed(inputs, self._title)
        if len(pair) != 2:
            raise ValueError(
                f"{self._title}: takes two inputs, twin(a, b) or twin([a, b]). "
                f"Received: {len(pair)}."
            )
        self._rehearse(pair)
        encoder = self.use("encoder", self.encoder)
        a, b = (encoder(x) for x in pair)
        self._check_embeddings(a, b)
        if self.distance == "concat":
            return self.use("both", L.Concatenate)([a, b])
        # Sizes other than the last may differ from call to call.
        shape = (None,) * (len(a.shape) - 2) + (a.shape[-1],)
        model = self.use("distance", _distance_model, self.distance, shape, a.dtype)
        return model([a, b])

    def _rehearse(self, pair: list[Any]) -> None:
        """Try two inputs of unlike shape on a copy of a layer that was handed in.

        Once the first input has built a layer for its size, an error at the second could not
        be taken back.
        """
        encoder = self.encoder
        if isinstance(encoder, Block) or encoder.built or pair[0].shape == pair[1].shape:
            return
        try:
            copy = type(encoder).from_config(encoder.get_config())
        except Exception:  # a layer of one's own that cannot be copied is tried as it is
            return
        self._check_embeddings(*(copy(x) for x in pair))

    def _check_embeddings(self, a: Any, b: Any) -> None:
        for embedding in (a, b):
            if not isinstance(embedding, keras.KerasTensor):
                raise ValueError(
                    f"{self._title}: the encoder must return one tensor. "
                    f"Received: a {type(embedding).__name__}."
                )
        if len(a.shape) < 2 or a.shape[1:] != b.shape[1:]:
            raise ValueError(
                f"{self._title}: the two embeddings must have the same shape. Received: "
                f"{a.shape} and {b.shape}. An encoder that ends in GlobalAveragePooling2D gives "
                f"one shape for inputs of any size."
            )
        if self.distance in ("euclidean", "cosine") and len(a.shape) != 2:
            raise ValueError(
                f"{self._title}: distance={self.distance!r} wants embeddings (batch, d). "
                f"Received: {a.shape}. End the encoder with keras.layers.Flatten()."
            )
