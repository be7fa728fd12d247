"""A sequence in, another sequence out: one to train with, and the two that write step by step."""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keraslab import blocks as B
from keraslab.zoo._settings import check_heads, checked, count, maybe, one_of, share


class Seq2Seq(NamedTuple):
    """Four models that share every weight; train `model`, and the others have learned too.

    Attributes:
        model: `[source, target]` to the probabilities of every next id,
            `(batch, target length, target_vocabulary)`. The target is shifted by one: a start
            id, then the true sequence without its end.
        encoder: The source to what a step needs to know of it, a dict.
        step: A dict of that and the ids so far to a dict: `"next"`, the probabilities of the
            next id, and where the decoder is recurrent `"state"`, its state for the next step.
        attention: `[source, target]` to the weight of every source position at every step,
            `(batch, target length, source length)`, for a picture. A transformer has such a map
            for each head of its last layer: `(batch, heads, target length, source length)`.
    """

    model: keras.Model
    encoder: keras.Model
    step: keras.Model
    attention: keras.Model

    def translate(self, source: Any, *, start: int, stop: int, length: int) -> Any:
        """Write the likeliest id, one after the other.

        Args:
            source: Ids `(batch, source length)`.
            start: The id that stands before every sequence.
            stop: The id that ends one.
            length: How many ids to write at most.

        Returns:
            A NumPy array of ids, `(batch, length)` or shorter where all sequences end before:
            `stop` last, zeros after it.

        Example:
            >>> made = seq2seq("recurrent", 10, 12, width=4)
            >>> made.translate([[3, 4, 5]], start=10, stop=11, length=1).shape
            (1, 1)
        """
        length = count(length, "translate(length=...)")
        source = ops.convert_to_tensor(source, "int32")
        # NumPy in between takes off the masks, which Keras would warn about.
        known = _arrays(self.encoder(source))
        ids = np.full((len(source), 1), start, "int32")
        ended = np.zeros(len(source), bool)
        for _ in range(length):
            given = {**known, "previous": ids[:, -1:], "written": ids}
            given = {key: ops.convert_to_tensor(given[key]) for key in self.step.input}
            now = _arrays(self.step(given))
            known.update(now)
            chosen = np.where(ended, 0, now["next"][:, -1].argmax(-1))
            ids = np.concatenate([ids, chosen[:, None].astype("int32")], axis=1)
            ended |= chosen == stop
            if ended.all():
                break
        return ids[:, 1:]


def _arrays(tensors: dict[str, Any]) -> dict[str, Any]:
    return {key: ops.convert_to_numpy(x) for key, x in tensors.items()}


@checked(
    kind=one_of("recurrent", "transformer"),
    source_vocabulary=count,
    target_vocabulary=count,
    width=count,
    depth=maybe(count),
    heads=maybe(count),
    dropout=maybe(share),
    source_length=maybe(count),
    target_length=maybe(count),
)
def seq2seq(
    kind: str,
    source_vocabulary: int,
    target_vocabulary: int,
    *,
    width: int = 512,
    depth: int | None = None,
    heads: int | None = None,
    dropout: float | None = None,
    source_length: int | None = None,
    target_length: int | None = None,
    name: str = "seq2seq",
) -> Seq2Seq:
    """Return models that turn a sequence of ids into another one, as a translator does.

    `"recurrent"`: a bidirectional GRU reads, a GRU with additive attention writes (Bahdanau et
    al. 2014, https://arxiv.org/abs/1409.0473; Luong et al. 2015,
    https://arxiv.org/abs/1508.04025). `"transformer"`: Vaswani et al. 2017, "Attention Is All You
    Need", https://arxiv.org/abs/1706.03762; its base model is the default, with 44,138,496
    parameters in its layers besides embeddings and output. See `RecurrentSeq2Seq` and
    `TransformerSeq2Seq` in `keraslab.blocks`.

    Train `model` on `[source, target]` to the target one step ahead, with the loss
    `"sparse_categorical_crossentropy"`; then `translate` writes. Id 0 is padding on both sides.

    What to look at: `encoder` and `step` hold the same layers as `model`, so they have no
    parameters of their own; the recurrent step passes a state on, the transformer's reads all
    that was written again; and the attention map, which shows where in the source each step
    looked.

    Args:
        kind: `"recurrent"` or `"transformer"`.
        source_vocabulary: How many ids the source has, padding included.
        target_vocabulary: How many ids the target has, padding, start and stop included.
        width: Of the embeddings and of every layer.
        depth: Layers of the encoder, and of the decoder; by default 6. For the transformer only.
        heads: Of every attention; by default 8. For the transformer only.
        dropout: Share dropped in training; by default 0.1. For the transformer only.
        source_length: How long sources are; `None` for any length.
        target_length: How long targets are in training; `None` for any length.
        name: Of the model.

    Returns:
        `Seq2Seq(model, encoder, step, attention)`.

    Raises:
        ValueError: If a setting is out of range or does not belong to the kind.

    Example:
        >>> made = seq2seq("transformer", 30, 40, width=16, depth=2, heads=4, source_length=7)
        >>> made.model.output_shape, made.encoder.output["memory"].shape
        ((None, None, 40), (None, 7, 16))
        >>> made.translate([[3, 4, 5, 6, 7, 0, 0]], start=38, stop=39, length=1).shape
        (1, 1)
    """
    settings: dict[str, Any] = {"depth": depth, "heads": heads, "dropout": dropout}
    settings = {key: value for key, value in settings.items() if value is not None}
    vocabularies = source_vocabulary, target_vocabulary
    block: Any
    if kind == "transformer":
        check_heads("seq2seq", width, heads or 8)
        block = B.TransformerSeq2Seq(*vocabularies, width, **settings, name=kind)
    elif settings:
        setting, value = next(iter(settings.items()))
        raise ValueError(
            f"seq2seq({setting}=...): only kind='transformer' has it. Received: {value!r}. "
            f"Leave it out."
        )
    else:
        block = B.RecurrentSeq2Seq(*vocabularies, width, name=kind)

    source = keras.Input((source_length,), dtype="int32", name="source")
    target = keras.Input((target_length,), dtype="int32", name="target")
    model = keras.Model([source, target], block(source, target), name=name)
    known = block.encode(source)
    attention = block.scores(source, target)

    so_far = ("written", None) if kind == "transformer" else ("previous", 1)
    ids = keras.Input(so_far[1:], dtype="int32", name=so_far[0])
    given = {key: keras.Input(x.shape[1:], dtype=x.dtype, name=key) for key, x in known.items()}
    now = block.step(ids, **given)
    return Seq2Seq(
        model=model,
        encoder=keras.Model(source, known, name=f"{name}_encoder"),
        step=keras.Model({so_far[0]: ids, **given}, now, name=f"{name}_step"),
        attention=keras.Model([source, target], attention, name=f"{name}_attention"),
    )
