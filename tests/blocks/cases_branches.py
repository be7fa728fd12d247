"""Cases of the blocks that branch and merge."""

import keras
from contract_case import IMAGE, OTHER_IMAGE, Case, bn
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B


class Judge(B.Block):
    """A member of an ensemble: image or vector to probabilities."""

    classes: int = 3

    def wire(self, x):
        if len(x.shape) > 2:
            x = self.use("pool", L.GlobalAveragePooling2D)(x)
        activation = "sigmoid" if self.classes == 1 else "softmax"
        return self.use("output", L.Dense, self.classes, activation=activation)(x)


def conv(size, channels, filters):
    """Return the weights of a convolution without bias and of its batch normalisation."""
    return size * channels * filters + bn(filters)


def residual(filters):
    return 2 * conv(9, filters, filters)


def inception_a(c, pool_filters):
    ones = conv(1, c, 64) + conv(1, c, 48) + conv(1, c, 64) + conv(1, c, pool_filters)
    return ones + conv(25, 48, 64) + conv(9, 64, 96) + conv(9, 96, 96)


def inception_b(c, n):
    ones = 2 * conv(1, c, 192) + 2 * conv(1, c, n)
    return ones + conv(7, n, n) + conv(7, n, 192) + 3 * conv(7, n, n) + conv(7, n, 192)


def inception_c(c, f320=320, f384=384, f448=448, f192=192):
    ones = conv(1, c, f320) + conv(1, c, f384) + conv(1, c, f448) + conv(1, c, f192)
    return ones + 4 * conv(3, f384, f384) + conv(9, f448, f384)


def reduction_a(c):
    return conv(9, c, 384) + conv(1, c, 64) + conv(9, 64, 96) + conv(9, 96, 96)


def reduction_b(c):
    ones = 2 * conv(1, c, 192)
    return ones + conv(9, 192, 320) + 2 * conv(7, 192, 192) + conv(9, 192, 192)


def tower(units):
    return keras.Sequential([keras.Input((4,)), L.Dense(units, activation="softmax")], name="tower")


CASES = {
    "branches": Case(
        lambda: B.Branches([B.ConvNorm(4, 1), B.ConvNorm(2, 5)]),
        IMAGE,
        (6, 6, 6),
        conv(1, 3, 4) + conv(25, 3, 2),
        OTHER_IMAGE,
    ),
    "branches-add": Case(
        lambda: B.Branches({"skip": L.Identity(name="same"), "tower": B.ConvNorm(3)}, "add"),
        IMAGE,
        IMAGE,
        conv(9, 3, 3),
        OTHER_IMAGE,
        outside=("same",),
    ),
    "branches-average": Case(
        lambda: B.Branches([L.Dense(5, name="first"), L.Dense(5, name="second")], "average"),
        (4,),
        (5,),
        2 * 25,
        outside=("first", "second"),
    ),
    "branches-maximum": Case(
        lambda: B.Branches([B.ConvNorm(4, 3), B.Residual(4)], "maximum"),
        (7, 4),
        (7, 4),
        conv(3, 4, 4) + 2 * conv(3, 4, 4),
        (3, 4),
    ),
    "branches-one": Case(
        lambda: B.Branches({"only": B.ConvNorm(2)}), IMAGE, (6, 6, 2), conv(9, 3, 2), OTHER_IMAGE
    ),
    "inception": Case(
        lambda: B.Inception(2, (3, 4), (1, 2), 3),
        IMAGE,
        (6, 6, 2 + 4 + 2 + 3),
        conv(1, 3, 2)
        + conv(1, 3, 3)
        + conv(9, 3, 4)
        + conv(1, 3, 1)
        + conv(25, 1, 2)
        + conv(1, 3, 3),
        OTHER_IMAGE,
    ),
    "inception-1d": Case(
        lambda: B.Inception(2, (3, 4), (1, 2), 3),
        (9, 3),
        (9, 11),
        conv(1, 3, 2)
        + conv(1, 3, 3)
        + conv(3, 3, 4)
        + conv(1, 3, 1)
        + conv(5, 1, 2)
        + conv(1, 3, 3),
        (5, 3),
    ),
    "inception-a": Case(
        lambda: B.InceptionA(32), IMAGE, (6, 6, 256), inception_a(3, 32), OTHER_IMAGE
    ),
    "inception-b": Case(
        lambda: B.InceptionB(128), IMAGE, (6, 6, 768), inception_b(3, 128), OTHER_IMAGE
    ),
    "inception-c": Case(
        lambda: B.InceptionC(width=0.125),
        IMAGE,
        (6, 6, 256),
        inception_c(3, 40, 48, 56, 24),
        OTHER_IMAGE,
    ),
    "reduction-a": Case(lambda: B.ReductionA(), IMAGE, (2, 2, 480 + 3), reduction_a(3), (5, 3, 3)),
    "reduction-b": Case(
        lambda: B.ReductionB(), (7, 6, 3), (3, 2, 512 + 3), reduction_b(3), (3, 4, 3)
    ),
    "multi_resolution-start": Case(
        lambda: B.MultiResolution([4, 6], depth=1),
        IMAGE,
        [(6, 6, 4), (3, 3, 6)],
        # enter, start, two towers, down, up
        conv(9, 3, 4) + conv(9, 3, 6) + residual(4) + residual(6) + conv(9, 4, 6) + conv(1, 6, 4),
        (4, 8, 3),
    ),
    "multi_resolution-third": Case(
        lambda: B.MultiResolution([2, 3, 4], depth=2),
        [(5, 7, 2), (3, 4, 3)],
        [(5, 7, 2), (3, 4, 3), (2, 2, 4)],
        conv(9, 3, 4)
        + 2 * (residual(2) + residual(3) + residual(4))
        + conv(9, 2, 3)
        + conv(9, 2, 2)
        + conv(9, 2, 4)
        + conv(9, 3, 4)
        + conv(1, 3, 2)
        + conv(1, 4, 2)
        + conv(1, 4, 3),
        [(7, 9, 2), (4, 5, 3)],
    ),
    "multi_resolution-one": Case(
        lambda: B.MultiResolution([3], depth=1), IMAGE, [IMAGE], residual(3), OTHER_IMAGE
    ),
    "ensemble": Case(
        lambda: B.Ensemble([Judge(), Judge()]), IMAGE, (3,), 2 * (3 * 3 + 3), OTHER_IMAGE
    ),
    "ensemble-vote": Case(
        lambda: B.Ensemble({"a": Judge(), "b": Judge(), "c": Judge()}, "vote"),
        IMAGE,
        (3,),
        3 * (3 * 3 + 3),
        OTHER_IMAGE,
    ),
    "ensemble-vote-binary": Case(
        lambda: B.Ensemble([Judge(1), Judge(1)], "vote"), IMAGE, (1,), 2 * (3 + 1), OTHER_IMAGE
    ),
    "ensemble-separate": Case(
        lambda: B.Ensemble({"image": Judge(), "numbers": tower(3)}, separate=True),
        {"image": IMAGE, "numbers": (4,)},
        (3,),
        3 * 3 + 3 + 4 * 3 + 3,
        {"image": OTHER_IMAGE, "numbers": (4,)},
        outside=("tower",),
    ),
    "ensemble-separate-list": Case(
        lambda: B.Ensemble([Judge(), Judge()], separate=True),
        [IMAGE, OTHER_IMAGE],
        (3,),
        2 * (3 * 3 + 3),
    ),
}


