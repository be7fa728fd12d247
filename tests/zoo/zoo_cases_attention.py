"""Cases of the architectures made of attention: vit, transformer_classifier and gpt."""

from zoo_case import Tokens, ZooCase

from keraslab import zoo


def layers(depth, width, hidden):
    """Return the weights of encoder layers: four projections, two dense layers, two norms."""
    attention = 4 * (width * width + width)
    return depth * (attention + width * hidden + hidden + hidden * width + width + 4 * width)


def vit_params(patch, channels, patches, classes, *, width, depth, hidden):
    stem = patch * patch * channels * width + width + width + (patches + 1) * width
    return stem + layers(depth, width, hidden) + 2 * width + width * classes + classes


def gpt_params(vocabulary, length, width, depth):
    return (vocabulary + length) * width + layers(depth, width, 4 * width) + 2 * width


CASES = {
    "vit": ZooCase(
        lambda: zoo.vit((12, 8, 3), 5, patch=4, width=8, depth=2, heads=2, hidden=12, dropout=0.1),
        (12, 8, 3),
        (5,),
        vit_params(4, 3, 6, 5, width=8, depth=2, hidden=12),
        still=("key/bias",),
    ),
    "transformer_classifier": ZooCase(
        lambda: zoo.transformer_classifier(30, 9, 3, width=8, depth=2, heads=2, hidden=12),
        Tokens((None,), 30),
        (3,),
        30 * 8 + 9 * 8 + layers(2, 8, 12) + 8 * 3 + 3,
        other=Tokens((9,), 30),
        still=("key/bias",),
    ),
    "gpt": ZooCase(
        lambda: zoo.gpt(vocabulary=20, length=7, width=8, depth=2, heads=2),
        Tokens((None,), 20),
        (None, 20),
        gpt_params(20, 7, 8, 2),
        other=Tokens((7,), 20),
        still=("key/bias",),
    ),
}
