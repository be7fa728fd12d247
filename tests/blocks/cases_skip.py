"""Cases of the blocks with a shortcut: bottleneck, squeeze and excite, ConvNeXt."""

from contract_case import IMAGE, OTHER_IMAGE, Case, bn
from hypothesis import strategies as st

from keraslab import blocks as B


def convnext_params(channels, window, expansion=4):
    depthwise = window * channels + channels
    wide = expansion * channels
    return depthwise + 2 * channels + (channels * wide + wide) + (wide * channels + channels)


CASES = {
    "bottleneck": Case(
        lambda: B.Bottleneck(3, expansion=1),
        IMAGE,
        IMAGE,
        3 * 3 + 9 * 3 * 3 + 3 * 3 + 3 * bn(3),
        OTHER_IMAGE,
    ),
    "bottleneck-wider": Case(
        lambda: B.Bottleneck(2),
        IMAGE,
        (6, 6, 8),
        3 * 2 + 9 * 2 * 2 + 2 * 8 + 3 * 8 + 2 * bn(2) + 2 * bn(8),
        OTHER_IMAGE,
    ),
    "bottleneck-stride": Case(
        lambda: B.Bottleneck(3, 2, expansion=1, stride_in="conv2", activation="gelu"),
        (7, 6, 3),
        (4, 3, 3),
        3 * 3 + 9 * 3 * 3 + 2 * 3 * 3 + 4 * bn(3),
        OTHER_IMAGE,
    ),
    "bottleneck-pre": Case(
        lambda: B.Bottleneck(2, 2, pre_activation=True, activation="gelu"),
        IMAGE,
        (3, 3, 8),
        3 * 2 + 9 * 2 * 2 + 2 * 8 + 3 * 8 + bn(3) + 2 * bn(2),
        OTHER_IMAGE,
    ),
    "bottleneck-1d": Case(
        lambda: B.Bottleneck(2, kernel_size=5, expansion=2),
        (9, 4),
        (9, 4),
        4 * 2 + 5 * 2 * 2 + 2 * 4 + 2 * bn(2) + bn(4),
        (4, 4),
    ),
    "bottleneck-3d": Case(
        lambda: B.Bottleneck(2, expansion=1, pre_activation=True),
        (3, 4, 3, 2),
        (3, 4, 3, 2),
        2 * 2 + 27 * 2 * 2 + 2 * 2 + 3 * bn(2),
        (2, 2, 2, 2),
    ),
    "bottleneck-no-skip": Case(
        lambda: B.Bottleneck(2, 2, skip=False),
        IMAGE,
        (3, 3, 8),
        3 * 2 + 9 * 2 * 2 + 2 * 8 + 2 * bn(2) + bn(8),
        OTHER_IMAGE,
    ),
    "squeeze-excite": Case(
        lambda: B.SqueezeExcite(2, activation="gelu"),
        (5, 6, 8),
        (5, 6, 8),
        8 * 4 + 4 + 4 * 8 + 8,
        (4, 5, 8),
    ),
    "squeeze-excite-narrow": Case(
        lambda: B.SqueezeExcite(activation="tanh"), (7, 3), (7, 3), 3 * 1 + 1 + 1 * 3 + 3, (4, 3)
    ),
    "squeeze-excite-3d": Case(
        lambda: B.SqueezeExcite(1, activation="tanh"),
        (3, 4, 3, 2),
        (3, 4, 3, 2),
        2 * 2 + 2 + 2 * 2 + 2,
        (None, None, None, 2),
    ),
    # The small scale of the published block leaves float32 no room to move its weights here.
    "conv-next": Case(
        lambda: B.ConvNeXt(layer_scale=0.1),
        IMAGE,
        IMAGE,
        convnext_params(3, 7 * 7) + 3,
        (None, None, 3),
    ),
    "conv-next-bare": Case(
        lambda: B.ConvNeXt(3, 2, "relu", layer_scale=None, skip=False),
        IMAGE,
        IMAGE,
        convnext_params(3, 3 * 3, 2),
        OTHER_IMAGE,
    ),
    "conv-next-1d": Case(
        lambda: B.ConvNeXt(5, layer_scale=1), (9, 2), (9, 2), convnext_params(2, 5) + 2, (4, 2)
    ),
}


def draw_bottleneck(draw):
    rank = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(1, 9)] * rank))
    channels, filters, stride, kernel, expansion = draw(st.tuples(*[st.integers(1, 4)] * 5))
    pre, skip = draw(st.booleans()), draw(st.booleans())
    place = draw(st.sampled_from(["conv1", "conv2"]))
    return Case(
        lambda: B.Bottleneck(
            filters,
            stride,
            kernel,
            pre_activation=pre,
            expansion=expansion,
            stride_in=place,
            skip=skip,
        ),
        (*sizes, channels),
        (*[-(-size // stride) for size in sizes], filters * expansion),
    )


def draw_squeeze_excite(draw):
    rank = draw(st.integers(1, 3))
    shape = (*draw(st.tuples(*[st.none() | st.integers(1, 9)] * rank)), draw(st.integers(1, 40)))
    ratio = draw(st.integers(1, 20))
    return Case(lambda: B.SqueezeExcite(ratio), shape, shape)


def draw_conv_next(draw):
    rank = draw(st.integers(1, 2))
    shape = (*draw(st.tuples(*[st.none() | st.integers(1, 9)] * rank)), draw(st.integers(1, 5)))
    kernel, expansion = draw(st.tuples(*[st.integers(1, 8)] * 2))
    scale = draw(st.none() | st.floats(1e-6, 1))
    return Case(lambda: B.ConvNeXt(kernel, expansion, layer_scale=scale), shape, shape)


DRAWS = {
    "bottleneck": draw_bottleneck,
    "conv_next": draw_conv_next,
    "squeeze_excite": draw_squeeze_excite,
}
