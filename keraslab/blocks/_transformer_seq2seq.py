"""A sequence turned into another one by a transformer: an encoder and a decoder."""

from dataclasses import dataclass, field
from typing import Any

import keras
from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_count, check_number, full_precision, listed
from keraslab.blocks._padding import real_steps
from keraslab.blocks._positions import Positions
from keraslab.blocks._seq2seq import check_ids, check_memory, check_seq2seq_inputs
from keraslab.blocks._transformer_decoder import TransformerDecoder
from keraslab.blocks._transformer_encoder import TransformerEncoder
from keraslab.blocks._wiring import all_or_nothing


def _real_model(dtype: str, *, name: str) -> Any:
    """Return a small model without weights: ids in, 0 where they are padding and else 1 out."""
    ids = keras.Input((None,), dtype="int32")
    return keras.Model(ids, real_steps(ids, dtype), name=name)


@dataclass(eq=False, repr=False)
class _Tower(Block):
    """What both sides have: embedding, positions, and settings of the layers that follow."""

    vocabulary: int
    width: int
    depth: int
    heads: int
    hidden: int | None
    dropout: float
    pre_norm: bool

    def embed(self, ids: Any) -> Any:
        """Return a vector for each id that says what it is and where it stands."""
        x = self.use("embedding", L.Embedding, self.vocabulary, self.width, mask_zero=True)(ids)
        x = self.use("scale", L.Rescaling, self.width**0.5)(x)
        x = self.use("positions", Positions)(x, ids)
        return self.use("dropout", L.Dropout, self.dropout)(x) if self.dropout else x

    def layers(self, kind: Any) -> list[Any]:
        """Return the layers of the tower."""
        settings = {"dropout": self.dropout, "pre_norm": self.pre_norm}
        return [
            self.use(f"layer{i + 1}", kind, self.heads, self.hidden, **settings)
            for i in range(self.depth)
        ]

    def end(self, x: Any) -> Any:
        """Normalise once more where no layer has done so at its end."""
        return self.use("norm", L.LayerNormalization, epsilon=1e-6)(x) if self.pre_norm else x


@dataclass(eq=False, repr=False)
class _Encoder(_Tower):
    def wire(self, source: Any) -> Any:
        """Connect the parts to the ids of the source."""
        x = self.embed(source)
        for layer in self.layers(TransformerEncoder):
            x = layer(x)
        x = self.end(x)
        # Zeros where the source is padding: so the memory itself says where it ends.
        real = self.use("real", _real_model, x.dtype)(source)
        return {"memory": self.use("zeros", L.Multiply)([x, real])}


@dataclass(eq=False, repr=False)
class _Decoder(_Tower):
    def wire(self, ids: Any, memory: Any) -> Any:
        """Connect the parts to the ids so far and the memory."""
        x, memory = self.embed(ids), self._masked(memory)
        for layer in self.layers(TransformerDecoder):
            x = layer(x, memory)
        softmax = {"activation": "softmax", **full_precision()}
        return {"next": self.use("output", L.Dense, self.vocabulary, **softmax)(self.end(x))}

    @all_or_nothing()
    def scores(self, ids: Any, memory: Any) -> Any:
        """Wire the same parts to the map of the last look at the memory."""
        x, memory = self.embed(ids), self._masked(memory)
        *layers, last = self.layers(TransformerDecoder)
        for layer in layers:
            x = layer(x, memory)
        return last.scores(x, memory)

    def _masked(self, memory: Any) -> Any:
        return self.use("mask", L.Masking)(memory)


