"""A sequence turned into another one by two recurrent networks with attention between them."""

from dataclasses import dataclass, field
from typing import Any

from keras import layers as L

from keraslab.blocks._additive_attention import AdditiveAttention
from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_choice, check_count, full_precision, listed
from keraslab.blocks._seq2seq import check_ids, check_memory, check_seq2seq_inputs
from keraslab.blocks._wiring import all_or_nothing

_CELLS = {"gru": L.GRU, "lstm": L.LSTM}


@dataclass(eq=False, repr=False)
class _Encoder(Block):
    """Ids to annotations `(batch, length, d)` and the decoder's first state `(batch, width)`."""

    vocabulary: int
    width: int
    cell: str
    bidirectional: bool

    def wire(self, source: Any) -> Any:
        """Connect the parts to the ids of the source."""
        x = self.use("embedding", L.Embedding, self.vocabulary, self.width, mask_zero=True)(source)
        # Zeros where the source is padding: so the memory itself says where it ends.
        rnn = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
        cell = _CELLS[self.cell]
        if self.bidirectional:
            both = self.use("rnn", L.Bidirectional, cell(self.width, **rnn, name=self.cell))
            memory, *states = both(x)
            last = states[len(states) // 2]  # of the backward one, which has just read the start
        else:
            memory, last, *_ = self.use("rnn", cell, self.width, **rnn)(x)
        state = self.use("bridge", L.Dense, self.width, activation="tanh")(last)
        return {"memory": memory, "state": state}


@dataclass(eq=False, repr=False)
class _Decoder(Block):
    """Ids, memory and state to the probabilities of next ids and the new state."""

    vocabulary: int
    width: int

    def wire(self, ids: Any, memory: Any, state: Any) -> Any:
        """Connect the parts to any number of steps."""
        y, memory, state = self._steps(ids, memory, state)
        context = self._attention()(y, memory)
        y = self.use("concat", L.Concatenate)([context, y])
        y = self.use("readout", L.Dense, self.width, activation="tanh")(y)
        softmax = {"activation": "softmax", **full_precision()}
        y = self.use("output", L.Dense, self.vocabulary, **softmax)(y)
        return {"next": y, "state": state}

    @all_or_nothing()
    def scores(self, ids: Any, memory: Any, state: Any) -> Any:
        """Wire the same parts to the attention map."""
        y, memory, _ = self._steps(ids, memory, state)
        return self._attention().scores(y, memory)

    def _steps(self, ids: Any, memory: Any, state: Any) -> tuple[Any, Any, Any]:
        x = self.use("embedding", L.Embedding, self.vocabulary, self.width, mask_zero=True)(ids)
        gru = self.use("gru", L.GRU, self.width, return_sequences=True, return_state=True)
        y, state = gru(x, initial_state=state)
        return y, self.use("mask", L.Masking)(memory), state

    def _attention(self) -> Any:
        return self.use("attention", AdditiveAttention, self.width)


@dataclass(eq=False, repr=False)
class RecurrentSeq2Seq(Block):
    """A recurrent encoder, a GRU decoder, and additive attention from one to the other.

    The encoder reads the source in both directions, and the state of the backward reader, which
    ends at the first id, starts the decoder, as in Bahdanau et al. 2014, "Neural Machine
    Translation by Jointly Learning to Align and Translate", https://arxiv.org/abs/1409.0473.
    Its score compares the decoder's state with every annotation: `v . tanh(W q + U k)`. As in
    Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation",
    https://arxiv.org/abs/1508.04025, attention looks from the state *after* a step, and what it
    finds joins that state only on the way to the output; so the decoder's GRU needs nothing from
    its own output, and all steps of a training batch are wired as one layer.

    Call it as `block(source, target)` or `block([source, target])` with ids
    `(batch, source length)` and `(batch, target length)`. The target is what the decoder has
    seen before each step: the true sequence shifted by one, a start id in front. The result is
    the probability of every next id, `(batch, target length, target_vocabulary)`. Id 0 is
    padding in both: it changes nothing in the source, and Keras leaves such steps of the target
    out of the loss.

    The same layers wire the two models that write a sequence one id at a time:

    - `block.encode(source)` gives `{"memory", "state"}`;
    - `block.step(previous, memory, state)` gives `{"next", "state"}`: the probabilities of the
      next id, and the state after the previous one.

    `block.scores(source, target)` wires them to the attention map,
    `(batch, target length, source length)`.

    Args:
        source_vocabulary: How many ids the source has, padding included.
        target_vocabulary: How many ids the target has, padding included.
        width: Of the embeddings, the recurrent states and the attention, 1 or more.
        cell: Of the encoder, `"gru"` or `"lstm"`. The decoder is a GRU.
        bidirectional: Whether the encoder reads both ways. The memory is `2 * width` wide then,
            else `width`.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the inputs are no two rows of ids.

    Example:
        >>> import keras
        >>> block = RecurrentSeq2Seq(source_vocabulary=30, target_vocabulary=40, width=16)
        >>> source, target = keras.Input((7,), dtype="int32"), keras.Input((9,), dtype="int32")
        >>> block(source, target).shape
        (None, 9, 40)
        >>> known = block.encode(source)
        >>> known["memory"].shape, known["state"].shape
        ((None, 7, 32), (None, 16))
        >>> previous = keras.Input((1,), dtype="int32")
        >>> step = block.step(previous, known["memory"], known["state"])
        >>> step["next"].shape, step["state"].shape
        ((None, 1, 40), (None, 16))
        >>> block.scores(source, target).shape
        (None, 9, 7)
    """

    source_vocabulary: int
    target_vocabulary: int
    width: int
    cell: str = field(default="gru", kw_only=True)
    bidirectional: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("source_vocabulary", "target_vocabulary", "width"):
            check_count(getattr(self, setting), f"RecurrentSeq2Seq({setting}=...)")
        check_choice(self.cell, _CELLS, "RecurrentSeq2Seq(cell=...)")

    def wire(self, *inputs: Any) -> Any:
        """Connect the training graph: all steps at once, each told what came before it."""
        source, target = check_seq2seq_inputs(self._title, listed(inputs, self._title))
        known = self.encode(source)
        return self.step(target, known["memory"], known["state"])["next"]

    @all_or_nothing()
    def encode(self, source: Any) -> Any:
        """Read the source.

        Args:
            source: Ids `(batch, source length)`.

        Returns:
            A dict: `"memory"`, `(batch, source length, 2 * width)` (`width` where the encoder
            reads one way), zeros where the source is padding; and `"state"`, `(batch, width)`,
            the decoder's first.
        """
        check_ids(self._title, source, "source")
        settings = (self.source_vocabulary, self.width, self.cell, self.bidirectional)
        return self.use("encoder", _Encoder, *settings)(source)

    @all_or_nothing()
    def step(self, previous: Any, memory: Any, state: Any) -> Any:
        """Go on by one id or several.

        Args:
            previous: The previous ids, `(batch, steps)`; 1 step when a sequence is written.
            memory: What `encode` returned.
            state: What `encode` returned, or the step before.

        Returns:
            A dict: `"next"`, probabilities `(batch, steps, target_vocabulary)`, and `"state"`,
            `(batch, width)`.
        """
        check_ids(self._title, previous, "previous")
        check_memory(self._title, memory)
        return self._decoder()(previous, memory, state)

    @all_or_nothing()
    def scores(self, *inputs: Any) -> Any:
        """Wire the same parts to the attention map.

        Args:
            *inputs: As for a call.

        Returns:
            The weight of each source position at each step, `(batch, target length, source
            length)`; the last axis sums to 1.
        """
        source, target = check_seq2seq_inputs(self._title, listed(inputs, self._title))
        known = self.encode(source)
        return self._decoder().scores(target, known["memory"], known["state"])

    def _decoder(self) -> Any:
        return self.use("decoder", _Decoder, self.target_vocabulary, self.width)
