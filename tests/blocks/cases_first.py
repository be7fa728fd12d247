"""Cases of the first blocks: residual, twin, fusion, heads, and chains of them."""

import keras
from contract_case import IMAGE, OTHER_IMAGE, Case, bn
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B


class Tower(B.Block):
    units: int

    def wire(self, x):
        x = self.use("flat", L.GlobalAveragePooling2D)(x)
        return self.use("dense", L.Dense, self.units, activation="sigmoid")(x)


class Vector(B.Block):
    width: int

    def wire(self, x):
        return self.use("out", L.Dense, self.width)(x)


def plain_encoder():
    return keras.Sequential(
        [keras.Input((6, 6, 3)), L.Flatten(), L.Dense(5, activation="sigmoid")], name="plain"
    )


def tower_params(units):
    return 3 * units + units


CASES = {
    "residual": Case(lambda: B.Residual(3), IMAGE, IMAGE, 2 * 9 * 3 * 3 + 2 * bn(3), OTHER_IMAGE),
    "residual-wider": Case(
        lambda: B.Residual(4),
        IMAGE,
        (6, 6, 4),
        9 * 3 * 4 + 9 * 4 * 4 + 3 * 4 + 3 * bn(4),
        OTHER_IMAGE,
    ),
    "residual-stride": Case(
        lambda: B.Residual(3, stride=2),
        (7, 6, 3),
        (4, 3, 3),
        2 * 9 * 3 * 3 + 3 * 3 + 3 * bn(3),
        OTHER_IMAGE,
    ),
    "residual-pre": Case(
        lambda: B.Residual(3, pre_activation=True, activation="gelu"),
        IMAGE,
        IMAGE,
        2 * 9 * 3 * 3 + 2 * bn(3),
        OTHER_IMAGE,
    ),
    "residual-pre-project": Case(
        lambda: B.Residual(4, 2, pre_activation=True, activation="gelu"),
        IMAGE,
        (3, 3, 4),
        9 * 3 * 4 + 9 * 4 * 4 + 3 * 4 + bn(3) + bn(4),
        OTHER_IMAGE,
    ),
    "residual-1d": Case(
        lambda: B.Residual(2, kernel_size=5), (9, 2), (9, 2), 2 * 5 * 2 * 2 + 2 * bn(2), (4, 2)
    ),
    "residual-3d": Case(
        lambda: B.Residual(2), (3, 4, 3, 2), (3, 4, 3, 2), 2 * 27 * 2 * 2 + 2 * bn(2), (2, 2, 2, 2)
    ),
    "residual-no-skip": Case(
        lambda: B.Residual(4, skip=False),
        IMAGE,
        (6, 6, 4),
        9 * 3 * 4 + 9 * 4 * 4 + 2 * bn(4),
        OTHER_IMAGE,
    ),
    "residual-pre-no-skip": Case(
        lambda: B.Residual(4, pre_activation=True, skip=False),
        IMAGE,
        (6, 6, 4),
        9 * 3 * 4 + 9 * 4 * 4 + bn(3) + bn(4),
        OTHER_IMAGE,
    ),
    **{
        f"twin-{distance}": Case(
            lambda distance=distance: B.Twin(Tower(5), distance),
            [IMAGE, IMAGE],
            (width,),
            tower_params(5),
            [OTHER_IMAGE, IMAGE],
        )
        for distance, width in {
            "absolute": 5,
            "squared": 5,
            "euclidean": 1,
            "cosine": 1,
            "concat": 10,
        }.items()
    },
    "twin-model": Case(
        lambda: B.Twin(plain_encoder()), [IMAGE, IMAGE], (5,), 108 * 5 + 5, outside=("plain",)
    ),
    "twin-layer": Case(
        lambda: B.Twin(L.Conv2D(2, 3, activation="sigmoid", name="conv"), "squared"),
        [IMAGE, IMAGE],
        (4, 4, 2),
        9 * 3 * 2 + 2,
        [OTHER_IMAGE, OTHER_IMAGE],
        outside=("conv",),
    ),
    "fusion-concat": Case(lambda: B.Fusion(), [(4,), (3,), (2,)], (9,), 0),
    "fusion-concat-width": Case(lambda: B.Fusion(width=3), {"a": (4,), "b": (3,)}, (6,), 4 * 3 + 3),
    "fusion-add": Case(
        lambda: B.Fusion("add"),
        {"b": (5, 2), "a": (5, 6)},
        (5, 6),
        2 * 6 + 6,
        {"a": (3, 6), "b": (3, 2)},
    ),
    "fusion-multiply": Case(
        lambda: B.Fusion("multiply", width=3), [(4,), (2,)], (3,), 4 * 3 + 3 + 2 * 3 + 3
    ),
    "fusion-gated": Case(lambda: B.Fusion("gated"), [(4,), (2,)], (4,), 4 * 4 + 2 * 4 + 6 * 4),
    "fusion-gated-three": Case(
        lambda: B.Fusion("gated", width=3),
        {"a": (4,), "b": (2,), "c": (3,)},
        (3,),
        3 * (4 + 2 + 3) + 3 * 9 * 3,
    ),
    "fusion-film": Case(
        lambda: B.Fusion("film"),
        {"image": IMAGE, "numbers": (4,)},
        IMAGE,
        2 * (4 * 3 + 3),
        {"image": OTHER_IMAGE, "numbers": (4,)},
    ),
    "fusion-film-three": Case(
        lambda: B.Fusion("film"), [(7, 5), (4,), (2,)], (7, 5), 2 * (6 * 5 + 5)
    ),
    "heads": Case(
        lambda: B.Heads(
            {
                "size": B.Regression(2),
                "even": B.Binary(),
                "digit": B.MultiClass(3),
                "tags": B.MultiLabel(4),
            }
        ),
        (6,),
        {"size": (2,), "even": (1,), "digit": (3,), "tags": (4,)},
        7 * 10,
    ),
    "heads-hidden": Case(
        lambda: B.Heads({"a": B.Regression(), "b": Vector(3)}, hidden=8, activation="tanh"),
        (6,),
        {"a": (1,), "b": (3,)},
        2 * (6 * 8 + 8) + 9 + 8 * 3 + 3,
    ),
    "conv-norm": Case(
        lambda: B.ConvNorm(4, (1, 3), stride=2, activation="gelu"),
        (7, 6, 3),
        (4, 3, 4),
        3 * 3 * 4 + bn(4),
        OTHER_IMAGE,
    ),
    "conv-norm-valid": Case(
        lambda: B.ConvNorm(2, padding="valid", activation="linear"),
        (9, 3),
        (7, 2),
        3 * 3 * 2 + bn(2),
        (4, 3),
    ),
    "chain": Case(
        lambda: B.Chain([B.ConvNorm(4, stride=2), B.Residual(4), L.Dropout(0.1, name="drop")]),
        IMAGE,
        (3, 3, 4),
        9 * 3 * 4 + bn(4) + 2 * (9 * 4 * 4 + bn(4)),
        OTHER_IMAGE,
        outside=("drop",),
    ),
    "chain-named": Case(
        lambda: B.Chain({"stem": B.ConvNorm(4, 1), "end": B.Repeat(L.Dense(2), 2)}),
        IMAGE,
        (6, 6, 2),
        3 * 4 + bn(4) + 4 * 2 + 2 + 2 * 2 + 2,
        OTHER_IMAGE,
    ),
    "repeat": Case(
        lambda: B.Repeat(B.Residual(3), 3), IMAGE, IMAGE, 3 * 2 * (9 * 3 * 3 + bn(3)), OTHER_IMAGE
    ),
}


