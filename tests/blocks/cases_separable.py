"""Cases of the dense and the separable blocks."""

from contract_case import IMAGE, OTHER_IMAGE, Case, bn
from hypothesis import strategies as st

from keraslab import blocks as B


def dense_params(channels, layers, growth, width=4, taps=9):
    """Return the weights of a dense block with bottlenecks; `taps` of the larger kernel."""
    inner = width * growth
    return sum(
        bn(seen) + seen * inner + bn(inner) + taps * inner * growth
        for seen in range(channels, channels + layers * growth, growth)
    )


def separable_params(channels, filters, taps=9):
    return taps * channels + channels * filters + bn(filters)


def inverted_params(channels, filters, expansion, taps=9):
    inner = expansion * channels
    expand = channels * inner + bn(inner) if expansion > 1 else 0
    return expand + taps * inner + bn(inner) + inner * filters + bn(filters)


CASES = {
    "dense_layer": Case(
        lambda: B.DenseLayer(2),
        IMAGE,
        (6, 6, 2),
        bn(3) + 3 * 8 + bn(8) + 9 * 8 * 2,
        OTHER_IMAGE,
    ),
    "dense_block": Case(
        lambda: B.DenseBlock(3, 2), IMAGE, (6, 6, 9), dense_params(3, 3, 2), OTHER_IMAGE
    ),
    "dense_block-plain": Case(
        lambda: B.DenseBlock(2, 4, bottleneck=False, activation="gelu"),
        IMAGE,
        (6, 6, 11),
        bn(3) + 9 * 3 * 4 + bn(7) + 9 * 7 * 4,
        OTHER_IMAGE,
    ),
    "dense_block-1d": Case(
        lambda: B.DenseBlock(2, 1, width=2),
        (9, 2),
        (9, 4),
        dense_params(2, 2, 1, width=2, taps=3),
        (4, 2),
    ),
    "dense_block-3d": Case(
        lambda: B.DenseBlock(1, 1),
        (3, 4, 3, 2),
        (3, 4, 3, 3),
        dense_params(2, 1, 1, taps=27),
        (2, 2, 2, 2),
    ),
    "transition": Case(lambda: B.Transition(), (7, 6, 5), (3, 3, 2), bn(5) + 5 * 2, (4, 5, 5)),
    "transition-whole": Case(
        lambda: B.Transition(1, "gelu"), (9, 4), (4, 4), bn(4) + 4 * 4, (2, 4)
    ),
    "xception": Case(
        lambda: B.Xception([3, 4, 3], activation="gelu"),
        IMAGE,
        IMAGE,
        separable_params(3, 3) + separable_params(3, 4) + separable_params(4, 3),
        OTHER_IMAGE,
    ),
    "xception-stride": Case(
        lambda: B.Xception([3, 5], stride=2, activation_first=False, activation="gelu"),
        (7, 6, 3),
        (4, 3, 5),
        separable_params(3, 3) + separable_params(3, 5) + 3 * 5 + bn(5),
        OTHER_IMAGE,
    ),
    "xception-1d": Case(
        lambda: B.Xception((4,), kernel_size=5),
        (9, 2),
        (9, 4),
        separable_params(2, 4, taps=5) + 2 * 4 + bn(4),
        (4, 2),
    ),
    "inverted_residual": Case(
        lambda: B.InvertedResidual(3), IMAGE, IMAGE, inverted_params(3, 3, 6), OTHER_IMAGE
    ),
    "inverted_residual-stride": Case(
        lambda: B.InvertedResidual(3, 2, 2, 5),
        (7, 6, 3),
        (4, 3, 3),
        inverted_params(3, 3, 2, taps=25),
        OTHER_IMAGE,
    ),
    "inverted_residual-plain": Case(
        lambda: B.InvertedResidual(4, expansion=1, activation="gelu"),
        (9, 3),
        (9, 4),
        inverted_params(3, 4, 1, taps=3),
        (4, 3),
    ),
}


def draw_dense_layer(draw):
    shape = draw_image(draw, rank=draw(st.integers(1, 3)))
    growth, bottleneck = draw(st.integers(1, 4)), draw(st.booleans())
    return Case(lambda: B.DenseLayer(growth, bottleneck), shape, (*shape[:-1], growth))


def draw_dense_block(draw):
    shape = draw_image(draw, rank=draw(st.integers(1, 3)))
    layers, growth, width = draw(st.tuples(*[st.integers(1, 4)] * 3))
    bottleneck = draw(st.booleans())
    return Case(
        lambda: B.DenseBlock(layers, growth, bottleneck, width),
        shape,
        (*shape[:-1], shape[-1] + layers * growth),
    )


def draw_transition(draw):
    sizes = draw(st.lists(st.integers(2, 9), min_size=1, max_size=3))
    filters, times = draw(st.integers(1, 4)), draw(st.sampled_from([1, 2, 4]))
    return Case(
        lambda: B.Transition(1 / times),
        (*sizes, filters * times),
        (*[size // 2 for size in sizes], filters),
    )


def draw_xception(draw):
    shape = draw_image(draw, rank=draw(st.integers(1, 2)))
    filters = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    stride, kernel, first = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.booleans())
    return Case(
        lambda: B.Xception(filters, stride, kernel, activation_first=first),
        shape,
        (*[-(-size // stride) for size in shape[:-1]], filters[-1]),
    )


def draw_inverted_residual(draw):
    shape = draw_image(draw, rank=draw(st.integers(1, 2)))
    filters, stride, expansion, kernel = draw(st.tuples(*[st.integers(1, 4)] * 4))
    taps = kernel ** (len(shape) - 1)
    return Case(
        lambda: B.InvertedResidual(filters, stride, expansion, kernel),
        shape,
        (*[-(-size // stride) for size in shape[:-1]], filters),
        inverted_params(shape[-1], filters, expansion, taps),
    )


def draw_image(draw, rank):
    return draw(st.tuples(*[st.integers(1, 9)] * rank, st.integers(1, 4)))


DRAWS = {
    "dense_block": draw_dense_block,
    "dense_layer": draw_dense_layer,
    "inverted_residual": draw_inverted_residual,
    "transition": draw_transition,
    "xception": draw_xception,
}
