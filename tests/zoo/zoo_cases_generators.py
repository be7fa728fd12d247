"""Cases of the networks that make images: U-Net, autoencoders, and the adversarial pair."""

from itertools import pairwise

from zoo_case import ZooCase

from keraslab import blocks as B
from keraslab import zoo


def two_convolutions(channels, filters):
    return 9 * channels * filters + 9 * filters * filters + 2 * filters


def unet_params(channels, filters, depth, classes):
    """Two convolutions a level on both ways, 2x2 ways up, a 1x1 head; all with biases."""
    widths = [filters * 2**level for level in range(depth + 1)]
    down = sum(map(two_convolutions, [channels, *widths[:-1]], widths))
    up = sum(4 * 2 * w * w + w + two_convolutions(2 * w, w) for w in widths[:-1])
    return down + up + filters * classes + classes


def steps(widths, kernel=16):
    """Convolutions without bias, each normalised."""
    return sum(kernel * a * b + 4 * b for a, b in pairwise(widths))


CASES = {
    "unet": ZooCase(
        lambda: zoo.unet(4, 2, (8, 12, 3), 5),
        (8, 12, 3),
        (8, 12, 5),
        unet_params(3, 4, 2, 5),
    ),
    "unet-odd": ZooCase(
        lambda: zoo.unet(4, 2, (None, 7, 3), 2, block=B.Residual, activation="sigmoid"),
        (None, 7, 3),
        (None, 7, 2),
        other=(5, 7, 3),
    ),
    # Down 8, 4, 2; the code from 2*2*4 numbers, and back to as many.
    "autoencoder": ZooCase(
        lambda: zoo.autoencoder(3, (2, 4), (8, 8, 1)),
        (8, 8, 1),
        (8, 8, 1),
        steps([1, 2, 4]) + 16 * 3 + 3 + 3 * 16 + 4 * 4 + steps([4, 2]) + 16 * 2 * 1 + 1,
        part="model",
    ),
    "autoencoder-odd": ZooCase(
        lambda: zoo.autoencoder(3, [4], (7, 6, 3), activation="linear"),
        (7, 6, 3),
        (7, 6, 3),
        part="model",
    ),
    "vae": ZooCase(
        lambda: zoo.vae(2, (2, 4), (8, 8, 1)),
        (8, 8, 1),
        {"image": (8, 8, 1), "kl": (1,)},
        steps([1, 2, 4]) + 2 * (16 * 2 + 2) + 2 * 16 + 4 * 4 + steps([4, 2]) + 16 * 2 * 1 + 1,
        part="model",
    ),
    # Noise to 2*2*8, up to 4x4x4 and 8x8x1; back with a bias where nothing is normalised.
    "dcgan": ZooCase(
        lambda: zoo.dcgan(2, 4, 5, (8, 8, 1)),
        (5,),
        (1,),
        (5 * 32 + 4 * 8 + steps([8, 4]) + 16 * 4 * 1 + 1)
        + (16 * 1 * 4 + 4 + steps([4, 8]) + 2 * 2 * 8 + 1),
        part="model",
    ),
}