def draw_branches(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(1, 7)] * rank))
    merge = draw(st.sampled_from(["concat", "add", "average", "maximum"]))
    count, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    widths = draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    if merge != "concat":
        widths = widths[:1] * count
    kernels = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    return Case(
        lambda: B.Branches(
            [B.ConvNorm(w, k, stride) for w, k in zip(widths, kernels, strict=True)], merge
        ),
        (*sizes, 2),
        (
            *[-(-size // stride) for size in sizes],
            sum(widths) if merge == "concat" else widths[0],
        ),
    )


def draw_inception(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(1, 6)] * rank))
    a, b, c, d, e, f = draw(st.tuples(*[st.integers(1, 4)] * 6))
    return Case(
        lambda: B.Inception(a, (b, c), (d, e), f),
        (*sizes, 2),
        (*sizes, a + c + e + f),
        3**rank * b * c + 5**rank * d * e + 2 * (a + b + d + f) + 4 * (a + b + c + d + e + f),
    )


def draw_module(kind, channels, reduces=False, any_rank=False):
    """Return a draw of one module of version 3 with filters of `channels`, 64ths of the width."""

    def draw_case(draw):
        rank = draw(st.integers(1, 3)) if any_rank else 2
        sizes = draw(st.tuples(*[st.integers(3 if reduces else 1, 9)] * rank))
        c, width = draw(st.integers(1, 5)), draw(st.sampled_from([1 / 32, 1 / 16, 1 / 8]))
        # In the branches that are concatenated, filters are whole at these widths or rounded.
        out = sum(max(1, round(filters * width)) for filters in channels)
        return Case(
            lambda: kind(width=width),
            (*sizes, c),
            (
                *[(size - 1) // 2 if reduces else size for size in sizes],
                out + (c if reduces else 0),
            ),
        )

    return draw_case


def draw_multi_resolution(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(1, 13)] * rank))
    streams = draw(st.integers(1, 3))
    filters = draw(st.lists(st.integers(1, 3), min_size=streams, max_size=streams))
    given = draw(st.integers(1, streams))
    halved = [tuple(-(-size // 2**i) for size in sizes) for i in range(streams)]
    return Case(
        lambda: B.MultiResolution(filters, depth=1),
        [(*halved[i], draw(st.integers(1, 3))) for i in range(given)],
        [(*halved[i], filters[i]) for i in range(streams)],
    )


def draw_ensemble(draw):
    count, classes = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    combine = draw(st.sampled_from(["average", "vote"]))
    separate = draw(st.booleans())
    return Case(
        lambda: B.Ensemble([Judge(classes) for _ in range(count)], combine, separate=separate),
        [(5,)] * count if separate else (5,),
        (classes,),
        count * 6 * classes,
    )


DRAWS = {
    "branches": draw_branches,
    "inception": draw_inception,
    "inception_a": draw_module(B.InceptionA, (64, 64, 96, 64), any_rank=True),
    "inception_b": draw_module(B.InceptionB, (192, 192, 192, 192)),
    "inception_c": draw_module(B.InceptionC, (320, 384, 384, 384, 384, 192)),
    "reduction_a": draw_module(B.ReductionA, (384, 96), reduces=True, any_rank=True),
    "reduction_b": draw_module(B.ReductionB, (320, 192), reduces=True),
    "multi_resolution": draw_multi_resolution,
    "ensemble": draw_ensemble,
}
