"""Cases of the sequence-to-sequence blocks."""

from contract_case import Case, Tokens
from hypothesis import strategies as st

from keraslab import blocks as B


def gru(inputs, width):
    """Return the weights of Keras' GRU, which has two biases for each gate."""
    return 3 * (inputs * width + width * width + 2 * width)


def lstm(inputs, width):
    return 4 * (inputs * width + width * width + width)


def recurrent_params(source, target, width, *, cell=gru, directions=2):
    encoder = source * width + directions * cell(width, width) + width * width + width
    attention = width * width + directions * width * width + width
    readout = (directions * width + width) * width + width
    decoder = target * width + gru(width, width) + attention + readout
    return encoder + decoder + width * target + target


def transformer_params(source, target, width, *, depth, hidden, pre_norm=False):
    attention = 4 * (width * width + width)
    network = width * hidden + hidden + hidden * width + width
    norm = 2 * width
    encoder = source * width + depth * (attention + network + 2 * norm)
    decoder = target * width + depth * (2 * attention + network + 3 * norm)
    return encoder + decoder + 2 * pre_norm * norm + width * target + target


RECURRENT = {
    "recurrent-seq2seq": (lambda: B.RecurrentSeq2Seq(11, 13, 4), recurrent_params(11, 13, 4)),
    "recurrent-seq2seq-lstm": (
        lambda: B.RecurrentSeq2Seq(11, 13, 4, cell="lstm"),
        recurrent_params(11, 13, 4, cell=lstm),
    ),
    "recurrent-seq2seq-one-way": (
        lambda: B.RecurrentSeq2Seq(11, 13, 3, bidirectional=False),
        recurrent_params(11, 13, 3, directions=1),
    ),
}

TRANSFORMER = {
    "transformer-seq2seq": (
        lambda: B.TransformerSeq2Seq(11, 13, 8, depth=2, heads=2),
        transformer_params(11, 13, 8, depth=2, hidden=32),
    ),
    "transformer-seq2seq-pre": (
        lambda: B.TransformerSeq2Seq(
            11, 13, 8, depth=1, heads=4, hidden=6, dropout=0, pre_norm=True
        ),
        transformer_params(11, 13, 8, depth=1, hidden=6, pre_norm=True),
    ),
}

# A bias of all keys adds the same to all scores of a query, which the softmax takes away.
KEY_BIAS = "key/bias"
# What the query adds to an additive score is nearly the same for all positions while all states
# are as small as they begin, and the softmax takes that away: the first slope is lost in rounding.
# `test_every_weight_learns_once_states_are_large` is about it.
QUERY = "decoder__attention__query/kernel"

CASES = {
    name: Case(
        make,
        [Tokens((7,), 11), Tokens((5,), 13)],
        (5, 13),
        params,
        [Tokens((3,), 11), Tokens((6,), 13)],
        still=(KEY_BIAS, QUERY),
    )
    for name, (make, params) in {**RECURRENT, **TRANSFORMER}.items()
}


def draw_recurrent(draw):
    source, target = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    width, steps = draw(st.integers(1, 5)), draw(st.none() | st.integers(1, 6))
    cell, both = draw(st.sampled_from(["gru", "lstm"])), draw(st.booleans())
    return Case(
        lambda: B.RecurrentSeq2Seq(source, target, width, cell=cell, bidirectional=both),
        [Tokens((draw(st.integers(1, 6)),), source), Tokens((steps,), target)],
        (steps, target),
        recurrent_params(
            source, target, width, cell=gru if cell == "gru" else lstm, directions=1 + both
        ),
    )


def draw_transformer(draw):
    source, target = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    heads, key_dim = draw(st.integers(1, 3)), draw(st.integers(2, 3))
    depth, hidden = draw(st.integers(1, 2)), draw(st.none() | st.integers(1, 6))
    steps, pre_norm = draw(st.none() | st.integers(1, 6)), draw(st.booleans())
    width = heads * key_dim
    return Case(
        lambda: B.TransformerSeq2Seq(
            source, target, width, depth=depth, heads=heads, hidden=hidden, pre_norm=pre_norm
        ),
        [Tokens((draw(st.integers(1, 6)),), source), Tokens((steps,), target)],
        (steps, target),
        transformer_params(
            source, target, width, depth=depth, hidden=hidden or 4 * width, pre_norm=pre_norm
        ),
    )


DRAWS = {"recurrent_seq2seq": draw_recurrent, "transformer_seq2seq": draw_transformer}
