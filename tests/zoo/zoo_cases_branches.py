"""Cases of the architectures that branch and merge, and a hand's count of their parameters."""

from zoo_case import ZooCase

from keraslab import zoo

# Table 1 of https://arxiv.org/abs/1409.4842, its columns in order:
# 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool proj.
GOOGLENET = [
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
]


def affine(inputs, outputs):
    return inputs * outputs + outputs


def googlenet(classes, width=1.0, auxiliary_area=None):
    """Return the parameters; `auxiliary_area` is what the auxiliary pooling leaves (4*4 of 14)."""

    def scaled(filters):
        return max(1, round(filters * width))

    stem = [scaled(64), scaled(64), scaled(192)]
    count = affine(49 * 3, stem[0]) + affine(stem[0], stem[1]) + affine(9 * stem[1], stem[2])
    c = stem[2]
    for module, row in enumerate(GOOGLENET):
        one, reduce3, three, reduce5, five, pool = map(scaled, row)
        count += affine(c, one) + affine(c, reduce3) + affine(9 * reduce3, three)
        count += affine(c, reduce5) + affine(25 * reduce5, five) + affine(c, pool)
        c = one + three + five + pool
        if auxiliary_area and module in (2, 5):  # 4a and 4d
            units = scaled(1024)
            count += affine(c, scaled(128)) + affine(auxiliary_area * scaled(128), units)
            count += affine(units, classes)
    return count + affine(c, classes)


def conv(size, channels, filters, statistics):
    """Return the weights of a convolution and of its normalisation, whose moving averages are 2."""
    return size * channels * filters + (2 + statistics) * filters


def hrnet(width, classes, modules=(1, 4, 3), depth=4, stem=64, statistics=2, biases=False):
    """Return the parameters of HRNet's classifier; `statistics=0` leaves moving averages out.

    `biases` counts those that the authors' code has in its head, in front of normalisation.
    """

    def c(size, channels, filters):
        return conv(size, channels, filters, statistics)

    def bottleneck(channels, filters):
        middle = filters // 4
        count = c(1, channels, middle) + c(9, middle, middle) + c(1, middle, filters)
        return count + (c(1, channels, filters) if channels != filters else 0)

    count = c(9, 3, stem) + c(9, stem, stem) + bottleneck(stem, 4 * stem)
    count += 3 * bottleneck(4 * stem, 4 * stem)
    before = [4 * stem]
    for streams, times in enumerate(modules, 2):
        now = [width * 2**i for i in range(streams)]
        for i, filters in enumerate(now):
            if i >= len(before):
                count += c(9, before[-1], filters)
            elif before[i] != filters:
                count += c(9, before[i], filters)
        module = sum(2 * depth * c(9, filters, filters) for filters in now)
        for to in range(streams):
            for i in range(streams):
                if i > to:
                    module += c(1, now[i], now[to])
                elif i < to:
                    module += (to - i - 1) * c(9, now[i], now[i]) + c(9, now[i], now[to])
        count += times * module
        before = now
    head = [2 * stem * 2**i for i in range(len(before))]
    count += sum(bottleneck(a, b) for a, b in zip(before, head, strict=True))
    count += sum(c(9, a, 2 * a) + biases * 2 * a for a in head[:-1])
    last = 2 * head[-1]
    return count + c(1, head[-1], last) + biases * last + affine(last, classes)


def member(width, classes):
    """Return the parameters of one member of `ensemble` on three channels."""
    wide = 2 * width
    first = conv(9, 3, width, 2) + 2 * conv(9, width, width, 2)
    second = conv(9, width, wide, 2) + conv(9, wide, wide, 2) + conv(1, width, wide, 2)
    return first + second + affine(wide, classes)


CASES = {
    "inception_v1-small": ZooCase(
        lambda: zoo.inception_v1((None, None, 3), 4, width=0.25, activation="linear"),
        (None, None, 3),
        (4,),
        googlenet(4, 0.25),
        other=(33, 64, 3),
    ),
    "inception_v1-auxiliary": ZooCase(
        lambda: zoo.inception_v1((65, 80, 3), 4, auxiliary=True, width=0.25, activation="linear"),
        (65, 80, 3),
        {"main": (4,), "auxiliary1": (4,), "auxiliary2": (4,)},
        googlenet(4, 0.25, auxiliary_area=1),  # 65 and 80 become 5, pooled to 1
    ),
    "inception_v3-small": ZooCase(
        lambda: zoo.inception_v3((75, 80, 3), 5, width=0.125, activation="linear"),
        (75, 80, 3),
        (5,),
    ),
    "inception_v3": ZooCase(
        lambda: zoo.inception_v3(activation="linear"),
        (299, 299, 3),
        (1000,),
        23_851_784,  # https://keras.io/api/applications/: 23.9M
        slow=True,
    ),
    "multi_resolution-small": ZooCase(
        lambda: zoo.multi_resolution(
            4, (32, 32, 3), 3, modules=(1,), depth=1, stem=8, activation="linear"
        ),
        (32, 32, 3),
        (3,),
        hrnet(4, 3, (1,), 1, 8),
    ),
    "multi_resolution-odd": ZooCase(
        lambda: zoo.multi_resolution(2, (None, None, 3), 3, modules=(1, 1), depth=1, stem=4),
        (None, None, 3),
        (3,),
        hrnet(2, 3, (1, 1), 1, 4),
        other=(27, 37, 3),
    ),
    "ensemble-small": ZooCase(
        lambda: zoo.ensemble(3, (None, None, 3), 4, width=4),
        (None, None, 3),
        (4,),
        3 * member(4, 4),
        other=(9, 8, 3),
    ),
    "ensemble-vote": ZooCase(
        lambda: zoo.ensemble(2, (8, 8, 3), 3, combine="vote", width=4),
        (8, 8, 3),
        (3,),
        2 * member(4, 3),
    ),
}
