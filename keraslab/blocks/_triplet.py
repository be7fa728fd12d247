"""Three inputs, one shared encoder: a thing, one like it, and one unlike it."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from keraslab.blocks import _wiring
from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_number, check_part, listed
from keraslab.blocks._unit_length import unit_model

_OUTPUTS = ("loss", "distances")


def _compare_model(output: str, margin: float, width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: three embeddings in, distances or loss out."""
    anchor, positive, negative = (keras.Input((width,), dtype=dtype) for _ in range(3))
    near = ops.sum(ops.square(anchor - positive), axis=-1, keepdims=True)
    far = ops.sum(ops.square(anchor - negative), axis=-1, keepdims=True)
    if output == "distances":
        y = ops.concatenate([near, far], axis=-1)
    else:
        y = ops.relu(near - far + margin)
    return keras.Model([anchor, positive, negative], y, name=name)


@dataclass(eq=False, repr=False)
class Triplet(Block):
    """One encoder applied to an anchor, a positive and a negative, and how they lie together.

    After Schroff et al. 2015, "FaceNet: A Unified Embedding for Face Recognition and
    Clustering", https://arxiv.org/abs/1503.03832. The encoder's embeddings `(batch, d)` are
    brought to length 1; the positive should lie nearer to the anchor than the negative does, by
    a margin. All three share every weight.

    Call it as `triplet(anchor, positive, negative)` or with a list of the three. The output is

    - `"loss"`: `max(|a - p|**2 - |a - n|**2 + margin, 0)` for each sample, `(batch, 1)`. It is
      what training should make small, so the targets are zeros and the loss is the mean of what
      is left: `model.compile("adam", "mean_absolute_error")` and
      `model.fit([anchors, positives, negatives], np.zeros(n))`.
    - `"distances"`: `|a - p|**2` and `|a - n|**2` side by side, `(batch, 2)`, from 0 to 4.

    `triplet.embed(x)` gives the embedding alone, from the same layers: the model that is used
    once training is done. The paper also picks hard triplets within a batch; here the triplets
    are those that are handed in.

    Args:
        encoder: A block, layer or model, called once for each input. A layer or model keeps its
            name; an unnamed block is called `triplet__encoder`.
        margin: How much nearer the positive should be, over 0 and below 4.
        output: `"loss"` or `"distances"`.
        name: See `Block`.

    Raises:
        TypeError: If the encoder is none.
        ValueError: If a setting is out of range, there are not three inputs, or the embeddings
            are no vectors.

    Example:
        >>> import keras
        >>> triplet = Triplet(keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(8)]))
        >>> images = [keras.Input((28, 28)) for _ in range(3)]
        >>> model = keras.Model(images, triplet(images))
        >>> model.output_shape, model.count_params()  # 28*28*8 + 8
        ((None, 1), 6280)
        >>> encoder = keras.Model(images[0], triplet.embed(images[0]))
        >>> encoder.output_shape, encoder.count_params()
        ((None, 8), 6280)
    """

    encoder: Any
    margin: float = 0.2
    output: str = "loss"

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_part(self.encoder, "Triplet(encoder=...)")
        # 4 is the largest squared distance of vectors of length 1.
        check_number(self.margin, "Triplet(margin=...)", above=0, below=4)
        check_choice(self.output, _OUTPUTS, "Triplet(output=...)")

    def wire(self, *inputs: Any) -> Any:
        """Connect the parts to three inputs."""
        three = listed(inputs, self._title)
        if len(three) != 3:
            raise ValueError(
                f"{self._title}: takes three inputs, triplet(anchor, positive, negative), in a "
                f"row or in a list. Received: {len(three)}."
            )
        embeddings = [self.embed(x) for x in three]
        width, dtype = embeddings[0].shape[-1], embeddings[0].dtype
        margin = float(self.margin)
        compare = self.use(self.output, _compare_model, self.output, margin, width, dtype)
        return compare(embeddings)

    def embed(self, x: Any) -> Any:
        """Return the embedding of one input, of length 1, with the layers of all three.

        Args:
            x: A symbolic tensor, as the encoder takes.

        Returns:
            A symbolic tensor `(batch, d)`; all zeros where the encoder returns zeros.

        Raises:
            TypeError: If `x` is no symbolic tensor.
            ValueError: If the encoder does not return a vector.
        """
        if not isinstance(x, keras.KerasTensor):
            raise TypeError(
                f"{self._title}: each of the three inputs must be one symbolic tensor, such as "
                f"keras.Input((28, 28)). Received: {x!r:.80}."
            )
        with _wiring.all_or_nothing():
            y = self.use("encoder", self.encoder)(x)
            if not isinstance(y, keras.KerasTensor) or len(y.shape) != 2 or y.shape[-1] is None:
                shape = getattr(y, "shape", type(y).__name__)
                raise ValueError(
                    f"{self._title}: the encoder must return vectors (batch, d). "
                    f"Received: {shape}. End it with keras.layers.GlobalAveragePooling2D()."
                )
            return self.use("unit", unit_model, (y.shape[-1],), y.dtype)(y)