def draw_conv_norm(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(3, 9)] * rank))
    filters, kernel, stride = draw(st.tuples(*[st.integers(1, 3)] * 3))
    padding = draw(st.sampled_from(["same", "valid"]))
    less = kernel - 1 if padding == "valid" else 0
    return Case(
        lambda: B.ConvNorm(filters, kernel, stride, padding=padding),
        (*sizes, 2),
        (*[-(-(size - less) // stride) for size in sizes], filters),
    )


def draw_residual(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(1, 9)] * rank))
    channels, filters, stride, kernel = draw(st.tuples(*[st.integers(1, 4)] * 4))
    pre, skip = draw(st.booleans()), draw(st.booleans())
    return Case(
        lambda: B.Residual(filters, stride, kernel, pre_activation=pre, skip=skip),
        (*sizes, channels),
        (*[-(-size // stride) for size in sizes], filters),
    )


def draw_repeat(draw):
    times, filters = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return Case(lambda: B.Repeat(B.Residual(filters), times), (5, 4, 2), (5, 4, filters))


def draw_chain(draw):
    strides = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    size = draw(st.integers(1, 20))
    out = size
    for stride in strides:
        out = -(-out // stride)
    return Case(
        lambda: B.Chain([B.ConvNorm(2, stride=stride) for stride in strides]),
        (size, 3),
        (out, 2),
    )


def draw_twin(draw):
    units = draw(st.integers(1, 5))
    distance = draw(st.sampled_from(["absolute", "squared", "euclidean", "cosine", "concat"]))
    width = {"euclidean": 1, "cosine": 1, "concat": 2 * units}.get(distance, units)
    size = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    return Case(
        lambda: B.Twin(Tower(units), distance), [(*size, 3), (5, 4, 3)], (width,), other=None
    )


def draw_fusion(draw):
    method = draw(st.sampled_from(["concat", "add", "multiply", "gated"]))
    widths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=4))
    width = draw(st.none() | st.integers(1, 6))
    out = width or max(widths)
    if method == "concat":
        out = width * len(widths) if width else sum(widths)
    return Case(lambda: B.Fusion(method, width), [(4, w) for w in widths], (4, out))


def draw_heads(draw):
    widths = draw(st.lists(st.integers(2, 6), min_size=1, max_size=4))
    hidden = draw(st.none() | st.integers(1, 6))
    return Case(
        lambda: B.Heads({f"t{i}": B.MultiClass(w) for i, w in enumerate(widths)}, hidden),
        (5,),
        {f"t{i}": (w,) for i, w in enumerate(widths)},
    )


DRAWS = {
    "chain": draw_chain,
    "conv_norm": draw_conv_norm,
    "fusion": draw_fusion,
    "heads": draw_heads,
    "repeat": draw_repeat,
    "residual": draw_residual,
    "twin": draw_twin,
}
