"""Cases of the dense and the separable networks."""

from zoo_case import ZooCase

from keraslab import zoo

SMALL = (32, 32, 3)


def bn(channels):
    """Return the weights of a batch normalisation."""
    return 4 * channels


def small_densenet(growth, classes):
    """Two stages of two layers each, worked out after the paper's table 1."""

    def layer(seen):
        return bn(seen) + seen * 4 * growth + bn(4 * growth) + 9 * 4 * growth * growth

    stem, after = 2 * growth, 2 * growth + 2 * growth  # channels
    half = after // 2
    last = half + 2 * growth
    return (
        49 * 3 * stem
        + bn(stem)
        + layer(stem)
        + layer(stem + growth)
        + bn(after)
        + after * half
        + layer(half)
        + layer(half + growth)
        + bn(last)
        + last * classes
        + classes
    )


CASES = {
    "densenet-small": ZooCase(
        lambda: zoo.densenet((2, 2), SMALL, classes=10, growth=4),
        SMALL,
        (10,),
        small_densenet(4, 10),
    ),
    "densenet-any-size": ZooCase(
        lambda: zoo.densenet([1], (None, None, 2), classes=3, growth=2, activation="linear"),
        (None, None, 2),
        (3,),
        other=(7, 5, 2),
    ),
    # The counts at 1000 classes are those of https://keras.io/api/applications/.
    "densenet": ZooCase(
        lambda: zoo.densenet(input_shape=SMALL), SMALL, (1000,), 8_062_504, slow=True
    ),
    "xception-small": ZooCase(
        lambda: zoo.xception((24, 17, 3), classes=4, middle=1), (24, 17, 3), (4,)
    ),
    "xception": ZooCase(
        lambda: zoo.xception((71, 71, 3)), (71, 71, 3), (1000,), 22_910_480, slow=True
    ),
    "mobilenet_v1-small": ZooCase(
        lambda: zoo.mobilenet_v1(0.25, SMALL, classes=10, dropout=0), SMALL, (10,)
    ),
    "mobilenet_v1": ZooCase(
        lambda: zoo.mobilenet_v1(input_shape=SMALL), SMALL, (1000,), 4_253_864, slow=True
    ),
    "mobilenet_v2-small": ZooCase(lambda: zoo.mobilenet_v2(0.35, SMALL, classes=10), SMALL, (10,)),
    "mobilenet_v2": ZooCase(
        lambda: zoo.mobilenet_v2(input_shape=SMALL), SMALL, (1000,), 3_538_984, slow=True
    ),
}
