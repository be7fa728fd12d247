"""Cases of the blocks that make images smaller and larger again."""

from contract_case import IMAGE, OTHER_IMAGE, Case, bn
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B


class TwoTanh(B.ImageBlock):
    """A block of a level that is no residual one and has no normalisation."""

    filters: int

    def wire(self, x):
        for part in ("a", "b"):
            x = self.conv(part, x, self.filters, 3, use_bias=True, activation="tanh")
        return x


class Dense(B.Block):
    filters: int

    def wire(self, x):
        return self.use("dense", L.Dense, self.filters, activation="tanh")(x)


def twice(channels, filters, kernel=9):
    return kernel * filters * (channels + filters) + 2 * bn(filters)


def unet_params(channels, filters, depth, block=twice, up=4, skip=True):
    """Blocks on both ways, and the transposed convolutions with their biases."""
    widths = [filters * 2**level for level in range(depth + 1)]
    total, into = 0, channels
    for width in widths:
        total, into = total + block(into, width), width
    for width in widths[:-1]:
        total += up * 2 * width * width + width + block(width * (1 + skip), width)
    return total


def encoder_params(channels, filters, kernel):
    total, into = 0, channels
    for width in filters:
        total, into = total + kernel * into * width + bn(width), width
    return total


def decoder_params(filters, channels, kernel):
    total, into = 0, filters[0]
    for width in filters[1:]:
        total, into = total + kernel * into * width + bn(width), width
    return total + kernel * into * channels + channels


CASES = {
    "unet": Case(
        lambda: B.UNet(2, depth=2), (8, 4, 3), (8, 4, 2), unet_params(3, 2, 2), (12, 8, 3)
    ),
    "unet-odd": Case(  # 6, 3, 2: what comes up from 2 is 4 and is cut to 3
        lambda: B.UNet(2, depth=2), IMAGE, (6, 6, 2), unet_params(3, 2, 2), (10, 2, 3)
    ),
    "unet-any-size": Case(
        lambda: B.UNet(2, depth=2),
        (None, None, 3),
        (None, None, 2),
        unet_params(3, 2, 2),
        (None, 7, 3),
    ),
    "unet-1d": Case(
        lambda: B.UNet(2, depth=1, block=B.ConvNorm),
        (7, 3),
        (7, 2),
        unet_params(3, 2, 1, lambda c, f: 3 * c * f + bn(f), up=2),
        (5, 3),
    ),
    "unet-3d": Case(
        lambda: B.UNet(2, depth=1, block=Dense),
        (3, 2, 4, 2),
        (3, 2, 4, 2),
        unet_params(2, 2, 1, lambda c, f: c * f + f, up=8),
        (5, 4, 2, 2),
    ),
    "unet-residual": Case(
        lambda: B.UNet(2, depth=2, block=lambda f: B.Repeat(B.Residual(f), 1)),
        (4, 4, 3),
        (4, 4, 2),
        unet_params(3, 2, 2, lambda c, f: twice(c, f) + c * f + bn(f)),
        (8, 4, 3),
    ),
    "unet-no-skip": Case(
        lambda: B.UNet(2, depth=2, block=TwoTanh, skip=False),
        (4, 4, 3),
        (4, 4, 2),
        unet_params(3, 2, 2, lambda c, f: 9 * f * (c + f) + 2 * f, skip=False),
        (8, 4, 3),
    ),
    "encoder": Case(
        lambda: B.Encoder([2, 4]), IMAGE, (2, 2, 4), encoder_params(3, [2, 4], 16), OTHER_IMAGE
    ),
    "encoder-code": Case(
        lambda: B.Encoder((2, 4), code=5, kernel_size=3, activation="gelu"),
        IMAGE,
        (5,),
        encoder_params(3, [2, 4], 9) + 2 * 2 * 4 * 5 + 5,
    ),
    "encoder-1d": Case(
        lambda: B.Encoder([3], code=2), (7, 2), (2,), encoder_params(2, [3], 4) + 4 * 3 * 2 + 2
    ),
    "encoder-3d": Case(
        lambda: B.Encoder([2]), (3, 2, 4, 2), (2, 1, 2, 2), encoder_params(2, [2], 64), (2, 2, 2, 2)
    ),
    "decoder": Case(
        lambda: B.Decoder((8, 4, 3), [4, 2], output="sigmoid"),
        (5,),
        (8, 4, 3),
        5 * 2 * 1 * 4 + bn(4) + decoder_params([4, 2], 3, 16),
    ),
    "decoder-odd": Case(  # 7, 4, 2 and 6, 3, 2
        lambda: B.Decoder((7, 6, 1), [4, 2], kernel_size=2, activation="gelu"),
        (5,),
        (7, 6, 1),
        5 * 2 * 2 * 4 + bn(4) + decoder_params([4, 2], 1, 4),
    ),
    "decoder-image": Case(
        lambda: B.Decoder((5, 6, 2), [3, 4]),
        (2, 2, 3),
        (5, 6, 2),
        decoder_params([3, 4], 2, 16),
    ),
    "decoder-any-size": Case(
        lambda: B.Decoder((None, None, 2), [3, 4], output="tanh"),
        (2, 3, 3),
        (8, 12, 2),
        decoder_params([3, 4], 2, 16),
        (1, 2, 3),
    ),
    "decoder-1d": Case(
        lambda: B.Decoder((9, 2), [3]), (4,), (9, 2), 4 * 5 * 3 + bn(3) + decoder_params([3], 2, 4)
    ),
    "decoder-3d": Case(
        lambda: B.Decoder((3, 2, 4, 1), [2]),
        (2, 1, 2, 2),
        (3, 2, 4, 1),
        decoder_params([2], 1, 64),
    ),
}


def draw_unet(draw):
    sizes = draw(st.lists(st.integers(1, 20) | st.none(), min_size=1, max_size=3))
    channels, filters, depth = draw(st.tuples(*[st.integers(1, 2)] * 3))
    skip = draw(st.booleans())
    rank = len(sizes)
    return Case(
        lambda: B.UNet(filters, depth, skip=skip),
        (*sizes, channels),
        (*sizes, filters),
        unet_params(
            channels, filters, depth, lambda c, f: twice(c, f, 3**rank), 2**rank, skip=skip
        ),
    )


def draw_encoder(draw):
    sizes = draw(st.lists(st.integers(1, 20), min_size=1, max_size=3))
    filters = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    code = draw(st.none() | st.integers(1, 5))
    kernel = draw(st.integers(1, 5))
    small = tuple((size - 1) // 2 ** len(filters) + 1 for size in sizes)
    return Case(
        lambda: B.Encoder(filters, code, kernel),
        (*sizes, 2),
        (code,) if code else (*small, filters[-1]),
    )


def draw_decoder(draw):
    sizes = draw(st.lists(st.integers(1, 20), min_size=1, max_size=3))
    filters = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    kernel = draw(st.integers(1, 5))
    # Halving and rounding up n times is dividing by 2**n and rounding up.
    small = tuple((size - 1) // 2 ** len(filters) + 1 for size in sizes)
    given = draw(st.sampled_from([(3,), (*small, filters[0])]))
    return Case(lambda: B.Decoder((*sizes, 2), filters, kernel), given, (*sizes, 2))


DRAWS = {"decoder": draw_decoder, "encoder": draw_encoder, "unet": draw_unet}
