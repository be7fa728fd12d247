"""Cases of the residual networks."""

from zoo_case import ZooCase

from keraslab import zoo

# A bias in front of a batch normalisation is taken off again, so it has no gradient.
_STILL = ("conv/bias", "conv1/bias", "conv2/bias", "conv3/bias", "shortcut/bias")

CASES = {
    "resnet-18": ZooCase(
        lambda: zoo.resnet(18, (32, 32, 3), classes=5, width=4), (32, 32, 3), (5,)
    ),
    "resnet-18-v2": ZooCase(
        lambda: zoo.resnet(18, (None, None, 1), classes=3, version=2, width=4, activation="linear"),
        (None, None, 1),
        (3,),
        other=(32, 33, 1),
    ),
    "resnet-50": ZooCase(
        lambda: zoo.resnet(input_shape=(64, 64, 3)),
        (64, 64, 3),
        (1000,),
        25_636_712,
        still=_STILL,
        slow=True,
    ),
    "resnet-50-v2": ZooCase(
        lambda: zoo.resnet(50, (None, None, 3), classes=4, version=2, width=8),
        (None, None, 3),
        (4,),
        other=(40, 32, 3),
        slow=True,
    ),
}
