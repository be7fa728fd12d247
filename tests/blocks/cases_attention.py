"""Cases of attention: its blocks, the layers of a transformer, and positions."""

from contract_case import Case, Tokens
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B


def mha(width, heads, key_dim, memory=None):
    """Return the weights of an attention: query, key, value and output, and the normalisation."""
    memory = memory or width
    inner = heads * key_dim
    query, key_value = width * inner + inner, 2 * (memory * inner + inner)
    return query + key_value + inner * width + width + 2 * width


def feed_forward(width, hidden):
    return width * hidden + hidden + hidden * width + width + 2 * width


class Embedded(B.Block):
    """Ids with padding, embedded, with positions, through any block of sequences."""

    inner: B.Block

    def wire(self, ids):
        x = self.use("tokens", L.Embedding, 11, 4, mask_zero=True)(ids)
        x = self.use("positions", B.Positions, "learned", 9)(x, ids)
        return self.use("inner", self.inner)(x)


CASES = {
    "attention": Case(
        lambda: B.MultiHeadAttention(2), (5, 4), (5, 4), mha(4, 2, 2), (3, 4), still=("key/bias",)
    ),
    "attention-causal": Case(
        lambda: B.MultiHeadAttention(3, key_dim=5, causal=True, dropout=0.1, pre_norm=True),
        (5, 4),
        (5, 4),
        mha(4, 3, 5),
        (3, 4),
        still=("key/bias",),
    ),
    "attention-cross": Case(
        lambda: B.MultiHeadAttention(2),
        [(5, 4), (7, 6)],
        (5, 4),
        mha(4, 2, 2, memory=6),
        [(2, 4), (3, 6)],
        still=("key/bias",),
    ),
    "attention-scores": Case(
        lambda: B.MultiHeadAttention(2, pre_norm=True),
        [(5, 4), (7, 6)],
        [(5, 4), (2, 5, 7)],
        mha(4, 2, 2, memory=6),
        call=lambda block, inputs: list(block.with_scores(*inputs)),
        still=("key/bias",),
    ),
    "transformer-encoder": Case(
        lambda: B.TransformerEncoder(2, 6),
        (5, 4),
        (5, 4),
        mha(4, 2, 2) + feed_forward(4, 6),
        (3, 4),
        still=("key/bias",),
    ),
    "transformer-encoder-pre-dynamic": Case(
        lambda: B.TransformerEncoder(2, activation="gelu", dropout=0.1, pre_norm=True, key_dim=3),
        (None, 4),
        (None, 4),
        mha(4, 2, 3) + feed_forward(4, 16),
        still=("key/bias",),
    ),
    "transformer-encoder-masked": Case(
        lambda: Embedded(B.Repeat(B.TransformerEncoder(2, 6), 2)),
        Tokens((6,), 11),
        (6, 4),
        11 * 4 + 9 * 4 + 2 * (mha(4, 2, 2) + feed_forward(4, 6)),
        Tokens((9,), 11),
        still=("key/bias", "embeddings"),
    ),
    "transformer-decoder": Case(
        lambda: B.TransformerDecoder(2, 6, activation="tanh"),
        (5, 4),
        (5, 4),
        mha(4, 2, 2) + feed_forward(4, 6),
        (3, 4),
        still=("key/bias",),
    ),
    "transformer-decoder-cross": Case(
        lambda: B.TransformerDecoder(2, 6, activation="tanh", pre_norm=True),
        [(5, 4), (7, 6)],
        (5, 4),
        mha(4, 2, 2) + mha(4, 2, 2, memory=6) + feed_forward(4, 6),
        [(2, 4), (3, 6)],
        still=("key/bias",),
    ),
    "transformer-decoder-scores": Case(
        lambda: B.TransformerDecoder(2, 6, activation="tanh"),
        [(5, 4), (7, 4)],
        [(5, 4), (2, 5, 7)],
        2 * mha(4, 2, 2) + feed_forward(4, 6),
        call=lambda block, inputs: list(block.with_scores(inputs)),
        still=("key/bias",),
    ),
    "positions": Case(lambda: B.Positions(), (5, 4), (5, 4), 0, (3, 4)),
    "positions-learned": Case(lambda: B.Positions("learned", 5), (5, 4), (5, 4), 5 * 4, (5, 4)),
    "positions-ids": Case(
        lambda: B.Positions("learned", 4),
        [(None, 4), Tokens((None,), 3)],
        (None, 4),
        4 * 4,
        [(2, 4), Tokens((2,), 3)],
    ),
    "positions-waves-ids": Case(
        lambda: B.Positions(), [(6, 5), Tokens((6,), 3)], (6, 5), 0, [(2, 5), Tokens((2,), 3)]
    ),
    "additive": Case(
        lambda: B.AdditiveAttention(5), [(3,), (7, 4)], (4,), 3 * 5 + 4 * 5 + 5, [(3,), (2, 4)]
    ),
    "additive-queries": Case(
        lambda: B.AdditiveAttention(5),
        [(None, 3), (7, 4)],
        (None, 4),
        3 * 5 + 4 * 5 + 5,
        [(6, 3), (2, 4)],
    ),
    "additive-scores": Case(
        lambda: B.AdditiveAttention(5),
        [(3,), (7, 4)],
        [(4,), (7,)],
        3 * 5 + 4 * 5 + 5,
        [(3,), (2, 4)],
        call=lambda block, inputs: list(block.with_scores(inputs)),
    ),
}


def draw_layer(draw, block):
    heads, width = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    lengths = draw(st.tuples(*[st.none() | st.integers(1, 6)] * 2))
    pre, cross = draw(st.booleans()), block is not B.TransformerEncoder and draw(st.booleans())
    key_dim = draw(st.integers(1, 4))
    x = (lengths[0], heads * width)
    return Case(
        lambda: block(heads, key_dim=draw_none(key_dim), pre_norm=pre),
        [x, (lengths[1], 3)] if cross else x,
        x,
    )


def draw_none(number):
    return None if number == 4 else number


def draw_positions(draw):
    kind, length = draw(st.sampled_from(["learned", "sinusoidal"])), draw(st.integers(1, 6))
    shape = (draw(st.none() | st.integers(1, length)), draw(st.integers(1, 5)))
    with_ids = draw(st.booleans())
    return Case(
        lambda: B.Positions(kind, length if kind == "learned" else None),
        [shape, Tokens(shape[:1], 3)] if with_ids else shape,
        shape,
    )


def draw_additive(draw):
    sizes = draw(st.tuples(*[st.integers(1, 5)] * 3))
    queries = draw(st.sampled_from([(), (None,), (3,)]))
    return Case(
        lambda: B.AdditiveAttention(sizes[0]),
        [(*queries, sizes[1]), (4, sizes[2])],
        (*queries, sizes[2]),
    )


DRAWS = {
    "additive_attention": draw_additive,
    "multi_head_attention": lambda draw: draw_layer(draw, B.MultiHeadAttention),
    "positions": draw_positions,
    "transformer_decoder": lambda draw: draw_layer(draw, B.TransformerDecoder),
    "transformer_encoder": lambda draw: draw_layer(draw, B.TransformerEncoder),
}