@dataclass(eq=False, repr=False)
class TransformerSeq2Seq(Block):
    """A transformer's encoder and decoder: attention only, nothing recurrent.

    Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762: the
    source's ids become vectors, times the root of their width, plus sinusoidal positions, and
    pass `depth` encoder layers. The target's ids do the same on the decoder's side, where each
    layer looks back at the target so far and then at the memory that the encoder made. Unlike in
    the paper, the embeddings and the output do not share weights, as the two vocabularies differ.

    Call it as `block(source, target)` or `block([source, target])` with ids
    `(batch, source length)` and `(batch, target length)`. The target is what the decoder has
    seen before each step: the true sequence shifted by one, a start id in front. The result is
    the probability of every next id, `(batch, target length, target_vocabulary)`. Id 0 is
    padding in both: it changes nothing in the source, and Keras leaves such steps of the target
    out of the loss.

    The same layers wire the two models that write a sequence one id at a time:

    - `block.encode(source)` gives `{"memory"}`;
    - `block.step(written, memory)` gives `{"next"}`. There is no state: a step reads all that
      was written so far, the start id included, and computes every position again; the last
      row of the result is what comes next.

    `block.scores(source, target)` wires them to the attention map of the last layer,
    `(batch, heads, target length, source length)`.

    Args:
        source_vocabulary: How many ids the source has, padding included.
        target_vocabulary: How many ids the target has, padding included.
        width: Of every vector between the layers, 2 or more, and a multiple of `heads`.
        depth: Layers of the encoder, and of the decoder.
        heads: Of every attention.
        hidden: Width of the feed-forward networks, by default four times `width`.
        dropout: Share of the embeddings and of each sub-layer's result dropped in training.
        pre_norm: Normalise before each sub-layer instead of after its sum, which trains
            deep towers more easily (Xiong et al. 2020, https://arxiv.org/abs/2002.04745).
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the inputs are no two rows of ids.

    Example:
        >>> import keras
        >>> block = TransformerSeq2Seq(30, 40, width=16, depth=2, heads=4)
        >>> source, target = keras.Input((7,), dtype="int32"), keras.Input((9,), dtype="int32")
        >>> block(source, target).shape
        (None, 9, 40)
        >>> memory = block.encode(source)["memory"]
        >>> written = keras.Input((None,), dtype="int32")
        >>> memory.shape, block.step(written, memory)["next"].shape
        ((None, 7, 16), (None, None, 40))
        >>> block.scores(source, target).shape
        (None, 4, 9, 7)
    """

    source_vocabulary: int
    target_vocabulary: int
    width: int
    depth: int = field(default=6, kw_only=True)
    heads: int = field(default=8, kw_only=True)
    hidden: int | None = field(default=None, kw_only=True)
    dropout: float = field(default=0.1, kw_only=True)
    pre_norm: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("source_vocabulary", "target_vocabulary", "width", "depth", "heads"):
            check_count(getattr(self, setting), f"TransformerSeq2Seq({setting}=...)")
        if self.hidden is not None:
            check_count(self.hidden, "TransformerSeq2Seq(hidden=...)")
        check_number(self.dropout, "TransformerSeq2Seq(dropout=...)", least=0, below=1)
        if self.width == 1 or self.width % self.heads:
            raise ValueError(
                f"TransformerSeq2Seq(width=...): must be 2 or more and a multiple of heads, "
                f"{self.heads}. Received: {self.width}. Try: {max(2, 2 * self.heads)}."
            )

    def wire(self, *inputs: Any) -> Any:
        """Connect the training graph: all steps at once, each told what came before it."""
        source, target = check_seq2seq_inputs(self._title, listed(inputs, self._title))
        return self.step(target, **self.encode(source))["next"]

    @all_or_nothing()
    def encode(self, source: Any) -> Any:
        """Read the source.

        Args:
            source: Ids `(batch, source length)`.

        Returns:
            A dict: `"memory"`, `(batch, source length, width)`, zeros where the source is
            padding.
        """
        check_ids(self._title, source, "source")
        return self.use("encoder", _Encoder, self.source_vocabulary, *self._tower())(source)

    @all_or_nothing()
    def step(self, written: Any, memory: Any) -> Any:
        """Tell what comes next after every position.

        Args:
            written: All ids so far, `(batch, steps)`.
            memory: What `encode` returned.

        Returns:
            A dict: `"next"`, probabilities `(batch, steps, target_vocabulary)`.
        """
        check_ids(self._title, written, "written")
        check_memory(self._title, memory)
        return self._decoder()(written, memory)

    @all_or_nothing()
    def scores(self, *inputs: Any) -> Any:
        """Wire the same parts to an attention map.

        Args:
            *inputs: As for a call.

        Returns:
            How much each step looks at each source position in the last layer,
            `(batch, heads, target length, source length)`; the last axis sums to 1.
        """
        source, target = check_seq2seq_inputs(self._title, listed(inputs, self._title))
        return self._decoder().scores(target, self.encode(source)["memory"])

    def _decoder(self) -> Any:
        return self.use("decoder", _Decoder, self.target_vocabulary, *self._tower())

    def _tower(self) -> tuple[Any, ...]:
        return (self.width, self.depth, self.heads, self.hidden, self.dropout, self.pre_norm)
