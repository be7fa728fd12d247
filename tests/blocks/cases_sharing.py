"""Cases of the blocks that share, fuse and predict: triplets, shared tables, fusions, tasks."""

from contract_case import IMAGE, OTHER_IMAGE, Case, Tokens
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B


class Embed(B.Block):
    width: int

    def wire(self, x):
        x = self.use("pool", L.GlobalAveragePooling2D)(x)
        return self.use("dense", L.Dense, self.width)(x)


def ids(*shape):
    return Tokens(shape, 9)


def attention(width):
    """Return the weights of query, key, value and output with biases, and of a layer norm."""
    return 4 * (width * width + width) + 2 * width


# The same number added to every score changes no softmax, so a key's bias gets no gradient.
KEY_BIAS = ("key/bias",)

CASES = {
    "unit-length": Case(lambda: B.UnitLength(), (5,), (5,), 0),
    "unit-length-sequence": Case(lambda: B.UnitLength(), (None, 5), (None, 5), 0, (3, 5)),
    "triplet": Case(
        lambda: B.Triplet(Embed(5), margin=1.0),
        [IMAGE, IMAGE, IMAGE],
        (1,),
        3 * 5 + 5,
        [OTHER_IMAGE, IMAGE, OTHER_IMAGE],
    ),
    "triplet-distances": Case(
        lambda: B.Triplet(Embed(4), output="distances"), [IMAGE] * 3, (2,), 3 * 4 + 4
    ),
    "triplet-layer": Case(
        lambda: B.Triplet(L.Dense(4, name="dense"), output="distances"),
        [(3,)] * 3,
        (2,),
        3 * 4 + 4,
        outside=("dense",),
    ),
    "shared-embedding": Case(
        lambda: B.SharedEmbedding(9, 4),
        [ids(5), ids(2)],
        [(5, 4), (2, 4)],
        9 * 4,
        [ids(1), ids(5)],
    ),
    "shared-embedding-one": Case(lambda: B.SharedEmbedding(9, 4), ids(5), (5, 4), 9 * 4, ids(3)),
    "shared-embedding-average": Case(
        lambda: B.SharedEmbedding(9, 4, pooling="average"),
        {"item": ids(1), "history": ids(7)},
        {"item": (4,), "history": (4,)},
        9 * 4,
        {"item": ids(1), "history": ids(3)},
    ),
    "shared-embedding-mask": Case(
        lambda: B.SharedEmbedding(9, 4, mask=True), ids(7), (7, 4), 9 * 4, ids(2)
    ),
    "fusion-bilinear": Case(lambda: B.Fusion("bilinear"), [(4,), (3,)], (4,), 4 * 3 * 4 + 4),
    "fusion-bilinear-map": Case(
        lambda: B.Fusion("bilinear", width=2),
        {"a": (5, 6, 4), "b": (5, 6, 3)},
        (5, 6, 2),
        4 * 3 * 2 + 2,
        {"a": (2, 3, 4), "b": (2, 3, 3)},
    ),
    "fusion-cross-attention": Case(
        lambda: B.Fusion("cross_attention", heads=2),
        {"text": (5, 4), "audio": (7, 3)},
        (5, 4),
        3 * 4 + 4 + attention(4),
        {"text": (2, 4), "audio": (6, 3)},
        still=KEY_BIAS,
    ),
    "fusion-cross-attention-three": Case(
        lambda: B.Fusion("cross_attention", width=6),
        {"numbers": (2,), "image": (3, 2, 4), "more": (5,)},
        (6,),
        (2 * 6 + 6) + (4 * 6 + 6) + (5 * 6 + 6) + attention(6),
        {"numbers": (2,), "image": (1, 5, 4), "more": (5,)},
        still=KEY_BIAS,
    ),
    "box": Case(lambda: B.Box(), (6,), (4,), 6 * 4 + 4),
    "sequence-labels": Case(lambda: B.SequenceLabels(3), (5, 6), (5, 3), 6 * 3 + 3, (2, 6)),
    "heads-sequence": Case(
        lambda: B.Heads({"tag": B.SequenceLabels(3)}, hidden=4),
        (None, 6),
        {"tag": (None, 3)},
        6 * 4 + 4 + 4 * 3 + 3,
        (2, 6),
    ),
}


def draw_unit_length(draw):
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    return Case(lambda: B.UnitLength(), shape, shape, 0)


def draw_triplet(draw):
    width = draw(st.integers(1, 6))
    output = draw(st.sampled_from(["loss", "distances"]))
    margin = draw(st.floats(0.01, 3.9))
    sizes = [(draw(st.integers(1, 6)), draw(st.integers(1, 6)), 3) for _ in range(3)]
    out = 1 if output == "loss" else 2
    return Case(lambda: B.Triplet(Embed(width), margin, output), sizes, (out,), 4 * width)


def draw_shared_embedding(draw):
    width, count = draw(st.integers(1, 6)), draw(st.integers(1, 9))
    pooling = draw(st.none() | st.just("average"))
    shapes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    return Case(
        lambda: B.SharedEmbedding(count, width, pooling),
        [Tokens((n,), count) for n in shapes],
        [(width,) if pooling else (n, width) for n in shapes],
        count * width,
    )


def draw_fusion_bilinear(draw):
    a, b = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    width = draw(st.none() | st.integers(1, 6))
    lead = draw(st.lists(st.integers(1, 4), max_size=2))
    out = width or max(a, b)
    return Case(
        lambda: B.Fusion("bilinear", width),
        [(*lead, a), (*lead, b)],
        (*lead, out),
        (a * b + 1) * out,
    )


def draw_fusion_attention(draw):
    heads, per_head = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    width = heads * per_head
    own = draw(st.integers(1, 6))
    lead = draw(st.lists(st.integers(1, 4), max_size=1))
    others = [
        (*draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), draw(st.integers(1, 6)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    projections = sum(w * width + width for w in [own, *(o[-1] for o in others)] if w != width)
    return Case(
        lambda: B.Fusion("cross_attention", width, heads),
        [(*lead, own), *others],
        (*lead, width),
        projections + attention(width),
    )


def draw_box(draw):
    width = draw(st.integers(1, 6))
    return Case(lambda: B.Box(), (width,), (4,), width * 4 + 4)


def draw_sequence_labels(draw):
    width, length, classes = draw(
        st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(2, 6))
    )
    return Case(
        lambda: B.SequenceLabels(classes), (length, width), (length, classes), (width + 1) * classes
    )


DRAWS = {
    "box": draw_box,
    "fusion_attention": draw_fusion_attention,
    "fusion_bilinear": draw_fusion_bilinear,
    "sequence_labels": draw_sequence_labels,
    "shared_embedding": draw_shared_embedding,
    "triplet": draw_triplet,
    "unit_length": draw_unit_length,
}
